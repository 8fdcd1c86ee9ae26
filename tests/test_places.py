"""Numbers by their place in nested tables."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from cascade import InputError
from cascade.common.places import number_in, put_in

WHOLE: dict[str, Any] = {
    "care": [
        {"name": "a", "drugs": [{"name": "x", "dose": 2.0}, {"name": "y", "dose": 3.0}]},
        {"name": "b"},
        {"name": "c", "drugs": [{"name": "x", "dose": 2.0, "on": True}]},
    ],
    "ways": [{"route": "blood", "share": 0.5}, {"share": 0.25}],
}


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("care.a.drugs.y.dose", 3.0),
        ("ways.blood.share", 0.5),
        ("ways.1.share", 0.25),
        ("care.*.drugs.x.dose", 2.0),
        ("care.*.drugs.y.dose", 3.0),
        ("care.c.drugs.*.dose", 2.0),
    ],
)
def test_a_number_is_found_and_replaced_where_it_stands(where: str, value: float) -> None:
    whole = deepcopy(WHOLE)
    assert number_in(whole, where, "file") == value
    put_in(whole, where, 7.0, "file")
    assert number_in(whole, where, "file") == 7.0
    changed = str(whole).count("7.0")
    assert changed == (2 if where == "care.*.drugs.x.dose" else 1)
    assert len(str(whole)) == len(str(WHOLE)) - changed * (len(str(value)) - len("7.0"))


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("care.d.drugs.x.dose", "place"),
        ("care.*.drugs.z.dose", r"no entry of a list has what follows \*"),
        ("care.a.*.dose", "place"),
        ("*.a", "place"),
        ("care.a.drugs.*.dose", "2 and 3"),
        ("care.*.name", "number"),
        ("care.*.drugs.x.on", "number"),
        ("care.*", "place"),
    ],
)
def test_a_place_that_is_none(where: str, wanted: str) -> None:
    whole = deepcopy(WHOLE)
    with pytest.raises(InputError, match=wanted):
        put_in(whole, where, 7.0, "file")
    assert whole == WHOLE
