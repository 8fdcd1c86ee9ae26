"""Pictures of the guide that cells draw: each has a text for those who cannot see it, and the gallery an overview."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes

OVERVIEW = "gallery"
"""The page that begins with small pictures of all that it shows."""


def drawn(section: nodes.section) -> Iterator[nodes.image]:
    """The pictures of a section, without those of sections in it."""
    for image in section.findall(nodes.image):
        parent = image.parent
        while not isinstance(parent, nodes.section):
            parent = parent.parent
        if parent is section:
            yield image


def named(_app: Any, doctree: nodes.document, name: str) -> None:
    """Give each picture without a text one, from its heading; and the gallery its overview."""
    small = nodes.container(classes=["thumbs"])
    for section in doctree.findall(nodes.section):
        heading, pictures = section[0].astext(), list(drawn(section))
        for image in pictures:
            image.setdefault("alt", heading)
        if pictures and section["ids"]:
            copy = pictures[0].deepcopy()
            copy["alt"] = ""  # the name stands below it
            link = nodes.reference("", "", copy, nodes.inline("", heading.partition(":")[0]), internal=True)
            link["refuri"] = f"#{section['ids'][0]}"
            small += nodes.paragraph("", "", link)
    if name == OVERVIEW:
        first = next(doctree.findall(nodes.section))
        place = next(k for k, child in enumerate(first) if isinstance(child, nodes.section))
        first.insert(place, small)
