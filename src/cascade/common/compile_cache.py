"""Compiled code on disk: files that are sealed, set aside when they are damaged, and never needed.

numba keeps an index and numbered files of data, and trusts what it reads: an emptied file ends a
program, a flipped bit is run.  Here each entry is a file of its own, named after its key, with a
digest of its bytes at its head and the key inside.  No index can name the data of another build,
and two processes that begin at once write the same file, each in one piece.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import secrets
from pathlib import Path
from typing import Any

import numba
from numba.core import caching
from numba.core.serialize import dumps as serialized

from cascade.common.notices import notice

SEAL = hashlib.sha256().digest_size


class Damaged(Exception):  # noqa: N818 (it never leaves this module)
    """What is wrong with a file."""


class Files:
    """Entries of the cache of one function, in numba's words: ``save``, ``load``, ``flush``."""

    def __init__(self, folder: str, base: str, stamp: str) -> None:
        self.folder, self.base, self.stamp = Path(folder), base, stamp

    def _key(self, key: Any) -> tuple[Any, ...]:
        """All that compiled code depends on: signature and processor, sources, numba."""
        return key, self.stamp, numba.__version__

    def path(self, key: Any) -> Path:
        """The file of a key."""
        name = hashlib.sha256(repr(self._key(key)).encode()).hexdigest()[:16]
        return self.folder / f"{self.base}.{name}.nbc"

    def load(self, key: Any) -> Any:
        """What was saved under a key; None where there is nothing.

        Raises
        ------
        Damaged, OSError
            For a file that is not as it was written, or cannot be read.
        """
        if self.path(key).exists() and not self.path(key).is_file():  # a pipe or a device may never end
            raise Damaged("it is no file")
        try:
            whole = self.path(key).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(whole[SEAL:]).digest() != whole[:SEAL]:
            raise Damaged("it is not as it was written")
        saved, data = pickle.loads(whole[SEAL:])  # noqa: S301 (sealed, and as trusted as the sources beside it)
        if saved != self._key(key):
            raise Damaged("it belongs to another build")
        return data

    def save(self, key: Any, data: Any) -> None:
        """Write an entry in one piece."""
        whole = serialized((self._key(key), data))
        path = self.path(key)
        temporary = path.with_name(f"{path.name}.tmp.{secrets.token_hex(8)}")
        try:
            temporary.write_bytes(hashlib.sha256(whole).digest() + whole)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def set_aside(self, key: Any) -> str:
        """Move the file of a key away; where it is now."""
        path = self.path(key)
        aside = path.with_name(f"{path.name}.damaged-{secrets.token_hex(4)}")
        try:
            path.replace(aside)
        except FileNotFoundError:
            return "another process has moved it"
        except OSError:
            return "it cannot be moved, and stays"
        return f"it now lies in {aside.name}"

    def flush(self) -> None:
        """Forget every entry."""
        for path in self.folder.glob(f"{self.base}.*.nbc"):
            with contextlib.suppress(OSError):
                path.unlink()


class Cache(caching.FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function on such files: whatever is wrong with them, the function is compiled."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        impl = self._impl
        self._cache_file = Files(self._cache_path, impl.filename_base, impl.locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Compiled code from its file, or None: then numba compiles, which is said."""
        try:
            found = super().load_overload(sig, target_context)
        except Exception as error:  # damage has every type: whatever unpickling or linking garbage raises
            key = self._index_key(sig, target_context.codegen())
            path, where = self._cache_file.path(key), self._cache_file.set_aside(key)
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            notice(f"compiled code in {path} cannot be used ({reason}): {where}; compiling anew")
            return None
        if found is None:
            words = "compiling, once: seconds, for patients a minute or two; later runs take the code from the disk"
            notice(words, waiting=True)
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code for later processes, where that can be done."""
        try:
            super().save_overload(sig, data)
        except Exception as error:  # a full disk, a folder that was closed or deleted meanwhile
            if self._cache_file.path(self._index_key(sig, data.codegen)).is_file():
                return  # another process was there first: some systems replace no file that is being read
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            notice(
                f"compiled code cannot be kept in {self._cache_path} ({reason}):"
                " every new process compiles anew (set NUMBA_CACHE_DIR to a writable folder)"
            )
