import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Seed and soil")

with app.setup:
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
    cancer_choice = mo.ui.dropdown(["breast", "colon", "lung", "melanoma", "prostate"], value="breast", label="Cancer")
    soil_slider = mo.ui.slider(0.0, 1.0, step=0.05, value=1.0, label="How much soil matters", show_value=True)
    mo.hstack([cancer_choice, soil_slider], justify="start", wrap=True)
    return cancer_choice, soil_slider


@app.cell
def _(cancer_choice, soil_slider):
    cancer_name, weight = cancer_choice.value, soil_slider.value
    return cancer_name, weight


@app.cell
def _(cancer_name, weight):
    full = cascade.load(cancer_name)
    soil = {site.name: weight * site.soil for site in full.sites if site.soil is not None}
    named = f"{full.title}, soil to the power {weight:g}"
    mixed = full if weight == 1 else cascade.body.cancer(cancer_name).with_(soil=soil, title=named).model()
    organs = cascade.exact(mixed).organs()
    cascade.plot.organs(cascade.exact(mixed))
    return full, mixed, organs


@app.cell
def _(full, organs, weight):
    from scipy.stats import spearmanr

    every, blood = list(organs), organs.of_route("blood")
    first, most = (max(rows, key=lambda row: row.share) for rows in (blood, every))
    by_blood = sum(row.share for row in blood)
    sites = {site.name: site for site in full.sites}
    scored = [row for row in blood if sites[row.organ].scored]
    agreement = spearmanr(
        [row.share for row in scored], [sites[row.organ].found / sites[row.organ].of for row in scored]
    )
    rank = float(agreement.statistic)
    spared = "; ".join(
        f"{organ} {100 * sites[organ].flow:.0f} % of the blood, {sites[organ].found} of {sites[organ].of} autopsies"
        for organ in ("kidney", "skeletal muscle")
    )
    mo.md(f"""
    ## The number that surprises

    With soil at {weight:g}, **{first.organ}** leads the blood-borne colonies of {full.title.lower()} with {100 * first.share / by_blood:.0f} % of them. Of the colonies by all
    routes together {100 * most.share:.0f} % are in {most.organ} (by {most.route}), more than anywhere else; the blood brings {100 * by_blood:.0f} %.

    The order of the {len(scored)} organs that can be compared agrees with the autopsies with a rank correlation of **{rank:.2f}**; put the slider to
    0, and flow alone is left. Much blood is not enough: {spared}.
    `experiments/organotropism.py` asks how far the soil of *other* cancers goes for a cancer that was left out of the fit.
    """)
    return by_blood, first, most, rank, scored


@app.cell
def _():
    mo.md(
        """
        ## Things to try

        1. For which of these cancers does flow alone order the organs best?
        2. Which organ's place changes most between 0 and 1?
        3. Soil here was fitted to the same autopsies. What would you need to call it evidence?

        *Sources.* Paget S. Lancet 1889;133:571-573. Autopsies: diSibio G, French SW. Arch Pathol Lab Med 2008;132:931-939. For research and teaching,
        never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
