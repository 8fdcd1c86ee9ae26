"""How fast, how large: everything in one table, measured in this run, on this machine.

Rows: the floor (a bare loop of Philox blocks), this package on one thread and on two, the
best NumPy array code with the same outputs, counts only beside it, and an object per cell
in Mesa where that is installed.  Ratios are what can be compared between machines; absolute
figures are of this one.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
from numba import njit

import cascade
from _fits import fits
from _lessons import lessons
from _patients import patients
from cascade import body
from cascade.common.jsons import json_text
from cascade.kernel.streams import key_of, philox
from cascade.lowering.lower import lower
from cascade.web.modules import joined
from cascade.web.page import payload

SURVIVAL = [0.1, 0.5, 0.3, 0.02, 0.8, 0.83, 0.02]
STEPS = [f"step {i + 1}" for i in range(len(SURVIVAL))]
SHARES = {"cause 1": 0.4, "cause 2": 0.6}
MEAN_HOURS, UNTIL = 10.0, 1e4


def seven_steps() -> cascade.Model:
    """The seven-step cascade with two causes of death per step."""
    return cascade.Model.from_survival(
        dict(zip(STEPS, SURVIVAL, strict=True)), mean_hours=MEAN_HOURS, causes=dict.fromkeys(STEPS, SHARES)
    )


def with_frailties() -> cascade.Model:
    """The same with two log-normal frailties, on the first two steps."""
    names = ["step 1.step 2", "step 2.cause 1"]
    return seven_steps().with_(
        frailties=[{"name": n.replace(".", " "), "cv": 0.5, "hazards": [{"hazard": n}]} for n in names]
    )


def recirculation() -> cascade.Model:
    """About 100 states: blood with 20 exits; behind 19 of them bed, vein, arrest, tissue, dormancy; ten visits."""

    def state(name: str, stage: str, moves: dict[str, float], **deaths: float) -> dict[str, object]:
        return {
            "name": name,
            "stage": stage,
            "moves": [{"to": to, "hazard": hazard} for to, hazard in moves.items()],
            "deaths": [{"cause": cause, "hazard": hazard} for cause, hazard in deaths.items()],
        }

    beds = range(19)
    states = [
        state("blood", "circulation", {f"bed {i}": 3.0 * (1 + i % 4) for i in beds} | {"lymph": 1.0}, shear=1.5),
        state("lymph", "circulation", {"blood": 1.0}, anoikis=0.1),
    ]
    for i in beds:
        states += [
            state(f"bed {i}", "arrest", {f"vein {i}": 300.0, f"held {i}": 40.0}, deformation=95.0),
            state(f"vein {i}", "arrest", {"blood": 100.0}, anoikis=1.0),
            state(f"held {i}", "extravasation", {f"vein {i}": 0.5, f"tissue {i}": 0.2}, shear=0.1),
            state(f"tissue {i}", "colonization", {"tumour": 0.001, f"asleep {i}": 0.02}, apoptosis=0.1),
            state(f"asleep {i}", "colonization", {f"tissue {i}": 0.01}, starvation=0.01),
        ]
    states.append({"name": "tumour", "absorbing": True})
    stages = ["circulation", "arrest", "extravasation", "colonization"]
    return cascade.Model(name="recirculation", stages=stages, states=states)


def everything() -> cascade.Model:
    """The cloak of ``platelets``, the phenotype of ``emt``, two frailties, clusters of up to eight cells that break."""
    emt, platelets = cascade.load("emt"), cascade.load("platelets")
    clusters = {
        "sizes": [{"size": n, "share": share} for n, share in ((1, 0.7), (2, 0.1), (4, 0.1), (8, 0.1))],
        "effects": [{"hazard": "*.anoikis", "power": -1.0}, {"hazard": "*.immune killing", "power": -0.5}],
        "breaks": [
            {"state": "circulating", "hazard": 0.2},
            {"state": "in_bed", "hazard": 0.2, "on_entering": 0.05},
        ],
    }
    return emt.with_(
        name="everything",
        start={"states": [{"state": "circulating", "share": 0.9}, {"state": "primary", "share": 0.1}]},
        factors=[*platelets.factors, *emt.factors],
        sources=[*platelets.sources, *emt.sources],
        clusters=clusters,
        frailties=[
            {"name": "shear resistance", "cv": 0.5, "hazards": [{"hazard": "*.shear"}]},
            {"name": "immune visibility", "cv": 0.5, "hazards": [{"hazard": "*.immune killing"}]},
        ],
    )


def many_levels() -> cascade.Model:
    """Colon cancer with a cloak, a phenotype of three levels and a trait of nine: close to 7,000 states."""

    def factor(
        name: str, states: list[str], levels: int, hazard: float, pattern: str, effect: float
    ) -> dict[str, object]:
        names = [f"{name} {i}" for i in range(levels)]
        pairs = [*pairwise(names), *pairwise(names[::-1])]
        switches = [{"level": a, "to": b, "hazard": hazard} for a, b in pairs]
        effects = [{"level": names[-1], "hazard": pattern, "factor": effect}]
        return {"name": name, "levels": names, "states": states, "switches": switches, "effects": effects}

    blood = ["*, held", "*, passing", "*: arrested"]
    return cascade.load("colon").with_(
        factors=[
            factor("cloak", blood, 2, 1.0, "*.immune killing", 0.1),
            factor("phenotype", ["*"], 3, 0.01, "*: extravasated.*", 0.5),
            factor("trait", ["*"], 9, 0.01, "*.immune killing", 0.5),
        ]
    )


@njit(error_model="numpy")
def bare_loop(number, visit, purpose, k0, k1):
    """Philox blocks and nothing else."""
    total = np.uint64(0)
    for i in range(number):
        a, b, c, d = philox(np.uint64(i) & np.uint64(0xFFFFFFFF), np.uint64(i) >> np.uint64(32), visit, purpose, k0, k1)
        total ^= a ^ b ^ c ^ d
    return total


def array_code(cells: int, seed: int, full: bool, chunk: int = 16_384) -> tuple[int, int]:
    """The seven steps with NumPy, as fast as we can write it; visits and successes.

    One exponential and one uniform per visit; with ``full`` also event times, causes,
    histograms of time (16 bins per octave), ``until``, watched cells, furthest stage.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    first_cause = SHARES["cause 1"]
    bins = 48 * 16
    hist = np.zeros((len(SURVIVAL), 3 * bins), np.int64)
    counts = np.zeros((len(SURVIVAL), 3), np.int64)
    still = np.zeros(len(SURVIVAL), np.int64)
    watched: list[np.ndarray] = []
    visits = won = 0
    for first in range(0, cells, chunk):
        n = min(chunk, cells - first)
        number = np.arange(first, first + n)
        clock = np.zeros(n)
        for step, p in enumerate(SURVIVAL):
            n = len(number)
            visits += n
            u = rng.random(n)
            # One uniform chooses among the three ways out: moves on, cause 1, cause 2.
            way = (u >= p).view(np.int8) + (u >= p + (1 - p) * first_cause).view(np.int8)
            if full:
                clock += rng.standard_exponential(n) * MEAN_HOURS
                inside = clock <= UNTIL
                if not inside.all():
                    still[step] += n - inside.sum()
                    number, clock, way = number[inside], clock[inside], way[inside]
                bin_of = np.clip((clock.view(np.int64) >> 48) - (1023 - 20) * 16, 0, bins - 1)
                hist[step] += np.bincount(bin_of + way * np.int64(bins), minlength=3 * bins)
                alive = np.flatnonzero(way == 0)
                number, clock = number[alive], clock[alive]
            else:
                found = np.bincount(way, minlength=3)
                counts[step] += found
                number = number[: found[0]]
            if len(number) == 0:
                break
        else:
            won += len(number)
            if full:
                watched.append(number)
    return visits, won


def object_per_cell(cells: int, seed: int) -> int | None:
    """The seven steps with an agent per cell in Mesa; visits, or None where Mesa is absent."""
    try:
        import mesa
    except ImportError:
        return None

    class Cell(mesa.Agent):
        """One cell."""

        def __init__(self, model: mesa.Model) -> None:
            super().__init__(model)
            self.stage, self.time = 0, 0.0

        def step(self) -> None:
            """One visit: time, way out."""
            world = self.model
            world.visits += 1
            self.time += world.random.expovariate(1.0) * MEAN_HOURS
            u, p = world.random.random(), SURVIVAL[self.stage]
            if self.time > UNTIL or u >= p:
                first = u < p + (1 - p) * SHARES["cause 1"]
                cause = "still there" if self.time > UNTIL else "cause 1" if first else "cause 2"
                world.lost[self.stage, cause] = world.lost.get((self.stage, cause), 0) + 1
                self.remove()
                return
            self.stage += 1
            if self.stage == len(SURVIVAL):
                world.won.append(self.unique_id)
                self.remove()

    world = mesa.Model(rng=seed)
    world.visits, world.lost, world.won = 0, {}, []
    Cell.create_agents(world, cells)
    while len(world.agents):
        world.agents.do("step")
    return world.visits


def best_of(runs: int, work: Callable[[], object]) -> tuple[float, object]:
    """Shortest wall time of several runs, and what the last gave."""
    best, value = math.inf, None
    for _ in range(runs):
        begin = time.perf_counter()
        value = work()
        best = min(best, time.perf_counter() - begin)
    return best, value


def slider(name: str, runs: int) -> float | None:
    """Milliseconds that the page of a model takes to answer a slider, in node; None without node."""
    node = shutil.which("node")
    if node is None:
        return None
    data = json.dumps(payload(cascade.load(name), seed=1))
    code = (
        f"{joined('model.js')}\nconst m = new Model({data});\nlet best = Infinity;\n"
        f"for (let i = 0; i <= {runs}; i++) {{\n"
        "  const begin = performance.now();\n"
        "  m.scaleDeaths(1, 1 + i);\n"
        "  m.exact();\n"
        "  best = Math.min(best, performance.now() - begin);\n"
        "}\nconsole.log(best);"
    )
    command = [node, "--input-type=module", "-"]
    return float(subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout)


def derivatives(runs: int) -> list[tuple[str, float, float, str]]:
    """Elasticities of all cancers, and curves with derivatives: name, figure, figure to reach, its kind."""
    answers = [cascade.exact(cascade.load(name)) for name in body.cancer_names()]
    for answer in answers:
        answer.elasticities()  # lowered, and compiled
    seconds = best_of(runs, lambda: [answer.elasticities() for answer in answers])[0]
    targets = [(f"elasticities of {len(answers)} cancers, seconds", seconds, 0.1, "at most")]
    for name, most in (("b16f1-liver", 0.5), ("textbook", 8.0), ("colon", 8.0)):
        exact = cascade.exact(cascade.load(name))
        state, hazards = exact.lowered.states[1], [t.name for t in exact.lowered.transitions[:5]]
        for spread, times in (
            ("of one octave", (120.0, 140.0, 160.0, 180.0, 200.0)),
            ("", (1.0, 6.0, 24.0, 72.0, 240.0)),
        ):
            exact.gradient(state, hazards, times=times)
            seconds = best_of(runs, lambda e=exact, s=state, h=hazards, t=times: e.gradient(s, h, times=t))[0]  # type: ignore[misc]
            what = f"{name}: five times {spread} with five derivatives, milliseconds".replace("  ", " ")
            targets.append((what, 1e3 * seconds, most, "at most"))
    return targets


def those_that_make_it(runs: int) -> list[tuple[str, float, float, str]]:
    """100,000 cells that reach the goal, of every model of the catalogue; a rare chance among many cells."""
    slowest = {"alike": (0.0, ""), "unlike": (0.0, "")}
    for entry in cascade.models():
        model = cascade.load(entry.name)
        if model.clusters is not None and model.clusters.breaks:
            continue
        few = model.given(model.goals)
        cascade.simulate(few, cells=1000, seed=1)  # lowered, and compiled
        seconds = best_of(runs, lambda f=few: cascade.simulate(f, cells=100_000, seed=1))[0]  # type: ignore[misc]
        kind = "unlike" if model.frailties else "alike"
        slowest[kind] = max(slowest[kind], (seconds, entry.name))
    targets = [
        (f"100,000 cells that make it, {kind}: {name} is slowest, seconds", seconds, most, "at most")
        for (kind, (seconds, name)), most in zip(slowest.items(), (0.2, 1.0), strict=True)
    ]
    crowd: dict[str, object] = {
        "occupied_by": ["circulating", "in_bed", "arrested"],
        "hazards": ["*.immune killing"],
        "half": 3,
    }
    crowd["windows"] = range(0, 360, 24)
    rare = cascade.load("textbook").with_(capacity=crowd, scale={"micrometastasis.macrometastasis": 0.01})
    told = cascade.chance(rare, cells=10_000, seed=1)
    half = (told.high - told.low) / (2 * told.probability)
    seconds, _ = best_of(1, lambda: cascade.chance(rare, cells=10_000, seed=1))
    what = f"a chance of {told.probability:.1g} among 10,000 cells to {100 * half:.0f} %, seconds"
    return [*targets, (what, seconds, 10.0, "at most")]


def in_a_process(cells: float, threads: int, name: str = "") -> tuple[float, float, int]:
    """Wall seconds, peak MB and CPU count of one command that runs the seven steps, or a model by name."""
    script = (
        "import sys, time, resource; sys.path.insert(0, sys.argv[1])\n"
        "import benchmark, cascade\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(int(sys.argv[3])) as pool:\n"
        "    model, until = benchmark.seven_steps(), benchmark.UNTIL\n"
        "    if sys.argv[4]:\n"
        "        model, until = cascade.load(sys.argv[4]), None\n"
        "    cascade.simulate(model, cells=float(sys.argv[2]), seed=1, until=until, executor=pool)\n"
        # Where Linux tells the peak of this program alone: ru_maxrss begins with that of the program that started it.
        "from pathlib import Path\n"
        "status = Path('/proc/self/status')\n"
        "if status.exists():\n"
        "    print(int(status.read_text().split('VmHWM:')[1].split()[0]) / 1024)\n"
        "else:\n"
        "    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    print(peak / (1024 if sys.platform != 'darwin' else 1024**2))\n"
    )
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, str(Path(__file__).parent), str(cells), str(threads), name],
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - begin, float(done.stdout), os.cpu_count() or 1


def main() -> int:
    """Measure and print; exit code 1 when a figure to reach is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float, default=2e7, help="cells of the seven-step runs (default: %(default)g)")
    parser.add_argument(
        "--runs", type=int, default=5, help="runs of each row; the shortest counts (default: %(default)s)"
    )
    parser.add_argument(
        "--huge", type=float, default=1e9, help="cells of the memory check; 0 skips it (default: %(default)g)"
    )
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder (default: %(default)s)")
    options = parser.parse_args()
    cells, runs = int(options.cells), options.runs
    rows: list[dict[str, object]] = []

    def row(name: str, seconds: float, visits: float, number: float) -> dict[str, object]:
        found = {
            "row": name,
            "ns_per_visit": seconds / visits * 1e9,
            "visits_per_cell": visits / number,
            "cells_per_s": number / seconds,
        }
        rows.append(found)
        print(
            f"{name:58s} {found['ns_per_visit']:10.2f} {found['visits_per_cell']:10.3f} {found['cells_per_s']:16,.0f}",
            flush=True,
        )
        return found

    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, {versions}\n")
    print(f"{'':58s} {'ns/visit':>10s} {'visits/cell':>10s} {'cells/s':>16s}")
    k0, k1 = key_of(1)
    zero = np.uint64(0)
    bare_loop(1, zero, zero, k0, k1)
    draws = 50_000_000
    seconds, _ = best_of(runs, lambda: bare_loop(draws, zero, zero, k0, k1))
    floor = row("floor: one Philox draw of four words", seconds, draws, draws)

    ours = {}
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(2) as two:
        for name, model, size in (
            ("seven steps", seven_steps(), cells),
            ("seven steps, two frailties", with_frailties(), cells // 2),
            ("recirculation, 20 exits", recirculation(), cells // 20),
            ("colon cancer, whole body", cascade.load("colon"), cells // 2),
            ("cloak, phenotype, two frailties, clusters", everything(), cells // 20),
        ):
            cascade.simulate(model, cells=1000, seed=1, until=UNTIL)
            best, visits = {1: math.inf, 2: math.inf}, 0
            # In turn, so that a busy moment of the machine does not fall on one of them alone.
            for _ in range(runs):
                for threads, pool in ((1, one), (2, two)):
                    begin = time.perf_counter()
                    result = cascade.simulate(model, cells=size, seed=1, until=UNTIL, executor=pool)
                    best[threads] = min(best[threads], time.perf_counter() - begin)
                    visits = result.totals.visits
            for threads in (1, 2):
                label = f"cascade: {name}, {threads} thread{'s' if threads > 1 else ''}"
                ours[name, threads] = row(label, best[threads], visits, size)

    seconds, (visits, _) = best_of(runs, lambda: array_code(cells // 4, 1, full=True))
    arrays = row("NumPy arrays: seven steps, the same outputs", seconds, visits, cells // 4)
    seconds, (visits, _) = best_of(runs, lambda: array_code(cells // 4, 1, full=False))
    row("NumPy arrays: seven steps, counts only", seconds, visits, cells // 4)
    few = 20_000
    seconds, visits = best_of(2, lambda: object_per_cell(few, 1))
    mesa_row = None
    if visits is None:
        print("Mesa is not installed: no row (pip install 'metastatic-cascade[bench]')")
    else:
        mesa_row = row("Mesa: an object per cell, seven steps", seconds, visits, few)

    def ratio(a: dict[str, object], b: dict[str, object], key: str) -> float:
        return float(a[key]) / float(b[key])  # type: ignore[arg-type]

    one = ours["seven steps", 1]
    targets = [
        ("cells/s, one thread, against the array code", ratio(one, arrays, "cells_per_s"), 1.3, "at least"),
        ("ns per visit against the floor, up to four exits", ratio(one, floor, "ns_per_visit"), 6.0, "at most"),
        (
            "ns per visit against the floor, 20 exits",
            ratio(ours["recirculation, 20 exits", 1], floor, "ns_per_visit"),
            10.0,
            "at most",
        ),
        (
            "ns per visit of colon cancer against seven steps",
            ratio(ours["colon cancer, whole body", 1], one, "ns_per_visit"),
            2.5,
            "at most",
        ),
        (
            "ns per visit with cloak, phenotype, frailties and clusters",
            float(ours["cloak, phenotype, two frailties, clusters", 1]["ns_per_visit"]),  # type: ignore[arg-type]
            60.0,
            "at most",
        ),
        ("two threads against one", ratio(ours["seven steps", 2], one, "cells_per_s"), 1.7, "at least"),
        (
            "speed with two frailties against without",
            ratio(ours["seven steps, two frailties", 1], one, "cells_per_s"),
            0.25,
            "at least",
        ),
    ]
    exact = cascade.exact(cascade.load("colon"))
    times = [float(t) for t in np.geomspace(0.01, 20_000, 50)]
    for name, work in (
        ("funnel and organs", lambda: (cascade.exact(cascade.load("colon")).funnel(), exact.organs())),
        ("a curve of 50 times", lambda: exact.occupancy(times)),
    ):
        targets.append((f"exact answer for colon cancer, {name}, seconds", best_of(3, work)[0], 1.0, "at most"))
    large = many_levels()
    states = len(lower(large).base)
    solved = cascade.exact(large)
    for name, work, most in (
        ("funnel and organs", lambda: (cascade.exact(large).funnel(), solved.organs()), 1.0),
        ("a curve of 50 times", lambda: solved.occupancy(times), 10.0),
    ):
        targets.append((f"exact answer for colon cancer with factors, {states} states, {name}, seconds",
                        best_of(2, work)[0], most, "at most"))  # fmt: skip
    targets += derivatives(runs)
    targets += those_that_make_it(runs)
    targets += patients(runs, best_of)
    targets += fits(runs, best_of)
    targets += lessons()
    for name in ("textbook", "platelets", "colon"):
        milliseconds = slider(name, runs)
        if milliseconds is None:
            print("no node on this machine: no times of sliders")
            break
        targets.append((f"a slider on the page of {name}, milliseconds", milliseconds, 200.0, "at most"))
    if mesa_row is not None:
        targets.append(("cells/s, one thread, against Mesa", ratio(one, mesa_row, "cells_per_s"), 300.0, "at least"))
    if options.huge:
        small_s, small_mb, _ = in_a_process(1e7, 2)
        huge_s, huge_mb, _ = in_a_process(options.huge, 2)
        print(f"\none command, two threads: 1e7 cells in {small_s:.1f} s, {small_mb:.0f} MB at the peak;", end=" ")
        print(f"{options.huge:g} cells in {huge_s:.1f} s, {huge_mb:.0f} MB")
        targets.append((f"peak MB with {options.huge:g} cells", huge_mb, 400.0, "at most"))
        targets.append((f"peak with {options.huge:g} cells against 1e7", huge_mb / small_mb, 1.1, "at most"))
        few_s, few_mb, _ = in_a_process(options.huge / 100, 2, "colon")
        many_s, many_mb, _ = in_a_process(options.huge / 10, 2, "colon")
        print(f"colon cancer: {options.huge / 100:g} cells in {few_s:.1f} s, {few_mb:.0f} MB;", end=" ")
        print(f"{options.huge / 10:g} cells in {many_s:.1f} s, {many_mb:.0f} MB")
        targets.append(
            (f"colon: peak with {options.huge / 10:g} cells against a tenth", many_mb / few_mb, 1.1, "at most")
        )
    print()
    missed = 0
    for name, value, wanted, kind in targets:
        good = value >= wanted if kind == "at least" else value <= wanted
        missed += not good
        print(f"{'reached' if good else 'MISSED '}  {name}: {value:.2f} ({kind} {wanted:g})")
    options.out.mkdir(parents=True, exist_ok=True)
    table = {"machine": platform.platform(), "rows": rows, "targets": [[n, v, w, k] for n, v, w, k in targets]}
    (options.out / "benchmark.json").write_text(json_text(table))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
