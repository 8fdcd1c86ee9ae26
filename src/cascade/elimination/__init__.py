r"""Elimination: linear systems of multi-state models, solved state by state; compiled, arrays in, arrays out.

Symbols.  S states, E exits with hazards q_e; R: hazards of moves from state to state, D: summed hazards
of all ways out; z: where a transform is taken; f: what flows in, g: what is gained on the way.

    forward    (z + D - R)^T x = f      x: the transform of the share of cells in each state, at z = 0 their time
    adjoint    (z + D - R)   h = g      h: what a cell in each state will gain, as its chance to reach a goal

Order.  A *component* is a set of states of which each can be reached from each; between components there
is no way back.  They are solved one after the other, forward from the start, adjoint from the end.  In one
of k states they are censored one by one, from the last to the first: what passes through state p goes on
directly, with the shares

    b_pj = r_pj / out_p,    out_p = leave_p + sum_(j < p) r_pj,     leave_p = z + hazards of ways out of the component

    r_ij += r_ip b_pj,      leave_i += r_ip leave_p / out_p          (i, j < p, i != j)

so that a return to a state itself never enters.  At real z >= 0 nothing is ever subtracted: each x and
each h, however small, has a relative error of a few units in the last place.  Which r_ip and b_pj can be
above 0 is known before (``System``), so the work is that of the exits and what they fill in, not k^3.

With + - x / alone and in a fixed order the bits are the same on every machine.

References: Grassmann WK, Taksar MI, Heyman DP. Oper Res 1985;33:1107-1116.
"""
