"""Fits soil, the share of cells held in the first bed, and the exposure of patients to the autopsies.

Only blood-borne sites with a capillary bed are used, zeros included; organs that hold the
primary, that it reaches by other routes too, or whose counts are suspect are left out.
Everything here is calibrated; nothing speaks for the model.  Seeding by metastases
themselves is not modelled and confounds soil.

The share held is the one at which the model, averaged over the deviations, has the
portal-systemic contrast of the table; that of highest likelihood is reported beside it.
Without ``--write`` the result is compared with the catalogue, and the script fails when
they differ.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import tomli_w
from matplotlib.figure import Figure
from scipy.optimize import brentq

import _soil
import cascade
from _left_out import folds, widening
from cascade import body
from cascade.common.colours import GRID, INK, organ_mark
from cascade.common.files import write_atomically
from cascade.common.jsons import json_text
from cascade.common.text import text_table

K = 1.0
"""Heterogeneity between patients that the catalogue uses: P is then a logistic function of log lambda."""

CHI2_95 = 3.841 / 2
HOMING = np.geomspace(1 / 32, 32, 15)
SHARES = np.geomspace(0.02, 0.4, 9)
FITTED = Path(body.__file__).parent / "data" / "fitted.toml"


def contrast_at(data: _soil.Table, share: float, k: float) -> float:
    """Contrast of the fitted model, averaged over the deviations, at a share held."""
    return _soil.contrast(data, _soil.expected(data, _soil.fit(data, np.log(data.arrests(share)), k)))


def held_by_contrast(data: _soil.Table, k: float, wanted: float) -> tuple[float, _soil.SoilFit]:
    """Share held at which the fitted model has the wanted contrast, and the fit there."""
    share = brentq(lambda share: math.log(contrast_at(data, share, k) / wanted), 0.0, 0.9, xtol=1e-6)
    return share, _soil.fit(data, np.log(data.arrests(share)), k, errors=True)


def held_interval(data: _soil.Table, k: float, low: float, high: float) -> tuple[float, float]:
    """Shares held at which the model has the ends of an interval of the contrast (0 if none is so low)."""
    shares = np.linspace(0.0, 0.5, 26)
    curve = np.log([contrast_at(data, share, k) for share in shares])
    first, last = np.interp(np.log([low, high]), curve, shares)
    return float(first), float(last)


def likelihood_interval(data: _soil.Table, k: float) -> tuple[float, float, float]:
    """Share held of highest likelihood with its 95 % profile interval."""
    share, best = _soil.best_share(data, k)

    def excess(share: float) -> float:
        return best - _soil.fit(data, np.log(data.arrests(share)), k).log_likelihood - CHI2_95

    return share, *(brentq(excess, a, b, xtol=1e-3) for a, b in ((1e-4, share), (share, 0.9)))


def interval_of(logs: list[float], wanted: float) -> tuple[float, float]:
    """95 % interval of a contrast from logs of simulated ones, moved to the observed."""
    low, high = np.percentile(logs, [2.5, 97.5]) - np.mean(logs)
    return wanted * math.exp(low), wanted * math.exp(high)


def contrast_interval(data: _soil.Table, wanted: float, seed: int = 1) -> tuple[float, float]:
    """Bootstrap interval of the contrast of the table: patients drawn again in every cell."""
    random = np.random.default_rng(seed)
    drawn = [_soil.contrast(data, random.binomial(data.n, data.y / data.n)) for _ in range(4000)]
    return interval_of(np.log(drawn).tolist(), wanted)


def wider_interval(data: _soil.Table, found: _soil.SoilFit, wanted: float, seed: int = 2) -> tuple[float, float]:
    """The same, had other cancers of the same kind been autopsied: deviations drawn again, too."""
    random = np.random.default_rng(seed)
    drawn = [_soil.contrast(data, _soil.draw_counts(data, found, random)) for _ in range(4000)]
    return interval_of(np.log(drawn).tolist(), wanted)


def arrest_profile(organ: str, k: float) -> tuple[np.ndarray, np.ndarray]:
    """Log likelihood by the factor on arrest in one organ, everything else (the share held, too) fitted again."""
    ways = {name: _soil.entries(body.cancer(name)) for name in body.cancer_names() if body.cancer(name).autopsies}
    values = []
    for factor in HOMING:
        data = _soil.table(homing={organ: float(factor)}, ways=ways)
        fits = [_soil.fit(data, np.log(data.arrests(share)), k).log_likelihood for share in SHARES]
        values.append(max(fits))
    return HOMING, np.array(values)


def profile_text(organ: str, factors: np.ndarray, values: np.ndarray) -> str:
    """Interval of the factor on arrest as one line; its ends by interpolation between grid points."""
    drop = values - values.max() + CHI2_95
    at = np.log(factors)
    crossings = [
        math.exp(at[i] + (at[i + 1] - at[i]) * drop[i] / (drop[i] - drop[i + 1]))
        for i in range(len(at) - 1)
        if drop[i] * drop[i + 1] < 0
    ]
    low = "no lower end" if drop[0] > 0 else f"{crossings[0]:.2g}"
    high = f"no upper end up to {factors[-1]:g}" if drop[-1] > 0 else f"{crossings[-1]:.2g}"
    scaled = body.circulation("male").scaled(body.cell_classes(0.0)[1]).arrest
    best = factors[np.argmax(values)]
    return (
        f"  {organ}: best factor {best:.2g}, 95 % interval {low} to {high}; factor 1 means that a passing cell is held "
        f"with {scaled:.2g} per bed (the half-life is kept)"
    )


def efficiency() -> float:
    """Colonies per held cell in average soil, from the model itself."""
    model = body.cancer("colon").model(fit=body.Fit(share_held=0.0))
    rows = {row.organ: row for row in cascade.exact(model).organs()}
    return rows["liver"].colonies / rows["liver"].arrested


def as_fit(data: _soil.Table, share: float, found: _soil.SoilFit, k: float, wider: float) -> dict:
    """The fit in the form of the catalogue, rounded to four decimals."""
    base = efficiency()
    cancers = {}
    errors, shared = found.errors_by_row(data, wider)
    for i, name in enumerate(data.cancers):
        rows = np.flatnonzero(data.cancer == i)
        cancers[name] = {
            "log_cells": round(float(found.alpha[i]) - math.log(base), 4),
            "shared": round(float(shared[i]), 4),
            "deviation": {data.organs[data.organ[r]]: round(float(found.u[r]), 4) for r in rows},
            "errors": {data.organs[data.organ[r]]: round(float(errors[r]), 4) for r in rows},
        }
    beta = {organ: round(float(b), 4) for organ, b in zip(data.organs, found.beta, strict=True)}
    source = {
        "key": "soil fit",
        "citation": "diSibio G, French SW. Arch Pathol Lab Med 2008;132:931-939; fitted by experiments/fit_soil.py",
        "grade": "A",
        "doi": "10.5858/2008-132-931-MPOCRF",
        "note": "Calibrated to the counts of the autopsies, never predicted; the grade is that of the counts.",
    }
    plain = {"share_held": round(share, 4), "tau": round(found.tau, 4), "widening": wider} | (
        {} if math.isinf(k) else {"k": k}
    )
    return {**plain, "soil": beta, "cancers": cancers, "sources": [source]}


def estimate() -> dict:
    """What the catalogue should hold."""
    data = _soil.table()
    share, found = held_by_contrast(data, K, _soil.contrast(data, data.y))
    return as_fit(data, share, found, K, widening(folds(data, K), K))


def differences(made: dict, tolerance: float = 2e-3) -> list[str]:
    """Numbers of the catalogue that are not those of the fit."""
    known = body.fitted()
    pairs = [("share_held", made["share_held"], known.share_held), ("tau", made["tau"], known.tau)]
    pairs.append(("widening", made["widening"], known.widening))
    pairs += [(f"soil.{organ}", value, known.soil.get(organ)) for organ, value in made["soil"].items()]
    for name, cancer in made["cancers"].items():
        there = known.cancers.get(name)
        pairs.append((f"{name}.log_cells", cancer["log_cells"], there and there.log_cells))
        pairs.append((f"{name}.shared", cancer["shared"], there and there.shared))
        for organ, value in cancer["deviation"].items():
            pairs.append((f"{name}.{organ}", value, there and there.deviation.get(organ)))
        for organ, value in cancer["errors"].items():
            pairs.append((f"{name}.errors.{organ}", value, there and there.errors.get(organ)))
    return [name for name, value, other in pairs if other is None or abs(value - other) > tolerance]


def draw(data: _soil.Table, found: _soil.SoilFit, path: Path) -> None:
    """Soil of each organ with its interval, and the counts against the fit."""
    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    order = np.argsort(found.beta)
    errors = 1.96 * found.beta_errors()
    left.errorbar(found.beta[order], np.arange(len(order)), xerr=errors[order], fmt="o", color=INK, capsize=3)
    left.axvline(0, color=GRID, linewidth=1, zorder=0)
    names = [organ if (body.finding(organ).detection == 1.0) else f"{organ} (not identified)" for organ in data.organs]
    left.set_yticks(np.arange(len(order)), [names[i] for i in order])
    left.set_xlabel("log soil, against the average organ (95 % interval)")
    left.set_title("Soil: colonies per held cell", loc="left")
    model = _soil.expected(data, found) / data.n
    right.plot([5e-4, 0.8], [5e-4, 0.8], color=GRID, linewidth=1, zorder=0)
    seen = np.maximum(data.y, 0.5) / data.n
    for organ in ("liver", "lung", "bone", ""):
        look = organ_mark(organ or "elsewhere")
        chosen = np.array([data.organs[i] == organ if organ else data.organs[i] not in ("liver", "lung", "bone")
                           for i in data.organ])  # fmt: skip
        right.scatter(
            model[chosen], seen[chosen], s=16, color=look.colour, marker=look.mark, label=organ or "other organs"
        )
    right.set(xscale="log", yscale="log", xlabel="share of patients, flow x soil of the organ")
    right.set_ylabel("share of patients, autopsies (0 drawn as 1/2)")
    right.set_title("16 cancers, in sample", loc="left")
    right.legend(frameon=False)
    figure.savefig(path, dpi=130)


def main() -> int:
    """Run the experiment; 0 when the catalogue holds its result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="write the result into the catalogue")
    options = parser.parse_args()
    folder = options.out / "fit_soil"
    folder.mkdir(parents=True, exist_ok=True)

    data = _soil.table()
    wanted = _soil.contrast(data, data.y)
    low, high = contrast_interval(data, wanted)
    zeros = int((data.y == 0).sum())
    print(f"{len(data.y)} counts, {len(data.cancers)} cancers, {len(data.organs)} organs; {zeros} are 0")
    print(f"portal-systemic contrast of the table {wanted:.2f} (95 % bootstrap {low:.2f} to {high:.2f})\n")
    rows, report = [], {}
    for k in (math.inf, 1.0, 0.5):
        share, found = held_by_contrast(data, k, wanted)
        wide = wider_interval(data, found, wanted)
        ends = held_interval(data, k, *wide)
        likely = likelihood_interval(data, k)
        dispersion = _soil.pearson(data, _soil.fit(data, np.log(data.arrests(share)), k, tau=0.0))
        both = [
            f"{share:.3f}",
            f"{ends[0]:.3f} to {ends[1]:.3f}",
            f"{likely[0]:.3f}",
            f"{likely[1]:.3f} to {likely[2]:.3f}",
        ]
        rows.append([f"{k:g}", *both, f"{found.tau:.3f}", f"{dispersion:.2f}", f"{found.log_likelihood:.1f}"])
        report[f"{k:g}"] = {
            "share_held": share,
            "share_held_interval": ends,
            "contrast_interval_with_deviations": wide,
            "share_held_by_likelihood": likely,
            "tau": found.tau,
            "overdispersion": dispersion,
            "log_likelihood": found.log_likelihood,
        }
    header = ["k", "held", "95 %", "held by likelihood", "95 % (profile)", "tau", "overdispersion", "log L"]
    print(text_table(header, rows))
    wide = report["1"]["contrast_interval_with_deviations"]
    print(
        f"intervals of the share held by contrast count the deviations between cancers, too: with them the contrast "
        f"is known to {wide[0]:.2f} to {wide[1]:.2f} (k = 1)"
    )
    share, found = held_by_contrast(data, K, wanted)
    print(f"\narrest in the first beds (k = {K:g}), everything else fitted again:")
    profiles = {}
    for organ in ("lung", "liver"):
        factors, values = arrest_profile(organ, K)
        print(profile_text(organ, factors, values))
        profiles[organ] = {"factor": factors.tolist(), "log_likelihood": values.tolist()}
    print("  Arrest and soil of one organ are barely separable: only their product shows in most counts.")
    wider = widening(folds(data, K), K)
    print(f"\nleft-out counts want deviations {wider:g} times as spread as fitted: errors are those of wider ones")
    print("\nsoil (log, against the average organ), standard error")
    errors = found.beta_errors()
    for i in np.argsort(-found.beta):
        note = f"   ({body.finding(data.organs[i]).note})" if data.organs[i] == "brain" else ""
        print(f"  {data.organs[i]:<16} {found.beta[i]:+.2f} +- {errors[i]:.2f}{note}")
    blind = _soil.fit(_at(data, "brain", 1.0), np.log(data.arrests(share)), K)
    print(f"  brain, were every metastasis there found: {blind.beta[data.organs.index('brain')]:+.2f}")

    made = as_fit(data, share, found, K, wider)
    text = json_text({"contrast": [wanted, low, high], "by_k": report, "profiles": profiles, "fit": made})
    write_atomically(folder / "fit.json", text.encode())
    draw(data, found, folder / "soil.png")
    if options.write:
        heading = "# Written by experiments/fit_soil.py --write: do not edit.\n\n"
        write_atomically(FITTED, (heading + tomli_w.dumps(made)).encode())
        print(f"\nwritten: {FITTED.name}")
        return 0
    different = differences(made)
    print(f"\ncatalogue: {'the same' if not different else 'DIFFERENT: ' + ', '.join(different[:10])}")
    print(f"saved: {(folder / 'fit.json').resolve()}")
    return 1 if different else 0


def _at(data: _soil.Table, organ: str, detection: float) -> _soil.Table:
    """The table with another detection in one organ."""
    changed = np.where(data.organ == data.organs.index(organ), detection, data.detection)
    return _soil.replace(data, detection=changed)


if __name__ == "__main__":
    sys.exit(main())
