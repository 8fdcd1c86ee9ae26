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
        the step that decides. Choose a step, change how deadly its states are, and watch the last row. The control
        multiplies every hazard of death in the states of the step. Cells may come back to these states from later
        steps, and die there then; a row of the funnel counts a cell by the furthest step that it reached, so that the
        control of one step can move the rows of others.
        """
    )
    return


@app.cell
def _():
    model = cascade.load("textbook")
    step_choice = mo.ui.dropdown(list(model.stages), value="detachment", label="Step")
    deaths_slider = mo.ui.slider(
        -2,
        2,
        step=0.05,
        value=0.0,
        label="Hazards of death in the states of the step, as a power of ten",
        show_value=True,
    )
    mo.hstack([step_choice, deaths_slider], justify="start", wrap=True)
    return deaths_slider, model, step_choice


@app.cell
def _(deaths_slider, step_choice):
    step = step_choice.value
    factor = 10**deaths_slider.value
    return factor, step


@app.cell
def _(factor, model, step):
    inside = [state for state in model.states if state.stage == step]
    causes = [f"{state.name}.{death.cause}" for state in inside for death in state.deaths]
    named = f"deaths in {', '.join(state.name for state in inside)} x {factor:.3g}"
    changed = model.with_(scale=dict.fromkeys(causes, factor), title=named)
    before, after = cascade.exact(model), cascade.exact(changed)
    mo.vstack(
        [
            cascade.plot.funnel(before, after, labels=["as it is", f"deaths in its states x {factor:.3g}"]),
            mo.md(
                f"Changed: {named}. **1 in {1 / after.success:,.0f}** cells founds a macrometastasis"
                f" (as it is: 1 in {1 / before.success:,.0f})."
            ),
        ]
    )
    return after, before


@app.cell
def _(model):
    # A milestone for each step: the share of the cells that ever come into one of its states.
    marked = model.with_(states=[{**state.model_dump(), "milestone": state.stage} for state in model.states])
    come, happen = cascade.exact(marked).milestones(), cascade.exact(model).events()
    gains, dying = {}, {}
    for name in model.stages:
        deaths = [f"{s.name}.{death.cause}" for s in model.states if s.stage == name for death in s.deaths]
        dying[name] = sum(happen[death] for death in deaths) / come[name]
        halved = model.with_(scale=dict.fromkeys(deaths, 0.5))
        gains[name] = cascade.exact(halved).success / cascade.exact(model).success
    least = min(dying, key=dying.get)
    # What a step with one state gains, and the steps that gain less: some cells never come into their state.
    single = [name for name in model.stages if sum(state.stage == name for state in model.states) == 1]
    rule = {name: 1 / (1 - dying[name] / 2) for name in single}
    around = [f"*{name}*" for name in single if gains[name] < rule[name] * (1 - 1e-9)]
    head = ["step", "its states", "of the cells that come into the states die in them", "success grows"]
    lines = [head, ["---"] * len(head)]
    for name, gain in gains.items():
        states = ", ".join(state.name for state in model.states if state.stage == name)
        lines.append([name, states, f"{100 * dying[name]:.3g} %", f"{gain:.2f}-fold"])
    mo.vstack(
        [
            mo.md(
                "## The number that surprises\n\nHalve the hazards of death in the states of one step, and success grows"
            ),
            mo.md("\n".join(f"| {' | '.join(line)} |" for line in lines)),
            mo.md(
                f"Where {100 * dying['detachment']:.0f} % of those that come die, success grows {gains['detachment']:.2f}-fold;"
                f" where {100 * dying[least]:.0f} % die, {gains[least]:.2f}-fold, however many cells die in all."
                " A step with one state, which no cell goes around, gains 1 / (1 - q / 2) when a share q of those that come"
                " into the state dies in it, be it on the first visit or on a later one."
                f" Some cells come from the primary into the blood at once: they go around {' and '.join(around)}, which"
                " gain less than that. So intravasation gains"
                f" {gains['intravasation']:.2f}-fold and not {rule['intravasation']:.2f}-fold, though as many die in it"
                " as in detachment, which no cell goes around."
                f" Colonization gains {gains['colonization']:.1f}-fold, more than one state can: it is two great hurdles in a"
                " row, the first divisions and a blood supply."
                " What decides is the share of the cells that die *in the states of a step*, not the number of the dead."
            ),
        ]
    )
    return around, dying, gains


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
