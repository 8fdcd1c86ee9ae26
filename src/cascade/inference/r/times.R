library(survival)
d <- read.csv("times.csv", colClasses = c(unit = "character", animal = "character", arm = "character", event = "character"))
d$event[is.na(d$event)] <- ""
events <- setdiff(unique(d$event), "")
ends <- factor(d$event, levels = c("", events), labels = c("censored", events))
fit <- survfit(Surv(d$entry, d$time, ends) ~ d$arm, id = seq_len(nrow(d)))
print(fit)
s <- summary(fit)
arm <- if (is.null(s$strata)) rep(unique(d$arm), length(s$time)) else sub("d$arm=", "", as.character(s$strata), fixed = TRUE)
found <- do.call(rbind, lapply(seq_along(events), function(k) {
  data.frame(arm = arm, event = events[k], time = s$time, share = s$pstate[, 1 + k])
}))
write.csv(found, "incidence_in_r.csv", row.names = FALSE)
if (length(unique(d$arm)) > 1) for (e in events) {
  print(coxph(Surv(entry, time, event == e) ~ arm, data = d))
}
