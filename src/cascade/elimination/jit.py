"""How the functions of the elimination are compiled: nobody waits for the interpreter."""

from __future__ import annotations

from numba import njit

entry = njit(nogil=True, error_model="numpy")
"""A function that Python calls."""

step = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A step of it, called by compiled functions alone."""

leaf = njit(error_model="numpy", inline="always")
"""A rule inlined where it is called: numba would count references to its arrays at every call."""
