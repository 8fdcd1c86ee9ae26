import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Clusters")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # Is a cluster of eight worth more than eight cells?

        Cells in company resist anoikis and immune killing, and may found colonies more easily. Set how much better a cluster
        of n cells founds: n to which power? 1 means: as n cells, each on its own.
        """
    )
    return


@app.cell
def _():
    power_slider = mo.ui.slider(0.0, 4.0, step=0.1, value=1.0, label="Power of size in founding", show_value=True)
    protected_box = mo.ui.checkbox(value=False, label="protected from anoikis and immune killing")
    mo.hstack([power_slider, protected_box], justify="start", wrap=True)
    return power_slider, protected_box


@app.cell
def _(power_slider, protected_box):
    power, protected = power_slider.value, protected_box.value
    return power, protected


@app.cell
def _(power, protected):
    clusters = cascade.load("clusters")
    effects = [{"hazard": "extravasated.metastasis", "power": power}]
    if protected:
        effects += [{"hazard": "*.anoikis", "power": -1.0}, {"hazard": "*.immune killing", "power": -0.5}]

    def foci(size):
        """Expected colonies of a unit of so many cells."""
        sizes = [{"size": size, "share": 1.0}, {"size": 2 if size == 1 else 1, "share": 0.0}]
        model = clusters.with_(clusters={**clusters.clusters.model_dump(), "sizes": sizes, "effects": effects})
        last = cascade.exact(model).sizes(size).rows[-1]
        return last.singles + last.clusters

    per_cell = {size: foci(size) / size / foci(1) for size in (1, 2, 4, 6, 8)}
    return foci, per_cell


@app.cell
def _(per_cell):
    import matplotlib.pyplot as plt

    from cascade.common.colours import ALIVE_COLOUR, QUIET

    drawing, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    names = [f"{size} together" if size > 1 else "alone" for size in per_cell]
    bars = axes.barh(names, list(per_cell.values()), color=ALIVE_COLOUR)
    axes.bar_label(bars, [f" {value:.2f}" for value in per_cell.values()])
    axes.axvline(1.0, color=QUIET, linestyle="--")
    axes.set(xlabel="colonies per cell, against a cell alone", xlim=(0, 1.15 * max(per_cell.values())))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    plt.close(drawing)
    drawing
    return (drawing,)


@app.cell
def _(foci, power):
    whole = foci(3) / foci(1)
    (counted,) = cascade.load("clusters").observations
    shed = cascade.load("clusters").clusters.sizes
    founded = {part.size: part.share * foci(part.size) for part in shed if part.share > 0}
    by_clusters = 1 - founded[1] / sum(founded.values())
    verdict = "fewer" if whole < counted.low else "more" if whole > counted.high else "as many as that"
    mo.md(f"""
    ## The number that surprises

    With power {power:g} a cluster of three founds **{whole:.1f} times** as many colonies as a single cell. In mice {counted.low:g} to {counted.high:g} times
    were counted per event in blood: {verdict}. That cells merely add up (power 1) falls far short of it: something about company must help more
    than in proportion. Of all colonies, clusters (which are few among the units that are shed) found **{100 * by_clusters:.2g} %**.
    """)
    return by_clusters, verdict, whole


@app.cell
def _():
    sample = cascade.simulate(
        cascade.load("clusters").with_(
            clusters={
                **cascade.load("clusters").clusters.model_dump(),
                "sizes": [{"size": 1, "share": 0.5}, {"size": 6, "share": 0.5}],
            }
        ),
        cells=2000,
        seed=4,
    )
    mo.vstack([mo.md("## Clusters that break, fragments that go on"), cascade.moving_cells(sample, range(60))])
    return (sample,)


@app.cell
def _():
    rare = 1 - next(part.share for part in cascade.load("clusters").clusters.sizes if part.size == 1)
    (published,) = cascade.load("clusters").observations
    mo.md(
        f"""
        ## Things to try

        1. Which power gives {published.value:g}, the middle of what was published?
        2. Clusters are rare: {100 * rare:.1f} % of the units that are shed. From which power on do they found half of all colonies?
        3. Would clusters that are caught sooner be counted more or less often in a blood sample?

        *Sources.* Aceto N and others. Cell 2014;158:1110-1122. Liotta LA and others. Cancer Res 1976;36:889-894. For research and teaching, never
        for decisions about a patient.
        """
    )
    return published, rare


if __name__ == "__main__":
    app.run()
