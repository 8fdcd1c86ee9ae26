"""Commands for a lecture: the demo, and notebooks for a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade.catalog import load
from cascade.cli.app import app
from cascade.cli.keeping import Recipe, never_over_another
from cascade.cli.options import NOTICE, Cells, Force, Quiet, Seed, blaming, parse_cells, parse_seed, path_of
from cascade.common.errors import CascadeError, InputError


@app.command()
def demo(
    cells: Cells = "1e8",
    seed: Seed = "1889",
    out: Annotated[Path, typer.Option(metavar="PATH", parser=path_of, help="The figure: .png, .svg or .pdf.")] = Path(
        "cascade-demo.png"
    ),
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=path_of, help="Also a lesson: one page of film and sliders, to mail to students."
        ),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """See it work: 10^8 cells, the exact answer, a figure."""
    from cascade import plot
    from cascade.cli.demonstration import demo as show_all
    from cascade.web.page import check_page

    with blaming("--out", "path"):
        plot.check_path(out)
    if html is not None:
        with blaming("--html", "path"):
            check_page(html)
    wanted = parse_cells(cells)
    if isinstance(wanted, range):
        raise InputError("--cells", cells, "a number for the demo")
    recipe = Recipe((load("textbook"),), parse_seed(seed) or 0, range(wanted), None)
    never_over_another("--out", out, out.is_file() and recipe.is_drawn(out), force)
    never_over_another("--html", html, html is not None and html.is_file() and recipe.is_shown(html), force)
    shown = show_all(cells=wanted, seed=recipe.seed or 0, path=out, html=html, progress=not quiet)
    typer.echo(str(shown))


@app.command()
def teach(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on this machine.")] = 2718,
    show: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=path_of, help="Write a folder of lessons for any web server instead; no server here."
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="With --out: this model or disease alone. Repeatable.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANGUAGE", help="With --out, such as en or de.")] = "en",
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Lessons and notebooks for a class, on this machine; or a folder of lessons (--out)."""
    import importlib.util
    import secrets

    from cascade.cli import classroom

    if out is not None:
        _write(out, lang, only or [], force=force, quiet=quiet)
        return
    if importlib.util.find_spec("marimo") is None:
        raise CascadeError("the notebooks need more: pip install 'metastatic-cascade[notebooks]'")
    folder, token = notebooks_folder(), secrets.token_urlsafe(16)
    classroom.check_port(port)
    classroom.warm()
    classroom.check_port(port)  # that took a while
    typer.echo(f"http://{classroom.HERE}:{port}/?access_token={token}  (end with Ctrl-C)")
    classroom.serve(folder, port, token, show=show)


def _write(folder: Path, lang: str, only: list[str], *, force: bool, quiet: bool) -> None:
    """Write the folder of a gallery, with a bar."""
    from tqdm.auto import tqdm

    from cascade.cli import galleries
    from cascade.lessons.words import words

    with blaming("--lang", "lang"):
        words(lang)
    cards = galleries.chosen(lang, only)
    index = folder / "index.html"
    if folder.exists() and not folder.is_dir():
        raise InputError("--out", str(folder), "a folder")
    ours = (
        index.is_file()
        and "<footer>" in (text := index.read_text(encoding="utf-8", errors="replace"))
        and ("cascade " in text.partition("<footer>")[2])
    )
    if folder.is_dir() and any(folder.iterdir()) and not ours and not force:
        raise InputError("--out", str(folder), "a folder that is empty or holds a gallery; or give --force")
    with tqdm(total=len(cards), unit=" lessons", disable=quiet or None, dynamic_ncols=True) as bar:
        written = galleries.write_gallery(folder, lang, only, lambda _: bar.update())
    typer.echo(f"saved: {index.resolve()} and {len(written) - 1} lessons")
    typer.echo(NOTICE)


def notebooks_folder() -> Path:
    """Where the notebooks lie: beside the sources of a checkout, or among the installed data."""
    import sysconfig

    places = (
        Path(__file__).parents[3] / "notebooks",
        Path(sysconfig.get_path("data")) / "share" / "cascade" / "notebooks",
    )
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise CascadeError("the notebooks are not installed with this package")
    return folder
