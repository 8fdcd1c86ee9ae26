// The bars of the funnel beside the film: who came in, split into who passed, who is there and who died of what; always
// linear, and enlarged by a drawn lens where a bar would fall below a tenth.
// @ts-check
/** @import { Exact, Say } from "./types.js" */

import { MOST_CAUSES } from "./constants.js";
import { made } from "./elements.js";
import { zoomsOf } from "./filmcells.js";
import { causeProperty, markIcon } from "./marks.js";
import { wholePercent } from "./shares.js";

const ROUNDED = 1e-12; // a share that is the rounding of others

/**
 * @typedef {object} BarRow
 * @property {HTMLElement} box
 * @property {HTMLElement} bar
 * @property {HTMLElement} lens
 * @property {HTMLElement} tip
 * @property {HTMLElement} why
 * @property {HTMLElement} number
 * @property {HTMLElement} counted
 */

/**
 * What cells came to an end by in a row, most first, with the share of each: the rule of the tables of the package.
 * @param {Record<string, number>} lost
 * @param {number} still
 */
export function causesTold(lost, still) {
  const parts = Object.entries(lost).filter(([, share]) => share > 0).sort((a, b) => b[1] - a[1]);
  const all = parts.reduce((sum, [, share]) => sum + share, still > ROUNDED ? still : 0);
  const causes = parts.slice(0, MOST_CAUSES).map(([cause, share]) => /** @type {[string, string]} */ ([cause, wholePercent(share / all)]));
  return { causes, still: still > ROUNDED ? wholePercent(still / all) : "", more: parts.length > MOST_CAUSES };
}

export class LensBars {
  /**
   * @param {Say} say
   * @param {string[]} names of the rows
   * @param {Record<string, string>} marks
   * @param {(cause: string) => HTMLElement | string} named
   */
  constructor(say, names, marks, named) {
    this.say = say;
    this.marks = marks;
    this.named = named;
    this.covered = 0;
    this.compact = false;
    /** @type {Exact | null} */
    this.exact = null;
    this.zooms = names.map(() => 1);
    this.rows = names.map(() => this._row());
  }

  /** @returns {BarRow} */
  _row() {
    const part = (/** @type {string} */ className) => made("div", { className });
    const bar = part("parts"), lens = part("lens"), tip = made("i", { className: "tip", textContent: "▲" });
    const why = part("why"), number = part("share"), counted = part("counted");
    tip.setAttribute("aria-hidden", "true");
    const track = made("div", { className: "track" }, bar, tip);
    return { box: made("div", { className: "barbox" }, lens, track, number, why, counted), bar, lens, tip, why, number, counted };
  }

  /**
   * @param {Exact} exact
   * @param {number[] | null} zooms of the rows, where another model shares them
   */
  solved(exact, zooms) {
    this.exact = exact;
    const came = [1, ...exact.passed];
    this.zooms = zooms ?? zoomsOf(came);
    this.rows.forEach((row, k) => this._solve(row, k, came, exact));
  }

  /**
   * @param {BarRow} row
   * @param {number} k
   * @param {number[]} came
   * @param {Exact} exact
   */
  _solve({ lens, tip, why, number }, k, came, exact) {
    const last = k === came.length - 1, zoom = this.zooms[k], factor = k ? zoom / this.zooms[k - 1] : 1;
    const hidden = k >= came.length - this.covered;
    number.textContent = hidden ? "?" : this.say.share(came[k]);
    tip.hidden = last || hidden;
    if (!last) tip.style.left = `${100 * Math.min(1, came[k + 1] * zoom)}%`;
    lens.replaceChildren();
    if (factor > 1 && !hidden) this._drawLens(lens, came[k], zoom, factor);
    // Also where the row above is enlarged as much: of every bar is said how many times it is too long.
    if (zoom > 1 && !hidden) lens.append(made("b", { className: zoom < 1e4 ? "" : "long" }, made("span", {}, `${this.say("film.lens")} `), `× ${this.say.whole(zoom)}`));
    why.replaceChildren();
    if (last || hidden) return;
    const { causes, still, more } = causesTold(exact.lost[k], exact.still[k]);
    for (const [cause, share] of causes) {
      why.append(made("span", { className: "chip" }, markIcon(this.marks[cause] ?? "bar", causeProperty(cause)), this.named(cause), ` ${share}`));
    }
    if (still) why.append(made("span", { className: "chip" }, `${this.say("arms.still")} ${still}`));
    why.append(made("span", { className: "chip more" }, "…"));
    why.dataset.more = String(more);
    this._trim(why);
    // Beside the film there is one line for them.
    why.title = [...causes.map(([cause, share]) => `${this.say.term(cause)} ${share}`), ...(still ? [`${this.say("arms.still")} ${still}`] : []), ...(more ? ["…"] : [])].join(", ");
  }

  /** As many causes as their line has room for, where it is one line. */
  fit() {
    for (const { why } of this.rows) this._trim(why);
  }

  /**
   * Dots after the last cause that is seen, unless it is the last of all.
   * @param {HTMLElement} why
   */
  _trim(why) {
    const chips = /** @type {HTMLElement[]} */ ([...why.children]), dots = chips.pop();
    if (!dots) return;
    for (const chip of chips) {
      chip.hidden = false;
      chip.classList.remove("cut");
    }
    dots.hidden = why.dataset.more !== "true";
    if (getComputedStyle(why).flexWrap !== "nowrap") return;
    while (chips.length > 1 && why.scrollWidth > why.clientWidth) {
      /** @type {HTMLElement} */ (chips.pop()).hidden = true;
      dots.hidden = false;
    }
    if (why.scrollWidth > why.clientWidth) chips[0]?.classList.add("cut");
  }

  /**
   * What was narrow above is wide below.
   * @param {HTMLElement} lens
   * @param {number} share
   * @param {number} zoom
   * @param {number} factor
   */
  _drawLens(lens, share, zoom, factor) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const above = (100 * share * zoom) / factor, below = Math.min(100, 100 * share * zoom);
    svg.setAttribute("viewBox", "0 0 100 10");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", `M0 0H${above}C${above} 7 ${below} 3 ${below} 10H0Z`);
    svg.append(path);
    lens.append(svg);
  }

  /**
   * @param {{ came: number, passed: number, dead: Record<string, number> }[]} counts shares of all that set out
   * @param {number[]} looked cells that were looked at for each row
   * @param {boolean} over whether nobody comes any more
   */
  counted(counts, looked, over) {
    counts.forEach(({ came, passed, dead }, k) => {
      const { bar, counted } = this.rows[k], zoom = this.zooms[k], hidden = k >= counts.length - this.covered;
      const parts = Object.entries(dead).sort((a, b) => b[1] - a[1]), gone = parts.reduce((sum, [, share]) => sum + share, 0);
      const here = Math.max(0, came - passed - gone);
      const last = k === counts.length - 1 && over;
      /** @type {[string, number][]} */
      const all_ = [["--passed", passed], ["--alive", here], ...parts.map(([cause, share]) => /** @type {[string, number]} */ ([causeProperty(cause), share]))];
      this._fill(bar, hidden ? [] : all_.map(([colour, share]) => [colour, 100 * share * zoom]));
      counted.textContent = hidden || !looked[k] ? "" : this._told(came * looked[k], looked[k], last);
    });
  }

  /**
   * How many cells of the film have come to a row.
   * @param {number} came
   * @param {number} looked
   * @param {boolean} last
   */
  _told(came, looked, last) {
    const n = this.say.whole(came), all = this.say.whole(looked);
    return last && Math.round(came) === 0 ? this.say("film.founded_none", { all }) : this.say("film.came", { n, all });
  }

  /**
   * @param {HTMLElement} bar
   * @param {[string, number][]} parts
   */
  _fill(bar, parts) {
    while (bar.children.length < parts.length) bar.append(made("i"));
    let room = 100;
    [...bar.children].forEach((child, i) => {
      const part = /** @type {HTMLElement} */ (child), [colour, wanted] = parts[i] ?? ["--passed", 0], width = Math.min(room, wanted);
      room -= width;
      part.style.width = `${width.toFixed(3)}%`;
      part.style.background = `var(${colour})`;
    });
  }

  /** What the bars say, for those who hear them. */
  get told() {
    const { exact } = this;
    if (!exact) return "";
    const came = [1, ...exact.passed];
    return came.slice(0, came.length - this.covered).map((share) => this.say.share(share)).join(", ");
  }
}
