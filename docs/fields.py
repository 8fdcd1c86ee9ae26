"""The fields of a model file, from the same schema that checks it: writes the end of `model_file.md`.

python docs/fields.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cascade

PAGE = Path(__file__).parent / "model_file.md"
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


def fields() -> str:
    """Every table of a model file and its fields, as Markdown."""
    schema = cascade.Model.model_json_schema()
    parts = []
    for name, part in {"Model": schema, **schema["$defs"]}.items():
        if name == "Place":
            continue  # the body writes it
        lines = ["| field | takes | default |", "| --- | --- | --- |"]
        for field, of in part["properties"].items():
            needed = field in part.get("required", ())
            cells = [f"`{field}`", kind_of(of), "needed" if needed else f"{of.get('default', '')}" or "none"]
            lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |")
        told = " ".join(part.get("description", "").split("\n\n")[0].split())
        parts += [f"## {name}", told, "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def page() -> str:
    """The whole page: what stands there by hand, then the fields."""
    begin, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark, f"{PAGE} lacks its mark"
    return f"{begin}{MARK}\n{fields()}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
