# Counts of animals: the likelihood of free hazards and of spreads, at its highest.
# Expected counts are cells * fraction * (share of a chain that is in some states at a time); counts are Poisson given the
# animal, and log expected counts vary normally: all of an animal together ("shared"), and each alone.
texts <- c("arm", "animal", "observable", "name", "over", "what")
read <- function(name) {
  found <- read.csv(paste0(name, ".csv"), colClasses = "character")
  for (n in setdiff(names(found), texts)) found[[n]] <- as.numeric(found[[n]])
  found
}
d <- read("counts"); arms <- read("arms"); ways <- read("ways"); moved <- read("moved"); start <- read("start")
counted <- read("counted"); free <- read("free"); spreads <- read("spreads")
shared <- any(spreads$what == "shared"); alone <- sum(spreads$what == "alone")
d$model <- arms$model[match(d$arm, arms$arm)]

expm <- function(a) {  # scaled, a series, and squared
  s <- max(0, ceiling(log2(max(rowSums(abs(a)), 1e-300))) + 4)
  a <- a / 2^s; term <- found <- diag(nrow(a))
  for (k in 1:14) { term <- term %*% a / k; found <- found + term }
  for (i in seq_len(s)) found <- found %*% found
  found
}

eta_of <- function(theta) {  # log expected counts of the median animal
  eta <- rep(-Inf, nrow(d))
  for (m in unique(d$model)) {
    w <- ways[ways$model == m, ]; g <- moved[moved$model == m, ]
    log_factor <- rep(0, nrow(w))
    for (i in seq_len(nrow(g))) {
      at <- match(g$way[i], w$way); log_factor[at] <- log_factor[at] + theta[g$parameter[i]]
    }
    n <- max(start$state[start$model == m]); q <- matrix(0, n, n)
    for (i in seq_len(nrow(w))) q[w$from[i], w$to[i]] <- q[w$from[i], w$to[i]] + w$hazard[i] * exp(log_factor[i])
    diag(q) <- diag(q) - rowSums(q)
    p0 <- rep(0, n); s <- start[start$model == m, ]
    for (i in seq_len(nrow(s))) p0[s$state[i]] <- p0[s$state[i]] + s$share[i]
    for (t in unique(d$hours[d$model == m])) {
      p <- as.vector(p0 %*% expm(q * t))
      for (o in unique(d$observable[d$model == m & d$hours == t])) {
        rows <- d$model == m & d$hours == t & d$observable == o
        share <- sum(p[counted$state[counted$model == m & counted$observable == o]])
        eta[rows] <- log(d$cells[rows] * d$fraction[rows]) + log(max(share, 1e-300))
      }
    }
  }
  eta
}

poisson <- function(k, below, eta) {  # over the saturated model
  found <- dpois(k, exp(eta), log = TRUE) - dpois(k, k, log = TRUE)
  if (any(below > 0)) found[below > 0] <- ppois(below[below > 0] - 1, exp(eta[below > 0]), log.p = TRUE)
  found
}
# Points of Gauss and Hermite, placed where a law lies, and a wide rule of many points for counts below a limit.
few <- 25; off <- sqrt(seq_len(few - 1) / 2); j <- diag(0, few)
j[cbind(seq_len(few - 1), seq_len(few - 1) + 1)] <- j[cbind(seq_len(few - 1) + 1, seq_len(few - 1))] <- off
e <- eigen(j, symmetric = TRUE)
near <- list(x = sqrt(2) * e$values, w = log(sqrt(2 * pi)) + log(e$vectors[1, ]^2) + e$values^2)
far <- list(x = seq(-8, 8, length.out = 161), w = rep(log(0.1), 161))
sum_of <- function(h) { top <- do.call(pmax, as.data.frame(h)); top + log(rowSums(exp(h - top))) }

below_averaged <- function(limit, eta, tau) {  # a count is below L if a gamma variable of shape L is above its rate
  w <- 1 / sqrt(limit); t <- seq(-14 * w - 40 / limit, 14 * w, by = 0.4 * w)
  drawn <- limit * log(limit) - lgamma(limit) + limit * (t - exp(t)) + log(0.4 * w)
  sum_of(sweep(pnorm(outer(log(limit) - eta, t, "+") / tau, log.p = TRUE), 2, drawn, "+"))
}
one_count <- function(k, below, eta, tau) {  # what counts have alone is averaged
  if (tau <= 1e-9) return(poisson(k, below, eta))
  if (below[1] > 0 && tau * sqrt(below[1]) > 1.5) return(below_averaged(below[1], eta, tau))
  rule <- if (any(below > 0)) far else near
  mode <- rep(0, length(eta)); wide <- rep(1, length(eta))
  if (!any(below > 0)) {
    for (i in 1:200) {
      rate <- exp(pmin(eta + tau * mode, 700))
      move <- pmax(pmin((tau * (k - rate) - mode) / (tau^2 * rate + 1), 1), -1)
      mode <- mode + move
      if (all(abs(move) < 1e-11)) break
    }
    wide <- 1 / sqrt(tau^2 * exp(pmin(eta + tau * mode, 700)) + 1)
  }
  n <- length(rule$x); at <- mode + outer(wide, rule$x)
  h <- matrix(poisson(rep(k, n), rep(below, n), as.vector(eta + tau * at)), length(eta)) + dnorm(at, log = TRUE)
  sum_of(sweep(h, 2, rule$w, "+")) + log(wide)
}
of_animal <- function(rows, eta, sd_shared, tau) {
  at <- function(u) {  # at some values of what the counts of the animal share
    total <- dnorm(u, log = TRUE)
    for (i in rows) {
      s <- d$spread[i]
      many <- rep(1, length(u))
      total <- total + one_count(d$count[i] * many, d$below[i] * many, eta[i] + sd_shared * u, if (s == 0) 0 else tau[s])
    }
    total
  }
  if (sd_shared <= 1e-9) return(at(0) - dnorm(0, log = TRUE))
  mode <- 0; by <- 1e-3
  for (i in 1:200) {
    h <- at(mode + c(-by, 0, by))
    wide <- 1 / sqrt(max(1, -(h[1] - 2 * h[2] + h[3]) / by^2))
    move <- max(min((h[3] - h[1]) / (2 * by) * wide^2, 1), -1)
    mode <- mode + move
    by <- min(1e-3, 0.1 * wide)
    if (abs(move) < 1e-4 * wide) break
  }
  limits <- d$below[rows]
  if (any(limits > 0)) {  # a chance to be below a limit is a step, which few points may miss
    of <- c(0, tau)[d$spread[rows] + 1]
    seen <- 1 + sum((sd_shared^2 / (of^2 + 1 / pmax(d$count[rows], 1)))[limits == 0])
    steps <- sqrt(1 / pmax(limits, 1) + of^2)[limits > 0] / sd_shared
    fine <- 0.5 * min(wide, 1 / sqrt(seen), steps)
    u <- seq(mode - 12 / sqrt(seen) - 4 * wide, mode + 12 / sqrt(seen) + 4 * wide, by = fine)
    h <- at(u); return(max(h) + log(sum(exp(h - max(h))) * fine))
  }
  log(sum(exp(at(mode + wide * near$x) + near$w - h[2]))) + h[2] + log(wide)
}
animals <- split(seq_len(nrow(d)), paste(d$arm, d$animal, sep = "\r"))
minus <- function(x) {
  eta <- eta_of(x[seq_len(nrow(free))]); sd <- exp(x[-seq_len(nrow(free))])
  sd_shared <- if (shared) sd[1] else 0; tau <- if (shared) sd[-1] else sd
  -sum(vapply(animals, of_animal, 0, eta, sd_shared, tau))
}
begin <- c(rep(0, nrow(free)), rep(log(0.2), nrow(spreads)))
fit <- nlminb(begin, minus, lower = c(rep(-12, nrow(free)), rep(log(1e-3), nrow(spreads))),
              control = list(rel.tol = 1e-12, eval.max = 2000, iter.max = 500))
curved <- optimHess(fit$par, minus)
error <- suppressWarnings(sqrt(diag(tryCatch(solve(curved), error = function(e) curved * NA))))
mine <- seq_len(nrow(free)); unit <- ifelse(is.na(free$in_model), 1, free$in_model)
found <- data.frame(name = free$name, arm = free$arm, over = free$over, estimate = unit * exp(fit$par[mine]),
                    low = unit * exp(fit$par[mine] - qnorm(0.975) * error[mine]),
                    high = unit * exp(fit$par[mine] + qnorm(0.975) * error[mine]))
print(found, row.names = FALSE)
if (nrow(spreads)) cat("spreads:", paste(spreads$name, format(exp(fit$par[-mine]), digits = 4), collapse = ", "), "\n")
cat("log likelihood over the saturated model:", format(-fit$objective, digits = 12), "\n")
cat("These are of maximum likelihood; the package tells those of the restricted likelihood, whose spreads are larger.\n")
write.csv(found, "hazards_in_r.csv", row.names = FALSE)
write.csv(data.frame(name = spreads$name, spread = exp(fit$par[-mine])), "spreads_in_r.csv", row.names = FALSE)
cat(format(-fit$objective, digits = 15), file = "log_likelihood_in_r.txt")
