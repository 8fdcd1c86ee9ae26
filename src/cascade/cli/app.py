"""The command ``cascade``: its entry, and how it ends."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from cascade.cli.options import NOTICE
from cascade.common.columns import fitted, paragraphs, terminal_width
from cascade.common.errors import CascadeError, InputError
from cascade.common.notices import be_patient
from cascade.common.surroundings import blamed

app = typer.Typer(
    name="cascade",
    help=f"The metastatic cascade, cell by cell and exactly. {NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def main_options(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """The metastatic cascade, cell by cell and exactly."""
    if version:
        from cascade.common.version import package_version

        typer.echo(f"cascade {package_version()}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors of the input end with 2, never with a traceback."""
    be_patient(False)  # until an option says so
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a letter gets a question mark
    try:
        # The commands enter themselves as they are imported.
        from cascade.cli import (  # noqa: F401
            checking,
            commands,
            diseases,
            films,
            fitting,
            fitting_patients,
            lessons,
            lives,
            patients,
            scaling,
            scoring,
            shown,
            sweeps,
            teaching,
        )

        with fitted(terminal_width()):
            app(args=None if arguments is None else list(arguments), prog_name="cascade")
    except InputError as error:
        from cascade.cli.options import in_words_of_the_command

        _end(2, str(in_words_of_the_command(error, sys.argv[1:] if arguments is None else arguments)))
    except CascadeError as error:
        _end(2, str(error))
    except MemoryError:
        _end(1, "not enough memory for a run of this size")
    except Exception as error:
        if reason := blamed(error):
            _end(2, str(reason))
        if isinstance(error, OSError):
            where = f" {error.filename}" if error.filename else ""
            _end(1, f"the system refused{where} ({error.strerror or error})")
        raise
    except SystemExit as end:
        if end.code == 130:
            raise KeyboardInterrupt from None  # Typer has made an exit of it
        if end.code == 1 and "Pacify" in type(sys.stdout).__name__:
            sys.exit(0)  # the reader went away, as in `cascade models | head -1`
        raise


def _end(code: int, message: str) -> NoReturn:
    """Say why on stderr, and end."""
    with fitted(terminal_width(sys.stderr)):
        typer.echo(paragraphs(f"cascade: {message}"), err=True)
    sys.exit(code)
