"""The base of all parts: strict types that cannot be changed, faults in the words of this package, sources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from cascade.common.errors import Fault, ModelError, nearest
from cascade.common.frozen import FrozenDict
from cascade.common.numbers import plain_number, shares_of_one
from cascade.common.text import UNPRINTABLE

# Lone surrogates are refused by pydantic itself, and its patterns know none.
CONTROL = UNPRINTABLE.replace(r"\ud800-\udfff", "")
"""Control characters, for a class of a pattern of pydantic."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=rf"^[^\s.*{CONTROL}][^.*{CONTROL}]*$")]

# Without a class within a class, which patterns of JSON schemas do not know.
_TEXT = "^[^" + CONTROL.replace(r"\x00-\x1f", r"\x00-\x08\x0b-\x1f") + "]*$"

Text = Annotated[str, StringConstraints(pattern=_TEXT)]
"""What people read: titles, notes, citations."""


LEAST_HAZARD = 1e-15
"""Smallest hazard above 0: once in a hundred billion years."""


MOST_HAZARD = 1e12

HAZARDS = f"0, or from {LEAST_HAZARD:g} to {MOST_HAZARD:g} per hour"


def is_hazard(value: float) -> bool:
    """Whether a number can be a hazard."""
    return value == 0 or LEAST_HAZARD <= value <= MOST_HAZARD


def _not_absurdly_small(value: float) -> float:
    if 0 < value < LEAST_HAZARD:
        raise ValueError(f"0, or a hazard from {LEAST_HAZARD:g} to {MOST_HAZARD:g} per hour")
    return value


Hazard = Annotated[
    float,
    BeforeValidator(plain_number),
    Field(ge=0, le=MOST_HAZARD, allow_inf_nan=False),
    AfterValidator(_not_absurdly_small),
]

Share = Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1, allow_inf_nan=False)]

Hours = Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1e9, allow_inf_nan=False)]

Keys = Annotated[tuple[Text, ...], Field(strict=False)]

K = TypeVar("K")
V = TypeVar("V")
FrozenMapping = Annotated[Mapping[K, V], AfterValidator(FrozenDict)]
"""A table of names and values that cannot be changed."""


def rescaled(parts: Any) -> Any:
    """Parts with shares, or a table of shares: made to sum to 1 where single precision, or print, has left them short.

    Shares whose sum is farther from 1 stay as they are, and are told as a fault.
    """
    if isinstance(parts, Mapping):
        return dict(zip(parts, shares_of_one(list(parts.values())), strict=True))
    shares = [part.share for part in parts]
    new = shares_of_one(shares)
    return parts if new == shares else tuple(p.model_copy(update={"share": s}) for p, s in zip(parts, new, strict=True))


SharesByName = Annotated[Mapping[Name, Share], AfterValidator(rescaled), AfterValidator(FrozenDict)]
"""A table of shares that sum to 1."""

ILLUSTRATIVE = "illustrative"
"""Key of the source of a number that is chosen for teaching and cites nothing."""


_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def _with_bounds(schema: Any) -> Any:
    if isinstance(schema, dict):
        # A field may bear such a name; what it holds is then no number.
        return {_BOUNDS.get(k, k) if isinstance(v, int | float) else k: _with_bounds(v) for k, v in schema.items()}
    return [_with_bounds(part) for part in schema] if isinstance(schema, list) else schema


if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as _Meta  # so that classes keep their signatures
else:

    class _Meta(type(BaseModel)):
        """What makes a part by itself, not inside another: its faults are told as those of a model are."""

        def __call__(cls, *args: Any, **data: Any) -> Any:
            with _told(cls, data):
                return super().__call__(*args, **data)


@contextmanager
def _told(kind: type[BaseModel], data: object) -> Iterator[None]:
    """Faults of types and ranges as an error of this package."""
    try:
        yield
    except ValidationError as error:
        known = [item.get("ctx", {}).get("error") for item in error.errors(include_url=False) if not item["loc"]]
        whole = next((ours for ours in known if isinstance(ours, ModelError)), None)
        if whole is not None:  # the checks of a model have told all of it already
            raise whole from None
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()
        named = data if isinstance(data, Mapping) else {}
        name = next((named[field] for field in _NAMES if field in named), "?")
        raise ModelError(name if isinstance(name, str) else "?", faults_of(error, words), words) from None


_NAMES = ("name", "to", "cause", "key", "state", "hazard")
"""What a part may be known by."""


class Part(BaseModel, metaclass=_Meta):
    """Base of the parts: strict types, no unknown field, unchangeable through and through."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    @classmethod
    def model_validate(cls, obj: Any, **named: Any) -> Self:
        """A part from a mapping of its fields."""
        with _told(cls, obj):
            return super().model_validate(obj, **named)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **named: Any) -> Self:
        """A part from JSON."""
        with _told(cls, None):
            return super().model_validate_json(json_data, **named)

    @classmethod
    def model_validate_strings(cls, obj: Any, **named: Any) -> Self:
        """A part from a mapping of its fields to text."""
        with _told(cls, obj):
            return super().model_validate_strings(obj, **named)

    def __setattr__(self, name: str, value: Any) -> None:
        with _told(type(self), dict(self)):
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        with _told(type(self), dict(self)):
            super().__delattr__(name)

    @classmethod
    def model_json_schema(cls, *args: Any, **named: Any) -> dict[str, Any]:
        """The JSON schema of the fields, with bounds in the words that schemas know."""
        # Behind a validator of our own pydantic leaves the bounds under its own names.
        schema = _with_bounds(super().model_json_schema(*args, **named))
        assert isinstance(schema, dict)
        return schema

    def __iter__(self) -> Iterator[tuple[str, Any]]:  # type: ignore[override]
        """Fields and values, for ``dict(part)``; what cached properties remember is no field."""
        return ((field, getattr(self, field)) for field in type(self).model_fields)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002
        """A changed copy, checked like any other; without changes the part itself, since nothing can change it."""
        if not update:
            return self
        return type(self)(**{**dict(self), **update})

    def copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # type: ignore[override]
        """The same as ``model_copy``: an old name, which knew a way around the checks."""
        return self.model_copy(update=update, deep=deep)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:  # type: ignore[override]
        """A part from its fields; there is no way around the checks."""
        return cls(**values)


class Source(Part):
    """Where a number comes from.

    ``grade`` A: read in the full text or the data; B: in the abstract; C: quoted by
    another work; D: recalled, not verified; ``illustrative``: chosen, not measured.
    """

    key: Name
    citation: Annotated[Text, Field(min_length=1)]
    grade: Literal["A", "B", "C", "D", "illustrative"]
    doi: Text | None = None
    pmid: Text | None = None
    url: Text | None = None
    note: Text = ""


def faults_of(error: ValidationError, kind: str = "model") -> Iterator[Fault]:
    """Faults of types and ranges, in the words of this package; ``kind``: of what."""
    for item in error.errors(include_url=False):
        path = ""
        for step in item["loc"]:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
        inner = (item.get("ctx") or {}).get("error")
        if isinstance(inner, ModelError):  # of a part that checks itself
            yield from (Fault(f"{path}.{fault.path}", fault.value, fault.accepted) for fault in inner.faults)
            continue
        given = None if item["type"] == "missing" else item["input"]
        if item["type"] == "too_short" and len(item["input"]) > item["ctx"]["actual_length"]:
            continue  # its entries have faults of their own
        ours = _WORDS.get(item["type"], "").format(**item.get("ctx") or {})
        words = ours or item["msg"].removeprefix("Value error, ")
        if item["type"] == "string_pattern_mismatch" and item["ctx"]["pattern"] == _TEXT:
            words = "text without control characters"
        if item["type"] == "literal_error":
            words = f"one of {item['ctx']['expected']}"
        if item["type"] == "extra_forbidden":
            words += f"; {nearest(item['loc'][-1], _fields_at(error.title, item['loc'][:-1]))}"
        yield Fault(path or kind, given, words)


def _fields_at(kind: str, way: Sequence[int | str]) -> list[str]:
    """Names of the fields that a part of this kind has, or a part within it to which this way leads."""
    part = next((each for each in _kinds_of(Part) if each.__name__ == kind), None)
    for step in way:
        if part is not None and isinstance(step, str):
            field = part.model_fields.get(step)
            part = None if field is None else _part_in(field.annotation)
    return [] if part is None else list(part.model_fields)


def _kinds_of(part: type[Part]) -> Iterator[type[Part]]:
    """A kind of part, and all that are made from it."""
    yield part
    for each in part.__subclasses__():
        yield from _kinds_of(each)


def _part_in(annotation: Any) -> type[Part] | None:
    """The kind of part in a type such as a tuple of them."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((part for part in map(_part_in, get_args(annotation)) if part is not None), None)


# What a person who writes a model in TOML is told, for the most common faults of type.
_WORDS = {
    "missing": "this field is required",
    "frozen_instance": "frozen, it cannot be changed: make another, as in model_copy(update={{...}})",
    "json_invalid": "JSON that can be read: {error}",
    "json_type": "JSON as text or bytes",
    "extra_forbidden": "no field of this name is known here",
    "string_pattern_mismatch": "a name that does not begin with a space and has no '.', '*' or control character",
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a table of fields",
    "finite_number": "a finite number",
    "dict_type": "a table of names and values",
    "too_short": "at least one entry",
    "too_long": "at most {max_length} entries",
    "string_too_short": "text of at least {min_length} letter",
    "string_too_long": "text of at most {max_length} letters",
    "greater_than": "a number > {gt:g}",
    "greater_than_equal": "a number >= {ge:g}",
    "less_than": "a number < {lt:g}",
    "less_than_equal": "a number <= {le:g}",
}
