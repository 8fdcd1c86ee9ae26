# Hazards of moves and deaths: how often each happened, over the hours in the state; exact limits of Poisson counts.
d <- read.csv("lives_mstate.csv", colClasses = c(id = "character", from = "character", to = "character"))
hours <- tapply(d$Tstop - d$Tstart, d$trans, sum)
happened <- tapply(d$status, d$trans, sum)
names <- unique(d[, c("trans", "from", "to")])
names <- names[order(names$trans), ]
found <- data.frame(names, events = as.vector(happened), hours = as.vector(hours))
found$hazard <- found$events / found$hours
found$low <- qgamma(0.025, found$events) / found$hours
found$high <- qgamma(0.975, found$events + 1) / found$hours
print(found, row.names = FALSE)
write.csv(found, "hazards_in_r.csv", row.names = FALSE)
# With the package mstate: the same lines are an msdata object for coxph(Surv(Tstart, Tstop, status) ~ strata(trans)).
