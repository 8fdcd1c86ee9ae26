"""Parts of a model that may still be plain data: what could be read of them, whatever else is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


def listed(value: Any) -> Any:
    """Plain data with a list for every iterator, set or view in it: what is looked at twice must still be there."""
    if isinstance(value, Mapping):
        return {name: listed(item) for name, item in value.items()} if type(value) is dict else value
    if isinstance(value, tuple):
        return tuple(map(listed, value))
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | BaseModel):
        return value
    try:
        return list(map(listed, value))
    except TypeError:  # an array of no dimension
        return value


def get(part: object, field: str, default: Any = None) -> Any:
    """A field of a part that may be a mapping (still raw) or an object (parsed)."""
    if isinstance(part, Mapping):
        return part.get(field, default)
    return getattr(part, field, default)


def items(part: object, field: str) -> list[Any]:
    """A list field of a part; empty when it is missing or not a list."""
    value = get(part, field, ())
    return list(value) if isinstance(value, list | tuple) else []


def text_of(value: object) -> str | None:
    """The value, where it is text and not empty."""
    return value if isinstance(value, str) and value else None


@dataclass(frozen=True)
class RawState:
    """What the check needs of one state."""

    index: int
    name: str
    stage: str | None
    absorbing: bool
    phases: int
    targets: tuple[str, ...]
    causes: tuple[str, ...]
    milestone: str | None


def raw_states(data: Mapping[str, Any]) -> list[RawState]:
    """Every state that has a name, with what is readable of it."""
    states = []
    for index, state in enumerate(items(data, "states")):
        name = text_of(get(state, "name"))
        if name is None:
            continue
        phases = get(state, "phases", 1)
        states.append(
            RawState(
                index,
                name,
                text_of(get(state, "stage")),
                get(state, "absorbing", False) is True,
                phases if isinstance(phases, int) and phases > 0 else 1,
                tuple(t for m in items(state, "moves") if (t := text_of(get(m, "to")))),
                tuple(c for d in items(state, "deaths") if (c := text_of(get(d, "cause")))),
                text_of(get(state, "milestone")),
            )
        )
    return states


def repeated(names: Sequence[object]) -> Iterator[tuple[int, object]]:
    """Names that came before, with their places."""
    seen: set[object] = set()
    for index, name in enumerate(names):
        if isinstance(name, str):
            if name in seen:
                yield index, name
            seen.add(name)


def parts_with_source(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every part of a model that holds a number, with its path."""
    for s, state in enumerate(items(data, "states")):
        path = f"states[{s}]"
        yield path, state
        yield from ((f"{path}.moves[{i}]", move) for i, move in enumerate(items(state, "moves")))
        yield from ((f"{path}.deaths[{i}]", death) for i, death in enumerate(items(state, "deaths")))
    yield from ((f"frailties[{i}]", frailty) for i, frailty in enumerate(items(data, "frailties")))
    for f, factor in enumerate(items(data, "factors")):
        yield f"factors[{f}]", factor
        for field in ("switches", "effects"):
            yield from ((f"factors[{f}].{field}[{i}]", part) for i, part in enumerate(items(factor, field)))
    clusters = data.get("clusters")
    for field in ("effects", "breaks"):
        yield from ((f"clusters.{field}[{i}]", part) for i, part in enumerate(items(clusters, field)))
    yield from ((f"correlations[{i}]", part) for i, part in enumerate(items(data, "correlations")))
    yield from ((f"observations[{i}]", seen) for i, seen in enumerate(items(data, "observations")))
    yield from ((f"sites[{i}]", site) for i, site in enumerate(items(data, "sites")))
    yield from (
        (field, data[field]) for field in ("start", "exposure", "capacity", "clusters") if data.get(field) is not None
    )
