// The picture of any model: a column for each step, a band for each state in it.  A cell waits in
// its band, goes on, or turns the colour of its cause of death and sinks.
// @ts-check
/** @import { Cast, Census, Point, Stay, Track, View } from "./types.js" */

import { GRID, INK, QUIET } from "./constants.js";
import { spaced } from "./story.js";
import { SINKING, allDead } from "./tracks.js";
import { NARROW, along, eased, font } from "./ways.js";

// Pixels from the bottom.
const FLOOR = 104;
const PILES = 96;

/** @implements {View} */
export class Columns {
  /**
   * @param {Cast} cast
   * @param {boolean} still no motion is wanted
   */
  constructor(cast, still) {
    this.cast = cast;
    this.still = still;
    this.columns = [...cast.stages, cast.goal];
    this.highest = 1;
    this.solid = 1;
    this.narrow = false;
    this.width = this.height = 0;
  }

  /** @param {number} width */
  fit(width) {
    this.width = width;
    this.narrow = width < NARROW;
    this.height = this.narrow ? 420 : 380;
  }

  /** @param {Track[]} tracks */
  stack(tracks) {
    const piles = this.columns.map(() => 0);
    for (const { stops } of tracks) {
      const { stay } = stops[stops.length - 1];
      if (stay.died) piles[stay.stage] += 1;
    }
    this.highest = Math.max(1, ...piles);
  }

  /** @returns {[number, number]} */
  get radii() {
    return [this.narrow ? 3.4 : 4.2, 0.43 * this._apart()];
  }

  get column() {
    return this.width / this.columns.length;
  }

  /** @param {number} stage */
  _bands(stage) {
    return this.cast.states.filter((state) => state.stage === stage);
  }

  /**
   * Middle of the band of a state, and its height.
   * @param {string} name
   * @param {number} stage
   * @returns {[number, number, number]}
   */
  _band(name, stage) {
    const bands = this._bands(stage), number = Math.max(1, bands.length);
    const at = Math.max(0, bands.findIndex((state) => state.name === name));
    const top = this.narrow ? 106 : 46, room = this.height - top - 128;
    return [this.column * (stage + 0.5), top + (room * (at + 0.5)) / number, room / number];
  }

  /**
   * @param {Track} track
   * @param {Stay} stay
   * @returns {Point}
   */
  _spot({ jitter }, stay) {
    const [x, y, height] = this._band(stay.state, stay.stage);
    return [x + jitter[0] * this.column * 0.78, y + 6 + jitter[1] * Math.min(height * 0.6, 150)];
  }

  /**
   * @param {Track} track
   * @param {Stay | null} from
   * @param {Stay} to
   * @param {number} gone
   */
  way(track, from, to, gone) {
    const end = this._spot(track, to);
    return !from || gone >= 1 ? end : along([this._spot(track, from), end], eased(gone));
  }

  /** Pixels between the dead of a pile, so that the highest has room. */
  _apart() {
    return Math.min(7, Math.sqrt(((this.column - 10) * 64) / this.highest));
  }

  /**
   * A dead cell sinks to the pile below its column.
   * @param {Point} at
   * @param {number} n
   * @param {number} stage
   * @param {number} ago
   * @returns {Point}
   */
  rest([x, y], n, stage, ago) {
    const apart = this._apart(), across = Math.max(1, Math.floor((this.column - 10) / apart));
    const end = [stage * this.column + 8 + (n % across) * apart, this.height - PILES + Math.floor(n / across) * apart];
    const f = this.still ? 1 : Math.min(1, ago / SINKING);
    return [x + (end[0] - x) * f, y + (Math.min(end[1], this.height - 26) - y) * f * f];
  }

  /** @param {CanvasRenderingContext2D} g */
  draw(g) {
    g.textAlign = "center";
    this.columns.forEach((name, k) => {
      if (k) this._line(g, k * this.column, 0, k * this.column, this.height);
      this._head(g, name, k);
      this._nameBands(g, k);
    });
    this._line(g, 0, this.height - FLOOR, this.width, this.height - FLOOR);
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   */
  _line(g, x0, y0, x1, y1) {
    g.strokeStyle = GRID;
    g.beginPath();
    g.moveTo(x0, y0);
    g.lineTo(x1, y1);
    g.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {string} name
   * @param {number} k
   */
  _head(g, name, k) {
    const x = this.column * (k + 0.5);
    g.fillStyle = INK;
    g.font = font(this.narrow ? 10 : 12.5);
    if (!this.narrow) {
      g.fillText(name, x, 18, this.column - 6);
      return;
    }
    g.save();
    g.translate(x + 4, 100);
    g.rotate(-Math.PI / 2);
    g.textAlign = "left";
    g.fillText(name, 0, 0, 96);
    g.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} k
   */
  _nameBands(g, k) {
    const bands = this._bands(k);
    if (this.narrow || bands.length < 2 || bands.length > 5) return;
    g.fillStyle = QUIET;
    g.font = font(10.5);
    for (const { name } of bands) {
      const [x, y, height] = this._band(name, k);
      g.fillText(spaced(name), x, y - Math.min(height / 2, 30) + 9, this.column - 6);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {Census} now
   */
  drawCounts(g, { alive, dead }) {
    const last = this.columns.length - 1;
    g.fillStyle = INK;
    g.font = font(this.narrow ? 10 : 12.5);
    g.textAlign = "center";
    alive.forEach((here, k) => {
      const gone = allDead(dead[k]), both = this.narrow ? `${here} | ${gone}` : `${here} here, ${gone} dead`;
      g.fillText(k === last ? `${here}` : both, this.column * (k + 0.5), this.height - 8, this.column - 4);
    });
  }
}
