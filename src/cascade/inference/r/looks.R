library(msm)
d <- read.csv("looks.csv", colClasses = c(cell = "character", state = "character"))
states <- scan("states.txt", what = "", sep = "\n", quiet = TRUE)
d$s <- match(d$state, states)
q <- as.matrix(read.csv("rates.csv", header = FALSE))
fixed <- scan("fixed.txt", quiet = TRUE)
fit <- msm(s ~ hours, subject = cell, data = d, qmatrix = q, fixedpars = if (length(fixed)) fixed else FALSE,
           # Its own derivatives are 0 where rates of a large model are far apart, and the search would end where it began.
           use.deriv = FALSE, control = list(reltol = 1e-14, maxit = 10000, fnscale = 100))
rownames(fit$Qmatrices$baseline) <- colnames(fit$Qmatrices$baseline) <- states
print(fit)
rates <- fit$Qmatrices$baseline
at <- which(q > 0, arr.ind = TRUE)
write.csv(data.frame(from = states[at[, 1]], to = states[at[, 2]], hazard = rates[at]), "hazards_in_r.csv",
          row.names = FALSE)
cat("minus twice the log likelihood:", format(fit$minus2loglik, digits = 12), "\n")
