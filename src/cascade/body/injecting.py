"""Cells injected into the blood of an animal, as a model: the circulation and the organs, without a primary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cascade.body import animals, vessels
from cascade.body.assembly import STAGES, in_the_blood
from cascade.body.cancers import checked_classes
from cascade.body.network import CellClass, Circulation, check_homing
from cascade.body.reference import cell_classes, cells
from cascade.body.routes import keys_used, routes
from cascade.common.errors import InputError, is_number, nearest
from cascade.common.portable import in_order
from cascade.model import Model
from cascade.model.base import ILLUSTRATIVE, Source
from cascade.model.observables import Site

NK_KILLING = "NK killing"
"""Cause of death in tissue; in the blood and in capillaries NK cells kill as what is called immune killing there."""

LEAST_SOIL, MOST_SOIL = -20.0, 5.5
"""Range of log soil, as in the fit."""

LIMITS = """\
Times in the blood follow from a circulation pieced together of several sources, some recalled and some of other
species.  All hazards of the organs are those of the human models: illustrative, but for one colony per 14,000
held cells (Coumans 2013).  All organs are soil of the same quality unless told otherwise.  One number is fitted,
the share of deaths in tissue by NK cells.  For research and teaching, never for decisions about a patient."""


def injection(
    where: str,
    animal: str = "mouse",
    *,
    classes: Sequence[CellClass] | None = None,
    soil: Mapping[str, float] | None = None,
    homing: Mapping[str, float] | None = None,
    nk_share: float | None = None,
    pool: bool = True,
) -> Model:
    """The model of cells that are injected into an animal.

    Parameters
    ----------
    where : str
        "tail vein", "portal vein", "left ventricle" or "spleen".
    animal : str
        "mouse".
    classes : sequence of CellClass, optional
        Default: all are *held*, nine of ten in each bed that they come to, as cultured cells are.
    soil : mapping of str to float, optional
        Natural logarithm of how much better than average an organ is for colonies; 0 where not given.
    homing : mapping of str to float, optional
        Factors on the hazard of arrest in organs.
    nk_share : float, optional
        Share of the deaths in tissue that are by NK cells; default: as fitted (see Notes).
    pool : bool
        Whether cells that have been round once are lumped into one well-mixed pool.

    Returns
    -------
    Model
        Steps from circulation to colonization; a site for every organ; published figures of default cells.

    Raises
    ------
    InputError
        For another place or animal, an organ that it has not, or a number out of range.

    Notes
    -----
    Deaths in tissue are split, not added to: nothing but names of causes changes as long as NK cells are left
    alone.  Their share was fitted to a tenfold number of lung colonies without NK cells (Gorelik 1982).

    Examples
    --------
    >>> injection("spleen").stages
    ('circulation', 'arrest', 'extravasation', 'colonization')
    """
    kind = animals.animal(animal)
    known, body = kind.injection(where), kind.circulation
    used = _cells_of(kind) if classes is None else checked_classes(classes)
    check_homing(body, homing or {}, "homing")
    share = kind.nk.share if nk_share is None else nk_share
    if not is_number(share) or not 0 <= share <= 1:
        raise InputError("nk_share", nk_share, "a share from 0 to 1")
    if not isinstance(pool, bool):
        raise InputError("pool", pool, "True or False")
    own = any(given is not None for given in (classes, soil, homing, nk_share))
    return _made(kind, known, used, _checked_soil(body, soil or {}), homing or {}, share, pool=pool, seen=not own)


def injection_names() -> list[str]:
    """Names of the injections in the catalogue, sorted."""
    return sorted(one.name for kind in animals.ANIMALS for one in animals.animal(kind).injections)


def injection_named(name: str) -> Model:
    """An injection of the catalogue by the name of its model.

    Examples
    --------
    >>> injection_named("mouse-tail-vein").title
    'Cells injected into the tail vein of a mouse'
    """
    for kind in animals.ANIMALS:
        if name in [one.name for one in animals.animal(kind).injections]:
            return injection(name, kind)
    raise InputError("injection", name, f"the name of an injection; {nearest(name, injection_names())}")


def _made(
    kind: animals.Animal,
    known: animals.Injection,
    used: Sequence[CellClass],
    soil: Mapping[str, float],
    homing: Mapping[str, float],
    nk_share: float,
    *,
    pool: bool,
    seen: bool,
) -> Model:
    """The model; what was seen, and what was fitted to it, is not ``seen`` of other cells."""
    body, begun = kind.circulation, vessels.entrance(known.vessel, used)
    states, met = in_the_blood(
        body, used, [known.vessel], lambda o: soil.get(o, 0.0), homing=homing, pool=pool, outlet=lambda _: begun,
        tissue=routes().route(kind.tissue),
    )  # fmt: skip
    states = [_split(state, nk_share, kind.nk.source) for state in states]
    sites = [_site(body, organ, soil.get(organ, 0.0)) for organ in met]
    known = known if seen else known.model_copy(update={"observations": ()})
    return _model(known, states, sites, begun, kind.sources)


def _cells_of(kind: animals.Animal) -> tuple[CellClass, ...]:
    """The classes of cells that are injected; those that pass cite the source of their half-life, too."""
    held, passing = cell_classes(kind.cells.share_held, half_life_hours=kind.cells.half_life_hours)
    return held, passing.model_copy(update={"source": (*passing.source, *kind.cells.source)})


def _checked_soil(body: Circulation, soil: object) -> dict[str, float]:
    """Log soil of organs that are there."""
    if not isinstance(soil, Mapping):
        raise InputError("soil", soil, "a mapping of organs to log soil")
    for organ, value in soil.items():
        if organ not in body.organs:
            raise InputError("soil", organ, f"an organ with a capillary bed; {nearest(str(organ), body.organs)}")
        if not is_number(value) or not LEAST_SOIL <= value <= MOST_SOIL:
            raise InputError(f"soil[{organ!r}]", value, f"a number from {LEAST_SOIL:g} to {MOST_SOIL:g}")
    return {organ: float(value) for organ, value in soil.items()}


def _split(state: dict[str, Any], share: float, source: Sequence[str]) -> dict[str, Any]:
    """A state in which NK cells have their share of the deaths, if it lies in tissue; their sum is as before."""
    if state.get("stage") != "colonization" or not state["deaths"] or share == 0:
        return state
    total = in_order(death["hazard"] for death in state["deaths"])
    keys = dict.fromkeys([*source, *(key for death in state["deaths"] for key in death["source"])])
    others = [{**death, "hazard": (1.0 - share) * death["hazard"]} for death in state["deaths"]] if share < 1 else []
    return {**state, "deaths": [*others, {"cause": NK_KILLING, "hazard": share * total, "source": list(keys)}]}


def _site(body: Circulation, organ: str, soil: float) -> Site:
    """An organ of an animal: no autopsy of patients says anything about it."""
    flow = round(body.organ_flow(organ), 12)
    return Site(name=organ, route=routes().circulating.name, flow=flow, soil=soil, source=(ILLUSTRATIVE,))


def _model(
    known: animals.Injection,
    states: Sequence[dict[str, Any]],
    sites: Sequence[Site],
    begun: Mapping[str, float],
    every: Sequence[Source],
) -> Model:
    """The model, with the sources that its numbers cite; those of the animal stand before others of the same key."""
    stages = {state["stage"] for state in states}
    by_key = {source.key: source for source in (*routes().sources, *cells().sources, *every)}
    cited = keys_used(states) | {key for seen in known.observations for key in seen.source} | {"Hanna 1980"}
    return Model(
        name=known.name,
        title=known.title,
        description=known.description,
        limits=LIMITS,
        stages=[stage for stage in STAGES if stage in stages],
        states=states,
        start={
            "states": [{"state": state, "share": share} for state, share in begun.items()],
            "source": [ILLUSTRATIVE],
        },
        sites=sites,
        observations=known.observations,
        sources=[by_key[key] for key in sorted(cited) if key in by_key],
    )
