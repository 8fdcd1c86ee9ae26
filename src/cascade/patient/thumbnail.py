"""A small picture of a lesson on patients: the first of them, untreated, years against sizes of tumour and lesions."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from cascade.common.colours import LOOKS, organ_mark
from cascade.lessons.thumbnail import HEIGHT, TYPE, WIDTH
from cascade.patient.course import course_of
from cascade.patient.loader import disease as load
from cascade.patient.timeline import GROWN, care_name, studied

INK, GRID, GROUND = (LOOKS["light"][name] for name in ("ink", "grid", "band"))
LEFT, BOTTOM, RIGHT, TOP = 56.0, 24.0, 6.0, 4.0
"""Room for what the axes say."""

SIZES = {"1 mm": 1.0, "1 cm": 10.0, "10 cm": 100.0}
"""Marks of the axis of sizes, in millimetres."""

TIMES = 90
"""Of each line."""


def timeline_picture(disease: str, *, seed: int, label: str, years: str) -> str:
    """The picture as SVG, which says what it shows to those who do not see it.

    Parameters
    ----------
    disease : str
        Of the catalogue.
    seed : int
        Of the lesson.
    label : str
        With ``{n}``, in whose place the number of metastases stands.
    years : str
        What years are called.
    """
    of = studied(load(disease))
    course = course_of(of, seed=seed, patient=1, care=care_name(None, None))
    shown = [lesion for lesion in course.lesions if lesion.number == 0 or lesion.fate in GROWN]
    end = float(math.ceil(course.years))
    times = np.linspace(0.0, course.years, TIMES)
    eye = next((eye.lesions.half_mm for eye in of.eyes if eye.lesions is not None), 8.0)
    decades = float(math.ceil(math.log10(of.death.burden_cells)))

    def across(year: float) -> float:
        return LEFT + year / end * (WIDTH - LEFT - RIGHT)

    def up(cells: float) -> float:
        return HEIGHT - BOTTOM - min(max(math.log10(max(cells, 1.0)) / decades, 0.0), 1.0) * (HEIGHT - BOTTOM - TOP)

    # Below the line nobody sees a lump.
    water = up(of.cells_of(eye))
    parts = [
        f'<rect x="{LEFT:.0f}" y="{water:.1f}" width="{WIDTH - LEFT - RIGHT:.0f}" '
        f'height="{HEIGHT - BOTTOM - water:.1f}" fill="{GROUND}"/>'
    ]
    for name, mm in SIZES.items():
        y = up(of.cells_of(mm))
        parts.append(f'<line x1="{LEFT:.0f}" y1="{y:.1f}" x2="{WIDTH - RIGHT:.0f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 4, y + 0.35 * TYPE, name, "end"))
    # The primary on top of all others.
    for lesion in reversed(shown):
        cells = course.cells_of(lesion.number, times)
        there = [(across(t), up(n)) for t, n in zip(times.tolist(), cells.tolist(), strict=True) if n >= 1.0]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in there)
        wide = 3.5 if lesion.number == 0 else 1.3
        colour = organ_mark(lesion.site if lesion.number else "primary").colour
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="{wide}"/>')
    step = 5 if end > 8 else 2
    *marks, last = range(0, int(end) + 1, step)
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 6, f"{last} {years}", "end"))
    begin = WIDTH - RIGHT - 0.6 * TYPE * (len(f"{last} {years}") + 2)
    parts += [_text(across(year), HEIGHT - 6, str(year), "middle") for year in marks if across(year) < begin]
    said = escape(label.replace("{n}", str(len(shown) - 1)), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        f"{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{TYPE}" fill="{INK}">{escape(text)}</text>'
