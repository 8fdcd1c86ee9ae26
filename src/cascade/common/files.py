"""Files: TOML that is read with a clear error, and files that are never half written."""

from __future__ import annotations

import contextlib
import os
import secrets
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from cascade.common.errors import InputError, why


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """TOML text as a dictionary; ``where`` names it in errors.

    Raises
    ------
    InputError
        When the text is not TOML.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise InputError(where, str(error) or "nested too deep", "text in TOML (https://toml.io)") from None


def packaged(package: str, *path: str) -> dict[str, Any]:
    """A TOML file that comes with the package."""
    return parse_toml(resources.files(package).joinpath(*path).read_text(encoding="utf-8"), "/".join(path))


def as_path(path: object, field: str = "path") -> Path:
    """A path from what a user gave, with ``~`` as the home folder.

    Raises
    ------
    InputError
        When it is neither text nor a path: a number would be taken for a file that is open already.
    """
    if not isinstance(path, str | Path) or path == "":
        raise InputError(field, path, "the name of a file, as text or a pathlib.Path")
    with contextlib.suppress(RuntimeError):  # nobody's home: the name stands as it is
        return Path(path).expanduser()
    return Path(path)


def check_exists(path: object, field: str = "file") -> Path:
    """A path at which there is a file.

    Raises
    ------
    InputError
        When there is none, or no name of one.
    """
    found = as_path(path, field)
    there = other = False
    with contextlib.suppress(OSError, ValueError):  # a name that is too long, or holds what no name may
        there, other = found.is_file(), found.exists()
    if not there:
        raise InputError(field, str(path), "a file, not a folder or a device" if other else "a file that exists")
    return found


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` by way of a temporary file, fsync and replace.

    Raises
    ------
    InputError
        When the folder does not exist or nothing can be written there.
    """
    if "\0" in str(path) or not path.name:
        raise InputError("path", str(path), "the name of a file")
    try:
        # The file that a link points at is replaced, not the link; a device never is.
        path = Path(os.path.realpath(path))
        if path.exists() and not path.is_file():
            raise InputError("path", str(path), "a file, not a folder or a device")
    except OSError as error:  # a working directory that was deleted, a name that is too long
        raise InputError("path", str(path), f"a file that can be written ({why(error)})") from None
    # A name of its own for every writer: two may write the same path at once.  No longer than any name may be.
    temporary = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError("path", str(path), f"a file that can be written ({why(error)})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the replacement itself durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
