"""The command line, the demo and the texts about a model."""

from cascade.cli.commands import main

__all__ = ["main"]
