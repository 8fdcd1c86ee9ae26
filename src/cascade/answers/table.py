"""A table of answers: the same rows for a loop, for pandas, for a terminal and for a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from cascade.answers.handing import HandsOut
from cascade.common.errors import InputError
from cascade.common.jsons import plain_data
from cascade.common.text import html_table, text_table

Row = TypeVar("Row")

Texts = tuple[list[str], list[list[str]]]
"""Headings, and the lines of a table, as text."""


class Table(HandsOut, Generic[Row]):
    """Rows that can be iterated and counted, and are shown as text and as HTML.

    A subclass has ``rows``, dataclasses of one kind, and says in ``as_text`` how they are shown.
    """

    if TYPE_CHECKING:

        @property
        def rows(self) -> tuple[Row, ...]:
            """The rows in order: a field of the subclass, or a property."""

    left: ClassVar[tuple[int, ...]] = (0,)
    """Columns that stand to the left; all others are numbers, to the right."""

    def as_text(self) -> Texts:
        """Headings, and lines of as many texts."""
        raise NotImplementedError

    @property
    def caption(self) -> str:
        """What a notebook shows above the table."""
        return ""

    @property
    def below(self) -> str:
        """What has to be known to read the table right; it stands below."""
        return ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries, e.g. for pandas or JSON: None for what is infinite or not a number."""
        return [plain(row) for row in self.rows]

    def __str__(self) -> str:
        text = text_table(*self.as_text(), left=self.left)
        return f"{text}\n\n{self.below}" if self.below else text

    def _repr_html_(self) -> str:
        return html_table(*self.as_text(), caption=self.caption, below=self.below)


def check_same(beside: Iterable[str], rows: Iterable[str], what: str) -> None:
    """Refuse to pair rows by position: a table beside another has to have the same rows.

    Raises
    ------
    InputError
        Naming those that only one of them has, or that stand in another order.
    """
    theirs, ours = list(beside), list(rows)
    if theirs == ours:
        return
    only = {
        "only beside": [name for name in theirs if name not in ours],
        "only here": [name for name in ours if name not in theirs],
    }
    parts = [f"{where}: {', '.join(map(repr, names))}" for where, names in only.items() if names]
    differs = "; ".join(parts) or f"in another order here: {', '.join(map(repr, ours))}"
    raise InputError("beside", theirs, f"a table of the same {what} ({differs})")


class Told(Protocol):
    """What a table of answers says of where it comes from; "" where that is not known."""

    @property
    def label(self) -> str:
        """Whose it is."""

    @property
    def digest(self) -> str:
        """Fingerprint of the model."""

    @property
    def end(self) -> str:
        """The end of the run, in words."""


def heading_beside(kind: str, what: str, other: Told, this: Told) -> str:
    """Heading of a column of another table: where it is of another model or end, it says so."""
    parts = []
    if other.label != this.label:
        parts.append(other.label)
    elif "" not in (other.digest, this.digest) and other.digest != this.digest:
        parts.append("another model")
    if "" not in (other.end, this.end) and other.end != this.end:
        parts.append(other.end)
    parts = [part for part in parts if part]
    return f"{kind} ({', '.join(parts)}): {what}" if parts else f"{kind}: {what}"


def end_of(until: float | None) -> str:
    """The end of a run in words."""
    return "without an end" if until is None else f"until {until:.10g} h"


def plain(row: Any) -> dict[str, Any]:
    """The fields of a row as plain data."""
    return {field.name: plain_data(getattr(row, field.name)) for field in fields(row)}
