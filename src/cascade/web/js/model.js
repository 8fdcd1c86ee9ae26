// One model in a browser: same seed, same cell, same life as in the package, bit for bit; same
// funnel as cascade.exact to rounding.
// @ts-check
/** @import { Counts, Exact, Payload, Rates, Told, Unit } from "./types.js" */

import { startOf, traitsOf } from "./birth.js";
import { countUnit, noCounts } from "./counting.js";
import { exactAnswer } from "./exact.js";
import { Life, liveAlone } from "./life.js";
import { livesOf } from "./lives.js";
import { hazardsIn, ownGroups, ratesIn, windowEnds } from "./rates.js";

export class Model {
  /** @param {Payload} data */
  constructor(data) {
    this.data = data;
    this.factors = data.stages.map(() => 1);
    /** @type {number[]} */
    this.entering = [];
    this.until = data.until === null ? Infinity : data.until;
    this.ends = windowEnds(data);
    // Cells alone, all alike, in an environment that does not change.
    this.plain = data.profiles.length === 1 && data.clocks.length === 0 && data.largest === 1 &&
      this.ends.length === 1 && this.until === Infinity;
    this.chain = data.chain || data;
    this.own = ownGroups(data);
    this.windows = this._windows();
    /** @type {Exact | null} */
    this.solved = null;
    /** @type {Rates[] | null} */
    this.solvedFor = null;
  }

  /** @param {number} w */
  _hazards(w) {
    return hazardsIn(this.data, this.data, w, this.factors, this.entering);
  }

  _windows() {
    return this.ends.map((end, w) => ratesIn(this.data, this._hazards(w), end));
  }

  /**
   * Multiply the hazards of death of one step.
   * @param {number} step
   * @param {number} factor
   */
  scaleDeaths(step, factor) {
    this.factors[step] = factor;
    this.windows = this._windows();
  }

  /**
   * The share of the cells that the first bed holds; null: as in the model.
   * @param {number | null} share
   */
  hold(share) {
    const { held } = this.data;
    this.entering = held && share !== null ? [share / held.share, (1 - share) / (1 - held.share), 1] : [];
    this.windows = this._windows();
  }

  /**
   * A founder as it begins.
   * @param {number} cell
   * @returns {Unit}
   */
  _founder(cell) {
    const [state, time] = startOf(this.data, cell), { stage, size_of } = this.data;
    return { member: 0, state, time, furthest: stage[state], size: size_of[state], exit: -1, window: 0 };
  }

  /**
   * Run a founder and all fragments that go apart from it; a list of the units at their ends.
   * @param {number} cell
   * @param {Told | null} each
   * @param {Rates[]} windows hazards that hold for this founder, where they are not those of all
   */
  run(cell, each, windows = this.windows) {
    const founder = this._founder(cell), rules = windows === this.windows ? this : { data: this.data, own: this.own, windows };
    if (this.plain && windows.length === 1) return [liveAlone(rules, cell, founder, each)];
    const traits = traitsOf(this.data, cell), waiting = [founder], ended = [];
    for (let unit = waiting.pop(); unit; unit = waiting.pop()) {
      ended.push(new Life(rules, cell, unit, traits, each, waiting).run());
    }
    return ended;
  }

  /**
   * The lives of a founder and its fragments, by lowest member.
   * @param {number} cell
   */
  lives(cell) {
    return livesOf(this.data, (each) => this.run(cell, each));
  }

  /**
   * Founders first to first + number, counted one by one.
   * @param {number} first
   * @param {number} number
   * @param {Counts} [into]
   */
  simulate(first, number, into) {
    const counts = into || noCounts(this.data);
    for (let cell = first; cell < first + number; cell++) {
      for (const unit of this.run(cell, null)) countUnit(this.data, counts, unit);
    }
    counts.founders += number;
    return counts;
  }

  /** Exact shares of cells: passed, lost by furthest step and cause, still there. */
  exact() {
    // Asked for by several scenes, and with many frailties not at once.
    if (this.solved && this.solvedFor === this.windows) return this.solved;
    this.solvedFor = this.windows;
    this.solved = exactAnswer(this);
    return this.solved;
  }
}
