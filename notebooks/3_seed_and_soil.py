import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Seed and soil")

with app.setup:
    from functools import cache

    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # Does the blood carry cells to where they grow, or do they grow where the soil is good?

        In 1889 Paget asked why breast cancer comes to some organs so much more often than to others that the same blood
        reaches. Mix the two explanations: at 0 all soils are alike and only flow decides, at 1 each organ has the soil that was
        fitted to the autopsies of 1914-43.
        """
    )
    return


@app.cell
def _():
    names = ["breast", "colon", "lung", "melanoma", "prostate"]
    cancer_choice = mo.ui.dropdown(names, value="breast", label="Cancer")
    soil_slider = mo.ui.slider(
        0.0, 1.0, step=0.1, value=1.0, label="How much soil matters, from 0 (not at all) to 1", show_value=True
    )
    mo.hstack([cancer_choice, soil_slider], justify="start", wrap=True)
    return cancer_choice, names, soil_slider


@app.cell
def _(cancer_choice, soil_slider):
    cancer_name, weight = cancer_choice.value, soil_slider.value
    return cancer_name, weight


@app.cell
def _():
    from scipy.stats import spearmanr

    loaded = cache(cascade.load)

    @cache
    def mixture(name, soil_weight):
        """A cancer whose soils are raised to a power: its exact answer."""
        whole = loaded(name)
        soil = {site.name: soil_weight * site.soil for site in whole.sites if site.soil is not None}
        title = f"{whole.title}, soil to the power {soil_weight:g}"
        changed = cascade.body.cancer(name).with_(soil=soil, title=title).model()
        return cascade.exact(whole if soil_weight == 1 else changed)

    @cache
    def ordered(name, soil_weight):
        """Organs that can be compared with share of colonies and of autopsies, most colonies first; rank correlation."""
        sites = {site.name: site for site in loaded(name).sites}
        rows = mixture(name, soil_weight).organs().of_route("blood")
        pairs = [
            (row.share, sites[row.organ].found / sites[row.organ].of, row.organ)
            for row in rows
            if sites[row.organ].scored
        ]
        pairs.sort(reverse=True)
        return tuple(pairs), float(spearmanr([pair[0] for pair in pairs], [pair[1] for pair in pairs]).statistic)

    return loaded, mixture, ordered


@app.cell
def _(cancer_name, loaded, mixture, ordered, weight):
    full = loaded(cancer_name)
    mixed = mixture(cancer_name, weight)
    organs = mixed.organs()
    scored, rank = ordered(cancer_name, weight)
    return full, mixed, organs, rank, scored


@app.cell
def _(full, rank, scored, weight):
    from cascade.common.colours import organ_mark
    from cascade.common.sight import dark
    from cascade.plot.style import Picture, sign

    picture = Picture(figsize=(6, 4.8), layout="constrained")
    axes = picture.subplots()
    by_autopsies = [organ for _, _, organ in sorted(scored, key=lambda pair: -pair[1])]
    for place, (_, _, organ) in enumerate(scored, start=1):
        at, (colour, mark) = by_autopsies.index(organ) + 1, organ_mark(organ)
        axes.plot(
            [0, 1], [place, at], f"{mark}-", color=colour, linewidth=1 + 0.5 * (abs(place - at) > 3), clip_on=False
        )
        axes.text(-0.04, place, organ, ha="right", va="center", color=dark(colour))
        axes.text(1.04, at, organ, ha="left", va="center", color=dark(colour))
    axes.set(xlim=(-0.55, 1.55), ylim=(len(scored) + 0.6, -0.7))
    axes.text(-0.04, 0, f"model, soil at {weight:g}", ha="right", weight="bold")
    axes.text(1.04, 0, "autopsies", ha="left", weight="bold")
    axes.axis("off")
    axes.set_title(f"{full.title}: the order of the organs (level lines: right)", loc="left", size=11)
    first_of_model, first_of_autopsies = (", ".join(found[:5]) for found in ([p[2] for p in scored], by_autopsies))
    alt = (
        f"Organs in the order of their blood-borne colonies, joined to their place in the autopsies. {full.title}, soil at"
        f" {weight:g}: {first_of_model}; autopsies: {first_of_autopsies}. Rank correlation {rank:.2f}."
    )
    sign(picture, full.title, alt=alt)
    picture
    return (picture,)


@app.cell
def _(full, mixed, organs, rank, scored, weight):
    every, blood = list(organs), organs.of_route("blood")
    first, most = (max(rows, key=lambda row: row.share) for rows in (blood, every))
    by_blood = sum(row.share for row in blood)
    sites = {site.name: site for site in full.sites}
    spared = "; ".join(
        f"{organ} {100 * sites[organ].flow:.0f} % of the blood, {sites[organ].found} of {sites[organ].of} autopsies"
        for organ in ("kidney", "skeletal muscle")
    )
    mo.vstack(
        [
            mo.md(f"""
    ## The number that surprises

    The order of the {len(scored)} organs that can be compared agrees with the autopsies with a rank correlation of **{rank:.2f}** (1: the same order, 0: none);
    put the slider to 0, and flow alone is left. Much blood is not enough: {spared}; but muscle was
    seldom cut, so that more may have been there than was found.

    With soil at {weight:g}, **{first.organ}** leads the blood-borne colonies of {full.title.lower()} with {100 * first.share / by_blood:.0f} % of them. Of the colonies by all
    routes together {100 * most.share:.0f} % are in {most.organ} (by {most.route}), more than anywhere else; the blood brings {100 * by_blood:.0f} %.
    """),
            mo.accordion({"How many colonies, and in how many patients": cascade.plot.organs(mixed)}),
        ]
    )
    return by_blood, first, most


@app.cell
def _(names, ordered):
    by_flow = {name: ordered(name, 0.0)[1] for name in names}
    best_flow = max(by_flow, key=by_flow.get)
    return best_flow, by_flow


@app.cell
def _(best_flow, cancer_name, ordered, rank, weight):
    wanted_rank = 0.8
    _, rank_before = ordered(cancer_name, max(0.0, round(weight - 0.1, 2)))
    at_flow = {organ: place for place, (_, _, organ) in enumerate(ordered(cancer_name, 0.0)[0])}
    at_soil = {organ: place for place, (_, _, organ) in enumerate(ordered(cancer_name, 1.0)[0])}
    climbs = {organ: at_flow[organ] - at_soil[organ] for organ in at_flow}
    climber = max(climbs, key=climbs.get)
    solved = {
        1: weight == 0 and cancer_name == best_flow,
        2: rank >= wanted_rank > rank_before,
    }
    said = {number: "**solved**" if done else "not solved yet" for number, done in solved.items()}
    mo.md(
        f"""
        ## Things to try

        1. For which of these cancers does flow alone order the organs best? Let it stand there. (Now {rank:.2f}: {said[1]}.)
        2. How much soil is needed for a rank correlation of {wanted_rank:g}? Find the first mark of the slider that has it. (Now {rank:.2f}, a mark
           lower {rank_before:.2f}: {said[2]}.)
        3. Move from 0 to 1 and follow the lines: which organ climbs most, and which falls most? Say what is special about the two.
        """
    )
    return climber, climbs, solved, wanted_rank


@app.cell
def _(best_flow, by_flow, cancer_name, climber, climbs, full, ordered, wanted_rank):
    marks = [k / 10 for k in range(11)]
    from_weight = next((w for w in marks if ordered(cancer_name, w)[1] >= wanted_rank), None)
    faller = min(climbs, key=climbs.get)
    flows = {site.name: site.flow for site in full.sites}
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. *{best_flow}*, with {by_flow[best_flow]:.2f}; the others: {", ".join(f"{name} {value:.2f}" for name, value in by_flow.items() if name != best_flow)}. Weak everywhere.
                2. For {cancer_name} cancer from {from_weight:g} on.
                3. For {cancer_name} cancer *{climber}* climbs {climbs[climber]} places with {100 * flows[climber]:.1f} % of the blood; *{faller}* falls {-climbs[faller]} with {100 * flows[faller]:.0f} %.

                The soil was fitted to the same autopsies: that the order is right at 1 is no evidence for soil. Evidence would be an
                order that was said before the counts: `experiments/organotropism.py` asks how far the soil of *other* cancers goes for
                a cancer that was left out of the fit.

                **15 minutes**

                - 0 to 4: all write down the three organs that get most blood; then the slider at 0.
                - 4 to 11: each pair takes another cancer and does tasks 2 and 3.
                - 11 to 15: Paget or Ewing? And what would make a fitted soil evidence?
                """
            )
        }
    )
    return (from_weight,)


@app.cell
def _():
    mo.md(
        """
        *Sources.* Paget S. Lancet 1889;133:571-573. Autopsies: diSibio G, French SW. Arch Pathol Lab Med 2008;132:931-939. For research and teaching,
        never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
