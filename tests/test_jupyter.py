"""Results and moving cells in a real JupyterLab, driven in a real browser."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from helpers.processes import serving

pytestmark = pytest.mark.full
pytest.importorskip("jupyterlab", reason="pip install 'metastatic-cascade[browser]'")
pytest.importorskip("anywidget", reason="pip install 'metastatic-cascade[notebooks]'")

CELLS = (
    "import cascade\nresult = cascade.simulate(cascade.load('textbook'), cells=1e5, seed=1, progress=True)\nresult",
    "cascade.moving_cells(result, range(100))",
    "cascade.compare(cascade.load('platelets'), cascade.load('platelets').with_(factors=()), cells=1e4, seed=1)",
    "print('counted', result.funnel().rows[0].passed)",
)


@pytest.fixture(scope="module")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001
    """Address of a notebook in JupyterLab, which runs on this machine alone."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"c{i}", "metadata": {}, "outputs": [], "source": text}
        for i, text in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "lesson.ipynb").write_text(json.dumps(book))
    homes = {name: str(folder) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}

    def command(port: int) -> list[str]:
        plain = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--ip=127.0.0.1", "--LabApp.news_url="]
        return [sys.executable, "-m", "jupyterlab", *plain, f"--port={port}", f"--ServerApp.root_dir={folder}"]

    with serving(command, homes) as address:
        yield f"{address}lab/tree/lesson.ipynb?reset"


def test_results_and_moving_cells_in_jupyter(browser: Any, lab: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 2000})
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    # Before that, what is run is lost.
    page.wait_for_selector("text=/\\| Idle$/", timeout=60_000)
    page.click("text=Run")
    page.click('text="Run All Cells"')
    page.wait_for_selector("text=/^counted \\d+/", timeout=120_000)
    page.wait_for_selector(".cascade-motion canvas", timeout=60_000)
    table = page.inner_text(".jp-OutputArea-output:has-text('The standard cascade') table >> nth=0")
    assert "colonization" in table, "a result is a table"
    assert page.locator("text=saved").count() > 0, "a comparison, too"
    motion = "document.querySelector('.cascade-motion').motion"
    before = page.evaluate(f"{motion}.counts()")
    page.click(".cascade-motion button:has-text('Play')")
    page.wait_for_function(f"(waiting) => {motion}.counts().waiting < waiting", arg=before["waiting"])
    page.evaluate(f"{motion}.finish()")
    end = page.evaluate(f"{motion}.counts()")
    dead = sum(sum(column.values()) for column in end["dead"])
    assert end["waiting"] + sum(end["alive"]) + dead == end["cells"] == 100
    assert {url.split("/")[2].partition(":")[0] for url in asked if "//" in url} <= {"127.0.0.1", ""}
    assert wrong == []
    page.close()
