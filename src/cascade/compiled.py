"""The compiled kernel: made at first use, kept on disk, never older than its sources.

numba stamps a cached function with the file that the function itself stands in.  The
kernel inlines functions of other modules, so its stamp here covers all of them.
"""

from __future__ import annotations

import functools
import hashlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config
from numba.core import caching

from cascade import kernel, lower, numerics, streams, visits

_SOURCES = (kernel, lower, numerics, streams, visits)


@functools.cache
def _digest() -> str:
    """Hash over the text of every module that is compiled into the kernel."""
    texts = [Path(module.__file__).read_bytes() for module in _SOURCES if module.__file__]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


class _Stamp:
    def get_source_stamp(self) -> str:
        return _digest()


class _Provided(_Stamp, caching.UserProvidedCacheLocator):  # type: ignore[misc]
    """The folder named by NUMBA_CACHE_DIR."""


class _Beside(_Stamp, caching.InTreeCacheLocator):  # type: ignore[misc]
    """``__pycache__`` beside the source."""


class _Home(_Stamp, caching.UserWideCacheLocator):  # type: ignore[misc]
    """The user's cache folder."""


class _Files(caching.CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_Provided, _Beside, _Home)


class _Cache(caching.FunctionCache):  # type: ignore[misc]
    _impl_class = _Files


class NoCacheNotice(UserWarning):
    """Said once where no folder can be written for compiled code."""


@functools.cache
def kernel_run() -> Callable[..., None]:
    """``kernel.run``, with its cache on disk where one can be had."""
    run: Any = kernel.run
    if not config.DISABLE_JIT:
        try:
            run._cache = _Cache(run.py_func)  # noqa: SLF001 (numba has no public way)
        except (RuntimeError, OSError):
            warnings.warn(
                "no folder is writable for compiled code: compiling in memory, some seconds in every new process"
                " (set NUMBA_CACHE_DIR to a writable folder)",
                NoCacheNotice,
                stacklevel=2,
            )
    return run  # type: ignore[no-any-return]
