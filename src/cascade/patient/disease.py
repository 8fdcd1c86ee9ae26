"""A disease as data: a tumour that grows and sheds, the cells that it sheds, and what becomes of their lesions.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from cascade.body import Cancer, cancer, cancer_names
from cascade.body.routes import routes
from cascade.common.errors import Fault, InputError, ModelError, nearest
from cascade.common.files import as_path, parse_toml, write_atomically
from cascade.common.frozen import FrozenDict
from cascade.common.numbers import SHARE_TOLERANCE, plain_number
from cascade.common.portable import in_order
from cascade.model.base import Keys, Name, Part, Share, Source, Text, faults_of, rescaled
from cascade.model.parts import Correlation
from cascade.patient.calibration import Calibration, Variant
from cascade.patient.checks import faults
from cascade.patient.clinic.blood_tests import BloodTests
from cascade.patient.clinic.care import NOTHING, Care
from cascade.patient.clinic.eyes import Eye, Pathologist
from cascade.patient.clinic.presentation import Presentation
from cascade.patient.fits import ParametersFitted, RowsFitted, parameters_of, rows_of
from cascade.patient.founding import model_of, route_of, sources_by_blood
from cascade.patient.growth import Growth
from cascade.patient.parts import Death, Lesions, Shedding, Subtype, Trait, Tumour
from cascade.patient.variants import draws, faults_of_fits, variant_of

ONSET_PER_EARLY = 40.0
"""So many times the mean size of what is left at the end of the early phase: larger by chance are 1 in 10^17."""


TEXTS = frozenset({"title", "description", "limits", "sources", "name", "years", "calibration", "variants"})
"""Fields that change no result."""


class Disease(Part):
    """A tumour that grows, sheds cells into the cascade and seeds lesions, which grow in their turn.

    Parameters
    ----------
    name, title, description, limits : str
    cells : str or Cancer
        The cells that are shed: a cancer of the package by name, or one of your own.
    dormant : float, optional
        Share of the founders (cells that divide at all) that slept before. Default: that of the cells.
    efficiency : float
        The chance of a shed cell to found, times that of the cell model, whose absolute scale is not known
        (`cascade.scale`).
    years : float
        Years of the tumour that are followed, by default.
    tumour : Tumour
    shedding : tuple of Shedding
    lesions : Lesions
    traits : tuple of Trait
    correlations : tuple of Correlation
        Of the logarithms of two log-normal traits.
    subtypes : tuple of Subtype
    death : Death
    presentation : Presentation, optional
        Without it nobody is diagnosed.
    eyes : tuple of Eye
    pathologist : Pathologist, optional
    autopsy : str, optional
        The eye that looks at death.
    care : tuple of Care
        By name; "none" there always is.
    blood : BloodTests, optional
        What a laboratory looks for.
    calibration : Calibration, optional
        What it was fitted to, and how far its numbers are known.
    variants : tuple of Variant
        Other numbers, where sources contradict each other.
    sources : tuple of Source

    Raises
    ------
    ModelError
        With every fault at once.

    Notes
    -----
    For research and teaching, never for decisions about a patient.
    """

    name: Name
    title: Text = ""
    description: Text = ""
    limits: Text = ""
    cells: Name | Cancer
    dormant: Share | None = None
    efficiency: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1e6, allow_inf_nan=False)] = 1.0
    years: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=200)] = 15.0
    tumour: Tumour
    shedding: Annotated[tuple[Shedding, ...], Field(strict=False, min_length=1)]
    lesions: Lesions = Field(default_factory=Lesions)
    traits: Annotated[tuple[Trait, ...], Field(strict=False)] = ()
    correlations: Annotated[tuple[Correlation, ...], Field(strict=False)] = ()
    subtypes: Annotated[tuple[Subtype, ...], Field(strict=False), AfterValidator(rescaled)] = ()
    death: Death = Field(default_factory=Death)
    presentation: Presentation | None = None
    eyes: Annotated[tuple[Eye, ...], Field(strict=False, max_length=16)] = ()
    pathologist: Pathologist | None = None
    autopsy: Name | None = None
    care: Annotated[tuple[Care, ...], Field(strict=False)] = ()
    blood: BloodTests | None = None
    calibration: Calibration | None = None
    variants: Annotated[tuple[Variant, ...], Field(strict=False)] = ()
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            found = _of_cells(faults_of(error), data.get("cells"))
            raise ModelError(str(data.get("name", "?")), found, "disease") from None
        if found := list(self._faults()):
            raise ModelError(self.name, found, "disease")

    def _faults(self) -> Iterator[Fault]:
        if isinstance(self.cells, str) and self.cells not in cancer_names():
            accepted = f"the name of a cancer, or a cancer of your own; {nearest(self.cells, cancer_names())}"
            yield Fault("cells", self.cells, accepted)
            return
        shares = in_order(subtype.share for subtype in self.subtypes)
        if self.subtypes and abs(shares - 1.0) > SHARE_TOLERANCE:
            yield Fault("subtypes", shares, "shares that sum to 1")
        found = list(faults(self))
        yield from found
        if not found and (self.variants or self.calibration is not None):
            yield from faults_of_fits(self)

    @cached_property
    def cancer(self) -> Cancer:
        """The cells that are shed."""
        cells = cancer(self.cells) if isinstance(self.cells, str) else self.cells
        return cells if self.dormant is None else cells.with_(dormant=self.dormant)

    @cached_property
    def sites(self) -> tuple[str, ...]:
        """Sites that cells come to by the routes on which they are shed."""
        model, routes = model_of(self.cancer), [shed.route for shed in self.shedding]
        states = {state.name: state for state in model.states}
        todo = [start.state for start in model.start.states if route_of(start.state) in routes]
        seen = set(todo)
        while todo:
            after = {move.to for move in states[todo.pop()].moves} - seen
            seen |= after
            todo += after
        colonies = {state.site for name, state in states.items() if name in seen and state.landmark == "colony"}
        return tuple(site.name for site in model.sites if site.name in colonies)

    @cached_property
    def can_shed(self) -> tuple[str, ...]:
        """Sites whose metastases can shed: organs with a capillary bed, nodes of a chain; none that does no harm."""
        blood = routes().circulating.name
        shed = [s.route for s in self.shedding]
        can = set(sources_by_blood(self.cancer)) if blood in shed else set()
        chains = [use for use in self.cancer.routes if routes().route(use.name).chain and use.name in shed]
        can |= {site.name for use in chains for site in use.sites}
        can -= set(self.death.not_counted or ())
        return tuple(site for site in self.sites if site in can)

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Kinds of the sites: "distant", "nodal" or "local"."""
        kinds = {site.name: site.kind for site in model_of(self.cancer).sites}
        return FrozenDict({site: kinds[site] for site in self.sites})

    def largest_early(self, sites: Sequence[str] | None = None) -> float:
        """Cells that no lesion exceeds at the end of its early phase, but 1 in 10^17 by chance."""
        grown = math.exp(min(self.tumour.growth.slope * self.lesions.early_days, 700.0))
        of = self.sites if sites is None else sites
        means = [1.0 + (grown - 1.0) / self.lesions.of(site, "establishment") for site in of]
        return ONSET_PER_EARLY * max(means, default=1.0)

    def efficiency_in(self, site: str) -> float:
        """The chance of a shed cell to found in a site, times that of the cell model."""
        return self.efficiency * self.lesions.of(site, "soil")

    @property
    def lesions_shed(self) -> bool:
        """Whether any metastasis sheds."""
        return any(self.lesions.of(site, "secondary") > 0 for site in self.can_shed)

    @property
    def sleeps(self) -> bool:
        """Whether any lesion sleeps."""
        return any(self.lesions.of(site, "asleep") > 0 for site in self.sites)

    @cached_property
    def cares(self) -> Mapping[str, Care]:
        """What can be done, by name; nothing first."""
        return FrozenDict({NOTHING: Care(name=NOTHING)} | {care.name: care for care in self.care})

    def care_of(self, name: object) -> Care:
        """A care by name.

        Raises
        ------
        InputError
            For a name that the disease has not.
        """
        if not isinstance(name, str) or name not in self.cares:
            known = list(self.cares)
            raise InputError("care", name, f"the name of a care of {self.name}; {nearest(name, known)}")
        return self.cares[name]

    @classmethod
    def from_toml(cls, text: str, *, where: str = "TOML") -> Disease:
        """A disease from TOML text; ``where`` names it in errors."""
        return cls(**parse_toml(text, where))

    def to_toml(self) -> str:
        """The disease as TOML text."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_defaults=True, exclude_none=True))

    def save(self, path: str | Path) -> None:
        """Write the disease as a TOML file, whole or not at all: a start for one of your own."""
        write_atomically(as_path(path), self.to_toml().encode())

    def with_(self, **fields: Any) -> Disease:
        """A changed, revalidated copy; a part may be given as a table of the fields that change.

        A disease with other numbers has not been fitted: it has no calibration and no variants unless they are given.

        Examples
        --------
        >>> import cascade
        >>> cascade.disease("textbook").with_(lesions={"secondary": 0.0}).lesions.secondary
        0.0
        """
        changed: dict[str, Any] = {}
        for field, value in fields.items():
            if field not in Disease.model_fields:
                raise InputError("with_", field, f"a field of Disease; {nearest(field, Disease.model_fields)}")
            part = getattr(self, field)
            into = isinstance(part, Part) and isinstance(value, Mapping) and field != "cells"
            changed[field] = part.model_copy(update=_within(part, value)) if into else value
        if not set(changed) <= TEXTS:  # a fit is one of these numbers, and of no others
            changed = {"calibration": None, "variants": (), **changed}
        return self.model_copy(update=changed)

    def variant(self, name: str) -> Disease:
        """The disease with the numbers of one of its variants: also ``cascade.disease("NAME:VARIANT")``."""
        return variant_of(self, name)

    def calibrated(self) -> RowsFitted:
        """The published figures of its calibration beside the disease, and what becomes of each."""
        return rows_of(self)

    def parameters(self) -> ParametersFitted:
        """The fitted parameters, with their errors."""
        return parameters_of(self)

    def draws(self, number: int, seed: int = 1) -> tuple[Disease, ...]:
        """Diseases that the figures leave open to which it was fitted: see `cascade.patient.draws`."""
        return draws(self, number, seed)

    def digest(self) -> str:
        """Fingerprint of all that changes a result."""
        import hashlib
        import json

        # What is not given is left out, so that a field that diseases learn later changes none.
        told = _unsourced(self.model_dump(mode="json", exclude=set(TEXTS), exclude_none=True))
        told |= {"cells": model_of(self.cancer).digest()}
        return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()

    def mm(self, cells: float) -> float:
        """Diameter in millimetres of a ball of so many cells."""
        return 10.0 * float((6.0 * cells / (math.pi * self.tumour.cells_per_cm3)) ** (1.0 / 3.0))

    def cells_of(self, mm: float) -> float:
        """Cells of a ball of so many millimetres."""
        return math.pi / 6.0 * (mm / 10.0) ** 3 * self.tumour.cells_per_cm3

    def grade_of(self, keys: Keys) -> str:
        """The weakest evidence grade of some sources."""
        order = ("A", "B", "C", "D", "illustrative")
        grades = {source.key: source.grade for source in self.sources} | {"illustrative": "illustrative"}
        return max((grades[key] for key in keys), key=order.index, default="illustrative")


def _unsourced(data: Any) -> Any:
    """Data without the keys of sources."""
    if isinstance(data, dict):
        return {name: _unsourced(value) for name, value in data.items() if name != "source"}
    return [_unsourced(value) for value in data] if isinstance(data, list) else data


def _of_cells(every: Iterable[Fault], cells: object) -> list[Fault]:
    """Faults of a disease; of its cells those of what was given, a name or a table."""
    found = list(every)
    ours = [fault for fault in found if not fault.path.startswith("cells.")]
    if len(ours) < len(found) and not isinstance(cells, Mapping):
        return [
            Fault(
                "cells", cells, "the name of a cancer, without a control character, or a table with the fields of one"
            ),
            *ours,
        ]
    within = [fault for fault in found if fault.path.startswith("cells.Cancer")]
    return [replace(fault, path=fault.path.replace("cells.Cancer", "cells", 1)) for fault in within] + ours


def _within(part: Part, value: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a part, those that are parts themselves with what changes in them."""
    known = type(part).model_fields
    new: dict[str, Any] = {}
    for field, inner in value.items():
        if field not in known:
            raise InputError("with_", field, f"a field of {type(part).__name__}; {nearest(field, known)}")
        own = getattr(part, field)
        into = isinstance(own, Part) and isinstance(inner, Mapping)
        if isinstance(own, Growth) and into and inner.get("law", own.law) != own.law:
            new[field] = Growth(**inner)  # of another law, which has other numbers
        else:
            new[field] = own.model_copy(update=_within(own, inner)) if into else inner
    return new
