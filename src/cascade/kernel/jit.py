"""How the functions of the kernel are compiled: nobody waits for the interpreter, divisions by zero give infinity."""

from __future__ import annotations

from numba import njit

entry = njit(nogil=True, error_model="numpy")
"""A function that Python calls."""

step = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A step of a round, called by the kernel alone: wrappers for calls from Python would only cost compile time.

It is handed named tuples whole, which costs little for thousands of rows, and takes the arrays
out of them once, before its loops: numba would count references to an array at every row.
"""

leaf = njit(error_model="numpy", inline="always")
"""A rule for a single row, inlined where it is called: it is given numbers, for the same reason."""
