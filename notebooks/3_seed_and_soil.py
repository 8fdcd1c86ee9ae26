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

        In 1889 Paget saw that breast cancer spares the spleen, which has plenty of blood, and prefers the bones. Mix the two
        explanations: at 0 all soils are alike and only flow decides, at 1 each organ has the soil that the autopsies ask for.
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
    soil = {site.name: site.soil or 0.0 for site in full.sites}

    def softened(state):
        """The state with part of what the soil of its site makes of its hazards taken back."""
        import math

        if state.landmark != "extravasated":
            return {}
        back = math.exp((weight - 1.0) * soil[state.site])
        return {f"{state.name}.{move.to}": back for move in state.moves}

    scale = {name: value for state in full.states for name, value in softened(state).items()}
    mixed = full.with_(scale=scale, title=f"{full.title}, soil to the power {weight:g}") if scale else full
    organs = cascade.exact(mixed).organs()
    cascade.plot.organs(cascade.exact(mixed))
    return mixed, organs


@app.cell
def _(cancer_name, organs, weight):
    blood = sorted((row for row in organs.rows if row.route == "blood"), key=lambda row: -row.share)
    first = blood[0]
    mo.md(f"""
    ## The number that surprises

    With soil at {weight:g}, **{first.organ}** leads in {cancer_name} cancer with {100 * first.share:.0f} % of all colonies. Put the slider to 0 and look
    for the spleen, the kidneys and the muscles: they take a good part of the blood and few metastases. Flow alone explains
    about a third of the order of organs; the soil of *other* cancers explains most of it (`experiments/organotropism.py`).
    """)
    return (first,)


@app.cell
def _():
    mo.md(
        """
        ## Things to try

        1. For which cancer does flow alone do best?
        2. Which organ's place changes most between 0 and 1?
        3. Soil here was fitted to the same autopsies. What would you need to call it evidence?

        *Sources.* Paget S. Lancet 1889;133:571-573. Autopsies: diSibio G, French SW. Arch Pathol Lab Med 2008;132:931-939. For research and teaching,
        never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
