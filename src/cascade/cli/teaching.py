"""Commands for a lecture: the demo, and notebooks for a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade.catalog import load
from cascade.cli.app import app
from cascade.cli.keeping import Recipe, never_over_another
from cascade.cli.options import Cells, Force, Quiet, Seed, blaming, parse_cells, parse_seed, path_of
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
            metavar="FILE", parser=path_of, help="Also a page of sliders and moving cells, to mail to students."
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
) -> None:
    """Notebooks for a class, on this machine: one idea each, with sliders."""
    import importlib.util
    import secrets

    from cascade.cli import classroom

    if importlib.util.find_spec("marimo") is None:
        raise CascadeError("the notebooks need more: pip install 'metastatic-cascade[notebooks]'")
    folder, token = notebooks_folder(), secrets.token_urlsafe(16)
    classroom.check_port(port)
    classroom.warm()
    classroom.check_port(port)  # that took a while
    typer.echo(f"http://{classroom.HERE}:{port}/?access_token={token}  (end with Ctrl-C)")
    classroom.serve(folder, port, token, show=show)


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
