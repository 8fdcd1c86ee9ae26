// The picture of a body: cells ride its vessels from bed to bed and stay where they die.
// @ts-check
/** @import { BodyMap, Census, Name, Point, Stay, Track, View } from "./types.js" */

import { ARTERY_TEXT, INK, PALE_VESSELS, QUIET, VEIN_TEXT } from "./constants.js";
import { allDead } from "./tracks.js";
import { NARROW, along, eased, font } from "./ways.js";

const TOP = 0.5; // inches of the picture that are not shown
const FOOT = 28; // pixels for the counts

/** @implements {View} */
export class Body {
  /** @param {BodyMap} map */
  constructor(map) {
    this.map = map;
    this.solid = 0.75;
    this.narrow = false;
    this.width = this.height = this.unit = 0;
  }

  /** @param {number} width */
  fit(width) {
    this.width = width;
    this.narrow = width < NARROW;
    this.height = Math.max(520, Math.min(0.66 * width, 760));
    this.unit = Math.min(...this._scales());
  }

  /** The dead stay where they are: there are no piles. */
  stack() {}

  /** @returns {[number, number]} */
  get radii() {
    return this.narrow ? [2.4, 1.8] : [3.4, 2.2];
  }

  /** Pixels for an inch, across and down. */
  _scales() {
    return [this.width / this.map.width, (this.height - FOOT) / (this.map.height - TOP)];
  }

  /**
   * Inches of the map on the canvas.
   * @param {number} x
   * @param {number} y
   * @returns {Point}
   */
  at(x, y) {
    const [across, down] = this._scales();
    return [x * across, (y - TOP) * down];
  }

  /**
   * @param {Track} track
   * @param {Stay} stay
   * @returns {Point}
   */
  _spot({ jitter }, stay) {
    const [px, py] = this.map.places[stay.state], [x, y] = this.at(px, py);
    // In and beside the primary there is more room.
    const [across, down] = px < 1 ? [0.6, 0.55] : [0.26, 0.2];
    return [x + jitter[0] * across * this.unit, y + jitter[1] * down * this.unit];
  }

  /** @param {Stay} stay */
  _inBed(stay) {
    return this.map.places[stay.state][0] === this.map.beds[0];
  }

  /**
   * Along the vessels: across at the height of the bed, up or down in the trunk.
   * @param {Track} track
   * @param {Stay | null} from
   * @param {Stay} to
   * @param {number} gone
   */
  way(track, from, to, gone) {
    const end = this._spot(track, to);
    if (!from || gone >= 1) return end;
    const begin = this._spot(track, from), points = [begin];
    if (this._inBed(from) && !this._inBed(to)) points.push([end[0], begin[1]]);
    else if (this._inBed(to) && !this._inBed(from)) points.push([begin[0], end[1]]);
    return along([...points, end], eased(gone));
  }

  /** @param {Point} at */
  rest(at) {
    return at;
  }

  /** @param {CanvasRenderingContext2D} g */
  draw(g) {
    this._drawVessels(g);
    for (const height of this.map.beds.slice(1)) this._drawBed(g, height);
    const [rightX, rightY, leftX, leftY] = this.map.hearts;
    this._drawHeart(g, VEIN_TEXT, rightX, rightY);
    this._drawHeart(g, ARTERY_TEXT, leftX - 0.24, leftY + 0.05);
    this._drawNames(g, this.narrow ? this.map.names : [...this.map.names, ...this.map.more]);
  }

  /** @param {CanvasRenderingContext2D} g */
  _drawVessels(g) {
    g.lineCap = g.lineJoin = "round";
    for (const [points, flow, kind] of this.map.lines) {
      g.strokeStyle = PALE_VESSELS[kind];
      g.lineWidth = Math.max(0.8, 0.28 * flow * this.unit);
      g.beginPath();
      for (let i = 0; i < points.length; i += 2) g.lineTo(...this.at(points[i], points[i + 1]));
      g.stroke();
    }
    g.lineWidth = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} height
   */
  _drawBed(g, height) {
    g.strokeStyle = QUIET;
    g.fillStyle = "#ffffff";
    g.beginPath();
    g.arc(...this.at(this.map.beds[0], height), this.narrow ? 2.5 : 5, 0, 2 * Math.PI);
    g.fill();
    g.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {string} colour
   * @param {number} px
   * @param {number} py
   */
  _drawHeart(g, colour, px, py) {
    const [x, y] = this.at(px, py);
    g.fillStyle = colour;
    g.fillRect(x - 0.2 * this.unit, y - 0.2 * this.unit, 0.4 * this.unit, 0.4 * this.unit);
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {Name[]} names
   */
  _drawNames(g, names) {
    g.save();
    g.font = font(this.narrow ? 8.5 : 11.5);
    g.textBaseline = "middle";
    g.strokeStyle = "#ffffff";
    g.lineWidth = 3;
    g.fillStyle = QUIET;
    for (const [name, px, py, align] of names) {
      const [x, y] = this.at(px, py), space = align === "left" ? this.width - x - 4 : undefined;
      g.textAlign = align;
      g.strokeText(name, x, y, space);
      g.fillText(name, x, y, space);
    }
    g.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {Census} now
   */
  drawCounts(g, { waiting, alive, dead }) {
    const under = alive.slice(0, -1).reduce((a, b) => a + b, 0), gone = dead.map(allDead).reduce((a, b) => a + b, 0);
    const text = `${waiting} to come, ${under} under way, ${gone} dead, ${alive[alive.length - 1]} colonies`;
    g.fillStyle = INK;
    g.font = font(this.narrow ? 10 : 12.5);
    g.textAlign = "center";
    g.fillText(text, this.width / 2, this.height - 9, this.width - 12);
  }
}
