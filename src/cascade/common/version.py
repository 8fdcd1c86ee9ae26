"""Which version of the package this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """Version of the installed package."""
    try:
        return version("metastatic-cascade")
    except PackageNotFoundError:
        return "0+unknown"
