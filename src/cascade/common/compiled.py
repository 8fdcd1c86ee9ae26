"""Compiled functions: made at first use, kept on disk, never older than their sources.

numba stamps a cached function with the file that the function itself stands in.  What is compiled here
inlines functions of other modules of its room, so the stamp covers all of them.
"""

from __future__ import annotations

import functools
import hashlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from numba import config
from numba.core import caching

from cascade.common.compile_cache import Cache
from cascade.common.notices import notice


@functools.cache
def digest_of(*rooms: ModuleType) -> str:
    """Hash over the text of every module of some rooms (packages): none can be forgotten here."""
    texts = []
    for room in rooms:
        folder = Path(room.__path__[0])
        names = ["__init__", *sorted(module.name for module in pkgutil.iter_modules([str(folder)]))]
        texts += [name.encode() + b"\0" + (folder / f"{name}.py").read_bytes() for name in names]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def cache_of(function: Any, *rooms: ModuleType) -> Any:
    """Numba's cache of a function, stamped with all sources of the rooms that it is compiled from.

    The folders are numba's own, in its order: NUMBA_CACHE_DIR, ``__pycache__`` beside the
    source, the user's cache.  There is no public way to another stamp, and the names of
    the classes differ between versions.
    """
    digest = digest_of(*rooms)
    stamp = type("_Stamp", (), {"get_source_stamp": lambda _: digest})
    locators = []
    for name in ("UserProvidedCacheLocator", "InTreeCacheLocator", "UserWideCacheLocator"):
        base = getattr(caching, name, None) or getattr(caching, f"_{name}")
        locators.append(type(f"Stamped{name}", (stamp, base), {}))
    # The stamp stands in the name as well: who looks into the folder sees what is old.
    named = property(lambda self: f"{self._filename_base}-{digest[:12]}")
    files = type("_Files", (caching.CompileResultCacheImpl,), {"_locator_classes": locators, "filename_base": named})
    return type("_Cache", (Cache,), {"_impl_class": files})(function)


@functools.cache
def cached(function: Any, *rooms: ModuleType) -> Callable[..., Any]:
    """A compiled function of one or more rooms, with its cache on disk where one can be had."""
    if not config.DISABLE_JIT:
        try:
            function._cache = cache_of(function.py_func, *rooms)  # noqa: SLF001 (numba has no public way)
        except (RuntimeError, OSError, AttributeError):
            notice(
                "no folder is writable for compiled code: compiling in memory, for seconds, of patients minutes,"
                " in every new process (set NUMBA_CACHE_DIR to a writable folder)"
            )
    return function  # type: ignore[no-any-return]
