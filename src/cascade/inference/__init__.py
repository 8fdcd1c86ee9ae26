r"""Own data: from a table to a number and its interval.

Symbols.  theta: logarithms of what the free hazards are multiplied by; p(theta): the share of cells that an observable
counts at a time (``solution.shares``); N: cells that an animal was given; s: the fraction of the tissue that was
looked at; a: animal; psi: logarithms of the spreads; P: free hazards.

1. ``data``, and its kinds: ``counted`` (counts y of an animal at a time; all of one animal are one unit), ``timed``,
   ``seen``, ``panels``; ``headed`` and ``tables`` read them.  ``likely`` is what a likelihood of any of them has to
   tell: of counts 2. and 3., with hazards that differ between animals (``varying``, ``varying_two``) or in experiments
   (``nested``); of the others a chance each (``independent``; ``chances`` of times and findings, ``looks`` of states).
2. ``kernel``.  Given the animal, counts are Poisson; its log expected counts vary normally:

       log E[y_j] = log(N s p_j(theta)) + b + e_j,      b ~ N(0, sigma^2) of all its counts, e_j ~ N(0, tau^2).

   So a hazard is that of the median animal.
3. ``likelihood``.  l(theta, psi), the sum over animals; and restricted, with D = d log p / d theta at the estimate,
   V_a = sigma^2 1 1' + diag(tau^2 + 1 / E[y]) the variance of log counts,

       l_R = l - log det( sum_a D_a' V_a^-1 D_a ) / 2,

   which leaves the spreads as free of bias as those of normals are.
4. ``profiles``.  The interval of theta_i is where the signed root of 2 (l_R at its highest - l_R at its highest with
   theta_i held) stays below nu log(1 + t^2 / nu), t Student's for nu degrees of freedom: exact for normals with one
   spread, nu = animals - P; nu is Satterthwaite's.  A side on which the root stays below it is open.
5. ``identifiability``.  Directions in which no count moves, whatever theta: in hazards for sums, in logs for products.
6. ``posterior``.  theta and psi given the counts, by rounds of importance sampling, with their diagnostic.

References: Patterson HD, Thompson R. Biometrika 1971;58:545-554. Satterthwaite FE. Biometrics Bull 1946;2:110-114.
"""
