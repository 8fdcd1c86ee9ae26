import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Exact and simulated")

with app.setup:
    import math

    import marimo as mo

    import cascade
    from cascade.common.shares import estimate_of_share, percent


@app.cell
def _():
    mo.md(
        """
        # If the exact answer is known, why simulate? And what does an interval say?

        Choose how many cells to run, and another draw of luck: its seed. The exact answer is the same every time.
        """
    )
    return


@app.cell
def _():
    numbers = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000]
    number_slider = mo.ui.slider(steps=numbers, value=10_000, label="Cells of a run")
    seed_slider = mo.ui.slider(1, 40, step=1, value=1, label="Seed", show_value=True)
    mo.hstack([number_slider, seed_slider], justify="start", wrap=True)
    return number_slider, numbers, seed_slider


@app.cell
def _(number_slider, seed_slider):
    number, seed = int(number_slider.value), seed_slider.value
    return number, seed


@app.cell
def _(number, seed):
    standard = cascade.load("textbook")
    truth = cascade.exact(standard)
    run = cascade.simulate(standard, cells=number, seed=seed)
    return run, standard, truth


@app.cell
def _(number, run, seed, share, truth):
    third, last = run.funnel().rows[2], run.funnel().rows[-1]
    told = estimate_of_share(third.fraction_of_all, third.low, third.high)
    end = estimate_of_share(last.fraction_of_all, last.low, last.high)
    mo.md(
        f"**{number:,} cells, seed {seed}**: {told.value} came past intravasation (interval {told.interval}; exact {percent(share)}), and"
        f" {last.passed:,.0f} founded a macrometastasis (interval {end.interval}; exact {percent(truth.success)})."
    )
    return last, third, told


@app.cell
def _(number, standard, truth):
    share = truth.funnel(1.0).rows[2].passed
    intervals = []
    for other in range(1, 41):
        row = cascade.simulate(standard, cells=number, seed=other).funnel().rows[2]
        intervals.append((row.low, row.fraction_of_all, row.high))
    hits = sum(low <= share <= high for low, _, high in intervals)
    mo.md(f"""
    ## The number that surprises

    Of 40 runs of {number:,} cells, **{hits}** have a 95 % interval that holds the exact share of cells past intravasation. An interval is a
    promise about runs, not about this one. And where nothing was counted it does not say 0: it says *below {-math.log(0.05):.2g} in {number:,}*.
    """)
    return hits, intervals, share


@app.cell
def _(hits, intervals, number, seed, share):
    from cascade.common.colours import ALIVE_COLOUR, BAND, DEATH_COLOUR, INK
    from cascade.plot.style import Picture, sign

    picture = Picture(figsize=(7, 3.2), layout="constrained")
    axes = picture.subplots()
    if seed <= len(intervals):
        axes.axvspan(seed - 0.5, seed + 0.5, color=BAND, zorder=0)
    missing = [seed_of_run for seed_of_run, (low, _, high) in enumerate(intervals, start=1) if not low <= share <= high]
    for seed_of_run, (low, middle, high) in enumerate(intervals, start=1):
        colour, mark = (DEATH_COLOUR, "X") if seed_of_run in missing else (ALIVE_COLOUR, "o")
        axes.plot([seed_of_run, seed_of_run], [100 * low, 100 * high], color=colour, linewidth=2)
        axes.plot(seed_of_run, 100 * middle, mark, color=colour, markersize=7 if mark == "X" else 5)
    axes.axhline(100 * share, color=INK, linewidth=1)
    axes.set(
        xlim=(0.3, len(intervals) + 0.7),
        xlabel="seed of the run (yours is shaded): dots hold the exact share, crosses miss it",
    )
    axes.set_ylabel("% past intravasation")
    axes.set_title(f"{hits} of {len(intervals)} intervals hold the exact share (line)", loc="left", size=11)
    axes.spines[["top", "right"]].set_visible(False)
    crosses = f"those of seeds {', '.join(map(str, missing))} miss it" if missing else "none misses it"
    alt = (
        f"Intervals of {len(intervals)} runs of {number:,} cells about the share past intravasation, with a line at the exact"
        f" {percent(share)}: {hits} hold it, {crosses}."
    )
    sign(picture, "textbook", alt=alt)
    picture
    return missing, picture


@app.cell
def _(run, truth):
    table = mo.md(f"```text\n{run.funnel().table(beside=truth.funnel())}\n```")
    mo.vstack(
        [
            cascade.plot.funnel(truth, run, labels=["exact", "this run"]),
            mo.accordion({"The numbers as a table": table}),
            mo.md(f"""
        Simulation gives what an equation for averages cannot: single lives, the same cell under two treatments, cells that compete
        for the same killers. The exact answer gives what simulation gives only slowly: the last row, {percent(truth.success)}, without many
        millions of cells. Each tests the other.
        """),
        ]
    )
    return


@app.cell
def _(intervals, last, number, share, third, told):
    wide = sum(high - low for low, _, high in intervals) / len(intervals) / 2 / share
    solved = {
        1: wide <= 0.1,
        2: not third.low <= share <= third.high,
        3: number == 1_000_000 and last.passed == 0,
    }
    said = {number_of_task: "**solved**" if done else "not solved yet" for number_of_task, done in solved.items()}
    mo.md(
        f"""
        ## Things to try

        1. How many cells must a run have for the share past intravasation to be known to 10 %, up and down? (Now to {100 * wide:.2g} %: {said[1]}.)
        2. Find a seed whose interval misses the exact share. Is anything wrong with that run? (Now {told.interval}: {said[2]}.)
        3. Find a run of 1,000,000 cells in which none founded a macrometastasis. What may still be said? (Now {last.passed:,.0f} of {number:,} cells: {said[3]}.)
        """
    )
    return solved, wide


@app.cell
def _(missing, number, numbers, share, standard, truth):
    needed = 1.96**2 * (1 - share) / (0.1**2 * share)
    for_the_last = 1.96**2 / (0.1**2 * truth.success)
    first_mark = min(n for n in numbers if n >= needed)
    chance_of_none = (1 - truth.success) ** 1_000_000
    million_without = next(
        k for k in range(1, 41) if cascade.simulate(standard, cells=1_000_000, seed=k).funnel().rows[-1].passed == 0
    )
    seeds_that_miss = ", ".join(map(str, missing)) or "none"
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. (1.96 / 0.1)² (1 - p) / p = {needed:,.0f} cells: the mark {first_mark:,}. For the last row it would be {for_the_last:,.0f}: the exact answer
                   is there for that.
                2. With {number:,} cells, of seeds 1 to 40: {seeds_that_miss}. Nothing is wrong: about one interval in twenty misses, or fewer.
                3. Seed {million_without}, for one; the chance of none is {percent(chance_of_none)}. The interval is one-sided, as no share is below 0:
                   {estimate_of_share(0.0, 0.0, -math.log(0.05) / 1e6).interval}.

                With the same seed and twice as many cells the first half are the same cells: cell 17 is cell 17 in every run of its seed.

                **15 minutes**

                - 0 to 4: each takes a seed and reads out whether its interval holds the line; count on the board.
                - 4 to 11: tasks 1 and 2 in pairs; quick ones do task 3.
                - 11 to 15: if the exact answer is known, why simulate? Collect three reasons, then read the text.
                """
            )
        }
    )
    return first_mark, million_without


@app.cell
def _():
    mo.md(
        """
        *Sources.* Clopper CJ, Pearson ES. Biometrika 1934;26:404-413. Hanley JA, Lippman-Hand A. JAMA 1983;249:1743-1745. For research and teaching,
        never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
