"""Pages of text about a model or a cancer: what it holds, where its numbers come from, what it is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

from cascade.answers.funnel import Funnel
from cascade.answers.kinds import KINDS
from cascade.body import Cancer, circulation, fitted
from cascade.body.routes import routes
from cascade.common.columns import text_width
from cascade.common.shares import estimate_of_share
from cascade.common.shares import percent as share_of_all
from cascade.common.shares import plain_percent as percent
from cascade.common.text import number, text_table
from cascade.model import Model
from cascade.model.base import Source
from cascade.model.treatments import Treatment
from cascade.scores.scoring import SHARES
from cascade.solution.answer import Exact, exact

WIDTH = 110
"""Columns of a page, where the terminal does not say."""


def heading(model: Model | Cancer, what: str) -> str:
    """Title of a model, and what is shown of it."""
    return f"{model.title or model.name}\n{what}\n"


def founded(funnel: Funnel) -> str:
    """Colonies by kind in a line, distant metastases first; "" for a model without sites."""
    told = []
    for mark in funnel.milestones:
        if mark.name in KINDS.values():
            share = estimate_of_share(mark.fraction_of_all, mark.low, mark.high)
            counted = f"{number(mark.cells)} {'cell' if mark.cells == 1 else 'cells'} ({share.interval})"
            told.append(f"{mark.name}: {share_of_all(mark.fraction_of_all) if funnel.exact else counted}")
    warning = "Chances per cell are those of mice: compare organs, routes and treatments, not sizes."
    return f"{'; '.join(told)}. Success counts all of these.\n{warning}\n" if told else ""


def _filled(text: str, indent: str = "") -> str:
    """A paragraph of the width of the terminal, or of a page."""
    return fill(" ".join(text.split()), text_width(WIDTH), initial_indent=indent, subsequent_indent=indent)


def model_page(model: Model, *, introduced: bool = False) -> str:
    """States, hazards, frailties, sources and limits of a model."""
    rows = []
    for state in model.states:
        first = f"{state.name} ({state.phases} phases)" if state.phases > 1 else state.name
        stage = state.stage or "(beyond the last step)"
        ways = [(f"-> {m.to}", f"{m.hazard:.4g}", m.source) for m in state.moves]
        ways += [(f"dies: {d.cause}", f"{d.hazard:.4g}", d.source) for d in state.deaths]
        for name, hazard, keys in ways or [("", "", ())]:
            rows.append([first, stage, name, hazard, ", ".join(keys), model.grade_of(keys)])
            first, stage = "", ""
    parts = [] if introduced else [heading(model, _filled(model.description))]
    header = ["state", "step", "way out", "per hour", "source", "grade"]
    parts.append(text_table(header, rows, left=(0, 1, 2, 4, 5), keys=(0, 2)))
    for frailty in model.frailties:
        acts = ", ".join(f"{entry.hazard}^{entry.power:g}" for entry in frailty.hazards)
        parts.append(f"\nfrailty {frailty.name}: {frailty.distribution}, CV {frailty.cv:g}, on {acts}")
    for factor in model.factors:
        parts.append(f"\nfactor {factor.name}: {', '.join(factor.levels)}; in {', '.join(factor.states)}")
        parts += [f"  {s.level} -> {s.to} at {s.hazard:.4g} per hour" for s in factor.switches]
        parts += [f"  {e.level}: {e.hazard} x {e.factor:g} ({', '.join(e.source)})" for e in factor.effects]
    parts += _clusters(model)
    parts += [f"\ncorrelation of {' and '.join(c.between)}: {c.value:g}" for c in model.correlations]
    for t in model.treatments:
        end = "for ever" if t.end_hours is None else f"to {t.end_hours:g} h"
        parts.append(f"\ntreatment {t.name}, from {t.start_hours:g} h {end}: {', '.join(e.hazard for e in t.effects)}")
    if model.capacity is not None:
        c = model.capacity
        parts.append(f"\n{c.name}: {', '.join(c.hazards)} halved by {c.half:g} cells in {', '.join(c.occupied_by)}")
    parts += _figures(model)
    return "\n".join(parts) if introduced else "\n".join([*parts, *_ending(model.sources, model.limits)])


def _figures(model: Model) -> list[str]:
    """Published figures of the model, what they are to it, and their sources."""
    rows = []
    for seen in model.observations:
        share = seen.unit in SHARES
        tell = share_of_all if share else "{:.3g}".format
        unit = "" if share or seen.unit == "ratio" else f" {seen.unit}"
        ends = [f"{word} {tell(end)}" for word, end in (("from", seen.low), ("to", seen.high)) if end is not None]
        value, keys = f"{tell(seen.value)}{unit}", ", ".join(seen.source)
        rows.append([seen.name, value, " ".join(ends), seen.role, keys, model.grade_of(seen.source), seen.note])
    header = ["published figure", "value", "range", "role", "source", "grade", "note"]
    title = "\npublished figures (what the model says of each: cascade score)"
    return [title, text_table(header, rows, left=(0, 2, 3, 4, 5, 6), keys=(0,))] if rows else []


def _clusters(model: Model) -> list[str]:
    """How units leave, what company does, where it ends."""
    if model.clusters is None:
        return []
    shed = ", ".join(f"{part.size}: {percent(part.share)}" for part in model.clusters.sizes)
    lines = [f"\nclusters: units leave as so many cells: {shed} ({', '.join(model.clusters.source)})"]
    for e in model.clusters.effects:
        factor = f"{e.factor:g} " if e.factor != 1.0 else ""
        note = f"; {e.note}" if e.note else ""
        lines.append(f"  n cells: {e.hazard} x {factor}n^{e.power:g} ({', '.join(e.source)}{note})")
    for b in model.clusters.breaks:
        ways = [f"{b.hazard:.4g} per hour and bond"] * (b.hazard > 0)
        ways += [f"with probability {b.on_entering:g} on entering"] * (b.on_entering > 0)
        lines.append(f"  breaks in {b.state}: {', '.join(ways) or 'never'} ({', '.join(b.source)})")
    return lines


def treatment_page(treatment: Treatment) -> str:
    """Effects, sources and limits of a treatment."""
    rows = [[e.hazard, f"x {e.factor:g}", ", ".join(e.source), e.note] for e in treatment.effects]
    table = text_table(["hazard", "factor", "source", "note"], rows, left=(0, 2, 3))
    head = f"{treatment.title or treatment.name}\n{_filled(treatment.description)}\n"
    return "\n".join([head, table, *_ending(treatment.sources, treatment.limits)])


def _ending(sources: Iterable[Source], limits: str) -> list[str]:
    """Sources and limits."""
    lines = []
    for source in sources:
        link = f" doi:{source.doi}" if source.doi else f" PMID {source.pmid}" if source.pmid else ""
        link = link or (f" {source.url}" if source.url else "")
        text = f"{source.key} (grade {source.grade}): {source.citation}.{link} {source.note}".rstrip()
        lines.append(fill(text, text_width(WIDTH), initial_indent="  ", subsequent_indent="      "))
    parts = ["", "sources", *lines] if lines else []
    if limits:
        parts += [
            "",
            "limits",
            _filled(limits, indent="  "),
        ]
    return parts


def cancer_page(cancer: Cancer, *, states: bool = False) -> str:
    """Routes, first bed, soil, what guides and autopsies say, sources and limits of a cancer."""
    model = cancer.model()
    answer = exact(model)
    parts = [heading(cancer, _filled(cancer.description)), founded(answer.funnel())]
    parts.append(_routes(cancer))
    if any(routes().route(use.name).feeds_blood for use in cancer.routes):
        parts += [_first_beds(cancer), _soil(model, answer)]
    parts += [*_guide(cancer, model), *(["\n" + model_page(model, introduced=True)] if states else [])]
    return "\n".join([*parts, *_ending(model.sources, model.limits)])


def _routes(cancer: Cancer) -> str:
    rows = []
    for use in cancer.routes:
        to = ", ".join(site.name for site in use.sites)
        if routes().route(use.name).circulates:
            to = "every organ with a capillary bed"
        grades = ", ".join(use.source)
        has = f"{percent(use.patients)} ({', '.join(use.patients_source)})" if use.patients is not None else ""
        rows.append([routes().route(use.name).title, percent(use.share), to, has, grades])
    header = ["route", "of the cells", "to", "patients who have it", "source of the share"]
    return text_table(header, rows, left=(0, 2, 3, 4))


def _first_beds(cancer: Cancer) -> str:
    body = circulation(cancer.sex)
    lines = [f"\nfirst bed ({body.name} reference adult)"]
    for vessel, share in cancer.drainage.items():
        beds = sorted(body.first_beds(vessel).items(), key=lambda item: -item[1])
        named = ", ".join(f"{bed} {percent(part)}" if len(beds) > 1 else bed for bed, part in beds[:4])
        lines.append(f"  {percent(share)} by the {vessel}: {named}{', ...' if len(beds) > 4 else ''}")
    held, how = (fitted().share_held, "fitted") if cancer.held is None else (cancer.held, "set")
    lines.append(
        f"  {percent(held)} of the cells are of a kind that the first bed holds, nine in ten of them; the others"
        f" pass most beds and go round again ({how})"
    )
    return "\n".join(lines)


def _soil(model: Model, answer: Exact) -> str:
    """What the blood does in each organ, of a million cells."""
    rows = []
    sites = {site.name: site for site in model.sites}
    notes = []
    for row in answer.organs():
        if row.route != routes().circulating.name:
            continue
        site = sites[row.organ]
        seen = f"{site.found} of {site.of}" if site.found is not None else ""
        mark = ""
        if site.note:
            notes.append(site.note)
            mark = f" [{list(dict.fromkeys(notes)).index(site.note) + 1}]"
        if site.found is not None and not site.scored:
            seen += " (not fitted)"
        soil = f"{site.soil:+.2f}" if site.soil is not None else ""
        flow = percent(site.flow) if site.flow is not None else ""
        rows.append(
            [
                row.organ + mark,
                flow,
                number(round(row.arrested)),
                soil,
                ", ".join(site.source),
                f"{row.colonies:.3g}",
                seen,
            ]
        )
    header = [
        "organ",
        "share of cardiac output",
        "held",
        "log soil",
        "source of soil",
        "colonies",
        "autopsies with one",
    ]
    table = text_table(header, rows, left=(0, 4))
    legend = [f"  [{i}] {note}" for i, note in enumerate(dict.fromkeys(notes), 1)]
    title = "\nthose by the blood, of 1,000,000 cells on all routes (exact)"
    legend.append("  soil: colonies per held cell, against the average organ (natural logarithm)")
    return "\n".join([title, table, *legend])


def _guide(cancer: Cancer, model: Model) -> Sequence[str]:
    lines = []
    routes_of = {site.name: site.route for site in model.sites}
    for tier, words in (("first", "most common"), ("also", "possible"), ("rare", "less common")):
        named = []
        for site in cancer.guide:
            if site.tier == tier:
                modelled = site.at in routes_of
                where = (
                    f" -> {site.at} ({routes_of[str(site.at)]})" if modelled else f" ({site.note or 'not modelled'})"
                )
                named.append(site.site.replace("_", " ") + where)
        if named:
            text = f"{words}: {'; '.join(named)}"
            lines.append(fill(text, text_width(WIDTH), initial_indent="  ", subsequent_indent="      "))
    parts = (
        [f"\nwhat patient guides name ({', '.join(cancer.guide_source)}), and the site of the model", *lines]
        if lines
        else []
    )
    if cancer.autopsies:
        rows = ", ".join(cancer.autopsies.rows)
        parts.append(f"\nautopsies: {cancer.autopsies.of} ({rows}; {', '.join(cancer.autopsies.source)})")
    else:
        parts.append("\nautopsies: none in the table; this cancer is unscored and illustrative")
    if cancer.disagreements:
        parts.append("autopsies and guides disagree")
        parts += [_filled(t, indent="  ") for t in cancer.disagreements]
    return parts
