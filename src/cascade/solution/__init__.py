r"""The exact answer: linear algebra on a lowered model; it never meets the kernel.

Symbols.  B: batch of (hazards, z) solved together; S: expanded states; E: exits; T: transitions; K:
stages; N: nodes of the frailties; W: windows of the environment; P: profiles.

1. ``passage``.  At fixed traits and in one window the time spent in each state has the transform

       x(z) = (z + D - R)^-T f,

   one system for each furthest stage k = 0 .. K, so that distinct cells are counted: what leaves the
   system of stage k enters that of the stage it comes to.  ``components`` solves it part by part: a set
   of states between which cells go to and fro is one small dense system, and between the sets there is
   no way back.
2. ``laplace``.  Curves over time are inverses of x(z) on a hyperbola around all poles, or on a line.
3. ``changing``.  Through windows: the distribution at the end of one flows into the next.

       window 1: p0 -> inverse at its length -> p1;   window 2: p1 -> ... ;   last: z = 0 for whole lives

4. ``quadrature``.  All of it is averaged over frailties, sum_n w_n x(hazards * exp(profiles . log Y_n)):
   by the trapezoidal rule in log Z for up to three, by random points with a standard error for more.
5. ``branching``.  Clusters: expected numbers follow from one cell of a unit (``lowering.one_cell``); the
   chance that none of a unit gets there is a generating function at 0, solved from the smallest units up.

``prepared`` holds what all answers need, ``courses`` what has happened by a time; ``answer`` is what users
ask for.
"""
