import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Reading a published experiment")

with app.setup:
    import re

    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # A model reproduces a famous experiment. Is that evidence?

        Luzzi and others injected B16F1 melanoma cells into the portal vein of mice and counted what became of them until day 13. Here are
        the published figures beside the model's. Look at the *role* of a row before its numbers: a *fitted* figure set a
        parameter of the model, a *predicted* one did not.
        """
    )
    return


@app.cell
def _():
    luzzi = cascade.load("b16f1-liver")
    answer = cascade.exact(luzzi)
    asked = {o.name: answer.figure(o) for o in luzzi.observations}
    modelled = {name: value for name, value in asked.items() if value is not None}
    roles = {"calibrated": "fitted", "predicted": "predicted", "not available": "not compared"}
    compared = [
        {
            "figure": o.name,
            "published": o.value,
            "model": float(modelled[o.name]) if o.name in modelled else None,
            "role": roles[o.role],
            "model against published": modelled[o.name] / o.value - 1 if o.name in modelled else None,
            "grade of the source": luzzi.grade_of(o.source),
        }
        for o in luzzi.observations
    ]
    return answer, compared, luzzi, modelled


@app.cell
def _(compared):
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    from cascade.common.colours import ALIVE_COLOUR, BAND, GRID, INK, QUIET
    from cascade.common.shares import plain_percent
    from cascade.plot.style import Picture, sign

    order = ["predicted", "fitted", "not compared"]
    by_role = sorted(compared, key=lambda row: (order.index(row["role"]), -row["published"]))
    picture = Picture(figsize=(5.4, 5.6), layout="constrained")
    axes = picture.subplots()
    across = axes.get_yaxis_transform()
    for place, row in enumerate(by_role):
        predicts = row["role"] == "predicted"
        if predicts:
            axes.axhspan(place - 0.7, place + 0.35, color=BAND, zorder=0)
        axes.axhline(place, color=GRID, linewidth=1, zorder=0)
        axes.plot(row["published"], place, "o", color=INK, markersize=6)
        if row["model"] is not None:
            colour = ALIVE_COLOUR if predicts else QUIET
            axes.plot(
                row["model"], place, "D", color=colour, markersize=11, markerfacecolor="none", markeredgewidth=1.8
            )
        beside = f": × {row['model'] / row['published']:.2f}" if row["model"] is not None else ""
        axes.text(0, place - 0.27, row["figure"], transform=across, size=9)
        weight = "bold" if predicts else "normal"
        axes.text(1, place - 0.27, f"{row['role']}{beside}", transform=across, ha="right", size=9, weight=weight)
    axes.set(xscale="log", xlim=(1e-4, 1.5), ylim=(len(by_role) - 0.6, -0.75), yticks=[])
    axes.xaxis.set_major_locator(FixedLocator([1e-4, 1e-3, 1e-2, 0.1, 1]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain_percent(value)))
    axes.set_xlabel("dots: published; diamonds: model (× published)")
    axes.spines[["top", "right", "left"]].set_visible(False)
    described = "; ".join(
        f"{row['figure']}, {row['role']}: published {row['published']:g}, "
        + ("no figure of the model" if row["model"] is None else f"model {row['model']:.3g}")
        for row in by_role
    )
    sign(
        picture,
        "b16f1-liver",
        alt=f"Published figures as dots, those of the model as diamonds around them. {described}.",
    )
    picture
    return ALIVE_COLOUR, FixedLocator, FuncFormatter, NullLocator, Picture, QUIET, picture, sign


@app.cell
def _(compared, luzzi):
    fitted, predicted, missing = (
        [row for row in compared if row["role"] == role] for role in ("fitted", "predicted", "not compared")
    )
    weakest = [row for row in compared if row["grade of the source"] == "D"]
    worst = max(abs(row["model against published"]) for row in fitted)
    told = "; ".join(
        f"{row['figure']}: published {row['published']:g}, model {row['model']:.2g},"
        f" {100 * row['model against published']:+.0f} % (source of grade {row['grade of the source']})"
        for row in predicted
    )
    mo.md(f"""
    ## The number that surprises

    Of {len(luzzi.observations)} figures **{len(fitted)}** were fitted, **{len(predicted)}** was predicted, and {len(missing)} are not compared: the model has no counterpart, or the figure is only recalled. The model
    meets the fitted ones to {100 * worst:.1f} %, as a key fits the lock that it was filed for. Only a *predicted* row could speak for it:
    {told}. And that figure was recalled, not read: {len(weakest)} of the {len(luzzi.observations)} have a source of grade D. `python experiments/luzzi_1998.py`
    prints them all, simulated too.
    """)
    return fitted, missing, predicted, weakest, worst


@app.cell
def _(compared):
    texts = {"published": "{:.3g}", "model": "{:.3g}", "model against published": "{:+.1%}"}
    rows = [
        {
            # What rounds to nothing has no sign.
            name: "" if v is None else re.sub(r"^[+-](0\.0%)$", r"\1", texts[name].format(v)) if name in texts else v
            for name, v in row.items()
        }
        for row in compared
    ]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    mo.accordion({"The numbers as a table": mo.md("\n".join(f"| {' | '.join(line)} |" for line in lines))})
    return


@app.cell
def _():
    day_slider = mo.ui.slider(0.0, 30.0, step=0.5, value=13.0, label="Day", show_value=True)
    day_slider
    return (day_slider,)


@app.cell
def _(day_slider):
    day = day_slider.value
    return (day,)


@app.cell
def _(answer):
    half_days = [k / 2 for k in range(61)]
    there = answer.occupancy([max(24 * at, 1e-3) for at in half_days])
    living = {name: dict(zip(half_days, map(float, there[name]), strict=True)) for name in there.names}
    solitary = {at: living["extravasated"][at] + living["dormant"][at] for at in half_days}
    return half_days, living, solitary


@app.cell
def _(ALIVE_COLOUR, FixedLocator, FuncFormatter, NullLocator, Picture, QUIET, day, half_days, living, sign):
    alive = {name: shares[day] for name, shares in living.items() if shares[day] > 1e-6}
    second_picture = Picture(figsize=(6.4, 3.6), layout="constrained")
    panel = second_picture.subplots()
    panel.axvline(day, color=QUIET, linestyle=":")
    for state in ("extravasated", "dormant", "micrometastasis", "macrometastasis"):
        seen = [(at, 1e6 * living[state][at]) for at in half_days if living[state][at] > 1e-6]
        asked_for = state == "micrometastasis"
        shade = ALIVE_COLOUR if asked_for else QUIET
        panel.plot(*zip(*seen, strict=True), color=shade, linewidth=2.5 if asked_for else 1.2)
        label_day, ha = {"extravasated": (15, "left"), "micrometastasis": (10, "right")}.get(state, (30, "left"))
        spot, shift = (label_day, 1e6 * living[state][label_day]), (6 if ha == "left" else -6, 0)
        style = {"ha": ha, "va": "center", "color": shade, "annotation_clip": False}
        panel.annotate(state, spot, shift, textcoords="offset points", **style)
        if state in alive:
            panel.plot(day, 1e6 * alive[state], "o", color=shade)
    panel.set(yscale="log", ylim=(1, 2e6), xlim=(0, 30), xlabel="day")
    panel.yaxis.set_major_locator(FixedLocator([1, 100, 10_000, 1_000_000]))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    panel.set_title("Of 1,000,000 injected cells: what is alive", loc="left", size=11)
    panel.spines[["top", "right"]].set_visible(False)
    now = ", ".join(f"{name} {1e6 * share:,.0f}" for name, share in alive.items())
    sign(
        second_picture,
        "b16f1-liver",
        alt=f"Curves: of 1,000,000 injected cells, how many live in each state. On day {day:g}: {now}.",
    )
    mo.vstack([mo.md(f"On **day {day:g}**, of 1,000,000 injected cells: {now}."), second_picture])
    return alive, second_picture


@app.cell
def _(luzzi):
    mo.accordion({"Step by step, until day 13": cascade.plot.funnel(cascade.exact(luzzi, until=312))})
    return


@app.cell
def _(compared):
    row_choice = mo.ui.dropdown(["none yet", *(row["figure"] for row in compared)], value="none yet", label="Row")
    return (row_choice,)


@app.cell
def _(row_choice):
    chosen = row_choice.value
    return (chosen,)


@app.cell
def _(chosen, day, half_days, living, predicted, row_choice, solitary):
    most_day = max(half_days, key=living["micrometastasis"].get)
    half_day = next(at for at in half_days if at > 1 and solitary[at] <= 0.5)
    solved = {
        1: day == most_day,
        2: day == half_day,
        3: chosen in [row["figure"] for row in predicted],
    }
    said = {number: "**solved**" if done else "not solved yet" for number, done in solved.items()}
    mo.vstack(
        [
            mo.md(
                f"""
        ## Things to try

        1. On which day are micrometastases most frequent? Set the day. (Now {1e6 * living["micrometastasis"][day]:,.0f} of 1,000,000: {said[1]}.)
        2. From which day on is less than half of the injected cells alive as solitary cells outside the vessels (extravasated or
           dormant)? (Now {100 * solitary[day]:.0f} %: {said[2]}.)
        3. Which row of the first picture could speak for the model, or against it? Choose it. (Now {chosen}: {said[3]}.)
        """
            ),
            row_choice,
        ]
    )
    return half_day, most_day, solved


@app.cell
def _(compared, half_day, modelled, most_day, predicted):
    grades = [row["grade of the source"] for row in compared]
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. Day {most_day:g}: micrometastases regress, or grow on.
                2. Day {half_day:g}.
                3. *{" or ".join(row["figure"] for row in predicted)}*, the only predicted one; but its source has grade {predicted[0]["grade of the source"]}: it was recalled, not read.

                To talk about: which experiment would turn a fitted row into a predicted one? (The same model, unchanged, against mice
                or days that no parameter was set by.) {100 * modelled["extravasated and alive / injected, day 3"]:.0f} % of the injected cells were alive outside the vessels on day 3; in other
                assays most are lost within a day. What differs? (Cells, bed, the way of counting.)

                **15 minutes**

                - 0 to 4: cover the roles; does the model look good? Then read the roles.
                - 4 to 11: tasks 1 to 3 in pairs.
                - 11 to 15: what would count as evidence? Each writes down one measurement.

                Of the sources {grades.count("C")} are as quoted by others (grade C), {grades.count("D")} recalled (grade D).
                """
            )
        }
    )
    return


@app.cell
def _(compared):
    sources = [row["grade of the source"] for row in compared]
    mo.md(
        f"""
        *Sources.* Luzzi KJ and others. Am J Pathol 1998;153:865-873 ({sources.count("C")} figures as quoted by others, grade C; {sources.count("D")} recalled, grade D). For research and teaching, never for
        decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
