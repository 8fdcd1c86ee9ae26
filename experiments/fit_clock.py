"""Fits the share of founders that slept, and of which sleep, to published times of recurrence.

What is free, the targets, the loss and what is kept stand in ``clock.toml`` of the package; they were committed before
anything was fitted.  A recurrence t years after removal of the primary is read as a first division at t + offset years
after shedding, where offset is the lead of seeding before removal less the growth to detection.  Everything is then in
closed form: of founders that sleep a mean time m, exp(-t / m) divide later than t.  That patients differ, that each
recurs once, and that lesions grow unlike each other is left to models of patients.

Without ``--write`` the result is compared with the catalogue, and the script fails when they differ.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tomli_w
from scipy.optimize import brentq, minimize

from cascade import body
from cascade.answers.intervals import proportion
from cascade.body.clock import Clock, Target, clock
from cascade.common.files import write_atomically
from cascade.common.text import text_table

FITTED = Path(body.__file__).parent / "data" / "clock_fitted.toml"
POOLED = ("colon", "kidney", "lung", "stomach", "uterus")
"""Carcinomas with counts later than 5 years, which others borrow; rectum stands with colon."""

PAIRS = ((2.0, 15.0), (2.0, 30.0), (4.0, 15.0), (4.0, 30.0), (4.0, 60.0), (8.0, 30.0), (8.0, 60.0))
"""Mean years of the two kinds of sleep that are tried."""

DIGITS = 4


def founded(times: Clock, shares: Sequence[float], years: float, means: Sequence[float] | None = None) -> float:
    """Founders that have divided, by a time after removal, of all; ``shares`` are those of the kinds of sleep."""
    after = years - times.offset_years
    if after <= 0:
        return 0.0  # even cells that stayed awake have no lesion yet that can be seen
    used = [kind.mean_years for kind in times.sleep] if means is None else means
    return 1.0 - sum(share * np.exp(-after / mean) for share, mean in zip(shares, used, strict=True))


def later(times: Clock, shares: Sequence[float], years: float, until: float) -> float:
    """Share of the recurrences until a time that come later than another."""
    return 1.0 - founded(times, shares, years) / founded(times, shares, until)


def intervals(target: Target) -> np.ndarray:
    """Shares of recurrences between the edges, from annual hazards."""
    lengths = np.diff(target.edges)
    left = np.exp(-np.concatenate([[0.0], np.cumsum(lengths * np.array(target.hazards))]))
    return -np.diff(left) / (1.0 - left[-1])


def split_of(times: Clock, target: Target, means: Sequence[float] | None = None) -> tuple[np.ndarray, float]:
    """Shares of founders that sleep, by kind, and the deviance of the intervals per patient with a recurrence."""
    wanted = intervals(target)

    def loss(free: np.ndarray) -> float:
        shares = np.exp(free) / (1.0 + np.exp(free).sum())
        curve = np.array([founded(times, shares, edge, means) for edge in target.edges])
        model = np.diff(curve) / curve[-1]
        return 2.0 * float(np.sum(wanted * np.log(wanted / model)))

    best = minimize(loss, np.zeros(len(times.sleep)), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-15})
    return np.exp(best.x) / (1.0 + np.exp(best.x).sum()), float(best.fun)


def share_of(times: Clock, split: Sequence[float], late: float, years: float, until: float) -> float:
    """Share of founders that slept, at which a share of the recurrences comes later than a time."""

    def excess(share: float) -> float:
        return later(times, [share * part for part in split], years, until) - late

    return float(brentq(excess, 0.0, 1.0, xtol=1e-12)) if excess(1.0) > 0 else 1.0


def fitted(times: Clock) -> dict[str, object]:
    """What is written."""
    by_name = {name: target for target in times.targets for name in target.cancers}
    breast, _ = split_of(times, by_name["breast"])
    kinds = [kind.state for kind in times.sleep]
    split = breast / breast.sum()
    cancers: dict[str, dict[str, object]] = {
        "breast": {"dormant": round(float(breast.sum()), DIGITS), "source": list(by_name["breast"].source)}
    }
    for name, target in sorted(by_name.items()):
        if target.found is None:
            continue
        assert target.of is not None
        assert target.later_than is not None
        assert target.until is not None
        ends = proportion(target.found, target.of)
        best, low, high = (
            share_of(times, split, late, target.later_than, target.until) for late in (target.found / target.of, *ends)
        )
        cancers[name] = {
            "dormant": round(best, DIGITS), "low": round(low, DIGITS), "high": round(high, DIGITS),
            "source": list(target.source),
        }  # fmt: skip
    pooled = [by_name[name] for name in POOLED]

    def misfit(share: float) -> float:
        shares = [share * part for part in split]
        expected = sum(t.of * later(times, shares, t.later_than, t.until) for t in pooled)  # type: ignore[operator, arg-type]
        return expected - sum(t.found for t in pooled)  # type: ignore[misc]

    source = {
        "key": "clock fit",
        "citation": "Colleoni M, Sun Z, Price KN, et al. J Clin Oncol 2016;34:927-935, and counts of six other"
        " cancers; fitted by experiments/fit_clock.py",
        "grade": "B",
        "pmid": "26786933",
        "note": "Calibrated to late recurrences, never predicted; the grade is that of most counts.",
    }
    return {
        "split": {kind: round(float(part), DIGITS) for kind, part in zip(kinds, split, strict=True)},
        "borrowed": round(float(brentq(misfit, 0.0, 1.0)), DIGITS),
        "borrowed_from": list(POOLED),
        "cancers": dict(sorted(cancers.items())),
        "sources": [source],
    }


def kept_rows(times: Clock, made: Mapping[str, object]) -> list[list[str]]:
    """Figures that were not fitted, beside what follows."""
    split = list(made["split"].values())  # type: ignore[attr-defined]
    cancers: dict[str, dict[str, float]] = made["cancers"]  # type: ignore[assignment]

    def of(name: str) -> list[float]:
        return [cancers[name]["dormant"] * part for part in split]

    rows = [
        ["lung: later than 10 years (12 of 476)", 12 / 476, later(times, of("lung"), 10.0, 19.8)],
        ["uterus: later than 10 years (9 of 258)", 9 / 258, later(times, of("uterus"), 10.0, 32.2)],
        ["breast: later than 10 years (PG09)", 0.30, later(times, of("breast"), 10.0, 25.0)],
    ]
    rows += [
        [f"colon and rectum: within {year:g} years", seen, 1.0 - later(times, of("colon"), year, 14.4)]
        for year, seen in ((1.0, 0.275), (2.0, 0.575), (3.0, 0.746), (4.0, 0.855))
    ]
    return [[name, f"{seen:.3f}", f"{value:.3f}"] for name, seen, value in rows]


def main() -> int:
    """Run the experiment; 0 when the catalogue holds its result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the result into the package")
    options = parser.parse_args()
    times = clock()
    breast = next(target for target in times.targets if target.edges)
    print(f"a recurrence t years after removal: first division at t - {times.offset_years:.2f} years after shedding\n")
    made = fitted(times)
    shares, deviance = split_of(times, breast)
    curve = np.array([founded(times, shares, edge) for edge in breast.edges])
    print("breast: shares of recurrences by interval, published and model (fitted)")
    lines = [
        [f"{a:g} to {b:g} years", f"{seen:.3f}", f"{value:.3f}"]
        for a, b, seen, value in zip(
            breast.edges, breast.edges[1:], intervals(breast), np.diff(curve) / curve[-1], strict=False
        )
    ]
    print(text_table(["interval", "published", "model"], lines, left=(0,)))
    print("\nprofile: mean times of sleep, deviance per recurrence, shares of founders that sleep")
    for means in PAIRS:
        tried, value = split_of(times, breast, means)
        chosen = "   (used)" if value == deviance else ""
        print(f"  {means[0]:>2g} and {means[1]:>2g} years: {value:.4f}   {tried[0]:.2f}, {tried[1]:.2f}{chosen}")
    print("\nshare of founders that slept")
    for name, fit in made["cancers"].items():  # type: ignore[attr-defined]
        interval = f"{fit['low']:.3f} to {fit['high']:.3f}" if "low" in fit else "no counts"
        print(f"  {name:<10} {fit['dormant']:.3f}   {interval}")
    print(f"  others     {made['borrowed']:.3f}   borrowed from {', '.join(POOLED)}, pooled")
    print("\nkept for comparison")
    print(text_table(["figure", "published", "model"], kept_rows(times, made), left=(0,)))
    if options.write:
        heading = "# Written by experiments/fit_clock.py --write: do not edit.\n\n"
        write_atomically(FITTED, (heading + tomli_w.dumps(made)).encode())
        print(f"\nwritten: {FITTED.name}")
        return 0
    now = FITTED.read_text(encoding="utf-8").partition("\n\n")[2]
    same = now == tomli_w.dumps(made)
    print(f"\ncatalogue: {'the same' if same else 'DIFFERENT'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
