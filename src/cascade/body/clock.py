"""The clock of human cancers: how long cells that left the vessel wait for their first division, and how they sleep.

Of the cells that found (divide at all) a share slept before; of the sleepers some are *dormant* for years, others
*deeply dormant* for decades: a mixture of two exponential times, whose tail is heavier than either's.  The times, the
published recurrences, and what may be fitted to them stand in ``clock.toml``, what experiments/fit_clock.py found in
``clock_fitted.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, NamedTuple

from pydantic import Field

from cascade.common.files import packaged
from cascade.common.shares import percent
from cascade.common.text import HOURS_PER_DAY, HOURS_PER_YEAR
from cascade.model.base import FrozenMapping, Keys, Name, Part, Share, Source, Text

Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class Sleep(Part):
    """One kind of sleep: the state's name, its mean time, and the share of its sleepers that wake."""

    state: Name
    mean_years: Positive
    wakes: Annotated[float, Field(gt=0, le=1)]
    source: Keys = ()


class Reading(Part):
    """How a recurrence t years after removal is read: founded t + lead - doublings x doubling time after shedding."""

    doublings: Positive
    doublings_source: Keys = ()
    lead_years: Positive
    lead_source: Keys = ()


class Plan(Part):
    """What may be fitted, to what, by which loss, and what is kept for comparison: written before the fit."""

    free: Text
    targets: Text
    loss: Text
    kept: Text


class Target(Part):
    """Published recurrences: counts later than a time, or annual hazards between edges (years after removal).

    ``whom``: of which cancers and recurrences, where that is not all.
    """

    cancers: Annotated[tuple[Name, ...], Field(strict=False)]
    later_than: Positive | None = None
    until: Positive | None = None
    found: int | None = None
    of: int | None = None
    edges: Annotated[tuple[float, ...], Field(strict=False)] = ()
    hazards: Annotated[tuple[float, ...], Field(strict=False)] = ()
    whom: Text = ""
    source: Keys = ()


class SleepFit(Part):
    """Share of a cancer's founders that slept, with the 95 % interval that the counts alone leave."""

    dormant: Share
    low: Share | None = None
    high: Share | None = None
    source: Keys = ()


class ClockFit(Part):
    """What was fitted: the split between the kinds of sleep, and the share that slept, by cancer; others borrow."""

    split: FrozenMapping[Name, Share]
    borrowed: Share
    borrowed_from: Annotated[tuple[Name, ...], Field(strict=False)]
    cancers: FrozenMapping[Name, SleepFit]
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()


class Pace(NamedTuple):
    """The clock of one cancer, as its states need it.

    Attributes
    ----------
    stays : mapping of str to float
        Mean hours by name; of a kind of sleep in which nobody sleeps there is none.
    shares : mapping of str to float
        By name: of founders that stay awake, of founders that slept divided by the share of sleepers that wake, and
        that share.
    sources : mapping of str to tuple of str
        Keys of the sources of each stay.
    """

    stays: Mapping[str, float]
    shares: Mapping[str, float]
    sources: Mapping[str, tuple[str, ...]]


class Clock(Part):
    """Times of human cells after they have left the vessel, and how they sleep."""

    first_division_days: Positive
    first_division_source: Keys = ()
    doubling_days: Positive
    doubling_source: Keys = ()
    sleep: Annotated[tuple[Sleep, ...], Field(strict=False, min_length=1)]
    reading: Reading
    plan: Plan
    targets: Annotated[tuple[Target, ...], Field(strict=False)]
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    def pace(self, dormant: float, split: Mapping[str, float]) -> Pace:
        """Stays and shares where a share of the founders slept, split between the kinds of sleep.

        Parameters
        ----------
        dormant : float
        split : mapping of str to float
            By state; sums to 1.
        """
        stays = {
            "first division": self.first_division_days * HOURS_PER_DAY,
            "lesion": self.doubling_days * HOURS_PER_DAY,
        }
        sources = {"first division": self.first_division_source, "lesion": self.doubling_source}
        # In a node cells are held in check by the immune system as long as the shorter sleep lasts.
        stays["held in check"] = self.sleep[0].mean_years * HOURS_PER_YEAR
        sources["held in check"] = self.sleep[0].source
        shares = {"awake": 1.0 - dormant}
        for kind in self.sleep:
            if dormant * split[kind.state] > 0:
                stays[kind.state] = kind.mean_years * HOURS_PER_YEAR
                sources[kind.state] = kind.source
                shares[f"falls {kind.state}"] = dormant * split[kind.state] / kind.wakes
                shares[f"wakes from {kind.state}"] = kind.wakes
        return Pace(stays, shares, sources)

    @property
    def offset_years(self) -> float:
        """Years from a first division, counted from shedding, to its recurrence, counted from removal."""
        return self.reading.doublings * self.doubling_days * HOURS_PER_DAY / HOURS_PER_YEAR - self.reading.lead_years


@cache
def clock() -> Clock:
    """The clock of the package."""
    return Clock(**packaged("cascade.body", "data", "clock.toml"))


@cache
def clock_fit() -> ClockFit:
    """What was fitted to published recurrences."""
    return ClockFit(**packaged("cascade.body", "data", "clock_fitted.toml"))


def slept(name: str, own: float | None) -> float:
    """Share of a cancer's founders that slept: its own, the fitted, or the borrowed one."""
    if own is not None:
        return own
    fit = clock_fit()
    return fit.cancers[name].dormant if name in fit.cancers else fit.borrowed


def basis(name: str, own: float | None) -> tuple[str, ...]:
    """Keys of the recurrences that the share of sleepers of a cancer was fitted to; none where it was given."""
    if own is not None:
        return ()
    fit = clock_fit()
    lenders = (name,) if name in fit.cancers else fit.borrowed_from
    return tuple(key for cancer in lenders for key in fit.cancers[cancer].source)


def told(name: str, own: float | None) -> str:
    """What the clock of a cancer rests on, in words."""
    times, fit = clock(), clock_fit()
    share = slept(name, own)
    if own is not None:
        why = "given"
    elif name in fit.cancers:
        whom = next((target.whom for target in times.targets if name in target.cancers and target.whom), "")
        why = f"fitted to recurrences ({', '.join([*basis(name, own), *([whom] if whom else [])])}), given"
        why += f" a lesion's doubling of {times.doubling_days:g} days (of breast cancers), a lead of"
        why += f" {times.reading.lead_years:g} years and illustrative times of sleep"
    else:
        lenders = ", ".join(fit.borrowed_from)
        why = f"borrowed from counts of {lenders}, since none of late recurrences of this cancer were found"
    kinds = " or ".join(f"{kind.mean_years:g} years ({kind.state})" for kind in times.sleep)
    sleeping = f", on average {kinds}" if share > 0 else ""
    growth = (
        "That assumes narrow growth: with a wide spread slow lesions alone make late recurrences."
        if share > 0
        else "That assumes a wide spread of growth: late recurrences are slow lesions."
    )
    return (
        f"Clock: a cell that stays awake first divides after {times.first_division_days:g} days on average;"
        f" {percent(share)} of those that divide at all slept before{sleeping}: {why}. {growth}"
        " A colony is a lesion that will grow, not yet one that can be seen."
    )
