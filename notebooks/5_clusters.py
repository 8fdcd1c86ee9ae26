import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Clusters")

with app.setup:
    from bisect import bisect_left
    from functools import cache

    import marimo as mo

    import cascade
    from cascade.common.shares import percent


@app.cell
def _():
    mo.md(
        """
        # Is a cluster of eight worth more than eight cells?

        Cells in company resist anoikis and immune killing, and may found colonies more easily. Set how much better a cluster
        of n cells founds: n to which power? With power 1 it founds n times as
        readily as a cell, as n cells do, each on its own; with power 2 it founds n x n times as readily.
        """
    )
    return


@app.cell
def _():
    power_slider = mo.ui.slider(
        0.0, 4.0, step=0.1, value=1.0, label="A cluster of n cells founds × n to the power", show_value=True
    )
    company_choice = mo.ui.dropdown(
        {"does not protect": False, "protects from anoikis and immune killing": True},
        value="does not protect",
        label="Company on the way",
    )
    mo.hstack([power_slider, company_choice], justify="start", wrap=True)
    return company_choice, power_slider


@app.cell
def _(company_choice, power_slider):
    power, protected = power_slider.value, company_choice.value
    return power, protected


@app.cell
def _():
    clusters = cascade.load("clusters")

    @cache
    def foci(size, exponent, safe):
        """Expected colonies of a unit of so many cells."""
        effects = [{"hazard": "extravasated.metastasis", "power": exponent}]
        if safe:
            effects += [{"hazard": "*.anoikis", "power": -1.0}, {"hazard": "*.immune killing", "power": -0.5}]
        sizes = [{"size": size, "share": 1.0}, {"size": 2 if size == 1 else 1, "share": 0.0}]
        model = clusters.with_(clusters={**clusters.clusters.model_dump(), "sizes": sizes, "effects": effects})
        last = cascade.exact(model).sizes(size).rows[-1]
        return last.singles + last.clusters

    def found_by_clusters(exponent, safe):
        """Of all colonies, the share that clusters found, shed as the model sheds them."""
        founded = {part.size: part.share * foci(part.size, exponent, safe) for part in clusters.clusters.sizes}
        return 1 - founded[1] / sum(founded.values())

    return clusters, foci, found_by_clusters


@app.cell
def _(foci, found_by_clusters, power, protected):
    per_cell = {size: foci(size, power, protected) / size / foci(1, power, protected) for size in (1, 2, 4, 6, 8)}
    whole = foci(3, power, protected) / foci(1, power, protected)
    by_clusters = found_by_clusters(power, protected)
    mo.md(
        f"**Power {power:g}{', protected' if protected else ''}**: a cluster of 3 that comes whole founds × {3**power:.3g} as readily as a cell,"
        f" one of 8 × {8**power:.3g}. With all that happens on the way, a cluster of eight is worth **{8 * per_cell[8]:.3g} cells**."
    )
    return by_clusters, per_cell, whole


@app.cell
def _(per_cell):
    from cascade.common.colours import ALIVE_COLOUR, ALIVE_PALE, INK
    from cascade.plot.style import Picture, sign

    picture = Picture(figsize=(6, 2.9), layout="constrained")
    axes = picture.subplots()
    names = [f"{size} together" if size > 1 else "alone" for size in per_cell]
    shades = [ALIVE_COLOUR if size == 8 else ALIVE_PALE for size in per_cell]
    bars = axes.barh(names, list(per_cell.values()), color=shades)
    axes.bar_label(bars, [f" × {value:.2f}" for value in per_cell.values()], padding=6)
    axes.axvline(1.0, color=INK, linestyle="--", linewidth=1)
    axes.set(xlabel="colonies per cell, against a cell alone (× 1, dashed)", xlim=(0, 1.2 * max(per_cell.values())))
    verdict_of_eight = "as much as" if abs(per_cell[8] - 1) < 0.02 else "more than" if per_cell[8] > 1 else "less than"
    axes.set_title(f"A cluster of eight is worth {verdict_of_eight} eight cells", loc="left")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    told = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, per_cell.values(), strict=True))
    sign(picture, "clusters", alt=f"Bars: colonies per cell, against a cell alone. {told}.")
    picture
    return (picture,)


@app.cell
def _(by_clusters, clusters, power, whole):
    (published,) = clusters.observations
    verdict = "fewer" if whole < published.low else "more" if whole > published.high else "as many as that"
    rare = 1 - next(part.share for part in clusters.clusters.sizes if part.size == 1)
    mo.md(f"""
    ## The number that surprises

    With power {power:g} a cluster of three founds **{whole:.1f} times** as many colonies as a single cell. In mice {published.low:g} to {published.high:g} times
    were counted per event in blood: {verdict}. That cells merely add up (power 1) falls far short of it: something about company must help more
    than in proportion. Of all colonies, clusters (**{percent(rare)}** of the units that are shed) found **{percent(by_clusters)}**.
    """)
    return published, rare, verdict


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
def _(by_clusters, found_by_clusters, per_cell, power, protected, published, rare, whole):
    by_clusters_before = found_by_clusters(max(0.0, round(power - 0.1, 1)), protected)
    solved = {
        1: published.low <= whole <= published.high,
        2: by_clusters >= 0.5 > by_clusters_before,
        3: power <= 1 and per_cell[8] > 1.02,
    }
    said = {number: "**solved**" if done else "not solved yet" for number, done in solved.items()}
    mo.md(
        f"""
        ## Things to try

        1. Let a cluster of three found as many times as many colonies as in mice, {published.low:g} to {published.high:g}; the middle is {published.value:g}. Which powers do?
           (Now {whole:.3g} times: {said[1]}.)
        2. Clusters are rare: {percent(rare)} of the units that are shed. From which mark of the slider on do they found half of all
           colonies? (Now {percent(by_clusters)}, a mark lower {percent(by_clusters_before)}: {said[2]}.)
        3. Let a cluster of eight be worth more than eight cells although it does not found more readily than eight cells do: power
           1 at most. (Now worth {8 * per_cell[8]:.3g} cells: {said[3]}.)
        """
    )
    return (solved,)


@app.cell
def _(foci, found_by_clusters, published):
    def first_power(reaches):
        """The first mark of the slider at which something that only grows is reached."""
        return bisect_left(range(41), True, key=lambda k: reaches(k / 10)) / 10

    answers = {}
    for safe in (False, True):
        three = cache(lambda p, safe=safe: foci(3, p, safe) / foci(1, p, safe))
        answers[safe] = {
            "low": first_power(lambda p, three=three: three(p) >= published.low),
            "middle": first_power(lambda p, three=three: three(p) >= published.value),
            "high": first_power(lambda p, three=three: three(p) > published.high) - 0.1,
            "half": first_power(lambda p, safe=safe: found_by_clusters(p, safe) >= 0.5),
        }
    protects = first_power(lambda p: foci(8, p, True) / foci(1, p, True) > 8 * 1.02)
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. Without protection powers {answers[False]["low"]:.1f} to {min(4.0, answers[False]["high"]):.1f} (the middle from {answers[False]["middle"]:.1f} on), with it {answers[True]["low"]:.1f} to {answers[True]["high"]:.1f} (from {answers[True]["middle"]:.1f} on):
                   one published number cannot tell the two explanations apart.
                2. Without protection from {answers[False]["half"]:.1f} on, with it from {answers[True]["half"]:.1f} on.
                3. Let company protect: from power {protects:.1f} on more of its cells arrive than of single ones, and that makes up for founding.

                **15 minutes**

                - 0 to 4: bets: is a cluster of eight worth less than eight cells, as many, or more? The slider at 1.
                - 4 to 11: tasks 1 and 2 in pairs, half of them with protection, half without.
                - 11 to 15: both halves fit the mice. Which experiment would tell them apart? Task 3 to close.
                """
            )
        }
    )
    return answers, protects


@app.cell
def _():
    mo.md(
        """
        *Sources.* Aceto N and others. Cell 2014;158:1110-1122. Liotta LA and others. Cancer Res 1976;36:889-894. For research and teaching, never
        for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
