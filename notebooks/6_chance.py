import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Chance")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # Ten patients have the very same tumour. Why do only some get metastases?

        Nothing differs between them: same hazards, same number of cells that set out. Set how many cells of a tumour set out.
        """
    )
    return


@app.cell
def _():
    cells_slider = mo.ui.slider(
        4.0, 7.0, step=0.25, value=6.0, label="Cells that set out, as a power of ten", show_value=True
    )
    cells_slider
    return (cells_slider,)


@app.cell
def _(cells_slider):
    cells = round(10**cells_slider.value)
    return (cells,)


@app.cell
def _(cells):
    tumour = cascade.load("textbook")
    patients = [
        int(cascade.simulate(tumour, cells=range(i * cells, (i + 1) * cells), seed=1890).funnel().rows[-1].passed)
        for i in range(10)
    ]
    return patients, tumour


@app.cell
def _(patients):
    import matplotlib.pyplot as plt

    from cascade.common.colours import ALIVE_COLOUR, GRID, QUIET

    drawing, all_axes = plt.subplots(2, 5, figsize=(8, 4.2), layout="constrained")
    for who, (axes, n) in enumerate(zip(all_axes.flat, patients, strict=True), start=1):
        axes.add_patch(plt.Circle((0, 1.25), 0.42, color=GRID))
        axes.add_patch(plt.Rectangle((-0.75, -1.3), 1.5, 2.0, color=GRID))
        # A dot for each metastasis, in rows; of more than 60 the first 60.
        drawn = min(n, 60)
        axes.scatter(
            [-0.6 + 0.24 * (k % 6) for k in range(drawn)],
            [0.5 - 0.19 * (k // 6) for k in range(drawn)],
            s=26,
            color=ALIVE_COLOUR,
        )
        axes.set_title(f"patient {who}: {n}", fontsize=10, color=ALIVE_COLOUR if n else QUIET)
        axes.set(xlim=(-1.2, 1.2), ylim=(-1.5, 1.8), aspect="equal")
        axes.axis("off")
    plt.close(drawing)
    drawing
    return (drawing,)


@app.cell
def _(cells, patients, tumour):
    import math

    expected = cells * cascade.exact(tumour).success
    none = math.exp(-expected)
    mo.md(f"""
    ## The number that surprises

    On average {expected:.3g} metastases are expected of {cells:,} cells. Of many such patients **{100 * none:.3g} %** would have none; of these ten
    {sum(n == 0 for n in patients)} have none. No hidden trait, no difference in the soil: only that each of many cells has a tiny chance. A difference between two
    patients proves nothing by itself.
    """)
    return expected, none


@app.cell
def _():
    seen_slider = mo.ui.slider(
        0, 12, step=1, value=3, label="Metastases of one patient (the other has 0)", show_value=True
    )
    exposure_slider = mo.ui.slider(
        0.1, 5.0, step=0.1, value=0.6, label="k: exposure is the more alike the larger k", show_value=True
    )
    mo.vstack([mo.md("## Two patients, and patients who differ"), seen_slider, exposure_slider])
    return exposure_slider, seen_slider


@app.cell
def _(expected, exposure_slider, none, seen_slider):
    from scipy.stats import beta

    seen, k = seen_slider.value, exposure_slider.value
    # Of all metastases of both, the share of one: Clopper and Pearson; odds of it are the ratio of risks.
    least = float(beta.ppf(0.025, seen, 1)) if seen else 0.0
    ratio = least / (1 - least)
    differing = (1 + expected / k) ** -k
    mo.md(f"""
    Against 0, {seen} metastases say with 95 % confidence that the risk of the one is at least **{ratio:.2g} times** that of the other
    ({"no difference is needed" if ratio < 1 else "chance alone will hardly do"}).

    If exposure differs between patients, **{100 * differing:.3g} %** have none, instead of {100 * none:.3g} %.
    """)
    return differing, ratio


@app.cell
def _():
    mo.md(
        """
        ## Things to try

        1. How many cells must set out for 19 of 20 patients to have at least one?
        2. Two patients with 0 and 3 metastases: does that prove that their tumours differ? From how many on would it?
        3. Now let exposure differ between patients, too: of m expected metastases a share (1 + m / k)^-k of patients has none
           instead of exp(-m). Is that share larger or smaller, and what becomes of it when k grows?

        *Sources.* `textbook` is illustrative. For founding by single cells and chance: Luria SE, Delbrück M. Genetics 1943;28:491-511. For research and
        teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
