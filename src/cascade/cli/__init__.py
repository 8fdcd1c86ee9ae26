"""The command line, the demo and the texts about a model."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """The command ``cascade``: see ``app``, which is loaded at first use."""
    from cascade.cli.app import main as run

    run(arguments)
