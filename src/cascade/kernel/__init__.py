r"""The compiled kernel: cells through their visits, arrays in and arrays out; it imports nothing of cascade but itself.

Symbols.  A *block* has the rows of the cells under way; a model has W windows of constant
hazards, S states, E exits of these (moves, deaths, switches), G = 2 groups of exits in each state
(its moves, its deaths), P profiles of frailties and C clocks of factors.  Of exit e in window
w the hazard is h(w, e); a cell multiplies it by z(p), with p the profile of e and z(0) = 1.
The rate of a group g is

    R(w, g) = sum over p of z(p) * H(w, g, p),     H(w, g, p) = sum of h(w, e), e in g with profile p.

The rule of a visit.  A cell in state s since t0 draws, by its address (seed, cell, visit),

    X_move, X_death ~ Exponential(1),     U ~ Uniform(0, 1).

A clock is (anchor a, left x): at first (t0, X) for each of the two groups, and for each factor
a draw of its own that lasts over visits.  It is due at

    t = a + x / R.

When a rate changes from R to R' at time c, by the end of a window or the switch of a factor,
the clock is rewound: what was used up is taken off, and the rest runs at the new rate,

    x <- x - (c - a) R,     a <- c     (only when R' differs from R: else every bit stays).

The clock that is due first wins.  If it is that of a group, its exit is the first whose
cumulative share exceeds U:  h(e1) z + ... + h(e) z > U R.  U has 32 bits; in a group that holds a share
below 2^-20 (at Z = 1) it has 64, and 2^-32 is no floor to what is rare (``rare``).

    anchor t0          end of window 1         end of window 2
    |                       |                       |
    |== X_move ============>|=====> due             |        moves:  runs fast, then faster
    |-- X_death ----------->|- - - - - - - - - - - >|- ->    deaths: runs slowly
    |                       |     ^                 |
    enter s            rewind     first: it moves, by the exit that U chooses; then visit + 1

One round of a block, every row one visit (``loop.run``):

         +-> fill up: fragments that wait, else founders; starts, frailties    births, fragments
         |   draw: four words of Philox a row                                  visits, streams
         |   race: which group is due first; choose: its exit                  visits
    rows |   switching visits, and those beyond their window: the whole rule   switching, visits
         |   where a way is rare: its choice in 64 bits                          rare
         |   where hazards are too high for their time: taken or refused         thinning
         |   count: row of the exit and bin of the time; ends                  tally
         |   arrive: new states; first entries; absorbed                       loop, tally
         +-- gather: those that live on to the top of the block                loop

What a model does not need is None (frailties, clocks, clusters): to the compiler that is a type
of its own, and what only they need is left out.  ``inputs`` has what is read, ``buffers`` what
is written, both as named tuples of arrays.
"""
