import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The funnel and its bottleneck")

with app.setup:
    import marimo as mo

    import cascade
    from cascade.common.shares import percent


@app.cell
def _():
    mo.md(
        """
        # If you could make one step twice as safe, which would you choose?

        Nearly every cell that leaves a tumour dies on the way. The longest bar that is lost is not always
        the step that decides. Choose a step, change the odds of surviving it, and watch the last row. Odds × 2 means that
        every hazard of death in the states of the step is divided by 2; × 0.5 doubles them. Cells may come back to these
        states from later steps, and die there then; a row of the funnel counts a cell by the furthest step that it
        reached, so that the control of one step can move the rows of others.
        """
    )
    return


@app.cell
def _():
    model = cascade.load("textbook")
    factors = [float(f"{10 ** (k / 10):.2g}") for k in range(-20, 21)]
    step_choice = mo.ui.dropdown(list(model.stages), value="detachment", label="Step")
    odds_slider = mo.ui.slider(
        steps=factors, value=1.0, label="Odds of surviving the step, multiplied by", show_value=True
    )
    mo.hstack([step_choice, odds_slider], justify="start", wrap=True)
    return factors, model, odds_slider, step_choice


@app.cell
def _(odds_slider, step_choice):
    step = step_choice.value
    factor = odds_slider.value
    return factor, step


@app.cell
def _(model):
    lethal = {
        name: [f"{state.name}.{death.cause}" for state in model.states if state.stage == name for death in state.deaths]
        for name in model.stages
    }

    def safer(name, odds):
        """The exact answer when the odds of surviving a step are so many times as large."""
        title = f"{name}: odds of surviving × {odds:g}"
        return cascade.exact(model.with_(scale=dict.fromkeys(lethal[name], 1 / odds), title=title))

    return lethal, safer


@app.cell
def _(factor, model, safer, step):
    before, after = cascade.exact(model), safer(step, factor)
    mo.vstack(
        [
            mo.md(
                f"**{step} × {factor:g}**: **{percent(after.success)}** cells founds a macrometastasis"
                f" (as it is: {percent(before.success)}): success **× {after.success / before.success:.3g}**."
            ),
            cascade.plot.funnel(before, after, labels=["as it is", f"{step} × {factor:g}"]),
        ]
    )
    return after, before


@app.cell
def _(before, lethal, model, safer):
    # A milestone for each step: the share of the cells that ever come into one of its states.
    marked = model.with_(states=[{**state.model_dump(), "milestone": state.stage} for state in model.states])
    come, happen = cascade.exact(marked).milestones(), before.events()
    dying = {name: sum(happen[death] for death in deaths) / come[name] for name, deaths in lethal.items()}
    gains = {name: safer(name, 2).success / before.success for name in model.stages}
    best, least = max(gains, key=gains.get), min(dying, key=dying.get)
    # What a step with one state gains, and the steps that gain less: some cells never come into their state.
    single = [name for name in model.stages if sum(state.stage == name for state in model.states) == 1]
    rule = {name: 1 / (1 - dying[name] / 2) for name in single}
    around = [f"*{name}*" for name in single if gains[name] < rule[name] * (1 - 1e-9)]
    return around, best, dying, gains, least, rule


@app.cell
def _(best, dying, gains):
    from cascade.common.colours import ALIVE_COLOUR, ALIVE_PALE, QUIET
    from cascade.plot.style import Picture, sign

    picture = Picture(figsize=(5.4, 3.2), layout="constrained")
    axes = picture.subplots()
    bars = axes.barh(
        list(gains),
        [gain - 1 for gain in gains.values()],
        left=1,
        color=[ALIVE_COLOUR if name == best else ALIVE_PALE for name in gains],
    )
    axes.bar_label(bars, [f" × {gain:.2f}  ({percent(dying[name], 2)} die)" for name, gain in gains.items()])
    axes.axvline(1, color=QUIET)
    axes.set(xlim=(1, 1 + 1.75 * (max(gains.values()) - 1)), xlabel="success, against as it is (× 1)")
    axes.set_title(f"Twice as safe: choose {best}", loc="left")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    told = "; ".join(f"{name} {gain:.2f}" for name, gain in gains.items())
    sign(picture, "textbook", alt=f"Bars: how many times as many cells succeed when one step is twice as safe. {told}.")
    mo.vstack([mo.md("## The number that surprises\n\nOdds of surviving × 2, in one step after the other:"), picture])
    return (picture,)


@app.cell
def _(around, dying, gains, least, model, rule):
    head = ["step", "its states", "of the cells that come into the states die in them", "success grows"]
    lines = [head, ["---"] * len(head)]
    for name, gain in gains.items():
        states = ", ".join(state.name for state in model.states if state.stage == name)
        lines.append([name, states, percent(dying[name]), f"{gain:.2f}-fold"])
    mo.vstack(
        [
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
            mo.accordion({"The numbers as a table": mo.md("\n".join(f"| {' | '.join(line)} |" for line in lines))}),
        ]
    )
    return


@app.cell
def _(model):
    result = cascade.simulate(model, cells=200_000, seed=1)
    mo.vstack([mo.md("## The same cells, one by one"), cascade.moving_cells(result, range(150))])
    return (result,)


@app.cell
def _(after, before, dying, factor, factors, model, safer, step):
    goal, least_factor = 1e-5, factors[0]
    gain_now = after.success / before.success
    rule_now = 1 / (1 - dying[step] * (1 - 1 / factor))
    deadly = {name: safer(name, least_factor).success / before.success for name in model.stages}
    mildest = max(deadly, key=deadly.get)
    solved = {
        1: after.success >= goal,
        2: factor >= 4 and abs(gain_now / rule_now - 1) > 0.02,
        3: factor == least_factor and step == mildest,
    }
    said = {number: "**solved**" if done else "not solved yet" for number, done in solved.items()}
    mo.md(
        f"""
        ## Things to try

        1. Make *one* step so safe that at least {percent(goal)} cells founds a macrometastasis. Which of the steps can do that alone?
           (Now {percent(after.success)}: {said[1]}.)
        2. If a share q of the cells that come dies, odds × f let success grow 1 / (1 - q (1 - 1 / f))-fold, says the rule. Find a step
           for which it is wrong by more than 2 % at × 4 or more. (Now {gain_now:.3g}-fold, by the rule {rule_now:.3g}-fold: {said[2]}.)
        3. Make a step as deadly as the slider can, × {least_factor:g}. For which step does that do least harm?
           (Now {gain_now:.3g}-fold: {said[3]}.)
        """
    )
    return deadly, goal, least_factor, mildest, solved


@app.cell
def _(around, deadly, dying, factors, goal, least_factor, mildest, model, safer):
    reaching = {name: next((f for f in factors if safer(name, f).success >= goal), None) for name in model.stages}
    can = {name: f for name, f in reaching.items() if f is not None}
    best_of_others = max(safer(name, factors[-1]).success for name in model.stages if name not in can)
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. {", ".join(f"Only *{name}*, from × {f:g} on" for name, f in can.items())}. Any other step, even × {factors[-1]:g}, comes to
                   {percent(best_of_others)} at most: where 90 % die, nobody can gain more than tenfold.
                2. {", ".join(around)} (some cells go around them, so that they gain less) and *colonization* (several states in a row: more).
                3. *{mildest}*: {deadly[mildest]:.2g}-fold at × {least_factor:g}. As it is only {percent(dying[mildest], 2)} of those that come die in it, and so
                   the odds of surviving start high.

                **15 minutes**

                - 0 to 4: each bets on a step, before the bars are scrolled to; then all read them together.
                - 4 to 11: tasks 1 and 3 in pairs; quick ones do task 2.
                - 11 to 15: why does *colonization* gain more than {100 * dying["detachment"]:.0f} % dying allows? Cells one by one to close.
                """
            )
        }
    )
    return (can,)


@app.cell
def _():
    mo.md(
        """
        *Sources.* `textbook` holds round, illustrative numbers. For the idea of metastatic inefficiency: Weiss L. Adv Cancer
        Res 1990;54:159-211. For research and teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
