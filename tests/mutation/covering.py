"""Which tests run which lines of a room, and how long each takes."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

KERNEL = ("cascade.kernel", "cascade.elimination", "cascade.engine.compiled")


class Watch:
    """A pytest plugin: the lines that each test runs, in the phases of its own.

    What a fixture of a module runs belongs to every test that asks for it; what functions
    remember is forgotten between tests, so that no line is credited to the first caller alone.
    """

    def __init__(self, room: Path) -> None:
        self.coverage = Coverage(data_file=None, source=[str(room)], config_file=False, branch=False)
        self.seconds: dict[str, float] = defaultdict(float)
        self.shared: dict[str, list[str]] = defaultdict(list)
        self.failed: list[str] = []
        self.now = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        _forget(item)
        for name, known in getattr(item, "_fixtureinfo").name2fixturedefs.items():  # noqa: B009
            if known[-1].scope == "module":
                self.shared[f"{item.path}::{name}"].append(item.nodeid)
        self._switch(item.nodeid)
        result = yield
        self._switch("")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: pytest.FixtureRequest) -> Iterator[None]:
        before = self.now
        if fixturedef.scope == "module":
            self._switch(f"{request.path}::{fixturedef.argname}")
        result = yield
        self._switch(before)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def _switch(self, context: str) -> None:
        self.now = context
        self.coverage.switch_context(context)

    def lines(self) -> dict[str, dict[int, list[str]]]:
        """Tests by file and line."""
        data = self.coverage.get_data()
        return {
            file: {
                line: sorted({test for name in contexts if name for test in self.shared.get(name, [name])})
                for line, contexts in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }


def _forget(item: pytest.Item) -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("cascade") and name not in KERNEL]
    for module in (getattr(item, "module", None), *modules):
        for value in list(vars(module).values()) if module else ():
            if hasattr(value, "cache_clear") and not getattr(module, "__name__", "").startswith(KERNEL):
                value.cache_clear()


def watch(arguments: list[str], room: Path, out: Path) -> int:
    """Run tests once and write what they run; the exit code of pytest."""
    plugin = Watch(room)
    plugin.coverage.start()
    code = pytest.main(arguments, plugins=[plugin])
    plugin.coverage.stop()
    out.write_text(json.dumps({"seconds": plugin.seconds, "lines": plugin.lines(), "failed": plugin.failed}))
    return int(code)
