"""The JavaScript: modules that fit together as one script, and the numbers they share with Python."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.web.constants import constants, constants_module
from cascade.web.modules import IMPORT, joined, module, needed
from cascade.web.page import payload

FOLDER = Path(cascade.__file__).parent / "web" / "js"
NAMES = ["constants.js", *sorted(path.name for path in FOLDER.glob("*.js"))]
ENTRIES = ("widget.js", "model.js", "lesson.js", "patientlesson.js")
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")
DEFINED = re.compile(r"^(?:export )?(?:const|let|var|class|(?:async )?function\*?) +(\w+)(.*)$", re.MULTILINE)


def defined(name: str) -> list[str]:
    """Names at the top of a module."""
    return [found[1] for found in DEFINED.finditer(module(name))]


def in_node(code: str) -> Any:
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-"], input=code, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def test_no_name_is_defined_twice() -> None:
    names = [name for part in NAMES for name in defined(part)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", NAMES)
def test_a_module_has_the_simple_form_that_can_be_joined(name: str) -> None:
    text = module(name)
    lines = text.splitlines()
    assert lines[0].startswith("// "), "what it is for"
    assert any(line == "// @ts-check" for line in lines[:4])
    assert len(lines) < 400
    for found in IMPORT.finditer(text):
        assert found[2] in NAMES
        wanted = {word.strip() for word in found[1].split(",") if word.strip()}
        assert wanted <= {
            word for word in defined(found[2]) if re.search(rf"^export .*\b{word}\b", module(found[2]), re.M)
        }
    rest = IMPORT.sub("", text)
    # Nothing else at the top: no renaming, no names taken apart, no second name in a line.
    assert not re.search(
        r"^import\b|^export (?!const |let |class |function |default \{)|^(?:const|let|var) [{\[]", rest, re.M
    )
    assert not re.search(r"^(?:export )?(?:const|let) \w+ = [^(\[{`'\"]*, *\w+ = ", rest, re.M)
    # Indents are left out of pages: texts over several lines are drawings and elements, to which they mean nothing.
    code = [line for line in lines if not line.lstrip().startswith(("//", "*", "/*"))]
    assert all(re.search("`<|<line|/>|</", line) for line in code if line.count("`") % 2)
    assert "</script" not in text
    assert "<!--" not in text


def test_every_module_is_used() -> None:
    assert {part for entry in ENTRIES for part in needed(entry)} == set(NAMES)


def test_modules_in_a_circle_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}
    monkeypatch.setattr("cascade.web.modules.module", circle.get)
    with pytest.raises(ValueError, match=r"circle: a\.js, b\.js, a\.js"):
        joined("a.js")


def test_the_types_know_the_payload() -> None:
    text = (FOLDER / "types.d.ts").read_text()

    def fields(name: str) -> set[str]:
        inside = re.search(rf"^export interface {name}\b[^{{]*\{{(.*?)^\}}", text, re.M | re.S)
        assert inside is not None
        return set(re.findall(r"^  (\w+)\??:", inside[1], re.M))

    data = payload(cascade.load("clusters"), seed=1)
    assert fields("Payload") | fields("Chain") == set(data)
    assert fields("Chain") == set(data["chain"])
    assert fields("Cast") == set(data["cast"])
    assert fields("BodyMap") == set(payload(cascade.load("breast"), seed=1)["cast"]["map"])


@pytest.mark.sampled(8)
@needs_node
@pytest.mark.parametrize("entry", [*NAMES, *(f"joined {entry}" for entry in ENTRIES)])
def test_it_parses(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "m.mjs"
    path.write_text(joined(entry.removeprefix("joined ")) if entry.startswith("joined ") else module(entry))
    done = subprocess.run([str(NODE), "--check", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_node
def test_constants_have_the_bits_that_they_have_in_python() -> None:
    names = list(constants())
    hexes = "x => typeof x === 'number' ? Buffer.from(new Float64Array([x]).buffer).toString('hex') : x"
    code = f"const bits = v => Array.isArray(v) ? v.map(bits) : ({hexes})(v);"
    found = in_node(
        f"{constants_module().replace('export ', '')}{code}console.log(JSON.stringify([{', '.join(names)}].map(bits)));"
    )

    def bits(value: Any) -> Any:
        if isinstance(value, tuple):
            return [bits(x) for x in value]
        return value if isinstance(value, str | dict) else struct.pack("<d", value).hex()

    assert dict(zip(names, found, strict=True)) == {name: bits(value) for name, value in constants().items()}


@needs_node
def test_the_modules_are_modules_as_well(tmp_path: Path) -> None:
    """Not joined: as files that import each other, which editors and the check of types read."""
    shutil.copytree(FOLDER, tmp_path / "js")
    (tmp_path / "js" / "constants.js").write_text(constants_module())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    where = (tmp_path / "js" / "model.js").as_uri()
    data = payload(cascade.load("textbook"), seed=5)
    found = in_node(
        f'import {{ Model }} from "{where}";\n'
        f"console.log(JSON.stringify(new Model({json.dumps(data)}).simulate(0, 20000).passed));"
    )
    assert found == [row.passed for row in cascade.simulate(cascade.load("textbook"), cells=20_000, seed=5).funnel()]
