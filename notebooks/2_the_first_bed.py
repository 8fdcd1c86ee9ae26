import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Why the first capillary bed matters")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    models = {name: cascade.load(name) for name in ("colon", "breast")}
    counts = {
        name: {site.name: site for site in model.sites if site.name in ("liver", "lung")}
        for name, model in models.items()
    }
    seen = {
        name: ", ".join(f"{organ} {site.found} of {site.of}" for organ, site in found.items())
        for name, found in counts.items()
    }
    mo.md(
        f"""
        # Why does colon cancer come to the liver first, and breast cancer to the lung?

        Both cancers come to both organs. Autopsies with a metastasis in colon cancer: {seen["colon"]}; in breast
        cancer: {seen["breast"]}. But the order differs. Nearly all blood from the colon passes the liver before any other organ;
        blood from the breast passes the lung. Some cells are held in the first bed that they meet, most slip through and go
        round. How many must be held for the first bed to leave its mark?
        """
    )
    return counts, models


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
def _(models):
    fit = cascade.body.fitted()

    def spread(share_held):
        """Shares of blood-borne colonies, and patients with liver metastases per one with lung metastases, by cancer."""
        changed = type(fit)(**{**dict(fit), "share_held": share_held})
        shares, per_lung = {}, {}
        for name, full in models.items():
            rows = cascade.exact(cascade.body.cancer(name).model(fit=changed)).organs(1.0).of_route("blood")
            colonies = {row.organ: row.colonies for row in rows}
            shares[name] = {organ: n / sum(colonies.values()) for organ, n in colonies.items()}
            per_lung[name] = full.exposure.share(colonies["liver"]) / full.exposure.share(colonies["lung"])
        return shares, per_lung

    return fit, spread


@app.cell
def _(held, spread):
    shares, per_lung = spread(held)
    top = {name: sorted(found.items(), key=lambda item: -item[1])[:4] for name, found in shares.items()}
    mo.hstack(
        [
            mo.vstack(
                [
                    mo.md(f"### {name}"),
                    mo.ui.table(
                        [{"organ": organ, "of blood-borne colonies": f"{100 * share:.1f} %"} for organ, share in rows],
                        selection=None,
                    ),
                ]
            )
            for name, rows in top.items()
        ],
        wrap=True,
    )
    return per_lung, shares, top


@app.cell
def _(counts, fit, held, per_lung, shares, spread, top):
    ratio = shares["colon"]["liver"] / shares["breast"]["liver"]
    (none_shares, none_per_lung), (_, half_per_lung) = spread(0.0), spread(0.5)
    seen_per_lung = {name: found["liver"].found / found["lung"].found for name, found in counts.items()}
    mo.md(f"""
    ## The number that surprises

    With **{100 * held:.0f} %** of the cells held, **{top["colon"][0][0]}** leads in colon cancer and **{top["breast"][0][0]}** in breast cancer, and
    the liver's share of the blood-borne colonies is **{ratio:.2f} times** as large in colon as in breast cancer. With none held it is
    {none_shares["colon"]["liver"] / none_shares["breast"]["liver"]:.2f} times as large.

    | patients with a metastasis in the liver, per patient with one in the lung | colon | breast |
    | --- | --- | --- |
    | in the autopsies | {seen_per_lung["colon"]:.2f} | {seen_per_lung["breast"]:.2f} |
    | model, {100 * held:.0f} % held | {per_lung["colon"]:.2f} | {per_lung["breast"]:.2f} |
    | model, none held | {none_per_lung["colon"]:.2f} | {none_per_lung["breast"]:.2f} |
    | model, half of all cells held | {half_per_lung["colon"]:.2f} | {half_per_lung["breast"]:.2f} |

    The share held was fitted to the autopsies of 1914-43: {100 * fit.share_held:.1f} %. The exposure of the patients is that of the fit in every row.
    """)
    return half_per_lung, none_per_lung, ratio, seen_per_lung


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

        1. Set the slider to 0: which organ leads now in each cancer, and why?
        2. What happens if the portal vein is tied: `cascade.body.cancer("colon").with_(drainage={"veins": 1.0})`?
        3. Look at `cascade show prostate`: which route takes its cells to the bones?

        *Sources.* Flows: ICRP Publication 89. Autopsies: diSibio G, French SW. Arch Pathol Lab Med 2008;132:931-939. The share held and
        the soil are fitted to them: calibrated, no evidence. For research and teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
