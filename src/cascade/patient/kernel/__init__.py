r"""The compiled kernel of patients: a tumour and its lesions in continuous time, arrays in and arrays out.

Symbols.  A lesion (the primary is number 0) has an *own time*: its pace s times the days since an anchor, paused while
it sleeps; n(own) cells by the growth law.  Through route r it has shed, by an own time u,

    C_r(u) = rate_r s^(gamma_r - 1) S_r(u),      S_r(u) = int_onset^u n^alpha_r          (``growth``: one table)

cells, each of which founds in site j with probability h_rj, known from its start.  For each route and site one
unit-rate Poisson clock runs on C_r h_rj:

    clock (r, j):   E_1    E_2        E_3         sums of unit exponentials, drawn by address (lesion, r, j, k)
                     |      |          |
    C_r(u) h_rj  ----+------+----------+------->   the k-th founder-to-be is shed where the sum is reached

Founder k lives the life of a cell of the model that is conditioned on founding in j (``lives``), with its own identity
as the number of the cell; where that life ends it divides for the first time.  No delay is drawn beside it.

    one patient                                                                          (``course``)
         traits, age, death of other causes                    patients
     +-> next lesion: what it sheds by the horizon             growth
     |   clocks that ring, founders-to-be, their lives         seeding, lives
     +-- those that found: early size or gone, sleep           lesions
         death by burden, where all sizes come to it           course
         counts by site, level and time                        tally

Identities are genealogical: that of a child is drawn by the address (parent, r, j, k), so nothing that happens to one
lesion changes a lesion that does not descend from it.  Days are days; bits are the same on every machine, for only
``+ - * /`` and the functions of ``cascade.kernel.numerics`` are used.
"""
