"""The modules of JavaScript, joined into one script.

A page is one file that opens from disk, and from there a browser loads no modules.  So they
are laid one after the other, what is needed first, without their imports and exports.  For
this their form is simple: names at the top are told apart across all modules, imports stand
on one line or over several as ``import { a, b } from "./file.js";``, nothing is renamed, and
texts over several lines are drawings and elements only, so that comments and indents can be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from cascade.web.constants import constants_module

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
# Whole lines only: nothing within a line of code is touched.
_COMMENT = re.compile(r"^[ \t]*(//.*|/\*.*?\*/[ \t]*)$\n", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_LONG_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n?", re.MULTILINE | re.DOTALL)


def module(name: str) -> str:
    """Text of a module."""
    if name == "constants.js":
        return constants_module()
    return (files("cascade.web") / "js" / name).read_text(encoding="utf-8")


def needed(name: str, before: tuple[str, ...] = ()) -> Iterator[str]:
    """A module after all that it imports; some come more than once.

    Raises
    ------
    ValueError
        When modules import each other in a circle: then none can come first.
    """
    if name in before:
        raise ValueError(f"modules in a circle: {', '.join((*before, name))}")
    for line in IMPORT.finditer(module(name)):
        yield from needed(line[2], (*before, name))
    yield name


def joined(name: str) -> str:
    """A module and all that it imports as one text, without comments: these are for readers of the package."""
    texts = (_EXPORT.sub("", IMPORT.sub("", module(part))) for part in dict.fromkeys(needed(name)))
    return "".join(bare(text) for text in texts)


def bare(text: str) -> str:
    """JavaScript or a style sheet without comments and indents, which only readers of the package need."""
    return _INDENT.sub("", _COMMENT.sub("", _LONG_COMMENT.sub("", text)))


def script(name: str) -> str:
    """A module and all that it imports as a script that leaves no names behind."""
    return f'(() => {{\n"use strict";\n{joined(name)}}})();\n'
