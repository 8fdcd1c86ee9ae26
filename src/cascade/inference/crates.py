"""Research objects: what made the files of a folder, in the words of RO-Crate, so that archives and others read it.

Reference: RO-Crate 1.1, https://w3id.org/ro/crate/1.1.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cascade.common.errors import CascadeError, InputError
from cascade.common.files import as_path, write_atomically
from cascade.common.jsons import json_text
from cascade.common.version import package_version
from cascade.inference.swept import is_sweep, open_sweep
from cascade.model.base import Source
from cascade.patient.saved import open_cohort
from cascade.runs.saved import open_result

FILE = "ro-crate-metadata.json"
HOME = "https://w3id.org/ro/crate/1.1"
PACKAGE = "#metastatic-cascade"
NOT_STATED = "Not stated by who made it."


def crate(folder: str | Path, *, name: str = "", license: str = "") -> Path:
    """Write ``ro-crate-metadata.json`` into a folder: its files, what made each, and the sources of the models.

    Parameters
    ----------
    folder : str or Path
        With results, cohorts, sweeps or fits, and whatever stands beside them; folders in it are left out.
    name : str, optional
        Of the whole; default: that of the folder.
    license : str, optional
        An address, under which you hand the files out.

    Returns
    -------
    Path
        Of the file, which is written whole or not at all.

    Raises
    ------
    InputError
        For a folder that is none, or holds nothing that this package has made.
    """
    found = as_path(folder, "folder")
    if not found.is_dir():
        raise InputError("folder", str(folder), "a folder that exists")
    files = sorted(p for p in found.iterdir() if p.is_file() and p.name != FILE and not p.name.startswith("."))
    made = [(path, told) for path in files if (told := _made(path)) is not None]
    if not made:
        raise InputError("folder", str(folder), "a folder with a saved result, cohort, sweep or fit")
    sources: dict[str, list[Source]] = {}
    for _, (_, some) in made:
        for source in some:
            sources.setdefault(_id_of(source), []).append(source)
    actions = [_action(path, told, some) for path, (told, some) in made]
    last = max(path.stat().st_mtime for path in files)
    whole = {
        "@id": "./",
        "@type": "Dataset",
        "name": name or found.resolve().name,
        "description": f"Made by metastatic-cascade: {'; '.join(action['description'] for action in actions)}",
        "datePublished": datetime.fromtimestamp(last, UTC).date().isoformat(),
        "license": {"@id": license} if license else NOT_STATED,
        "hasPart": [{"@id": quote(path.name)} for path in files],
        "mentions": [{"@id": action["@id"]} for action in actions],
        "citation": [{"@id": address} for address in sources],
        "usageInfo": "For research and teaching, never for decisions about a patient.",
    }
    graph = [
        {"@id": FILE, "@type": "CreativeWork", "conformsTo": {"@id": HOME}, "about": {"@id": "./"}},
        whole,
        *map(_file, files),
        {"@id": PACKAGE, "@type": "SoftwareApplication", "name": "metastatic-cascade", "version": package_version()},
        *actions,
        *(_article(some) for some in sources.values()),
    ]
    path = found / FILE
    write_atomically(path, json_text({"@context": f"{HOME}/context", "@graph": graph}).encode())
    return path


def _made(path: Path) -> tuple[str, Sequence[Source]] | None:
    """How a file was made, in words, and the sources of its model; None of a file of another kind."""
    if path.suffix == ".json":
        return _of_fit(path)
    if is_sweep(path):
        return _of_sweep(path)
    if path.suffix != ".cascade":
        return None
    try:
        result = open_result(path)
    except CascadeError:
        pass
    else:
        model = result.model
        return (
            f"model {model.name} (sha256 {model.digest()}), {result.cells:,} cells, seed {result.seed}",
            model.sources,
        )
    try:
        cohort = open_cohort(path)
    except CascadeError:
        return None
    disease = cohort.disease
    return f"disease {disease.name} (sha256 {disease.digest()}), {cohort.made}", disease.sources


def _of_sweep(path: Path) -> tuple[str, Sequence[Source]] | None:
    """Of a saved sweep."""
    try:
        found = open_sweep(path)
    except CascadeError:
        return None
    model = found.recipe.model
    return f"sweep of {', '.join(found.hazards)} (sha256 of the model {model.digest()}): {found.label}", model.sources


def _of_fit(path: Path) -> tuple[str, Sequence[Source]] | None:
    """Of a file that ``Fit.save`` wrote, as it says; it is not fitted again."""
    try:
        fit: Any = json.loads(path.read_text(encoding="utf-8"))
        models, digests = dict(fit["models"]), dict(fit["sha256"])
        named = sorted({f"{model['name']} (sha256 {digests[arm]})" for arm, model in models.items()})
        given = [source for model in models.values() for source in model.get("sources") or ()]
        sources = [Source(**{field: value for field, value in one.items() if value is not None}) for one in given]
        told = f"{', '.join(fit['asked']['free'])} of model {', '.join(named)} fitted to {fit['source']}"
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError, CascadeError):
        return None
    return told, sources


def _file(path: Path) -> dict[str, Any]:
    """A file, with its digest."""
    kind = "application/zip" if path.suffix == ".cascade" else mimetypes.guess_type(path.name)[0]
    return {
        "@id": quote(path.name), "@type": "File", "name": path.name, "contentSize": str(path.stat().st_size),
        "encodingFormat": kind or "application/octet-stream",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip


def _action(path: Path, told: str, sources: Sequence[Source]) -> dict[str, Any]:
    """What made a file."""
    return {
        "@id": f"#making-{quote(path.name)}", "@type": "CreateAction", "name": f"Making of {path.name}",
        "description": told,
        "instrument": {"@id": PACKAGE}, "result": {"@id": quote(path.name)},
        "object": [{"@id": name} for name in dict.fromkeys(map(_id_of, sources))],
    }  # fmt: skip


def _id_of(source: Source) -> str:
    """An address, or a name within the file."""
    if source.doi:
        return f"https://doi.org/{source.doi}"
    if source.url:
        return source.url
    return f"#source-{hashlib.sha256(source.citation.encode()).hexdigest()[:12]}"


def _article(sources: Sequence[Source]) -> dict[str, Any]:
    """A source, with its grades: of what was read in it, and of what was recalled."""
    grades = sorted({source.grade for source in sources})
    told = {"@id": _id_of(sources[0]), "@type": "ScholarlyArticle", "name": sources[0].citation}
    return told | {"description": f"Evidence of grade {', '.join(grades)}"}
