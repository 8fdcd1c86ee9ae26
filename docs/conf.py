"""Settings of the guide: Sphinx with MyST and furo; the catalogue's tables are written from the data at each build."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cascade
from cascade import body, catalog
from cascade.common.version import package_version
from cascade.model.treatments import Treatment
from cascade.scores.scoring import RULE

sys.path.insert(0, str(Path(__file__).parent))
import lessons  # both lie beside this file
import pictures

project = "cascade"
author = "the authors of cascade"
copyright = "2026, the authors of cascade"  # noqa: A001 (Sphinx calls it so)
release = package_version()
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True  # else each line that comes a little later has a box of its own
nb_execution_in_temp = True  # what a page writes is gone with it
nb_output_stderr = "remove"  # that something is compiled belongs to the machine that builds the guide
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
exclude_patterns = ["_build", "_generated", "jupyter_execute", "make_figures.py"]
html_extra_path = ["_generated/site"]  # lessons as they are
html_theme = "furo"
html_title = "cascade"
html_static_path = ["_static"]
html_css_files = ["guide.css"]
GENERATED = Path(__file__).parent / "_generated"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in line) + " |" for line in lines
    )


def numbers(model: cascade.Model) -> str:
    """Every number of a model with its source and grade."""
    rows = [
        [name, f"{value:.4g} per hour", ", ".join(part.source), model.grade_of(part.source)]
        for name, part, value in model.hazards()
    ]
    rows += [
        [f"frailty {f.name}", f"CV {f.cv:g}", ", ".join(f.source), model.grade_of(f.source)] for f in model.frailties
    ]
    for factor in model.factors:
        rows += [
            [
                f"{factor.name}: {s.level} to {s.to}",
                f"{s.hazard:.4g} per hour",
                ", ".join(s.source),
                model.grade_of(s.source),
            ]
            for s in factor.switches
        ]
        rows += [
            [f"{factor.name} {e.level}: {e.hazard}", f"x {e.factor:g}", ", ".join(e.source), model.grade_of(e.source)]
            for e in factor.effects
        ]
    if model.clusters:
        rows += [
            [
                f"n cells together: {e.hazard}",
                f"x {e.factor:g} n^{e.power:g}",
                ", ".join(e.source),
                model.grade_of(e.source),
            ]
            for e in model.clusters.effects
        ]
        rows += [
            [
                f"breaking in {b.state}",
                f"{b.hazard:g} per hour and bond, {b.on_entering:g} on entering",
                ", ".join(b.source),
                model.grade_of(b.source),
            ]
            for b in model.clusters.breaks
        ]
    return table(["number", "value", "source", "grade"], rows)


def sources(found: Any) -> str:
    """The sources as a list."""
    lines = []
    for s in found:
        where = f" doi:{s.doi}" if s.doi else f" PMID {s.pmid}" if s.pmid else f" {s.url}" if s.url else ""
        lines.append(f"- **{s.key}** (grade {s.grade}): {s.citation}.{where} {s.note}".replace("*, ", "\\*, "))
    return "\n".join(lines)


def write_catalogue(*_: object) -> None:
    """Pages of the catalogue: models with every number, cancers, treatments, observations."""
    GENERATED.mkdir(exist_ok=True)
    cancers = set(body.cancer_names())
    parts, observed, injected = [], [], {}
    for entry in catalog.models():
        if entry.name in cancers:
            continue
        model = cascade.load(entry.name)
        observed += [
            [model.name, o.name, f"{o.value:g} {o.unit}", o.role, ", ".join(o.source)] for o in model.observations
        ]
        if entry.group == "injections":  # hundreds of numbers: `cascade show` lists them
            injected |= {source.key: source for source in model.sources}
            continue
        parts += [
            f"### {model.name}\n",
            f"{model.title}. {' '.join(model.description.split())}\n",
            numbers(model),
            "",
            sources(model.sources),
            "",
        ]
        parts += [f"*Limits.* {' '.join(model.limits.split())}\n"] if model.limits else []
    (GENERATED / "models.md").write_text("\n".join(parts), encoding="utf-8")
    (GENERATED / "observations.md").write_text(
        table(["model", "figure", "published", "role", "source"], observed) + "\n", encoding="utf-8"
    )
    card = cascade.scorecard()
    sums = [[model, *map(str, counts.values())] for model, counts in card.sums().items()]
    told = [table(["model", *card.sums()["all"]], sums), RULE, table(*card.as_text())]
    (GENERATED / "score.md").write_text("\n\n".join(told) + "\n", encoding="utf-8")
    found, wide = cascade.scale("breast"), cascade.scale("breast", k=0.1)
    told = [table(*found.as_text()), found.below, table(*wide.as_text()), wide.below]
    (GENERATED / "scale.md").write_text("\n\n".join(told) + "\n", encoding="utf-8")
    (GENERATED / "injections.md").write_text(
        sources(injected[key] for key in sorted(injected)) + "\n", encoding="utf-8"
    )
    rows = []
    for name in body.cancer_names():
        cancer = body.cancer(name)
        model = cancer.model()
        scored = sum(site.scored and site.found is not None for site in model.sites)
        rows.append([name, cancer.title, ", ".join(use.name for use in cancer.routes), str(scored)])
    (GENERATED / "cancers.md").write_text(
        table(["model", "cancer", "routes", "autopsy counts compared"], rows) + "\n", encoding="utf-8"
    )
    rows = []
    for entry in catalog.treatments():
        t: Treatment = cascade.treatment(entry.name)
        rows += [[t.title or t.name, e.hazard, f"x {e.factor:g}", ", ".join(e.source), e.note] for e in t.effects]
    (GENERATED / "treatments.md").write_text(
        table(["treatment", "hazard", "factor", "source", "note"], rows) + "\n", encoding="utf-8"
    )


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("doctree-resolved", pictures.named)
    write_catalogue()
    (GENERATED / "teachers.md").write_text(lessons.teachers(), encoding="utf-8")
    lessons.write_pages(GENERATED / "site" / "lessons")
