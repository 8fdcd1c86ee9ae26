"""Terms of the glossary in the pages of the guide: each is linked where a page first uses it.

python docs/terms.py            says what is not linked
python docs/terms.py --write    links it

Prose is what is left of a page without code, headings, links, names in bold, tags and directives.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent

REFERENCE = ("api.md", "model_file.md", "disease_file.md", "glossary.md")
"""Pages that are not read from the top: references to fields and functions, and the glossary itself."""

LATER: tuple[str, ...] = ()
"""Pages that are being written, if any: off this list when they are done, so that this script links them."""

NOT_LINKED = (
    "adjuvant", "apoptosis in foreign soil", "arm", "birth-and-death process", "breach", "circulation",
    "colonization", "detachment", "first bed", "first member", "Gompertz", "held and passing cells",
    "identifiability", "immune killing", "level", "likelihood", "log-normal", "move", "NK cell", "node", "phase",
    "primary", "regression", "role (of a figure)", "saved, lost (cell)", "saved, lost (patient)", "scorecard",
    "slow death", "starvation", "state", "subtype", "success", "trait", "unit",
)  # fmt: skip
"""Entries that are looked up and never linked of themselves: everyday words, and words of nearly every page."""

SAID_SO: dict[str, tuple[str, ...]] = {
    "exposure, relative": ("relative exposure",),
    "metastasis, named after its origin": ("named after its origin", "named after their origin"),
    "early and late dissemination": ("early dissemination", "late dissemination"),
    "seeding; secondary seeding": ("secondary seeding",),
    "decade (of a loss)": (),
    "seed (of a run)": (),
    "power (of a design)": (),
    "window (of time)": (),
    "step (of the funnel)": (),
    "odds (of a slider)": ("odds",),
    **dict.fromkeys(NOT_LINKED, ()),
}
"""Words for entries whose name is not said as it stands; none of a word that has an everyday meaning as well."""

HIDDEN = re.compile(
    r"\A---\n.*?\n---\n"  # settings of the page
    r"|^```.*?^```\s*?$"  # code, and directives with such a fence
    r"|^:{3,}.*?$|^\$\$.*?^\$\$|^ {4,}\S.*?$"
    r"|^#+ .*?$|^\|.*?$"  # headings, tables
    r"|^[a-z][^\n]*\n(?=-{3,}$)"
    r"|`{2}.*?`{2}|\{[a-z]+\}`[^`]*`|`[^`\n]*`"
    r"|!?\[(?:!\[[^\]]*\]\([^)]*\)|[^\]])*\]\([^)]*\)|\*\*.*?\*\*|<a .*?</a>|<[^>]*>",
    re.DOTALL | re.MULTILINE,
)


@cache
def entries() -> tuple[str, ...]:
    """The entries of the glossary."""
    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    return tuple(re.findall(r"^(\S.*)\n  \S", text, re.MULTILINE))


def forms(entry: str) -> tuple[str, ...]:
    """The words by which a text says an entry.

    Examples
    --------
    >>> forms("circulating tumour cell (CTC)"), forms("EMT, MET")
    (('circulating tumour cell', 'CTC'), ('EMT', 'MET'))
    """
    if entry in SAID_SO:
        return SAID_SO[entry]
    return tuple(part.strip() for part in re.split(r"[,;()]", entry) if part.strip())


@cache
def pattern(entry: str) -> re.Pattern[str]:
    """What finds an entry in a text, in the singular or plural."""
    words = []
    for form in forms(entry):
        plural = re.escape(form).replace(r"\ ", r"\s+")
        if form.isupper():  # "met" is no MET
            words.append(f"(?-i:{plural})")
            continue
        if plural.endswith("is"):
            plural = plural[:-2] + "[ie]s"
        elif plural.endswith("y"):
            plural = plural[:-1] + "(?:y|ies)"
        else:
            plural += "(?:s|es)?"
        words.append(plural)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])" if words else r"(?!)", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with all that is no prose blotted out, every letter at its place."""
    return HIDDEN.sub(lambda found: re.sub(r"[^\n]", "\0", found[0]), text)


def linked(text: str, entry: str) -> bool:
    """Whether a page links an entry."""
    return f"<{entry}>`" in text or f"{{term}}`{entry}`" in text


def with_links(text: str) -> tuple[str, list[str]]:
    """A page with every entry linked where it is first used, and what was not."""
    added = []
    for entry in sorted(entries(), key=lambda one: -max(map(len, forms(one)), default=0)):
        if linked(text, entry):
            continue
        found = pattern(entry).search(masked(text))
        if found:
            said = " ".join(text[found.start() : found.end()].split())
            role = f"{{term}}`{entry}`" if said == entry else f"{{term}}`{said} <{entry}>`"
            text = text[: found.start()] + role + text[found.end() :]
            added.append(entry)
    return text, added


def pages() -> list[Path]:
    """The pages whose first uses are linked."""
    return sorted(
        page
        for folder in ("", "howto", "tutorials")
        for page in (FOLDER / folder).glob("*.md")
        if page.name not in REFERENCE and str(page.relative_to(FOLDER)) not in LATER
    )


def main() -> int:
    """Say what is not linked, or link it."""
    asked = [Path(one).resolve() for one in sys.argv[1:] if one != "--write"]
    missing = 0
    for page in pages():
        if asked and page not in asked:
            continue
        text, added = with_links(page.read_text(encoding="utf-8"))
        missing += len(added)
        if added:
            sys.stdout.write(f"{page.relative_to(FOLDER)}: {', '.join(added)}\n")
        if added and "--write" in sys.argv:
            page.write_text(text, encoding="utf-8")
    return 0 if "--write" in sys.argv else min(missing, 1)


if __name__ == "__main__":
    sys.exit(main())
