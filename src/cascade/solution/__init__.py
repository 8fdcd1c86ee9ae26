r"""The exact answer: linear algebra on a lowered model; it never meets the kernel.

Symbols.  B: batch of (hazards, z) solved together; S: expanded states; E: exits; T: transitions; K:
stages; N: nodes of the frailties; W: windows of the environment; P: profiles.

1. ``solver``.  At fixed traits and in one window the time spent in each state has the transform

       x(z) = (z + D - R)^-T f,

   one system for each furthest stage k = 0 .. K, so that distinct cells are counted: what leaves the
   system of stage k enters that of the stage it comes to.  ``lowering.systems`` puts the states in order; how
   they are solved one by one stands in the room ``elimination``, which is compiled.
2. ``laplace``.  Curves over time are inverses of x(z) on a hyperbola around all poles, or on a line.
3. ``changing``.  Through windows: the distribution at the end of one flows into the next.

       window 1: p0 -> inverse at its length -> p1;   window 2: p1 -> ... ;   last: z = 0 for whole lives

4. ``quadrature``.  All of it is averaged over frailties, sum_n w_n x(hazards * exp(profiles . log Y_n)):
   by the trapezoidal rule in log Z for up to three, by random points with a standard error for more, some
   of them around those that succeed.  ``prepared`` refines until what is asked stays as it is.
5. ``branching``.  Clusters: expected numbers follow from one cell of a unit (``lowering.one_cell``); the
   chance that none of a unit gets there is a generating function at 0, solved from the smallest units up.
6. ``sensitivity``.  Every derivative from two solves, forward x and adjoint h: q_e x_s (h_t - h_s); through windows
   by ``windows``.
7. ``reaching``.  Cells that reach a goal where hazards change: all cells, each weighed by its chance from where it is.

``prepared`` holds what all answers need, ``courses`` what has happened by a time; ``answer`` is what users
ask for.
"""
