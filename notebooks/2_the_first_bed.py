import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Why the first capillary bed matters")

with app.setup:
    from functools import cache

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
    seen_per_lung = {name: found["liver"].found / found["lung"].found for name, found in counts.items()}
    mo.md(
        f"""
        # Why does colon cancer come to the liver first, and breast cancer to the lung?

        Both cancers come to both organs. Autopsies with a metastasis in colon cancer: {seen["colon"]}; in breast
        cancer: {seen["breast"]}. But the order differs. Nearly all blood from the colon passes the liver before any other organ;
        blood from the breast passes the lung. Some cells are held in the first bed that they meet, most slip through and go
        round. How many must be held for the first bed to leave its mark?
        """
    )
    return counts, models, seen_per_lung


@app.cell
def _():
    held_slider = mo.ui.slider(
        0, 50, step=1, value=0, label="Cells that the first bed holds, per cent", show_value=True
    )
    blood_choice = mo.ui.dropdown(
        {"through the portal vein, to the liver": False, "past the liver: the portal vein is tied": True},
        value="through the portal vein, to the liver",
        label="Blood of the colon goes",
    )
    mo.hstack([held_slider, blood_choice], justify="start", wrap=True)
    return blood_choice, held_slider


@app.cell
def _(blood_choice, held_slider):
    held, tied = held_slider.value / 100, blood_choice.value
    return held, tied


@app.cell
def _(models):
    fit = cascade.body.fitted()

    @cache
    def colonies(name, share_held, around_liver):
        """Blood-borne colonies by organ, of one cell that sets out."""
        cancer = cascade.body.cancer(name)
        cancer = cancer.with_(drainage={"veins": 1.0}) if around_liver else cancer
        changed = type(fit)(**{**dict(fit), "share_held": share_held})
        rows = cascade.exact(cancer.model(fit=changed)).organs(1.0).of_route("blood")
        return {row.organ: row.colonies for row in rows}

    def spread(share_held, around_liver=False):
        """Shares of blood-borne colonies, and patients with liver metastases per one with lung metastases, by cancer."""
        shares, per_lung = {}, {}
        for name, full in models.items():
            by_organ = colonies(name, share_held, around_liver and name == "colon")
            shares[name] = {organ: n / sum(by_organ.values()) for organ, n in by_organ.items()}
            per_lung[name] = full.exposure.share(by_organ["liver"]) / full.exposure.share(by_organ["lung"])
        return shares, per_lung

    return fit, spread


@app.cell
def _(spread, tied):
    along = {share_held: spread(share_held, tied) for share_held in (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)}
    line = {share_held: by_cancer for share_held, (_, by_cancer) in along.items()}
    (none_shares, none_per_lung), half_per_lung = along[0.0], line[0.5]
    return half_per_lung, line, none_per_lung, none_shares


@app.cell
def _(held, spread, tied):
    shares, per_lung = spread(held, tied)
    top = {name: sorted(found.items(), key=lambda item: -item[1])[:4] for name, found in shares.items()}
    return per_lung, shares, top


@app.cell
def _(held, line, per_lung, seen_per_lung, tied):
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    from cascade.common.colours import GRID, INK, PORTAL_TEXT, QUIET, VEIN_TEXT
    from cascade.plot.style import Picture, sign

    picture = Picture(figsize=(6.4, 3.8), layout="constrained")
    axes = picture.subplots()
    axes.axhline(1, color=INK, linewidth=1)
    axes.axvline(100 * held, color=GRID, linewidth=6, zorder=0)
    for name, colour, mark in (("colon", PORTAL_TEXT, "o"), ("breast", VEIN_TEXT, "s")):
        axes.plot([100 * share for share in line], [by[name] for by in line.values()], color=colour)
        axes.plot(100 * held, per_lung[name], mark, color=colour, markersize=8)
        axes.axhline(seen_per_lung[name], color=colour, linestyle=":")
        axes.annotate(
            f"{name} cancer", (50, line[0.5][name]), (6, 0), textcoords="offset points", va="center", color=colour
        )
        axes.annotate(
            f"autopsies, {name}",
            (50, seen_per_lung[name]),
            (6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            size=8,
        )
    axes.text(0.02, 0.96, "liver first", transform=axes.transAxes, va="top", color=QUIET)
    axes.text(0.02, 0.03, "lung first", transform=axes.transAxes, color=QUIET)
    axes.set(yscale="log", xlim=(0, 50), ylim=(0.2, 9), xlabel="% of cells that the first bed holds")
    axes.yaxis.set_major_locator(FixedLocator([0.25, 0.5, 1, 2, 4, 8]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_title("Patients with liver metastases, per one with lung metastases", loc="left", size=11)
    axes.spines[["top", "right"]].set_visible(False)
    alt = (
        "Curves: patients with liver metastases per patient with lung metastases, against the share of cells that the first"
        f" bed holds. Colon cancer, {'portal vein tied' if tied else 'as it is'}: {line[0.0]['colon']:.2f} at 0 %,"
        f" {line[0.5]['colon']:.2f} at 50 %. Breast cancer: {line[0.0]['breast']:.2f} at 0 %, {line[0.5]['breast']:.2f} at"
        f" 50 %. Dotted: the autopsies, {seen_per_lung['colon']:.2f} and {seen_per_lung['breast']:.2f}."
    )
    sign(picture, "colon and breast", alt=alt)
    picture
    return (picture,)


@app.cell
def _(fit, half_per_lung, held, none_per_lung, none_shares, per_lung, seen_per_lung, shares, tied, top):
    ratio = shares["colon"]["liver"] / shares["breast"]["liver"]
    mo.vstack(
        [
            mo.md(f"""
    ## The number that surprises

    With **{100 * held:.0f} %** of the cells held{" and the portal vein tied" if tied else ""}, **{top["colon"][0][0]}** leads in colon cancer and **{top["breast"][0][0]}** in breast cancer, and
    the liver's share of the blood-borne colonies is **{ratio:.2f} times** as large in colon as in breast cancer. With none held it is
    {none_shares["colon"]["liver"] / none_shares["breast"]["liver"]:.2f} times as large. The share held was fitted to the autopsies of 1914-43: {100 * fit.share_held:.1f} %: most cells slip through, and
    yet the first bed decides the order.
    """),
            mo.accordion(
                {
                    "The numbers as a table": mo.md(f"""
    | patients with a metastasis in the liver, per patient with one in the lung | colon | breast |
    | --- | --- | --- |
    | in the autopsies | {seen_per_lung["colon"]:.2f} | {seen_per_lung["breast"]:.2f} |
    | model, {100 * held:.0f} % held{", portal vein tied" if tied else ""} | {per_lung["colon"]:.2f} | {per_lung["breast"]:.2f} |
    | model, none held | {none_per_lung["colon"]:.2f} | {none_per_lung["breast"]:.2f} |
    | model, half of all cells held | {half_per_lung["colon"]:.2f} | {half_per_lung["breast"]:.2f} |

    The exposure of the patients is that of the fit in every row. Most of the blood-borne colonies: in colon cancer
    {", ".join(f"{organ} {100 * share:.1f} %" for organ, share in top["colon"])}; in breast cancer
    {", ".join(f"{organ} {100 * share:.1f} %" for organ, share in top["breast"])}.
    """)
                }
            ),
        ]
    )
    return (ratio,)


@app.cell
def _():
    mo.vstack(
        [mo.md("## Where the cells of a colon cancer go"), cascade.plot.body(cascade.exact(cascade.load("colon")))]
    )
    return


@app.cell
def _(seen_per_lung, spread):
    (_, at_none), (_, apart), (_, tied_per_lung) = spread(0.0), spread(0.5), spread(0.1, True)
    lung_from = next(percent / 100 for percent in range(51) if spread(percent / 100)[1]["breast"] < 1)
    near = [
        percent
        for percent in range(9, 13)
        if all(abs(n / seen_per_lung[name] - 1) < 0.05 for name, n in spread(percent / 100)[1].items())
    ]
    return apart, at_none, lung_from, near, tied_per_lung


@app.cell
def _(held, lung_from, per_lung, seen_per_lung, tied):
    against = {name: per_lung[name] / seen_per_lung[name] for name in per_lung}
    solved = {
        1: held == lung_from,
        2: not tied and max(abs(times - 1) for times in against.values()) < 0.05,
        3: tied and max(per_lung.values()) < 1,
    }
    said = {number: "**solved**" if done else "not solved yet" for number, done in solved.items()}
    mo.md(
        f"""
        ## Things to try

        1. Hold no cell: which organ leads in each cancer? Then find the smallest share held from which on the lung leads in breast
           cancer. (Now {per_lung["breast"]:.3f} patients with liver metastases per one with lung metastases: {said[1]}.)
        2. Come within 5 % of the autopsies in both cancers at once. What does holding more do to each?
           (Now {against["colon"]:.2f} times the autopsies in colon cancer, {against["breast"]:.2f} times in breast cancer: {said[2]}.)
        3. An experiment that nobody does in patients: let colon cancer come to the *lung* first. (Now {per_lung["colon"]:.2f} with liver per one with
           lung in colon cancer, {per_lung["breast"]:.2f} in breast cancer: {said[3]}.)
        """
    )
    return against, solved


@app.cell
def _(apart, at_none, fit, lung_from, near, seen_per_lung, tied_per_lung):
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. With none held the two are all but equal ({at_none["colon"]:.2f} in colon, {at_none["breast"]:.2f} in breast cancer): every cell goes round and meets
                   every organ by its flow. From {100 * lung_from:.0f} % on the lung leads in breast cancer.
                2. {" or ".join(f"{percent} %" for percent in near)}; the fit says {100 * fit.share_held:.1f} %. More held cells take the two apart: at 50 % it is {apart["colon"]:.1f} and {apart["breast"]:.2f}, and the
                   autopsies have {seen_per_lung["colon"]:.2f} and {seen_per_lung["breast"]:.2f}. Both leave the autopsies, in opposite directions.
                3. Tie the portal vein: with 10 % held colon cancer then has {tied_per_lung["colon"]:.2f}, breast cancer {tied_per_lung["breast"]:.2f}: the tumour is the same, only the way of its
                   blood has changed.

                **15 minutes**

                - 0 to 4: a drawing of the circulation on the board; where does blood of the colon go first, where that of the breast?
                - 4 to 11: tasks 1 and 2 in pairs; bets before task 3, then tie the vein together.
                - 11 to 15: is a fit to autopsies evidence for the way of the blood? It is calibrated; what would be evidence?
                """
            )
        }
    )
    return


@app.cell
def _():
    mo.md(
        """
        *Sources.* Flows: ICRP Publication 89. Autopsies: diSibio G, French SW. Arch Pathol Lab Med 2008;132:931-939. The share held and
        the soil are fitted to them: calibrated, no evidence. For research and teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
