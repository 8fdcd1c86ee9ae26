"""Two versions of the package timed in turn: nanoseconds per visit of the second over those of the first.

A pair starts a process for each source folder, lets both compile (or load what they compiled
before) and warm up, and then has them simulate the models of ``benchmark.py`` by turns, on one
thread.  What is timed is the processor time of the process, so that other work on the machine
matters little; that the turns alternate takes away the rest.  Both must make the same visits.

    python experiments/alternate.py OLD/src NEW/src --pairs 15

The models are made by the package that is installed (or on PYTHONPATH), and handed over as files.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmark import UNTIL, everything, recirculation, seven_steps, with_frailties

# In every turn so many; a pair takes TURNS turns of each version.
TURNS = 2
CELLS = {"seven_steps": 3_000_000, "with_frailties": 1_000_000, "recirculation": 200_000, "colon": 500_000,
         "everything": 300_000}  # fmt: skip

WORKER = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
import cascade
models = {name: cascade.load(path) for name, path in json.loads(sys.argv[1]).items()}
until = float(sys.argv[2])
pool = ThreadPoolExecutor(1)
for model in models.values():
    for cells in (1000, 50_000):
        cascade.simulate(model, cells=cells, seed=1, until=until, executor=pool)
print("ready", flush=True)
for line in sys.stdin:
    name, cells = line.split()
    begin = time.process_time()
    result = cascade.simulate(models[name], cells=int(cells), seed=1, until=until, executor=pool)
    print(time.process_time() - begin, result.totals.visits, flush=True)
"""


class Worker:
    """A process that times one of the two versions."""

    def __init__(self, source: Path, models: dict[str, str]) -> None:
        command = [sys.executable, "-c", WORKER, json.dumps(models), str(UNTIL)]
        env = {**os.environ, "PYTHONPATH": str(source)}
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self) -> str:
        """Its next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a process ended early: {self.process.wait()}")
        return line

    def time(self, name: str, cells: int) -> tuple[float, int]:
        """Nanoseconds per visit, and visits."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name} {cells}\n")
        self.process.stdin.flush()
        seconds, visits = self.answer().split()
        return 1e9 * float(seconds) / int(visits), int(visits)

    def end(self) -> None:
        """Let it end."""
        self.process.communicate()


def median_of(values: np.ndarray) -> tuple[float, float, float]:
    """Median, and the order statistics that enclose it with 95 % or more."""
    ordered, n = np.sort(values), len(values)
    below, total = 0, 1.0
    # The rank of the lower end: as large as the binomial distribution of half allows.
    while total <= 0.025 * 2.0**n:
        below += 1
        total += math.comb(n, below)
    low = max(below - 1, 0)
    return float(np.median(ordered)), float(ordered[low]), float(ordered[n - 1 - low])


def one_pair(sources: list[Path], models: dict[str, str], scale: float, first: int) -> list[list[float]]:
    """Nanoseconds per visit, model by model, of both versions; ``first`` begins."""
    workers = [Worker(source, models) for source in sources]
    for worker in workers:
        worker.answer()
    times = []
    for name in models:
        both = [0.0, 0.0]
        visits = [0, 0]
        # One, other, other, one: a machine that grows slower or faster then treats both alike.
        for turn in range(2 * TURNS):
            which = (first + (turn + 1) // 2) % 2
            ns, visits[which] = workers[which].time(name, int(CELLS[name] * scale))
            both[which] += ns / TURNS
        if visits[0] != visits[1]:
            raise SystemExit(f"{name}: {visits[0]} visits against {visits[1]}: these are not the same draws")
        times.append(both)
    for worker in workers:
        worker.end()
    return times


def main() -> int:
    """Time and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, help="source folder of the version to compare with")
    parser.add_argument("new", type=Path, help="source folder of the version in question")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--scale", type=float, default=1.0, help="times as many cells")
    parser.add_argument("--models", nargs="+", default=list(CELLS), choices=list(CELLS))
    parser.add_argument("--most", type=float, default=1.05, help="the upper end that is still good")
    options = parser.parse_args()
    sources = [options.old.resolve(), options.new.resolve()]
    made = {"seven_steps": seven_steps, "with_frailties": with_frailties, "recirculation": recirculation,
            "everything": everything}  # fmt: skip
    times = []
    with tempfile.TemporaryDirectory() as folder:
        models = {}
        for name in options.models:
            models[name] = name
            if name in made:
                path = Path(folder) / f"{name}.toml"
                made[name]().save(path)
                models[name] = str(path)
        for pair in range(options.pairs):
            times.append(one_pair(sources, models, options.scale, pair % 2))
            print(f"pair {pair + 1}:", *(f"{new / old:.3f}" for old, new in times[-1]), file=sys.stderr, flush=True)
    ns = np.array(times)
    ratios = ns[:, :, 1] / ns[:, :, 0]
    slow = 0
    print(f"{'':16}{'old ns':>8}{'new ns':>8}{'ratio':>8}   95 %")
    for m, name in enumerate(models):
        middle, low, high = median_of(ratios[:, m])
        slow += high > options.most
        old, new = np.median(ns[:, m], axis=0)
        print(f"{name:16}{old:8.2f}{new:8.2f}{middle:8.3f}   {low:.3f} to {high:.3f}")
    # The models of a pair share its moment: one value a pair.
    middle, low, high = median_of(np.exp(np.log(ratios).mean(axis=1)))
    print(f"{'all together':16}{'':16}{middle:8.3f}   {low:.3f} to {high:.3f}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
