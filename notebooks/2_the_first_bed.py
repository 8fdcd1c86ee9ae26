import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Why the first capillary bed matters")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # Why does colon cancer go to the liver, and breast cancer not?

        Blood from the colon passes the liver before anything else; blood from the breast passes the lung. Some cells are held in
        the first bed that they meet, most slip through and go round. How many must be held for the first bed to leave its mark?
        """
    )
    return


@app.cell
def _():
    held_slider = mo.ui.slider(
        0.0, 0.5, step=0.01, value=0.1, label="Share of cells that the first bed holds", show_value=True
    )
    held_slider
    return (held_slider,)


@app.cell
def _(held_slider):
    held = held_slider.value
    return (held,)


@app.cell
def _(held):
    fit = cascade.body.fitted()
    changed_fit = type(fit)(**{**dict(fit), "share_held": held})
    tables = {
        name: cascade.exact(cascade.body.cancer(name).model(fit=changed_fit)).organs() for name in ("colon", "breast")
    }
    shares = {name: {row.organ: row.share for row in table} for name, table in tables.items()}
    top = {name: sorted(found.items(), key=lambda item: -item[1])[:4] for name, found in shares.items()}
    mo.hstack(
        [
            mo.vstack(
                [
                    mo.md(f"### {name}"),
                    mo.ui.table(
                        [{"organ": organ, "of all colonies": f"{100 * share:.1f} %"} for organ, share in rows],
                        selection=None,
                    ),
                ]
            )
            for name, rows in top.items()
        ],
        wrap=True,
    )
    return shares, tables


@app.cell
def _(held, shares):
    ratio = shares["colon"]["liver"] / shares["breast"]["liver"]
    mo.md(f"""
    ## The number that surprises

    With **{100 * held:.0f} %** of the cells held, the liver's share of colonies is **{ratio:.1f} times** as large in colon as in
    breast cancer. With none held it is still not 1: soil and the other routes differ. The autopsies of 1914-43 ask for
    about a tenth held. Half of all cells held would be far too much.
    """)
    return (ratio,)


@app.cell
def _():
    mo.vstack(
        [mo.md("## Where the cells of a colon cancer go"), cascade.plot.body(cascade.exact(cascade.load("colon")))]
    )
    return


@app.cell
def _():
    mo.md(
        """
        ## Things to try

        1. Set the slider to 0: which organs lead now, and why those?
        2. What happens if the portal vein is tied: `cascade.body.cancer("colon").with_(drainage={"veins": 1.0})`?
        3. Look at `cascade show prostate`: which route takes its cells to the bones?

        *Sources.* Flows: ICRP Publication 89. Autopsies: diSibio G, French SW. Arch Pathol Lab Med 2008;132:931-939. The share held and
        the soil are fitted to them: calibrated, no evidence. For research and teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
