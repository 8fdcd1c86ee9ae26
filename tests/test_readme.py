"""README's Python examples run, here with fewer cells (as they stand: test_guide.py); its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cascade
from cascade.cli import main

README = Path(__file__).parent.parent / "README.md"


def test_the_python_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = README.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text.replace("10_000_000", "1_000_000"), re.DOTALL)
    assert len(blocks) >= 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)  # noqa: S102
    assert (tmp_path / "funnel.png").exists()


def test_every_command_shown_exists(capsys: pytest.CaptureFixture[str]) -> None:
    shown = set(re.findall(r"^cascade (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert {"models", "show", "run", "exact", "compare", "plot"} <= shown
    for name in shown:
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0
    capsys.readouterr()


def test_both_commands_are_marked() -> None:
    """The CI script takes them out of README by these marks."""
    text = README.read_text(encoding="utf-8")
    for n in (1, 2):
        assert re.search(rf"<!-- command {n}:.*?-->\n```sh\n[^\n]+\n```", text)


def test_the_patient_of_readme_has_the_story_that_is_told_of_the_picture() -> None:
    """Found by screening and taken out; a cell that was shed in the year before sleeps, and founds in the brain."""
    care = "surgery+hormone"
    course = cascade.cohort(cascade.disease("textbook"), patients=range(9477, 9478), seed=1889, care=care).patient(9477)
    told = course.clinical
    assert told is not None
    assert told.mode == "screening"
    assert told.surgery < course.years
    brain = [lesion for lesion in course.lesions if lesion.site == "brain"]
    assert any(told.surgery - 1.0 < lesion.shed < told.surgery < lesion.founded - 4.0 for lesion in brain)
    assert "sleeps in the brain for years" in README.read_text(encoding="utf-8")
