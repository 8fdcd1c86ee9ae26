// The page: sliders change the hazards of death; the funnel is solved at once, counted behind it.
// @ts-check
/** @import { Counts } from "./types.js" */

import { ALIVE_COLOUR } from "./constants.js";
import { within } from "./elements.js";
import { FunnelTable } from "./funneltable.js";
import { Model } from "./model.js";
import { Motion } from "./motion.js";
import { Search } from "./search.js";
import { addHeldSlider, addSliders } from "./sliders.js";
import { duration } from "./story.js";

const given = globalThis.cascade.data;
const model = new Model(given);
const motion = new Motion(within(document, "#motion"), given.cast);
const table = new FunnelTable(within(document, "#funnel"), "passed", given.stages, (name) => given.stage_colours[name]);
// Without sites there are no kinds: no table.
const kinds = given.kinds.length
  ? new FunnelTable(within(document, "#kinds"), "founded", given.kinds, () => ALIVE_COLOUR) : null;
// Cells that are counted without a pause: at most some ten milliseconds.
const PIECE = model.plain ? 20000 : 2000;
const search = new Search(model, motion, given, PIECE);

function tell() {
  const points = given.nodes.length, random = given.random_nodes ? ", drawn at random: good to some per cent. " : ". ";
  const averaged = points > 1 ? `Exact: the mean over ${points.toLocaleString("en")} points of the frailties${random}` : "";
  within(document, "#title").textContent = given.title;
  within(document, "#about").textContent = given.description;
  within(document, "#made").textContent = `${averaged}${given.limits} Made by cascade ${given.version}; ` +
    `seed ${given.seed}, streams ${given.stream}. ` +
    "Every number on this page is computed in it, by the rules and with the draws of the package.";
}

/** @param {Counts} counts */
function report({ founders, cells, passed, kinds: founded }) {
  const what = given.largest > 1 ? `founders, ${cells.toLocaleString("en")} cells,` : "cells,";
  const time = given.until === null ? "" : `, for ${duration(given.until)}`, progress = within(document, "#progress");
  table.counted(passed);
  kinds?.counted(founded);
  progress.textContent =
    `Counted: ${founders.toLocaleString("en")} of ${given.cells.toLocaleString("en")} ${what} one by one${time}.`;
  progress.dataset.done = String(founders === given.cells);
}

// Of several counts the latest goes on.
let latest = 0;

/**
 * @param {number} mine
 * @param {Counts} counts
 */
function count(mine, counts) {
  if (mine !== latest) return;
  model.simulate(given.first + counts.founders, Math.min(PIECE, given.cells - counts.founders), counts);
  report(counts);
  if (counts.founders < given.cells) setTimeout(() => count(mine, counts), 0);
  else {
    motion.pause();
    search.begin();
  }
}

function update() {
  const mine = ++latest;
  const exact = model.exact();
  table.solved(exact);
  kinds?.shares(exact.kinds);
  within(document, "#progress").dataset.done = "false";
  // A moment without work: while a slider moves, the funnel comes first.
  setTimeout(() => count(mine, model.simulate(0, 0)), 30);
}

// Where no cell can die any more there is nothing to move.
within(document, "section.sliders").hidden = given.sliders.length === 0 && !given.held;
within(document, ".kinds").hidden = !kinds;
const names = given.sliders.map((/** @type {number} */ step) => given.stages[step]);
const sliders = addSliders(within(document, "#sliders"), within(document, "#reset"), names, (k, factor) => {
  model.scaleDeaths(given.sliders[k], factor);
  update();
});
if (given.held) {
  const move = (/** @type {number | null} */ share) => { model.hold(share); update(); };
  sliders.push(addHeldSlider(within(document, "#held"), within(document, "#reset"), given.held.share, move));
}
within(document, "#held-about").hidden = !given.held;
within(document, "#motion .controls").append(search.chooser(given.stages));
Object.assign(globalThis.cascade, { Model, Motion, page: { model, motion, sliders } });
tell();
update();
search.begin();
