"""How the functions of the likelihood are compiled."""

from __future__ import annotations

from numba import njit

entry = njit(nogil=True, error_model="numpy")
"""A function that Python calls."""

step = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A step of it, called by compiled functions alone."""
