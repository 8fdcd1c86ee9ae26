import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The platelet cloak, and the same cell twice")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # Which of these cells would have died without the platelets?

        Platelets clump on cells in the blood and keep NK cells off. Change the platelet count and run *the very same cells*
        again: same draws, same luck, one thing changed.
        """
    )
    return


@app.cell
def _():
    count_slider = mo.ui.slider(
        -2, 1, step=0.1, value=-2.0, label="Platelet count against normal, as a power of ten", show_value=True
    )
    count_slider
    return (count_slider,)


@app.cell
def _(count_slider):
    platelets = 10**count_slider.value
    return (platelets,)


@app.cell
def _(platelets):
    normal = cascade.load("platelets")
    count = cascade.Treatment(
        name="another platelet count", effects=[{"hazard": "*.cloak: cloaked", "factor": platelets}]
    )
    altered = normal.with_treatments(count)
    pairs = cascade.compare(normal, altered, cells=60_000, seed=2, until=24 * 30)
    mo.vstack(
        [
            cascade.plot.comparison(pairs),
            mo.md(f"saved **{pairs.saved}**, lost **{pairs.lost}** of {pairs.cells:,} cells"),
        ]
    )
    return normal, pairs


@app.cell
def _(pairs):
    shown = (pairs.lost_cells or pairs.saved_cells)[:1]
    mo.vstack(
        [
            mo.md("## One cell, two lives"),
            mo.md(f"```text\n{pairs.replay(shown)[0] if shown else 'no cell changed its fate'}\n```"),
        ]
    )
    return (shown,)


@app.cell
def _(normal):
    alone = normal.with_(scale={"*.immune killing": 0.0})
    bare = cascade.Treatment(name="none", effects=[{"hazard": "*.cloak: cloaked", "factor": 0.0}])
    gain_with = cascade.exact(normal).success / cascade.exact(normal.with_treatments(bare)).success
    gain_without = cascade.exact(alone).success / cascade.exact(alone.with_treatments(bare)).success
    mo.md(f"""
    ## The number that surprises

    The cloak helps **{gain_with:.2f}-fold**, and without NK cells **{gain_without:.2f}-fold**: not at all. What it shields from is gone.
    Palumbo and others saw that in mice; the sizes here are illustrative.
    """)
    return gain_with, gain_without


@app.cell
def _():
    mo.md(
        """
        ## Things to try

        1. Why does a *lower* count never save a cell here? Would that hold if platelets also slowed extravasation?
        2. Ten times the platelets: who is saved?
        3. Which cells are lost depends on how the two runs share their draws; only the net difference is a property of the models. Why?

        *Sources.* Palumbo JS and others. Blood 2005;105:178-185 (mechanism, no sizes). For research and teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
