"""How the functions of patients are compiled: without counting references.

Patients are followed one after the other, so named tuples of seventy arrays are handed on for each lesion; numba would
count references to every array at every call, which takes three times as long as all else.  Nothing here makes an
array, and whoever calls holds those that are read: ``_nrt=False`` leaves the counting out.
"""

from __future__ import annotations

from numba import njit

entry = njit(nogil=True, error_model="numpy", _nrt=False)
"""A function that Python calls."""

step = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)
"""A step, called by the kernel alone."""


once = njit(
    nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, forceinline=True
)
"""A step that is inlined where it is called, in a few places: handing on seventy arrays takes longer than most."""
