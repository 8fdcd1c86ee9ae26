"""Ranges of the numbers of a disease."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from cascade.common.numbers import plain_number

DAYS_PER_YEAR = 365.25

MOST_CELLS = 1e15
"""A ton: no lesion is asked for beyond it."""

_Plain = BeforeValidator(plain_number)

Number = Annotated[float, _Plain, Field(gt=0, le=1e15, allow_inf_nan=False)]
Rate = Annotated[float, _Plain, Field(ge=0, le=1e15, allow_inf_nan=False)]
Cells = Annotated[float, _Plain, Field(ge=1, le=MOST_CELLS, allow_inf_nan=False)]
Years = Annotated[float, _Plain, Field(ge=0, le=1000, allow_inf_nan=False)]
Ratio = Annotated[float, _Plain, Field(ge=0.01, le=100, allow_inf_nan=False)]
Apart = Annotated[float, _Plain, Field(ge=0, le=2, allow_inf_nan=False)]
Established = Annotated[float, _Plain, Field(gt=0, le=1, allow_inf_nan=False)]
Millimetres = Annotated[float, _Plain, Field(gt=0, le=1e4, allow_inf_nan=False)]
Days = Annotated[float, _Plain, Field(ge=0, le=1e5, allow_inf_nan=False)]
