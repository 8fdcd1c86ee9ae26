"""The slider of a page that moves the share that the first bed holds, against the model with that share."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade import body
from cascade.answers.kinds import KINDS
from cascade.common.shares import percent
from cascade.lowering.lower import lower
from cascade.web.held import held_of
from cascade.web.modules import joined
from cascade.web.page import payload

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")
ENGINE = joined("model.js")
CELLS = 5000
ASK = """(given) => given.shares.map((share) => {
  const model = new Model(given.data);
  model.hold(share);
  const { passed, kinds, lost } = model.exact();
  return { passed, kinds, lost, counted: model.simulate(0, given.cells) };
})"""


def asked(data: dict[str, Any], shares: list[float | None]) -> Any:
    """What the engine says in node with the slider at each of these shares."""
    given = json.dumps({"data": data, "shares": shares, "cells": CELLS})
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-"], input=f"{ENGINE}\nconsole.log(JSON.stringify(({ASK})({given})))",
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.sampled(2, 6)
@needs_node
@pytest.mark.parametrize("name", body.cancer_names())
def test_a_page_whose_slider_holds_a_share_is_that_of_the_cancer_with_this_share(name: str) -> None:
    cancer = body.cancer(name)
    data = payload(cancer.model(), seed=5)
    assert data["held"]["share"] == pytest.approx(body.fitted().share_held, rel=1e-12)
    shares = [None, 0.02, 0.3, 0.9]
    found = asked(data, shares)
    for share, one in zip(shares, found, strict=True):
        model = cancer.model() if share is None else cancer.with_(held=share).model()
        exact, counted = cascade.exact(model), cascade.simulate(model, cells=CELLS, seed=5)
        assert one["passed"] == pytest.approx([row.passed for row in exact.funnel(1.0)], rel=1e-9)
        assert one["kinds"] == pytest.approx(list(exact.kinds().values()), rel=1e-9)
        for lost, row in zip(one["lost"], exact.funnel(1.0), strict=True):
            assert {c: p for c, p in lost.items() if p} == pytest.approx(dict(row.lost), rel=1e-9)
        # The same cells, the same lives: a hazard multiplied in another order changes a last bit alone.
        assert one["counted"]["passed"] == [row.passed for row in counted.funnel()]
    assert found[1]["passed"] != pytest.approx(found[3]["passed"], rel=1e-6), "the slider does something"


@needs_node
def test_nobody_or_everybody_held_are_the_ends_of_the_slider() -> None:
    cancer = body.cancer("colon")
    for share, one in zip((0.0, 1.0), asked(payload(cancer.model(), seed=5), [0.0, 1.0]), strict=True):
        exact = cascade.exact(cancer.with_(held=share).model())
        assert one["passed"] == pytest.approx([row.passed for row in exact.funnel(1.0)], rel=1e-9)


def test_only_models_in_which_one_share_stands_in_the_ways_in_have_the_slider() -> None:
    colon = body.cancer("colon")
    model = colon.with_(held=0.25).model()
    found = held_of(model, lower(model))
    assert found is not None
    assert found.share == pytest.approx(0.25)
    treated = model.with_treatments(cascade.treatment("chemotherapy"))
    assert held_of(treated, lower(treated)) is not None
    start = next(s.name for s in model.states if s.name.endswith(", held"))
    without = {
        "the states of one class are left out": colon.with_(held=0.0).model(),
        "they all are held": colon.with_(held=1.0).model(),
        "cells start in the blood": model.injected(start),
        "another share by one of the ways": model.with_(scale={"thoracic duct.veins, held": 2.0}),
        "lives of those that make it": model.given("liver"),
        "no body": cascade.load("textbook"),
        "injected": body.injection("tail vein"),
    }
    for why, other in without.items():
        assert held_of(other, lower(other)) is None, why


def opened(browser: Any, model: cascade.Model, path: Path) -> Any:
    """The page of a run of few cells, with its answer uncovered."""
    page = browser.new_page()
    page.goto(f"{cascade.simulate(model, cells=10, seed=5).to_html(path).as_uri()}#film=shown")
    page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.length > 0")
    return page


def test_the_slider_of_the_page_moves_kinds_and_funnel_and_goes_back(browser: Any, tmp_path: Path) -> None:
    cancer = body.cancer("colon")
    page = opened(browser, cancer.model(), tmp_path / "colon.html")

    def kinds() -> list[float]:
        exact = page.evaluate("cascade.lesson.bench.model.exact().kinds")
        told = page.inner_text("#film .answer")
        for kind, share in zip(KINDS.values(), exact, strict=True):
            assert f"{kind} {percent(share)}" in told
        return list(exact)

    before = list(cascade.exact(cancer.model()).kinds().values())
    assert kinds() == pytest.approx(before, rel=1e-9)
    assert "By kind: distant metastasis" in page.inner_text("#film .answer"), "first what patients die of"
    held = page.get_by_role("slider", name="Held by the first bed")
    assert held.get_attribute("aria-valuetext") == "9.72 %"
    held.fill("6")
    assert held.get_attribute("aria-valuetext") == "30 %"
    wanted = cascade.exact(cancer.with_(held=0.3).model())
    assert kinds() == pytest.approx(list(wanted.kinds().values()), rel=1e-9)
    shares = [percent(row.fraction_of_all) for row in wanted.funnel()]
    assert page.eval_on_selector_all("#film .share", "all => all.map((e) => e.textContent)")[1:] == shares
    held.fill("1")
    assert held.get_attribute("aria-valuetext") == "9.72 %", "the share of the model is one of the positions"
    assert kinds() == pytest.approx(before, rel=1e-9)
    held.fill("6")
    page.get_by_role("button", name="All back").click()
    assert kinds() == pytest.approx(before, rel=1e-9)
    assert held.get_attribute("aria-valuetext") == "9.72 %"
    page.close()
    page = opened(browser, cascade.load("textbook"), tmp_path / "textbook.html")
    assert "By kind" not in page.inner_text("#film .answer")
    assert page.get_by_role("slider", name="Held by the first bed").count() == 0
    page.close()
