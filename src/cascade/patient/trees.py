"""Who seeded whom, as a tree: in Newick's notation, and as a tree sequence of tskit.

Every lesion is a tip.  Its line goes from the moment at which its founder was shed to the end of the patient, or to its
own, where it died out before; at each shedding the line of the founder parts from that of its source.  The root is the
first cell of the tumour.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from cascade.common.errors import CascadeError
from cascade.common.version import STREAM_VERSION, package_version

if TYPE_CHECKING:
    from cascade.patient.course import Course

UNIT = "years before the end"


class Seeding:
    """What a course says of who seeded whom."""

    def newick(self) -> str:
        """Who seeded whom as a tree in Newick's notation: a tip for each lesion, lengths in years.

        Lines part when a founder is shed.  A tip is named by number and site, such as ``'3 liver'``, and stands where
        the lesion died out, or at the end.

        Examples
        --------
        >>> import cascade
        >>> some = cascade.cohort(cascade.disease("textbook"), patients=4, seed=1)
        >>> some.patient(1).newick()[:12]
        "('0 primary'"
        """
        return newick_of(cast("Course", self))

    def to_tskit(self) -> Any:
        """Who seeded whom as a ``tskit.TreeSequence`` of one tree, to write to a file or to put mutations on.

        Lesions are samples, organs are populations, the unit of time is "years before the end".  Lines part when a
        founder is shed; the root is the first cell of the tumour.

        Raises
        ------
        CascadeError
            Without tskit: ``pip install 'metastatic-cascade[trees]'``.
        """
        return tree_sequence_of(cast("Course", self))


class Split(NamedTuple):
    """Where the line of a founder parts from that of its source: years before the end, and the lesion founded."""

    time: float
    lesion: int


class Line(NamedTuple):
    """A lesion: where it ends, and where others part from it, the latest first; years before the end."""

    time: float
    splits: tuple[Split, ...]


def lines_of(course: Course) -> tuple[Line, ...]:
    """The line of each lesion, by number.

    Times of splits rise strictly from the end of a line to its start, and from a founder to its source, as a tree
    needs: where two are the same number, the earlier is the next number above.
    """
    lesions = course.lesions
    seeded: list[list[int]] = [[] for _ in lesions]
    for lesion in lesions:
        if lesion.parent is not None:
            seeded[lesion.parent].append(lesion.number)
    lines: list[Line] = [Line(0.0, ())] * len(lesions)
    tops = [0.0] * len(lesions)
    # Those that were shed last come first: a lesion is known before its source.
    for lesion in sorted(lesions, key=lambda lesion: -lesion.shed):
        end = top = course.years - course.end_of(lesion.number)
        splits = []
        for child in sorted(seeded[lesion.number], key=lambda child: -lesions[child].shed):
            below = max(top, tops[child])
            top = max(course.years - lesions[child].shed, math.nextafter(below, math.inf))
            splits.append(Split(top, child))
        lines[lesion.number], tops[lesion.number] = Line(end, tuple(splits)), top
    return tuple(lines)


def newick_of(course: Course) -> str:
    """The tree in Newick's notation."""
    lines = lines_of(course)
    told: dict[int, list[str]] = {}
    tops: dict[int, float] = {}
    for lesion in sorted(course.lesions, key=lambda lesion: -lesion.shed):
        line = lines[lesion.number]
        name = f"{lesion.number} {lesion.site}".replace("'", "''")
        parts = ["(" * len(line.splits), f"'{name}'"]
        at = line.time
        for split in line.splits:
            parts += [f":{_length(split.time - at)},", *told.pop(split.lesion)]
            parts.append(f":{_length(split.time - tops.pop(split.lesion))})")
            at = split.time
        told[lesion.number], tops[lesion.number] = parts, at
    return f"({''.join(told[0])}:{_length(max(course.years - tops[0], 0.0))});"


def _length(years: float) -> str:
    return f"{years:.9g}"


def tree_sequence_of(course: Course) -> Any:
    """The tree as a ``tskit.TreeSequence``."""
    try:
        import tskit
    except ImportError:
        raise CascadeError(
            "tskit is not installed: pip install 'metastatic-cascade[trees]'; course.newick() needs nothing"
        ) from None
    lines = lines_of(course)
    tables = tskit.TableCollection(sequence_length=1.0)
    tables.time_units = UNIT
    schema = tskit.MetadataSchema({"codec": "json"})
    tables.metadata_schema = tables.nodes.metadata_schema = tables.populations.metadata_schema = schema
    tables.metadata = {
        "disease": course.disease.name, "digest": course.disease.digest(), "seed": course.seed,
        "patient": course.patient, "years": course.years, "cause_of_death": course.cause,
    }  # fmt: skip
    sites = list(dict.fromkeys(lesion.site for lesion in course.lesions))
    for site in sites:
        tables.populations.add_row(metadata={"name": site})
    place = [sites.index(lesion.site) for lesion in course.lesions]
    # Node k is lesion k.
    for lesion in course.lesions:
        told = {"event": "lesion", "lesion": lesion.number, "site": lesion.site, "fate": lesion.fate}
        tables.nodes.add_row(tskit.NODE_IS_SAMPLE, lines[lesion.number].time, place[lesion.number], metadata=told)
    tops: dict[int, int] = {}
    for lesion in sorted(course.lesions, key=lambda lesion: -lesion.shed):
        top = lesion.number
        for split in lines[lesion.number].splits:
            told = {"event": "shed", "lesion": lesion.number, "founder": split.lesion}
            node = tables.nodes.add_row(0, split.time, place[lesion.number], metadata=told)
            for child in (top, tops.pop(split.lesion)):
                tables.edges.add_row(0.0, 1.0, node, child)
            top = node
        tops[lesion.number] = top
    last = tables.nodes[tops[0]].time
    root = tables.nodes.add_row(0, max(course.years, math.nextafter(last, math.inf)), place[0],
                                metadata={"event": "first cell", "lesion": 0})  # fmt: skip
    tables.edges.add_row(0.0, 1.0, root, tops[0])
    tables.provenances.add_row(json.dumps(_provenance(), sort_keys=True, allow_nan=False), timestamp="")
    tables.sort()
    return tables.tree_sequence()


def _provenance() -> dict[str, Any]:
    """What made it, without a date: the same patient gives the same file."""
    software = {"name": "metastatic-cascade", "version": package_version(), "streams": STREAM_VERSION}
    return {"schema_version": "1.0.0", "software": software, "parameters": {"command": "Course.to_tskit"},
            "environment": {}}  # fmt: skip
