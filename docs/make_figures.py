"""Make the figures that README shows, from fixed seeds."""

from __future__ import annotations

import shutil
from pathlib import Path

import cascade

FOLDER = Path(__file__).parent / "figures"


def main() -> None:
    """Draw and save every figure."""
    textbook, luzzi = cascade.load("textbook"), cascade.load("b16f1-liver")
    result = cascade.simulate(textbook, cells=10**8, seed=1889)
    liver = cascade.simulate(luzzi, cells=10**7, seed=1998, until=312)
    depleted = textbook.with_(scale={"*.immune killing": 0.2})
    figures = {
        "funnel": cascade.plot.funnel(result),
        "waterfall": cascade.plot.waterfall(result),
        "occupancy": cascade.plot.occupancy(liver),
        "incidence": cascade.plot.incidence(result),
        "side-by-side": cascade.plot.funnel(
            result,
            cascade.exact(textbook),
            cascade.exact(depleted),
            labels=["simulated", "exact", "immune killing x 0.2"],
        ),
        "body": cascade.plot.body(cascade.exact(cascade.load("colon"))),
        "organs": cascade.plot.organs(cascade.simulate(cascade.load("breast"), cells=10**8, seed=1889)),
        "comparison": cascade.plot.comparison(
            cascade.compare(
                textbook, textbook.with_treatments(cascade.treatment("nk-depletion")), cells=2 * 10**7, seed=1889
            )
        ),
        "elasticities": cascade.plot.elasticities(cascade.exact(textbook), most=10),
        "own-counts": cascade.plot.funnel(
            cascade.Funnel.from_counts({"injected": 1000, "arrested": 870, "extravasated": 800, "grown": 0})
        ),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, figure in figures.items():
        cascade.plot.save(figure, FOLDER / f"{name}.png", dpi=110)


def stills() -> None:
    """Pictures of the page for students, in a real browser (extra ``browser``, and Chromium)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, model, shown, seconds, part in (
            ("page", "textbook", 3, 13, "body"),
            ("moving", "breast", 5, 17, "#motion"),
        ):
            path = cascade.simulate(cascade.load(model), cells=10**6, seed=1889).to_html(FOLDER / "page.html")
            # The page forbids what the wait below does: to evaluate text.
            page = browser.new_page(viewport={"width": 1280, "height": 1330}, bypass_csp=True)
            page.goto(f"file://{path.resolve()}")
            page.wait_for_selector("#progress[data-done=true]", timeout=120_000)
            page.locator("#motion select").last.select_option(index=shown)
            page.wait_for_function("!document.querySelector('.story').textContent.startsWith('Looking')")
            page.evaluate("(t) => { const m = cascade.page.motion; m.clock = t; m._draw(); m.next(); }", seconds)
            page.locator(part).screenshot(path=FOLDER / f"{name}.png")
            path.unlink()
        browser.close()


if __name__ == "__main__":
    main()
    stills()
