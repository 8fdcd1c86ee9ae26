"""The compiled kernel: made at first use, kept on disk, never older than its sources.

numba stamps a cached function with the file that the function itself stands in.  The
kernel inlines functions of other modules, so its stamp here covers all of them.
"""

from __future__ import annotations

import functools
import hashlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config
from numba.core import caching

from cascade import kernel
from cascade.common.notices import notice
from cascade.engine.cache import Cache
from cascade.kernel import loop


@functools.cache
def _digest() -> str:
    """Hash over the text of every module of the kernel: none can be forgotten here."""
    folder = Path(kernel.__path__[0])
    names = ["__init__", *sorted(module.name for module in pkgutil.iter_modules([str(folder)]))]
    texts = [name.encode() + b"\0" + (folder / f"{name}.py").read_bytes() for name in names]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


class _Stamp:
    def get_source_stamp(self) -> str:
        return _digest()


def _cache_of(function: Any) -> Any:
    """Numba's cache of a function, stamped with all sources.

    The folders are numba's own, in its order: NUMBA_CACHE_DIR, ``__pycache__`` beside the
    source, the user's cache.  There is no public way to another stamp, and the names of
    the classes differ between versions.
    """
    locators = []
    for name in ("UserProvidedCacheLocator", "InTreeCacheLocator", "UserWideCacheLocator"):
        base = getattr(caching, name, None) or getattr(caching, f"_{name}")
        locators.append(type(f"Stamped{name}", (_Stamp, base), {}))
    # The stamp stands in the name as well: who looks into the folder sees what is old.
    named = property(lambda self: f"{self._filename_base}-{_digest()[:12]}")
    files = type("_Files", (caching.CompileResultCacheImpl,), {"_locator_classes": locators, "filename_base": named})
    return type("_Cache", (Cache,), {"_impl_class": files})(function)


def kernel_run() -> Callable[..., None]:
    """``loop.run``, with its cache on disk where one can be had."""
    return _with_cache("run")


def kernel_traits() -> Callable[..., None]:
    """``loop.traits``, the same."""
    return _with_cache("traits")


@functools.cache
def _with_cache(name: str) -> Callable[..., None]:
    run: Any = getattr(loop, name)
    if not config.DISABLE_JIT:
        try:
            run._cache = _cache_of(run.py_func)  # noqa: SLF001 (numba has no public way)
        except (RuntimeError, OSError, AttributeError):
            notice(
                "no folder is writable for compiled code: compiling in memory, some seconds in every new process"
                " (set NUMBA_CACHE_DIR to a writable folder)"
            )
    return run  # type: ignore[no-any-return]
