"""Every page of the guide, and README, is a script that runs; where there is a pool, however processes are started."""

from __future__ import annotations

import re
import subprocess
import sys
from multiprocessing import get_all_start_methods
from pathlib import Path

import pytest

import cascade
from helpers.processes import started

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *(page for folder in ("", "howto", "tutorials") for page in sorted((ROOT / "docs" / folder).glob("*.md"))),
]
METHODS = [method for method in ("spawn", "forkserver") if method in get_all_start_methods()]
GUARD = 'if __name__ == "__main__":'
# Fewer cells: what is tried here is whether a page runs.
FEWER = {"10**9": "10**6", "10**8": "10**5", "123_456_789": "123_456"}


def code_of(page: Path) -> str:
    """The Python of a page, in order; options of a cell left out."""
    blocks = re.findall(
        r"^```(?:python|\{code-cell\}.*?)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    code = "\n".join(re.sub(r"^(:.*|%.*)$", "", block, flags=re.MULTILINE) for block in blocks)
    for many, few in FEWER.items():
        code = code.replace(many, few)
    return code


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


SCRIPTS = [page for page in PAGES if code_of(page)]
TRIED = [(page, method) for page in SCRIPTS for method in (METHODS if "Pool" in code_of(page) else METHODS[:1])]


def run(code: str, method: str, folder: Path) -> tuple[int, str]:
    """Exit code and stderr of a script whose processes are started in a certain way."""
    script = folder / "page.py"
    chosen = f"import multiprocessing\nif __name__ == '__main__':\n    multiprocessing.set_start_method({method!r})\n"
    script.write_text(chosen + code, encoding="utf-8")
    # The pages write into the folder that they are run in.
    moved = "import os, sys; os.chdir(sys.argv[1]); os.execv(sys.executable, [sys.executable, 'page.py'])"
    with started([sys.executable, "-c", moved, str(folder)]) as process:
        try:
            _, err = process.communicate(timeout=300)  # a guard against hanging
        except subprocess.TimeoutExpired:
            return -1, "it hangs"
        return process.returncode, err


def test_what_the_guide_says_is_not_there_is_not() -> None:
    """Cells in the blood of patients at diagnosis are data, of which the page tells before."""
    *_, last = (ROOT / "docs" / "howto" / "fit.md").read_text(encoding="utf-8").partition("What is not there yet: ")
    table = {heading: [3] for heading in re.findall(r"more than .* \(`(\w+)`\)", last)}
    assert [row.tube for row in cascade.Data.patients(table).rows] == [3]


@pytest.mark.sampled(0, 4)
@pytest.mark.parametrize(("page", "method"), TRIED, ids=[f"{name_of(page)}-{method}" for page, method in TRIED])
def test_a_page_runs_as_a_script(page: Path, method: str, tmp_path: Path) -> None:
    code, err = run(code_of(page), method, tmp_path)
    assert code == 0, err


def test_every_page_that_starts_processes_has_a_main_guard_before_any_work() -> None:
    """Else each process would do the work of the first once more, and start others."""
    with_pools = [page for page in SCRIPTS if "ProcessPool" in code_of(page)]
    assert with_pools
    for page in with_pools:
        before = code_of(page).partition(GUARD)[0]
        assert before != code_of(page), page
        assert not re.search("simulate|exact|compare|Pool\\(", before), page


@pytest.mark.full
@pytest.mark.parametrize("method", METHODS)
def test_without_the_guard_the_error_says_what_is_missing(method: str, tmp_path: Path) -> None:
    page = next(page for page in SCRIPTS if "ProcessPool" in code_of(page))
    code, err = run(code_of(page).replace(GUARD, "if True:"), method, tmp_path)
    assert code == 1
    assert "InputError: executor = " in err
    assert GUARD in err
