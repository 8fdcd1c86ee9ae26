"""Pictures of the guide that cells draw: none is without a text, and the gallery begins with small ones of all."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from PIL import Image

OVERVIEW = "gallery"
"""The page that begins with small pictures of all that it shows."""

SMALL = 300
"""Pixels across."""

DRAWN = re.compile(r'<img[^>]*src="data:image/png;base64,([^"]*)"')


def of_section(section: nodes.section, kind: type[nodes.Element]) -> Iterator[Any]:
    """What there is of a kind in a section, without what stands in sections of it."""
    for found in section.findall(kind):
        parent = found.parent
        while not isinstance(parent, nodes.section):
            parent = parent.parent
        if parent is section:
            yield found


def small(picture: str) -> str:
    """A picture, small: both in base64."""
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        image.thumbnail((SMALL, SMALL))
        kept = io.BytesIO()
        image.convert("RGB").quantize(64).save(kept, format="PNG", optimize=True)
    return base64.b64encode(kept.getvalue()).decode()


def link(section: nodes.section, picture: str) -> str:
    """A small picture that leads to its section."""
    name = section[0].astext().partition(":")[0]
    return f'<a href="#{section["ids"][0]}"><img alt="" src="data:image/png;base64,{small(picture)}">{name}</a>'


def named(_app: Any, doctree: nodes.document, name: str) -> None:
    """Give each picture without a text one, from its heading; and the gallery its overview."""
    links = []
    for section in doctree.findall(nodes.section):
        for image in of_section(section, nodes.image):
            image.setdefault("alt", section[0].astext())
        shown = [found for raw in of_section(section, nodes.raw) for found in DRAWN.findall(raw.astext())]
        links += [link(section, shown[0])] if shown else []
    if name == OVERVIEW:
        first = next(doctree.findall(nodes.section))
        place = next(k for k, child in enumerate(first) if isinstance(child, nodes.section))
        first.insert(
            place, nodes.raw("", f'<nav class="thumbs" aria-label="All figures">{"".join(links)}</nav>', format="html")
        )
