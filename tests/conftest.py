"""Settings of the whole suite: the same examples on every run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, max_examples=40, deadline=None, database=None)
settings.load_profile("fixed")

# Workers of the suite stand in each other's way where every one of them solves on all processors: before numpy comes.
for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# How wide the terminal is in which the tests are started shall change none of them.
os.environ.pop("COLUMNS", None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the cases of a test some, evenly spread, are fast, more are full: ``sampled(fast, full)``; the rest is slow.

    Without ``full`` all others are full.
    """
    cases: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            cases.setdefault((str(item.path), getattr(item, "originalname", item.name)), []).append(item)
    for group in cases.values():
        marker = group[0].get_closest_marker("sampled")
        assert marker is not None
        fast, full = (*marker.args, len(group))[:2]
        for number, item in enumerate(group):
            if number in _spread(fast, len(group)):
                continue
            item.add_marker(pytest.mark.full if number in _spread(full, len(group)) else pytest.mark.slow)


def _spread(kept: int, cases: int) -> set[int]:
    """So many numbers of cases, evenly spread from the first on."""
    return {round(k * (cases - 1) / max(1, kept - 1)) for k in range(min(kept, cases))}


BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No request shall leave the machine: what a browser asks for by itself is switched off.
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip


PATIENCE = 240_000
"""Milliseconds that a page is given for anything: a guard against hanging, also beside other tests on two cores."""


def _patient(make: Callable[..., Any]) -> Callable[..., Any]:
    """A page or context that is given time."""

    def made(*args: Any, **options: Any) -> Any:
        found = make(*args, **options)
        found.set_default_timeout(PATIENCE)
        return found

    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser, or a skip that says what is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install 'metastatic-cascade[browser]'")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=list(QUIET))
        for make in ("new_page", "new_context"):
            setattr(running, make, _patient(getattr(running, make)))
        yield running
        running.close()
