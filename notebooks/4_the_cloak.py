import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The platelet cloak, and the same cell twice")

with app.setup:
    import marimo as mo

    import cascade


@app.cell
def _():
    mo.md(
        """
        # Which of these cells would have died without the platelets?

        Platelets clump on cells in the blood and keep NK cells off. Change the platelet count and run *the very same cells*
        again: same draws, same luck, one thing changed. × 1 is the normal count; × 0.01 leaves one platelet in a hundred. The
        second control changes how fast immune cells kill, in both runs alike.
        """
    )
    return


@app.cell
def _():
    counts = [float(f"{10 ** (k / 10):.2g}") for k in range(-20, 21)]
    count_slider = mo.ui.slider(steps=counts, value=1.0, label="Platelet count, normal multiplied by", show_value=True)
    killing_slider = mo.ui.slider(
        steps=[0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0],
        value=1.0,
        label="Hazards of immune killing, multiplied by",
        show_value=True,
    )
    mo.hstack([count_slider, killing_slider], justify="start", wrap=True)
    return count_slider, counts, killing_slider


@app.cell
def _(count_slider, killing_slider):
    platelets, killing = count_slider.value, killing_slider.value
    return killing, platelets


@app.cell
def _():
    model = cascade.load("platelets")

    def counted(count, rate):
        """The model with another platelet count, killed at another rate."""
        effects = [{"hazard": "*.cloak: cloaked", "factor": count}]
        changed = model if rate == 1 else model.with_(scale={"*.immune killing": rate})
        return changed.with_treatments(cascade.Treatment(name="another platelet count", effects=effects))

    return counted, model


@app.cell
def _(counted, killing, model, platelets):
    normal = model if killing == 1 else model.with_(scale={"*.immune killing": killing})
    altered = counted(platelets, killing)
    pairs = cascade.compare(normal, altered, cells=60_000, seed=2, until=24 * 30)
    ratio = cascade.exact(altered).success / cascade.exact(normal).success
    mo.md(
        f"**Platelets × {platelets:g}, immune killing × {killing:g}**: of {pairs.cells:,} cells **{pairs.saved}** saved,"
        f" **{pairs.lost}** lost, within 30 days. Of all cells, however long they take, success × {ratio:.3g}."
    )
    return normal, pairs, ratio


@app.cell
def _(counted, counts, killing):
    grid = counts[::4]
    with_killing = [cascade.exact(counted(count, killing)).success for count in grid]
    without = [cascade.exact(counted(count, 0.0)).success for count in grid]
    return grid, with_killing, without


@app.cell
def _(counted, grid, killing, platelets, with_killing, without):
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    from cascade.common.colours import ALIVE_COLOUR, CAUSES, GRID, INK
    from cascade.common.sight import dark
    from cascade.plot.style import Picture, sign

    picture = Picture(figsize=(6.4, 3.4), layout="constrained")
    axes = picture.subplots()
    axes.axvline(platelets, color=GRID, linewidth=6, zorder=0)
    middle = grid.index(1.0)
    flat, curve = ([share / shares[middle] for share in shares] for shares in (without, with_killing))
    red = dark(CAUSES["immune killing"])
    axes.plot(grid, flat, "--", color=INK)
    axes.annotate("no immune killing", (grid[-1], flat[-1]), (6, 0), textcoords="offset points", va="center", color=INK)
    axes.plot(grid, curve, color=red)
    if killing:
        axes.annotate(
            f"killing × {killing:g}", (grid[-1], curve[-1]), (6, 0), textcoords="offset points", va="bottom", color=red
        )
    here = cascade.exact(counted(platelets, killing)).success / with_killing[middle]
    axes.plot(platelets, here, "o", color=ALIVE_COLOUR, markersize=9)
    axes.set(xscale="log", ylim=(0, 1.1 * max(1.1, *curve)), xlabel="platelet count, × normal")
    axes.xaxis.set_major_locator(FixedLocator([0.01, 0.1, 1, 10, 100]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"× {value:g}"))
    axes.set_title("How many times as many cells succeed as with the normal count", loc="left", size=11)
    axes.spines[["top", "right"]].set_visible(False)
    alt = (
        "Curves: how many times as many cells succeed as with the normal platelet count, against the count. With immune"
        f" killing × {killing:g}: {curve[0]:.2f} at × {grid[0]:g}, {curve[-1]:.2f} at × {grid[-1]:g}. Without: 1 at every count."
    )
    sign(picture, "platelets", alt=alt)
    picture
    return (picture,)


@app.cell
def _(pairs):
    shown = (pairs.lost_cells or pairs.saved_cells)[:1]
    mo.vstack(
        [
            mo.md("## One cell, two lives"),
            mo.md(
                f"```text\n{pairs.replay(shown)[0] if shown else 'no cell changed its fate: change the platelet count'}\n```"
            ),
            mo.accordion({"Where the two runs part, step by step": cascade.plot.comparison(pairs)}),
        ]
    )
    return (shown,)


@app.cell
def _(counted, model):
    bare, bare_alone = (cascade.exact(counted(0.0, rate)).success for rate in (1.0, 0.0))
    gain_with = cascade.exact(model).success / bare
    gain_without = cascade.exact(counted(1.0, 0.0)).success / bare_alone
    mo.md(f"""
    ## The number that surprises

    The cloak helps **{gain_with:.2f}-fold**, and without NK cells **{gain_without:.2f}-fold**: not at all. What it shields from is gone.
    Palumbo and others saw that in mice; the sizes here are illustrative.
    """)
    return gain_with, gain_without


@app.cell
def _(killing, pairs, platelets, ratio):
    solved = {
        1: killing == 1 and ratio <= 0.5,
        2: killing == 1 and pairs.saved >= 10 and pairs.lost == 0,
        3: platelets != 1 and abs(ratio - 1) < 1e-9,
    }
    said = {number: "**solved**" if done else "not solved yet" for number, done in solved.items()}
    mo.md(
        f"""
        ## Things to try

        1. With immune killing as it is: how few platelets halve the number of cells that succeed? (Now × {ratio:.3g}: {said[1]}.)
        2. Save at least 10 of the {pairs.cells:,} cells and lose none. Why does even a hundredfold count save so few? (Now {pairs.saved} saved,
           {pairs.lost} lost: {said[2]}.)
        3. Let the platelet count be another than normal and change no fate at all. (Now × {ratio:.3g}: {said[3]}.)
        """
    )
    return (solved,)


@app.cell
def _(counted, counts, model):
    success = cascade.exact(model).success
    halving = max(count for count in counts if cascade.exact(counted(count, 1.0)).success <= 0.5 * success)
    most = cascade.exact(counted(counts[-1], 1.0)).success / success
    few, many = (
        cascade.compare(model, counted(count, 1.0), cells=60_000, seed=2, until=24 * 30) for count in (0.01, 10.0)
    )
    mo.accordion(
        {
            "For the teacher: answers": mo.md(
                f"""
                1. × {halving:g} or fewer: the help fades slowly, as few platelets still cloak some cells for some time.
                2. From about × 10 on: {many.saved} saved, {many.lost} lost (against {few.lost} lost at × 0.01). Even × {counts[-1]:g} lets only {most:.2f} times as many
                   succeed: at the normal count a bare cell is cloaked so soon that little is left to win.
                3. Immune killing × 0, with any count: what the cloak shields from is gone.

                A *lower* count never saves a cell here, as the cloak only ever helps; were platelets also to slow extravasation, it could.
                Which cells are lost depends on how the two runs share their draws; only the net difference is a property of the
                two models: {few.lost - few.saved} of {few.cells:,} at × 0.01.

                **15 minutes**

                - 0 to 4: read one cell's two lives aloud, at × 0.01: where do they part?
                - 4 to 11: tasks 1 and 2 in pairs, then bets on task 3.
                - 11 to 15: what would a drug against platelets do in a patient without NK cells? What does the model leave out?
                """
            )
        }
    )
    return few, halving, many


@app.cell
def _():
    mo.md(
        """
        *Sources.* Palumbo JS and others. Blood 2005;105:178-185 (mechanism, no sizes). For research and teaching, never for decisions about a patient.
        """
    )
    return


if __name__ == "__main__":
    app.run()
