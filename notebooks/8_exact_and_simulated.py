import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Exact and simulated")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # If the exact answer is known, why simulate? And what does an interval say?

        Choose how many cells to run, and another draw of luck. The exact answer is the same every time.
        """
    )
    return


@app.cell
def _():
    number_slider = mo.ui.slider(2.0, 6.0, step=0.25, value=4.0, label="Cells, as a power of ten", show_value=True)
    seed_slider = mo.ui.slider(1, 50, step=1, value=1, label="Seed", show_value=True)
    mo.hstack([number_slider, seed_slider], justify="start", wrap=True)
    return number_slider, seed_slider


@app.cell
def _(number_slider, seed_slider):
    number, seed = round(10**number_slider.value), seed_slider.value
    return number, seed


@app.cell
def _(number, seed):
    standard = cascade.load("textbook")
    truth = cascade.exact(standard)
    run = cascade.simulate(standard, cells=number, seed=seed)
    mo.md(f"```text\n{run.funnel().table(beside=truth.funnel())}\n```")
    return run, standard, truth


@app.cell
def _(number, standard, truth):
    import math

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
def _(intervals, share):
    import matplotlib.pyplot as plt

    from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, INK

    drawing, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    for run_number, (low, middle, high) in enumerate(intervals, start=1):
        holds = low <= share <= high
        colour, mark = (ALIVE_COLOUR, "o") if holds else (DEATH_COLOUR, "X")
        axes.plot([run_number, run_number], [100 * low, 100 * high], color=colour, linewidth=2)
        axes.plot(run_number, 100 * middle, mark, color=colour, markersize=5)
    axes.axhline(100 * share, color=INK, linewidth=1)
    axes.set(xlabel="run (seeds 1 to 40): dots hold the exact share, crosses miss it", ylabel="% past intravasation")
    axes.spines[["top", "right"]].set_visible(False)
    plt.close(drawing)
    drawing
    return (drawing,)


@app.cell
def _(truth):
    mo.md(
        f"""
        Simulation gives what an equation for averages cannot: single lives, the same cell under two treatments, cells that compete
        for the same killers. The exact answer gives what simulation gives only slowly: the last row, 1 in {1 / truth.success:,.0f}, without many
        millions of cells. Each tests the other.

        ## Things to try

        1. How many cells are needed for the last row to be known to 10 %?
        2. Why is the interval of a zero one-sided?
        3. Same seed, twice as many cells: which cells are the old ones?

        *Sources.* Clopper CJ, Pearson ES. Biometrika 1934;26:404-413. Hanley JA, Lippman-Hand A. JAMA 1983;249:1743-1745. For research and teaching,
        never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
