import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The funnel and its bottleneck")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # If you could make one step twice as safe, which would you choose?

        Nearly every cell that leaves a tumour dies on the way. The longest bar that is lost is not always
        the step that decides. Choose a step, change how deadly it is, and watch the last row.
        """
    )
    return


@app.cell
def _():
    model = cascade.load("textbook")
    step_choice = mo.ui.dropdown(list(model.stages), value="detachment", label="Step")
    deaths_slider = mo.ui.slider(-2, 2, step=0.05, value=0.0, label="Deaths there, as a power of ten", show_value=True)
    mo.hstack([step_choice, deaths_slider], justify="start", wrap=True)
    return deaths_slider, model, step_choice


@app.cell
def _(deaths_slider, step_choice):
    step = step_choice.value
    factor = 10**deaths_slider.value
    return factor, step


@app.cell
def _(factor, model, step):
    inside = {state.name for state in model.states if state.stage == step}
    causes = [f"{state.name}.{death.cause}" for state in model.states if state.name in inside for death in state.deaths]
    changed = model.with_(scale=dict.fromkeys(causes, factor), title=f"deaths at {step} x {factor:.3g}")
    before, after = cascade.exact(model), cascade.exact(changed)
    mo.vstack(
        [
            cascade.plot.funnel(before, after, labels=["as it is", f"deaths at {step} x {factor:.3g}"]),
            mo.md(
                f"**1 in {1 / after.success:,.0f}** cells founds a macrometastasis (as it is: 1 in {1 / before.success:,.0f})."
            ),
        ]
    )
    return after, before


@app.cell
def _(model):
    gains = {}
    for name in model.stages:
        states = [state for state in model.states if state.stage == name]
        halved = {f"{state.name}.{death.cause}": 0.5 for state in states for death in state.deaths}
        gains[name] = cascade.exact(model.with_(scale=halved)).success / cascade.exact(model).success
    mo.vstack(
        [
            mo.md("## The number that surprises\n\nHalve the deaths at one step, and success grows"),
            mo.ui.table(
                [{"step": name, "success grows": f"{gain:.2f}-fold"} for name, gain in gains.items()], selection=None
            ),
            mo.md(
                "A step that kills nearly all gains twofold, one that kills 3 % gains almost nothing, however many cells die"
                " in all. Colonization gains fourfold: it is two great hurdles in a row, the first divisions and a blood supply."
                " What decides is the share that dies *there*, not the number of the dead."
            ),
        ]
    )
    return (gains,)


@app.cell
def _(model):
    result = cascade.simulate(model, cells=200_000, seed=1)
    mo.vstack([mo.md("## The same cells, one by one"), cascade.moving_cells(result, range(150))])
    return (result,)


@app.cell
def _():
    mo.md(
        """
        ## Things to try

        1. Find two steps of which doubling the deaths of one undoes halving those of the other.
        2. Which step must become how much safer to reach 1 in 10,000?
        3. Why does a step with many causes of death behave like one with a single cause?

        *Sources.* `textbook` holds round, illustrative numbers. For the idea of metastatic inefficiency: Weiss L. Adv Cancer
        Res 1990;54:159-211. For research and teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
