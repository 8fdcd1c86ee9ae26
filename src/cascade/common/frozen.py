"""What cannot be changed: mappings that hash, and arrays that are compared and read only."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NoReturn, TypeVar

import numpy as np

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dictionary that cannot be changed, and hashes; in all else a dictionary, also to those who write JSON.

    Examples
    --------
    >>> soil = FrozenDict({"liver": 1.2})
    >>> soil["liver"] += 2.0
    Traceback (most recent call last):
    TypeError: this mapping cannot be changed: make another, as in {**this, 'name': value}
    >>> hash(soil) == hash(FrozenDict(liver=1.2))
    True
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this mapping cannot be changed: make another, as in {**this, 'name': value}")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __copy__(self) -> FrozenDict[K, V]:
        return self

    def __deepcopy__(self, _: object) -> FrozenDict[K, V]:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same array, which from now on cannot be written to."""
    array.setflags(write=False)
    return array


class ReadOnly:
    """For frozen dataclasses: arrays become read only, mappings refuse changes, in copies too."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                read_only(value)
            elif isinstance(value, dict) and not isinstance(value, FrozenDict):
                object.__setattr__(self, field.name, FrozenDict(value))

    def __getstate__(self) -> dict[str, Any]:
        # Cached properties are made again.
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Copies of arrays can be written to until someone says no.
        self.__dict__.update(state)
        ReadOnly.__post_init__(self)


class ByValue(ReadOnly):
    """For frozen dataclasses that are equal, and hash, by the arrays and mappings that they hold.

    The dataclass is made with ``eq=False``: the comparison that dataclasses write by themselves
    raises on arrays.
    """

    def _values(self) -> list[Any]:
        return [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, ByValue)
        return all(map(_same, self._values(), other._values()))

    def __hash__(self) -> int:
        return hash(tuple(map(_hashable, self._values())))


def _same(one: object, two: object) -> bool:
    """Whether two values are equal; arrays by type, shape and every number, not-a-number among them."""
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        alike = one.dtype == two.dtype and one.shape == two.shape
        return alike and np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
    return one is two or bool(one == two)


def _hashable(value: Any) -> Any:
    """Of an array its shape and its bytes, with one zero only."""
    if not isinstance(value, np.ndarray):
        return value
    return value.shape, (value + 0.0 if value.dtype.kind == "f" else value).tobytes()
