"""Figures of those who were diagnosed and followed: survival, hazard by year, sites, and who is saved by care."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, INK, QUIET, organ_mark
from cascade.common.errors import InputError
from cascade.common.sight import shades
from cascade.common.types import Ints
from cascade.patient.cohort import Cohort
from cascade.patient.compared import CareComparison
from cascade.patient.diagnosed.answer import Diagnosed
from cascade.patient.diagnosed.freedom import KINDS
from cascade.patient.follow.answers import FollowUp
from cascade.patient.follow.ends import end_of
from cascade.plot.notation import one_in
from cascade.plot.since import Bars, Line, Page, Panel, drawn, followed, made_from

BANDS = "Bands: 95 %, Monte Carlo, at each time by itself."
BARS = "Bars: 95 %, Monte Carlo, of each year by itself."
LEAST_AT_RISK, LEAST_SHARE = 10, 0.02
"""Curves end where fewer of all, and a smaller share of them, are still followed."""

MOST_SITES = 7
EXACT_YEARS = tuple(range(1, 11))


def survival(
    source: Cohort | FollowUp,
    *,
    end: str = "overall survival",
    by: str | None = None,
    seen: str = "scheduled",
    beside: Diagnosed | None = None,
    style: str = "screen",
) -> Figure:
    """Survival, freedom or cumulative incidence since diagnosis, with numbers at risk below.

    Parameters
    ----------
    source : Cohort or FollowUp
        Under a care.
    end : str
        One of the ends of ``FollowUp.survival``.
    by : str, optional
        What patients are told apart by: "T", "N", "mode", "age", ..., "trait.NAME".
    seen : str
        "scheduled" or "true".
    beside : Diagnosed, optional
        The exact answer, beside "freedom from distant metastasis": a thin line with open diamonds, and below it the
        difference in standard errors.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        For a source that is none, or an end, group or exact answer that does not fit.
    """
    return _survival(source, end, by, seen, beside, style)


def _survival(
    source: Cohort | FollowUp, end: str, by: str | None, seen: str, beside: Diagnosed | None, style: str
) -> Figure:
    """The figure of ``survival``."""
    follow = followed(source)
    curve, asked = follow.curve(end, by, seen=seen), end_of(end)
    groups = follow.scheme.groups["all" if by is None else by]
    some = [g for g in range(len(groups)) if curve.at_risk[g, 0] > 0]
    colours = dict(zip(some, shades(ALIVE_COLOUR, len(some)), strict=True))
    last = last_month(curve.at_risk.sum(axis=0))
    names = {g: _until(groups[g], curve.at_risk[g], last) if by else "simulated" if beside else "" for g in some}
    lines = [_curve(curve, g, names[g], colours[g], last) for g in some]
    risk = tuple(
        (groups[g] if by else "at risk", colours[g],
         {year: f"{int(curve.at_risk[g, min(12 * year + 1, last)]):,}" for year in range(last // 12 + 1)})
        for g in some
    )  # fmt: skip
    panels = [Panel(f"{end[0].upper()}{end[1:]}{f', by {by}' if by else ''}", tuple(lines), "of the patients",
                    _high(lines), risk)]  # fmt: skip
    if beside is not None:
        panels = _beside(panels[0], curve, beside, end, by, seen, last)
    at = min(60, last)
    known = [g for g in some if np.isfinite(curve.share[g, at])]
    told = "; ".join(f"{groups[g] if by else 'all'}: {one_in(float(curve.share[g, at]))}" for g in known)
    page = Page(
        f"{follow.label}: {end}", f"{end[0].upper()}{end[1:]} after {at // 12} years: {told.removeprefix('all: ')}",
        tuple(panels), (BANDS, asked.told, _exact_note(beside)), made_from(source),
        f"{end} since diagnosis as steps. {follow.label}. After {at // 12} years {told}.",
    )  # fmt: skip
    return drawn(page if len(panels) == 1 else replace(page, heights=(0.3, 0.1)), style)


def _curve(curve: object, g: int, name: str, colour: str, last: int) -> Line:
    share, low, high = (np.asarray(getattr(curve, part))[g, : last + 1] for part in ("share", "low", "high"))
    return Line(name, colour, np.arange(last + 1) / 12.0, share, low, high)


def last_month(at_risk: Ints) -> int:
    """The last month in which enough are followed."""
    enough = np.flatnonzero(at_risk >= _enough(int(at_risk[0])))
    return max(int(enough[-1]), 12) if len(enough) else 12


def _until(name: str, at_risk: Ints, last: int) -> str:
    """A name, and where its curve ends before the others: beyond nobody of them is followed."""
    followed = int((at_risk > 0).sum()) - 1
    return name if followed >= last else f"{name} (until year {followed / 12.0:.1f})"


def _enough(of: int) -> float:
    """Least number that has to be followed, of so many."""
    return min(max(LEAST_AT_RISK, LEAST_SHARE * of), of)


def _high(lines: list[Line]) -> float:
    """Up to all, but where curves stay low."""
    highest = max(float(np.nanmax(line.share)) for line in lines)
    return 1.02 if highest > 0.5 else 0.0


def _exact_note(beside: Diagnosed | None) -> str:
    return "" if beside is None else f"Exact: {beside.below.split('. For research')[0]}."


def _beside(panel: Panel, curve: object, beside: object, end: str, by: str | None, seen: str, last: int) -> list[Panel]:
    """The exact answer on the panel, and the difference below."""
    if not isinstance(beside, Diagnosed) or end != "freedom from distant metastasis" or by is not None:
        wanted = "the exact answer, cascade.exact(disease).diagnosed(care), beside 'freedom from distant metastasis'"
        raise InputError("beside", beside, f"{wanted} of all patients")
    years = np.array([year for year in EXACT_YEARS if 12 * year <= last], float)
    exact = beside.freedom(years.tolist()).value[KINDS.index(seen)]
    at = (12 * years).astype(int)
    share, low, high = (np.asarray(getattr(curve, part))[0, at] for part in ("share", "low", "high"))
    width = np.maximum((high - low) / 2.0 / 1.96, 1e-12)
    strip = Line("simulated less exact", INK, years, (share - exact) / width, steps=False)
    both = replace(panel, lines=(*panel.lines, Line("exact", INK, years, exact, exact=True)), rows=panel.rows)
    ends = np.zeros(2)
    zero = Line("", QUIET, np.array([0.0, last / 12.0]), ends, steps=True)
    return [both, Panel("Difference in standard errors", (strip, zero), "standard errors", 0.0, per_cent=False,
                        symmetric=True)]  # fmt: skip


def saved(source: CareComparison, *, what: str = "alive", style: str = "screen") -> Figure:
    """The same patients under two cares: both curves, and below how many are saved and lost.

    Parameters
    ----------
    source : CareComparison
        From ``cascade.compare(disease, care=(..., ...), patients=...)``.
    what : str
        "alive", or "alive and free of distant metastasis".
    style : str
        "screen", "paper" or "slide".

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is none, or nobody was diagnosed.
    """
    if not isinstance(source, CareComparison):
        raise InputError("source", source, "the same patients under two cares, from cascade.compare(disease, ...)")
    # Of those who are followed so long: beyond, these are other patients, of faster tumours.
    rows = [row for row in source.saved(what).rows if row.followed >= 0.9 * source.paired.diagnosed]
    if not rows:
        raise InputError("source", source.label, "patients of whom some were diagnosed")
    years = np.array([row.years for row in rows], float)
    one, two = source.cares
    lines = (
        Line(one, QUIET, years, np.array([row.one for row in rows])),
        Line(two, ALIVE_COLOUR, years, np.array([row.two for row in rows])),
    )
    won = np.array([row.saved / row.followed for row in rows])
    gone = np.array([-row.lost / row.followed for row in rows])
    bars = (Bars(f"saved by {two}", ALIVE_COLOUR, years, won), Bars(f"lost by {two}", DEATH_COLOUR, years, gone))
    numbers = {row.years: f"{row.followed:,}" for row in rows}
    best = max(rows, key=lambda row: row.difference)
    more = (
        ""
        if np.isinf(source.times_more)
        else (f" Groups of different patients would have to be {source.times_more:.2g} times as large.")
    )
    text = f"after {best.years} years {one_in(best.one)} are {what} under {one}, {one_in(best.two)} under {two}"
    page = Page(
        source.label, f"{text[0].upper()}{text[1:]}",
        (
            Panel(f"{what[0].upper()}{what[1:]}, the same patients", lines, "of the patients", 1.02),
            Panel("Saved and lost", (), "of the patients", 0.0, (("followed", QUIET, numbers),), bars=bars),
        ),
        (f"Saved: {what} under {two} alone; lost: under {one} alone. Until nine in ten are followed.{more}",),
        f"disease {source.disease.name} (sha256 {source.disease.digest()[:16]}), {source.made.rstrip('.')}",
        f"The same patients under two cares. {source.label}: {text}.", heights=(0.26, 0.16),
    )  # fmt: skip
    return drawn(page, style)


def hazard_by_year(
    source: Cohort | FollowUp, *, end: str = "freedom from distant metastasis", style: str = "screen"
) -> Figure:
    """Events a person-year by year since diagnosis: as visits are scheduled, and were one to look every day.

    Parameters
    ----------
    source : Cohort or FollowUp
    end : str
        One of the ends of ``FollowUp.hazard``.
    style : str
        "screen", "paper" or "slide".

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        For a source that is none, or an end that there is not.
    """
    follow = followed(source)
    kinds = ("scheduled", "true") if end_of(end).track != "death" else ("scheduled",)
    panels, told = [], []
    for kind in kinds:
        table = follow.hazard(end, seen=kind)
        rows = [row for row in table.rows if row.at_risk >= _enough(table.rows[0].at_risk)]
        years = np.array([row.year + 0.5 for row in rows])
        rate, low, high = (np.array([getattr(row, name) for row in rows]) for name in ("per_year", "low", "high"))
        colour = ALIVE_COLOUR if kind == "true" else DEATH_COLOUR
        peaks = table.modes[0][1]
        number = f"{len(peaks)} mode{'s' * (len(peaks) != 1)} told from noise"
        title = f"{'Were one to look every day' if kind == 'true' else 'As visits are scheduled'}: {number}"
        panels.append(Panel(title, (Line(kind, colour, years, rate, low, high, steps=False),),
                            "events a person-year", float(1.1 * np.nanmax(np.minimum(high, 3 * np.nanmax(rate)))),
                            per_cent=False))  # fmt: skip
        how = "were one to look every day" if kind == "true" else "as seen at visits" if len(kinds) > 1 else ""
        told.append(f"in year {1 + int(np.nanargmax(rate))} {how}".rstrip())
    page = Page(
        f"{follow.label}: hazard of {_event(end)}", f"The hazard is highest {', '.join(told)}", tuple(panels),
        (BARS, end_of(end).told), made_from(source),
        f"Events a person-year by year since diagnosis. {follow.label}. It is highest {', '.join(told)}.",
        heights=(0.2, 0.2),
    )  # fmt: skip
    return drawn(page, style)


def _event(end: str) -> str:
    """What a hazard is of."""
    return {"death": "death", "distant": "distant metastasis"}.get(end_of(end).track, "recurrence")


def incidence_by_site(source: Cohort | FollowUp, *, style: str = "screen") -> Figure:
    """Cumulative incidence of first sight by distant site, death competing; below, who is alive, and any site.

    Parameters
    ----------
    source : Cohort or FollowUp
    style : str
        "screen", "paper" or "slide".

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        For a source that is none.
    """
    follow = followed(source)
    most = last_month(follow.curve("overall survival").at_risk[0]) // 12
    table = follow.organs_since(range(most + 1))
    by_site: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in table.rows:
        if row.kind == "distant":
            by_site.setdefault(row.site, []).append((row.years, row.share, row.low, row.high))
    first = next(iter(by_site))
    sites = [site for site in by_site if site != first and by_site[site][-1][1] > 0][:MOST_SITES]
    lines = [_of_site(site, by_site[site], organ_mark(site).colour) for site in sites]
    every = _of_site(first, by_site[first], INK)
    dead = follow.curve("overall survival", among="all diagnosed")
    years = every.years
    at = np.minimum((12 * years).astype(int), dead.share.shape[1] - 1)
    alive = dead.share[0, at]
    stacked = (
        Line("alive", ALIVE_COLOUR, years, alive),
        Line("metastasis seen by then", DEATH_COLOUR, years, every.share),
    )
    text = f"after {years[-1]:g} years a distant metastasis has been seen in {one_in(float(every.share[-1]))}"
    page = Page(
        f"{follow.label}: where metastases are first seen", f"{text[0].upper()}{text[1:]}",
        (
            Panel("Cumulative incidence by site, death competes", tuple(lines) or (every,), "of the diagnosed"),
            Panel("Any distant site, and who is alive", stacked, "of the diagnosed", 1.02),
        ),
        ("A patient may have metastases in several sites.", BANDS), made_from(source),
        f"Cumulative incidence of metastases by site. {follow.label}: {text}.", heights=(0.24, 0.18),
    )  # fmt: skip
    return drawn(page, style)


def _of_site(name: str, rows: list[tuple[float, float, float, float]], colour: str) -> Line:
    years, share, low, high = (np.array(column) for column in zip(*rows, strict=True))
    return Line(name, colour, years, share, low, high)
