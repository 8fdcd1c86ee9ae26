"""What changes hazards for a while: treatments, and a capacity that the cells share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from cascade.common.errors import Fault, ModelError, nearest
from cascade.common.numbers import plain_number
from cascade.model.base import ILLUSTRATIVE, Hours, Keys, Name, Part, Share, Source, Text, faults_of


class Effect(Part):
    """What a treatment does to hazards: ``factor`` on ``state.way`` or ``*.way``."""

    hazard: Text
    factor: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1e6, allow_inf_nan=False)]
    source: Keys = ()
    note: Text = ""


class Treatment(Part):
    """Factors on hazards for a while, the same for all cells.

    Parameters
    ----------
    name, title, description, limits : str
    effects : tuple of Effect
        At least one of them must be on a hazard of the model that is treated.
    start_hours : float
        When it begins.
    end_hours : float, optional
        When it ends; default: never.
    sources : tuple of Source

    Examples
    --------
    >>> from cascade import Model
    >>> shield = Treatment(name="shield", effects=[{"hazard": "*.shear", "factor": 0.1}], end_hours=24)
    >>> model = Model.from_survival({"arrest": 0.8}, causes={"arrest": {"shear": 1.0}})
    >>> model.with_treatments(shield).treatments[0].end_hours
    24.0
    """

    name: Name
    title: Text = ""
    description: Text = ""
    limits: Text = ""
    effects: Annotated[tuple[Effect, ...], Field(strict=False, min_length=1)]
    start_hours: Hours = 0.0
    end_hours: Hours | None = None
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise ModelError(str(data.get("name", "?")), faults_of(error), "treatment") from None
        if self.end_hours is not None and self.end_hours <= self.start_hours:
            fault = Fault("end_hours", self.end_hours, f"a time after its start ({self.start_hours:g} h)")
            raise ModelError(self.name, [fault], "treatment")
        keys = {source.key for source in self.sources} | {ILLUSTRATIVE}
        unknown = sorted({key for effect in self.effects for key in effect.source} - keys)
        if unknown:
            fault = Fault("effects.source", unknown[0], f"the key of a source; {nearest(unknown[0], sorted(keys))}")
            raise ModelError(self.name, [fault], "treatment")

    def during(self, start_hours: float, end_hours: float | None = None) -> Treatment:
        """The same treatment at another time."""
        return Treatment(**{**dict(self), "start_hours": start_hours, "end_hours": end_hours})


class Capacity(Part):
    """What cells share: hazards that fall as more cells are there, because those who kill are few.

    In each window the hazards are multiplied by 1 / (1 + n / half), where n cells occupy the
    capacity as the window begins.  Cells are then not independent: ``simulate`` finds the
    factors that its own cells bring about, and the model of its result holds them.

    Parameters
    ----------
    occupied_by : tuple of str
        States whose cells count; ``*`` stands for any text.  A cell that has not entered yet
        counts as in its start state.
    hazards : tuple of str
        Hazards that are multiplied, ``state.way`` or ``*.way``.
    half : float
        Number of cells at which they are halved.
    windows : tuple of float
        Hours at which the windows begin, rising from 0; the last has no end.
    factors : tuple of float, optional
        What a run has found.
    """

    name: Name = "immune capacity"
    occupied_by: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    hazards: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    half: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1e18, allow_inf_nan=False)]
    windows: Annotated[tuple[Hours, ...], Field(strict=False, min_length=1, max_length=5000)]
    factors: Annotated[tuple[Share, ...], Field(strict=False)] | None = None
    source: Keys = ()

    @model_validator(mode="after")
    def _one_factor_each(self) -> Capacity:
        if self.factors is not None and len(self.factors) != len(self.windows):
            raise ValueError(f"one factor for each of the {len(self.windows)} windows, not {len(self.factors)}")
        return self
