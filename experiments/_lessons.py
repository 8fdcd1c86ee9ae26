"""How soon a lesson shows its film, and how many pictures a second it draws, for the benchmark; in a real browser."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import cascade
from cascade.lessons.page import write_lesson
from cascade.runs.taught import lesson

MODELS = ("textbook", "unlike-cells", "colon")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 5

# Time from the begin of the navigation to the first picture in which cells stand.
DRAWN = "() => globalThis.cascade?.lesson?.scenes[0].scene.stage.drawn > 0"


def lessons() -> list[tuple[str, float, float, str]]:
    """Seconds to the first picture, pictures a second while the film plays, and size; without a browser nothing."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        print("no browser, or no playwright: no times of lessons (pip install 'metastatic-cascade[browser]')")
        return []
    found = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for name in MODELS:
            file = write_lesson(lesson(cascade.load(name), treat=()), Path(folder) / f"{name}.html")
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(file.as_uri())
            page.wait_for_function(DRAWN, polling="raf")
            seconds = page.evaluate("performance.now()") / 1000
            before = page.evaluate("cascade.lesson.scenes[0].scene.stage.drawn")
            page.wait_for_timeout(1000 * SECONDS)
            frames = (page.evaluate("cascade.lesson.scenes[0].scene.stage.drawn") - before) / SECONDS
            found += [
                (f"lesson of {name}: seconds to the first picture", seconds, 1.0, "at most"),
                (f"lesson of {name}: pictures a second without a graphics card", frames, 30.0, "at least"),
                (f"lesson of {name}: kB", file.stat().st_size / 1000, 400.0, "at most"),
            ]
            page.close()
        browser.close()
    return found


if __name__ == "__main__":
    for row in lessons():
        print(*row)
