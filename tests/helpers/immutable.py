"""A walk through everything that something holds, in search of what could be changed in place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel


def changeable(root: object) -> Iterator[str]:
    """Paths to everything reachable by fields and cached properties that could be changed in place."""
    waiting: list[tuple[str, object]] = [("", root)]
    seen: set[int] = set()
    while waiting:
        path, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            if value.flags.writeable:
                yield path
        elif isinstance(value, list | set | bytearray):
            yield path
        elif isinstance(value, dict):
            if hasattr(value, "__setitem__") and not _refuses(value):
                yield path
            waiting += [(f"{path}[{key!r}]", item) for key, item in value.items()]
        elif isinstance(value, tuple):
            waiting += [(f"{path}[{i}]", item) for i, item in enumerate(value)]
        elif isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
            # With what cached properties have put beside the fields.
            waiting += [(f"{path}.{name}", item) for name, item in vars(value).items()]
            if not _refuses_attributes(value):
                yield path
        elif hasattr(value, "__dict__") and type(value).__module__.startswith("cascade."):
            yield path  # a plain class: anyone may set what it has


def _refuses_attributes(value: Any) -> bool:
    """Whether a field cannot be set anew."""
    name = next(iter(vars(value)), None)
    if name is None:
        return True
    try:
        setattr(value, name, getattr(value, name))
    except (AttributeError, ValueError):  # FrozenInstanceError, pydantic's ValidationError
        return True
    return False


def _refuses(mapping: Mapping[Any, Any]) -> bool:
    """Whether every way of changing a dictionary raises a TypeError."""
    changes: list[Callable[[Any], object]] = [
        lambda m: m.__setitem__("x", 1),
        lambda m: m.update(x=1),
        lambda m: m.setdefault("x", 1),
        lambda m: m.pop("x", None),
        lambda m: m.clear(),
        lambda m: m.popitem(),
        lambda m: m.__ior__({"x": 1}),
        lambda m: m.__delitem__("x"),
    ]
    for change in changes:
        try:
            change(mapping)
        except TypeError:
            continue
        except KeyError:
            return False
        return False
    return True
