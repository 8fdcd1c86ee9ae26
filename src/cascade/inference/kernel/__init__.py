r"""The likelihood of counts of animals, compiled, arrays in, arrays out; it imports nothing of cascade but itself.

Symbols.  a: animal; j: count; y: what was counted; L: only known to be below L; eta: log expected count of the
median animal; b: what all counts of an animal share (its dose), normal with spread sigma; e: what a count has alone,
normal with the spread tau of its observable.

    y_j | b, e  ~  Poisson(exp(eta_j + b + e_j)),        L_a = integral phi(b / sigma) prod_j I_j(eta_j + b) db,

    I_j(eta) = integral f(y_j | exp(eta + e)) phi(e / tau) de.

Both integrals are by Gauss-Hermite points around the mode, as wide as the curvature there: exact for normals, to
eight digits for Poisson ones of any size.  log L is told over the saturated model, f(y | y), count by count: else it
is a difference of numbers of a million.  Derivatives are means under the same points,

    d log L / d eta_j = E[y_j - lambda_j],   d log L / d log sigma = E[b^2] / sigma^2 - 1,   likewise for tau.

Of a count below L, f is the Poisson chance of it, and y_j - lambda_j the derivative of its logarithm.

References: Liu Q, Pierce DA. Biometrika 1994;81:624-629 (points around the mode).
"""
