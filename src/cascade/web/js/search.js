// The first cells that passed a step, looked for piece by piece: colonies are rare.
// @ts-check
/** @import { Model } from "./model.js" */
/** @import { Motion } from "./motion.js" */
/** @import { PageData, SentLife } from "./types.js" */

import { choice } from "./elements.js";

const SHOWN = 240;

export class Search {
  /**
   * @param {Model} model
   * @param {Motion} motion
   * @param {PageData} data
   * @param {number} piece cells that are looked at without a pause
   */
  constructor(model, motion, data, piece) {
    this.model = model;
    this.motion = motion;
    this.first = data.first;
    this.end = data.first + data.cells;
    this.piece = piece;
    this.least = 0;
    // Of several searches the latest goes on.
    this.latest = 0;
  }

  /** @param {string[]} stages */
  chooser(stages) {
    /** @type {[string, string][]} */
    const passed = stages.map((stage, k) => [`cells that passed ${stage}`, String(k + 1)]);
    passed[passed.length - 1][0] = "cells that founded a colony";
    return choice("Show ", [["the first cells", "0"], ...passed], (value) => {
      this.least = Number(value);
      this.begin();
    });
  }

  begin() {
    this._go(++this.latest, this.first, []);
  }

  /**
   * @param {number} mine
   * @param {number} from
   * @param {SentLife[]} found
   */
  _go(mine, from, found) {
    if (mine !== this.latest) return;
    const stop = Math.min(this.end, from + this.piece);
    let cell = from;
    for (; cell < stop && found.length < SHOWN; cell++) found.push(...this._passed(cell));
    if (cell === this.end || found.length >= SHOWN) {
      this._show(found);
      return;
    }
    this.motion.say(`Looking for them: ${(cell - this.first).toLocaleString("en")} cells so far.`);
    setTimeout(() => this._go(mine, cell, found), 0);
  }

  /**
   * Lives of a founder and its fragments that came so far.
   * @param {number} cell
   * @returns {SentLife[]}
   */
  _passed(cell) {
    const { least, model } = this;
    if (least > 0 && !model.run(cell, null).some((unit) => unit.furthest >= least)) return [];
    const far = model.lives(cell).filter(({ stays }) => stays.some((stay) => stay.stage >= least));
    return far.map(({ member, size, stays }) => ({ cell: member || size > 1 ? `${cell}, member ${member}` : cell, size, stays }));
  }

  /** @param {SentLife[]} found */
  _show(found) {
    this.motion.show(found);
    if (!found.length) this.motion.say(`None of the ${(this.end - this.first).toLocaleString("en")} cells of this page came so far.`);
  }
}
