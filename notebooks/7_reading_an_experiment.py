import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Reading a published experiment")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # A model reproduces a famous experiment. Is that evidence?

        Luzzi and others injected B16F1 melanoma cells into the portal vein of mice and counted what became of them until day 13. Here are
        the published figures beside the model's. Look at the column *role* before the numbers.
        """
    )
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
def _(day):
    luzzi = cascade.load("b16f1-liver")
    there = cascade.exact(luzzi).occupancy([max(24 * day, 1e-3)])
    alive = {name: float(there[name][0]) for name in there.names if float(there[name][0]) > 1e-6}
    mo.vstack(
        [
            mo.ui.table(
                [{"published figure": o.name, "observed": f"{o.value:g}", "role": o.role} for o in luzzi.observations],
                selection=None,
            ),
            mo.md(f"### Of 1,000,000 injected cells, on day {day:g}"),
            mo.ui.table(
                [{"state": name, "cells": f"{1e6 * share:,.0f}"} for name, share in alive.items()], selection=None
            ),
        ]
    )
    return alive, luzzi


@app.cell
def _(luzzi):
    roles = [o.role for o in luzzi.observations]
    mo.md(f"""
    ## The number that surprises

    Of {len(roles)} figures **{roles.count("calibrated")}** set a parameter, and **{roles.count("predicted")}** did not. The model fits the first as a key fits the lock that
    it was filed for. Only a *predicted* row could speak for it. `python experiments/luzzi_1998.py` prints all of them, with the ones the
    model has no counterpart for.
    """)
    return (roles,)


@app.cell
def _(luzzi):
    cascade.plot.funnel(cascade.exact(luzzi, until=312))
    return


@app.cell
def _():
    mo.md(
        """
        ## Things to try

        1. On which day are micrometastases most frequent?
        2. Which experiment would turn a calibrated row into a predicted one?
        3. Over 80 % of the cells left the vessels, in other assays most are lost within a day. What differs?

        *Sources.* Luzzi KJ and others. Am J Pathol 1998;153:865-873 (figures as quoted by others: grade C, one D). For research and teaching, never for
        decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
