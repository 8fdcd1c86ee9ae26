"""Lowering: a model becomes flat arrays, the same for the exact answer and for the simulation."""
