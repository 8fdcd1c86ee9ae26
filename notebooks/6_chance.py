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
    mo.ui.table([{"patient": i + 1, "metastases": n} for i, n in enumerate(patients)], selection=None)
    return patients, tumour


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
    mo.md(
        """
        ## Things to try

        1. How many cells must set out for 19 of 20 patients to have at least one?
        2. Two patients with 0 and 3: what difference in risk is compatible with that?
        3. Now let exposure differ between patients, too: of m expected metastases a share (1 + m / k)^-k of patients has none
           instead of exp(-m), with k as in `cascade.load("colon").exposure`. Which share is larger?

        *Sources.* `textbook` is illustrative. For founding by single cells and chance: Luria SE, Delbrück M. Genetics 1943;28:491-511. For research and
        teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
