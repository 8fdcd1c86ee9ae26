"""The fields of a model file and of a disease file, from the schemas that check them: writes the ends of their pages.

python docs/fields.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cascade
from cascade.model.base import Part

FOLDER = Path(__file__).parent

PAGES = {"model_file.md": cascade.Model, "disease_file.md": cascade.Disease}
ELSEWHERE = ("Place", "Cancer", "Autopsies", "GuideSite", "RouteSite", "RouteUse")
"""Parts that the body writes, and those of a cancer."""

TEXTBOOK = Path(cascade.__file__).parent / "catalog" / "diseases" / "textbook.toml"
MARK = "<!-- From here on written by docs/fields.py. -->\n"


def kind_of(field: dict[str, Any]) -> str:
    """What a field of the schema takes, in words."""
    if "$ref" in field:
        return "a table: " + field["$ref"].rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(kind_of(part) for part in field["anyOf"])
    if "enum" in field:
        return ", ".join(map(repr, field["enum"]))
    if field.get("type") == "array":
        return "a list of " + kind_of(field["items"]) if "items" in field else "a list"
    if field.get("type") == "object":
        return "names with values"
    bounds = {"minimum": ">= ", "exclusiveMinimum": "> ", "maximum": "<= ", "exclusiveMaximum": "< "}
    told = [sign + f"{field[key]:g}" for key, sign in bounds.items() if key in field]
    words = {"number": "a number", "integer": "a whole number", "string": "text", "boolean": "true or false"}
    return " ".join([words.get(field.get("type", ""), "nothing"), ", ".join(told)]).strip()


def fields(kind: type[Part]) -> str:
    """Every table of a file and its fields, as Markdown."""
    schema = kind.model_json_schema()
    parts = []
    for name, part in {kind.__name__: schema, **schema["$defs"]}.items():
        if name in ELSEWHERE:
            continue
        lines = ["| field | takes | default |", "| --- | --- | --- |"]
        for field, of in part["properties"].items():
            needed = field in part.get("required", ())
            cells = [f"`{field}`", kind_of(of), "needed" if needed else f"{of.get('default', '')}" or "none"]
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |")
        told = " ".join(part.get("description", "").split("\n\n")[0].split())
        parts += [f"## {name}", told, "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def page(name: str) -> str:
    """The whole page: what stands there by hand, then the fields."""
    begin, mark, _ = (FOLDER / name).read_text(encoding="utf-8").partition(MARK)
    assert mark, f"{name} lacks its mark"
    if name == "disease_file.md":
        shown = re.compile(r"(```toml\n).*?(```)", re.DOTALL)
        begin = shown.sub(lambda m: m[1] + TEXTBOOK.read_text(encoding="utf-8") + m[2], begin)
    return f"{begin}{MARK}\n{fields(PAGES[name])}"


if __name__ == "__main__":
    for each in PAGES:
        (FOLDER / each).write_text(page(each), encoding="utf-8")
