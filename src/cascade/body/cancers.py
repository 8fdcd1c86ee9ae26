"""A cancer as data: where it lies, what drains it, by which routes it spreads; lowered to a Model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from cascade.body.assembly import Assembly
from cascade.body.calibration import Fit, LogSoil, fitted
from cascade.body.clock import clock_fit
from cascade.body.network import CellClass, Circulation, check_homing
from cascade.body.reference import cell_classes, cells, circulation
from cascade.body.routes import Route, routes
from cascade.common.errors import Fault, InputError, ModelError, nearest
from cascade.common.files import as_path, packaged, parse_toml, write_atomically
from cascade.common.frozen import FrozenDict
from cascade.common.numbers import SHARE_TOLERANCE
from cascade.common.portable import in_order
from cascade.model import Model
from cascade.model.base import (
    CONTROL,
    ILLUSTRATIVE,
    FrozenMapping,
    Keys,
    Name,
    Part,
    Share,
    SharesByName,
    Source,
    Text,
    faults_of,
    rescaled,
)

SiteName = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=rf"^[^\s.*:,{{}}{CONTROL}][^.*:,{{}}{CONTROL}]*$")
]


class RouteSite(Part):
    """A site of a route: its share of the cells there, and its column in the autopsies."""

    name: SiteName
    share: Share = 1.0
    column: Name | None = None


class RouteUse(Part):
    """A route that a cancer takes.

    Parameters
    ----------
    name : str
        One of the routes of the package.
    share : float
        Share of the cells that set out on it.
    sites : tuple of RouteSite
        In order for a chain of nodes.  The blood has those with a capillary bed.
    patients : float, optional
        Share of the patients in whom the route is found.
    """

    name: Name
    share: Share
    sites: Annotated[tuple[RouteSite, ...], Field(strict=False), AfterValidator(rescaled)] = ()
    patients: Share | None = None
    patients_source: Keys = ()
    source: Keys = ()


class Autopsies(Part):
    """Patients with a metastasis in each organ, of how many."""

    rows: Annotated[tuple[Text, ...], Field(strict=False)]
    of: Annotated[int, Field(ge=1)]
    found: FrozenMapping[Name, Annotated[int, Field(ge=0)]]
    suspect: FrozenMapping[Name, str] = Field(default_factory=FrozenDict)
    source: Keys = ()


class GuideSite(Part):
    """A site that patient guides name: first, also, or rare; ``at`` is the site of the model."""

    site: Name
    tier: Literal["first", "also", "rare"]
    route: Text
    at: Name | None = None
    note: Text = ""


class Cancer(Part):
    """A cancer: what is special about it; the body is common to all.

    Parameters
    ----------
    name, title, description, limits : str
    primary : str
        Where the primary lies.
    sex : str
        The reference adult whose circulation is used by default.
    drainage : mapping of str to float
        Vessels that drain the primary, with their shares.
    routes : tuple of RouteUse
    neighbours : tuple of str
        Organs with a capillary bed that the primary also reaches by direct growth or by another
        route: their counts say nothing about soil.
    soil, homing : mapping of str to float
        Own values in place of the fitted ones: log soil; factor on the hazard of arrest.
    held : float, optional
        Own share of the cells that the first bed holds, in place of the fitted one. Soil and exposure stay those that
        were fitted beside that.
    dormant : float, optional
        Own share of the founders (cells that divide at all) that slept before, in place of the one that was fitted to
        late recurrences; 0 where a wide spread of growth is to make those.
    autopsies : Autopsies, optional
    guide : tuple of GuideSite
    disagreements : tuple of str
        Where autopsies and guides disagree.
    fitted_as : str, optional
        The cancer of the package whose fitted deviations and exposure this one has; default: that of its own name.

    Raises
    ------
    ModelError
        With every fault at once.
    """

    name: Name
    title: Text = ""
    description: Text = ""
    limits: Text = ""
    primary: Name
    sex: Literal["male", "female"] = "male"
    drainage: SharesByName
    drainage_source: Keys = ()
    routes: Annotated[tuple[RouteUse, ...], Field(strict=False), AfterValidator(rescaled)]
    neighbours: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    soil: FrozenMapping[Name, LogSoil] = Field(default_factory=FrozenDict)
    homing: FrozenMapping[Name, float] = Field(default_factory=FrozenDict)
    held: Share | None = None
    dormant: Share | None = None
    autopsies: Autopsies | None = None
    guide: Annotated[tuple[GuideSite, ...], Field(strict=False)] = ()
    guide_source: Keys = ()
    disagreements: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    fitted_as: Name | None = None
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise ModelError(str(data.get("name", "?")), faults_of(error), "cancer") from None
        faults = list(self._faults())
        if faults:
            raise ModelError(self.name, faults, "cancer")

    @property
    def fit_name(self) -> str:
        """The name under which the fit knows this cancer."""
        return self.fitted_as or self.name

    def _faults(self) -> Iterator[Fault]:
        body, every_route = circulation(self.sex), routes()
        total = in_order(use.share for use in self.routes)
        if not self.routes:
            yield Fault("routes", (), "at least one entry")
        elif abs(total - 1.0) > SHARE_TOLERANCE:
            yield Fault("routes", total, "shares of the routes that sum to 1")
        for i, use in enumerate(self.routes):
            if use.name not in every_route.names:
                yield Fault(f"routes[{i}].name", use.name, f"a route; {nearest(use.name, every_route.names)}")
                continue
            if use.name in [other.name for other in self.routes[:i]]:
                yield Fault(f"routes[{i}].name", use.name, "each route once")
            yield from _site_faults(i, use, every_route.route(use.name))
        drained = in_order(self.drainage.values())
        if abs(drained - 1.0) > SHARE_TOLERANCE:
            yield Fault("drainage", drained, "shares of the vessels that sum to 1")
        ways = [vessel.name for vessel in body.vessels]
        for vessel in self.drainage:
            if vessel not in ways:
                yield Fault("drainage", vessel, f"a vessel; {nearest(vessel, ways)}")
        for field in ("neighbours", "soil", "homing"):
            for organ in getattr(self, field):
                if organ not in body.organs:
                    yield Fault(field, organ, f"an organ with a capillary bed; {nearest(organ, body.organs)}")
        yield from self._unknown_names(every_route.sources)
        for organ, n in self.autopsies.found.items() if self.autopsies else ():
            if n > self.autopsies.of:  # type: ignore[union-attr]
                yield Fault(f"autopsies.found.{organ}", n, "at most the number of autopsies")

    def _unknown_names(self, package: Sequence[Source]) -> Iterator[Fault]:
        """Names of columns and sources that nothing bears."""
        counted = self.autopsies.found if self.autopsies else {}
        columns = [
            (f"routes[{i}].sites[{j}].column", s.column)
            for i, u in enumerate(self.routes)
            for j, s in enumerate(u.sites)
        ]
        columns += [("autopsies.suspect", organ) for organ in (self.autopsies.suspect if self.autopsies else ())]
        for path, column in columns:
            if column is not None and column not in counted:
                yield Fault(path, column, f"a column of autopsies.found; {nearest(column, counted)}")
        keys = {
            ILLUSTRATIVE,
            *(s.key for s in (*package, *circulation(self.sex).sources, *cells().sources, *self.sources)),
        }
        cited = [("drainage_source", self.drainage_source), ("guide_source", self.guide_source)]
        cited += [("autopsies.source", self.autopsies.source)] if self.autopsies else []
        for i, use in enumerate(self.routes):
            cited += [(f"routes[{i}].source", use.source), (f"routes[{i}].patients_source", use.patients_source)]
        for path, used in cited:
            for key in used:
                if key not in keys:
                    yield Fault(path, key, f"the key of a source; {nearest(key, sorted(keys))}")

    @classmethod
    def from_toml(cls, text: str, *, where: str = "TOML") -> Cancer:
        """A cancer from TOML text; ``where`` names it in errors."""
        return cls(**parse_toml(text, where))

    def with_(self, **fields: Any) -> Cancer:
        """A changed, revalidated copy.

        Examples
        --------
        >>> cancer("colon").with_(drainage={"veins": 1.0}).drainage
        {'veins': 1.0}
        """
        for field in fields:
            if field not in Cancer.model_fields:
                raise InputError("with_", field, f"a field of Cancer; {nearest(field, Cancer.model_fields)}")
        unchanged = dict(self)
        # A new name does not make it another cancer for the fit.
        unchanged["fitted_as"] = self.fit_name if self.fit_name in {*fitted().cancers, *clock_fit().cancers} else None
        return Cancer(**{**unchanged, **fields})

    def from_site(self, organ: str, *, body: Circulation | Literal["male", "female"] | None = None) -> Cancer:
        """The same cells, shed by a metastasis in an organ: its drainage, and spread by the blood alone.

        Parameters
        ----------
        organ : str
            With a capillary bed.
        body : Circulation or str, optional
            Default: the reference adult of the cancer's ``sex``.

        Returns
        -------
        Cancer
            Whose primary is that organ, so that colonies there are local; soil, homing, shares and clock are those of
            this one.  No autopsy or guide says anything about it.

        Notes
        -----
        The organ's beds drain where the circulation says, in proportion to the blood that passes them: veins, the
        portal vein, or the left heart. By lymph or into cavities metastases spread, too; no source says how much, and
        those routes are left out.

        Examples
        --------
        >>> cancer("colon").from_site("liver").drainage
        {'veins': 1.0}
        """
        used = body if isinstance(body, Circulation) else circulation(self.sex if body is None else body)
        if organ not in used.organs:
            raise InputError("organ", organ, f"an organ with a capillary bed; {nearest(organ, used.organs)}")
        beds = {bed.name: bed.to for bed in used.beds if bed.site == organ and used.flows[bed.name] > 0}
        whole = in_order(used.flows[name] for name in beds)
        drainage: dict[str, float] = {}
        for name, to in beds.items():
            drainage[to] = drainage.get(to, 0.0) + used.flows[name] / whole
        blood = routes().circulating.name
        return self.with_(
            name=f"{self.name} from {organ}",
            title=f"{self.title or self.name}: cells of a metastasis in the {organ}",
            primary=organ,
            drainage=drainage,
            drainage_source=tuple(used.source),
            routes=(RouteUse(name=blood, share=1.0, source=(ILLUSTRATIVE,)),),
            neighbours=(),
            autopsies=None,
            guide=(),
            guide_source=(),
            disagreements=(),
        )

    def save(self, path: str | Path) -> None:
        """Write the cancer as a TOML file, whole or not at all: a start for one of your own."""
        data = self.with_().model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        write_atomically(as_path(path), tomli_w.dumps(data).encode())

    def model(
        self,
        *,
        body: Circulation | Literal["male", "female"] | None = None,
        fit: Fit | None = None,
        pool: bool = True,
        classes: Sequence[CellClass] | None = None,
        homing: Mapping[str, float] | None = None,
    ) -> Model:
        """The multi-state model of this cancer in a body.

        Parameters
        ----------
        body : Circulation or str, optional
            Default: the reference adult of the cancer's ``sex``.
        fit : Fit, optional
            Default: the fit of the package.
        pool : bool
            Whether cells that have been round once are lumped into one well-mixed pool;
            otherwise they are followed from bed to bed for ever.
        classes : sequence of CellClass, optional
            Default: *held* and *passing*, in the fitted shares.
        homing : mapping of str to float, optional
            Factors on the hazard of arrest in organs, times the cancer's own.
        """
        used = body if isinstance(body, Circulation) else circulation(self.sex if body is None else body)
        fit = fitted() if fit is None else fit
        if not isinstance(fit, Fit):
            raise InputError("fit", fit, "a Fit")
        if not isinstance(pool, bool):
            raise InputError("pool", pool, "True or False")
        held = fit.share_held if self.held is None else self.held
        used_classes = checked_classes(cell_classes(held) if classes is None else classes)
        check_homing(used, homing or {}, "homing")
        check_homing(used, self.homing, "homing of the cancer")
        factors = {organ: self.homing.get(organ, 1.0) * (homing or {}).get(organ, 1.0) for organ in used.organs}
        return Assembly(self, used, fit, used_classes, factors, pool).model()


def cancer_names() -> list[str]:
    """Names of the cancers of the package, sorted."""
    folder = resources.files("cascade.body") / "data" / "cancers"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def cancer(name: str) -> Cancer:
    """A cancer of the package by name.

    Examples
    --------
    >>> cancer("colon").drainage
    {'portal vein': 1.0}
    """
    if name not in cancer_names():
        raise InputError("cancer", name, f"the name of a cancer; {nearest(name, cancer_names())}")
    return _read(name)


@cache
def _read(name: str) -> Cancer:
    return Cancer(**packaged("cascade.body", "data", "cancers", f"{name}.toml"))


def checked_classes(classes: object) -> tuple[CellClass, ...]:
    """Classes of cells with names of their own, whose shares are made to sum to 1 where print has left them short."""
    if not isinstance(classes, Sequence) or not all(isinstance(c, CellClass) for c in classes):
        raise InputError("classes", classes, "a sequence of CellClass")
    names = [c.name for c in classes]
    if len(set(names)) < len(names):
        raise InputError("classes", names, "classes with names of their own")
    share = in_order(c.share for c in classes)
    if abs(share - 1.0) > SHARE_TOLERANCE:
        raise InputError("classes", share, "classes of cells whose shares sum to 1")
    return tuple(rescaled(tuple(classes)))


def _site_faults(index: int, use: RouteUse, route: Route) -> Iterator[Fault]:
    path = f"routes[{index}].sites"
    if route.circulates or not route.site_states:
        if use.sites:
            why = "it comes to every organ with a bed" if route.circulates else "it only leads into the blood"
            yield Fault(path, [s.name for s in use.sites], f"no sites: {why}")
        return
    if not use.sites:
        yield Fault(path, (), "at least one site")
    names = [site.name for site in use.sites]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield Fault(path, name, "each site once")
    total = in_order(site.share for site in use.sites)
    if not route.chain and use.sites and abs(total - 1.0) > SHARE_TOLERANCE:
        yield Fault(path, total, "shares of the sites that sum to 1")
    for j, site in enumerate(use.sites):
        if route.chain and site.share != 1.0:
            yield Fault(f"{path}[{j}].share", site.share, "no share: nodes of a chain are passed one after the other")
