r"""Lowering: a model becomes flat arrays, the same for the exact answer and for the simulation.

Symbols.  A model has states, each with moves, deaths and perhaps switches of factors: its T
*transitions*.  After expansion there are S states and E *exits* of them.

Expansion.  A state with k phases becomes k states in a row; one in which factors with n1, n2, ...
levels exist becomes n1 n2 ... of them in each phase, a *grid* whose places are the combinations:

    state i:   phase 0          phase 1          phase k-1
              [c0 c1 .. cn]    [c0 c1 .. cn]    [c0 c1 .. cn]       first[i] + phase n + place
                   |  moves, inner   |  moves, inner   |  moves: to the grid of the target
                   v  deaths         v  deaths         v  deaths

The hazard of an exit is that of its transition, times what the levels of its place make of it, times
the share of those that come to this place of the target's grid: a cell keeps its levels of the factors
that both states have, and draws those that begin there.  A cluster that breaks as it comes in has an
exit for each pair of sizes, k and n - k.

What multiplies the hazard of exit e, with t its transition and p its profile, is

    q_e(time, cell) = hazard_e * multipliers[window(time), t] * exp(profiles[p] . log Y),

with Y independent frailties of the cell.  Correlated ones are mixtures of them: log Z = M log Y + c,
M from Cholesky's factor of the correlations, so that powers of Z are powers of Y (``frailties``).
"""
