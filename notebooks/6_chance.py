import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Chance")

with app.setup:
    import marimo as mo

    import cascade
    from cascade.common.shares import percent


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
    sizes = [10_000, 20_000, 50_000, 100_000, 200_000, 300_000, 500_000, 700_000, 1_000_000,
             1_500_000, 2_000_000, 3_000_000, 5_000_000, 7_000_000, 10_000_000]  # fmt: skip
    cells_slider = mo.ui.slider(steps=sizes, value=1_000_000, label="Cells of each tumour that set out")
    cells_slider
    return cells_slider, sizes


@app.cell
def _(cells_slider):
    cells = cells_slider.value
    mo.md(f"**{cells:,} cells** of each tumour set out.")
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
def _(cells, patients):
    from matplotlib.patches import Circle, Rectangle

    from cascade.common.colours import ALIVE_COLOUR, GRID, QUIET
    from cascade.plot.style import Picture, sign

    picture = Picture(figsize=(6.4, 4.2), layout="constrained")
    for who, (axes, n) in enumerate(zip(picture.subplots(2, 5).flat, patients, strict=True), start=1):
        axes.add_patch(Circle((0, 1.25), 0.42, color=GRID))
        axes.add_patch(Rectangle((-0.75, -1.3), 1.5, 2.0, color=GRID))
        # A dot for each metastasis, in rows; of more than 60 the first 60.
        drawn = min(n, 60)
        axes.scatter(
            [-0.6 + 0.24 * (k % 6) for k in range(drawn)],
            [0.5 - 0.19 * (k // 6) for k in range(drawn)],
            s=22,
            color=ALIVE_COLOUR,
        )
        axes.set_title(f"patient {who}: {n}", fontsize=10, color=ALIVE_COLOUR if n else QUIET)
        axes.set(xlim=(-1.2, 1.2), ylim=(-1.5, 1.8), aspect="equal")
        axes.axis("off")
    with_some = sum(n > 0 for n in patients)
    picture.suptitle(f"{cells:,} cells each: {with_some} of 10 patients have metastases", x=0.02, ha="left", size=11)
    told = ", ".join(map(str, patients))
    sign(picture, "textbook", alt=f"Ten patients, {cells:,} cells each, a dot for each metastasis. They have {told}.")
    picture
    return (picture,)


@app.cell
def _(cells, patients, tumour):
    import math

    expected = cells * cascade.exact(tumour).success
    none = math.exp(-expected)
    mo.md(f"""
    ## The number that surprises

    On average {expected:.3g} metastases are expected of {cells:,} cells. Of many such patients **{percent(none)}** would have none; of these ten
    {sum(n == 0 for n in patients)} have none. No hidden trait, no difference in the soil: only that each of many cells has a tiny chance. A difference between two
    patients proves nothing by itself.
    """)
    return expected, math, none


@app.cell
def _():
    seen_slider = mo.ui.slider(
        0, 12, step=1, value=3, label="Metastases of one patient (the other has 0)", show_value=True
    )
    exposure_slider = mo.ui.slider(
        0.1, 5.0, step=0.1, value=0.6, label="k: patients are the more alike the larger k", show_value=True
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

    If exposure differs between patients, **{percent(differing)}** have none, instead of {percent(none)}.
    """)
    return beta, differing, k, ratio, seen


@app.cell
def _(beta, cells, differing, expected, math, none, ratio, seen, sizes):
    # Of two patients, one without: from how many metastases of the other on do the risks differ with 95 % confidence?
    seen_from = next(n for n in range(1, 13) if beta.ppf(0.025, n, 1) > 0.5)
    fewest = next(size for size in sizes if math.exp(-size * expected / cells) <= 0.05)
    solved = {
        1: cells == fewest,
        2: seen == seen_from,
        3: differing >= 2 * none,
    }
    said = {number: "**solved**" if done else "not solved yet" for number, done in solved.items()}
    mo.md(
        f"""
        ## Things to try

        1. How many cells must set out for 19 of 20 patients to have at least one metastasis? Find the first mark of the slider.
           (Now {percent(1 - none)} have at least one: {said[1]}.)
        2. Two patients with 0 and 3 metastases: does that prove that their tumours differ? From how many on would it?
           (Now at least {ratio:.2g} times the risk: {said[2]}.)
        3. Let exposure differ between patients until twice as many have none as by chance alone: of m expected metastases a share
           (1 + m / k)^-k has none instead of exp(-m). (Now {differing / none:.3g} times as many: {said[3]}.)
        """
    )
    return fewest, seen_from, solved


@app.cell
def _(cells, expected, fewest, math, none, seen_from):
    doubling = [step / 10 for step in range(1, 51) if (1 + expected / (step / 10)) ** -(step / 10) >= 2 * none]
    from_k = f"k of {max(doubling):g} or less" if doubling else "no k of the slider: more cells must set out"
    needed = -math.log(0.05) * cells / expected
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. -ln(0.05) = {-math.log(0.05):.3g} metastases must be expected: {needed:,.0f} cells. The first mark is {fewest:,}.
                2. No: with 0 and 3 the interval still holds "no difference". From {seen_from} on it does not.
                3. With {cells:,} cells: {from_k}. The share is always larger than exp(-m), and comes down to it as k grows.

                **15 minutes**

                - 0 to 4: ten volunteers stand for the patients; before the figure all say how many will have none.
                - 4 to 11: tasks 1 and 2 in pairs; quick ones do task 3.
                - 11 to 15: "she got metastases and he did not": which explanations are left, and how would one tell them apart?
                """
            )
        }
    )
    return (doubling,)


@app.cell
def _():
    mo.md(
        """
        *Sources.* `textbook` is illustrative. For founding by single cells and chance: Luria SE, Delbrück M. Genetics 1943;28:491-511. For research and
        teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
