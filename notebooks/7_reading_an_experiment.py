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
        the published figures beside the model's. Look at the column *role* before the numbers: a *fitted* figure set a
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
    mo.md("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return compared, luzzi, modelled


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
def _():
    day_slider = mo.ui.slider(0.0, 30.0, step=0.5, value=13.0, label="Day", show_value=True)
    day_slider
    return (day_slider,)


@app.cell
def _(day_slider):
    day = day_slider.value
    return (day,)


@app.cell
def _(day, luzzi):
    there = cascade.exact(luzzi).occupancy([max(24 * day, 1e-3)])
    alive = {name: float(there[name][0]) for name in there.names if float(there[name][0]) > 1e-6}
    mo.vstack(
        [
            mo.md(f"### Of 1,000,000 injected cells, on day {day:g}"),
            mo.ui.table(
                [{"state": name, "cells": f"{1e6 * share:,.0f}"} for name, share in alive.items()], selection=None
            ),
        ]
    )
    return (alive,)


@app.cell
def _(luzzi):
    cascade.plot.funnel(cascade.exact(luzzi, until=312))
    return


@app.cell
def _(compared, modelled):
    grades = [row["grade of the source"] for row in compared]
    mo.md(
        f"""
        ## Things to try

        1. On which day are micrometastases most frequent?
        2. Which experiment would turn a calibrated row into a predicted one?
        3. {100 * modelled["extravasated and alive / injected, day 3"]:.0f} % of the injected cells were alive outside the vessels on day 3; in other assays most are lost within a day. What differs?

        *Sources.* Luzzi KJ and others. Am J Pathol 1998;153:865-873 ({grades.count("C")} figures as quoted by others, grade C; {grades.count("D")} recalled, grade D). For research and teaching, never for
        decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
