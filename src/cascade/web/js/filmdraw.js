// Draws the cells of a film: the living as discs, deaths as a gesture and the mark of their cause, then dust.
// @ts-check
/** @import { Box, FilmRow, FilmTrack, Look, Point } from "./types.js" */
/** @import { FilmCells } from "./filmcells.js" */

import { drawMark } from "./marks.js";

const FALL = 0.55; // seconds from row to row
const GESTURE = 0.75;
const SHORT = 1.8; // seconds that a mark stays where many die, and where few do
const LONG = 4;

/**
 * A number from 0 to 1 for a whole one, as if drawn at random.
 * @param {number} i
 */
function mixed(i) {
  let x = Math.imul(i ^ (i >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * Where a cell stands in a row; the same in every film.
 * @param {FilmTrack} track
 * @param {number} row
 * @returns {Point}
 */
function placeOf({ cell, member }, row) {
  const i = (cell % 0x3fffffff) * 2 + member * 7919 + row * 104729;
  return [mixed(i), mixed(i + 15485863)];
}

export class FilmPainter {
  /**
   * @param {FilmCells} cells
   * @param {string[]} grounds of the rows
   * @param {Record<string, string>} marks of causes
   */
  constructor(cells, grounds, marks) {
    this.cells = cells;
    this.grounds = grounds;
    this.marks = marks;
    /** @type {Box[]} */
    this.boxes = [];
    /** @type {Look} */
    this.look = Object.create(null);
    this.head = 0;
  }

  /**
   * @param {FilmTrack} track
   * @param {number} row
   * @param {number} clock
   * @returns {Point}
   */
  _spot(track, row, clock) {
    const box = this.boxes[row], [a, b] = placeOf(track, row), ground = this.grounds[row];
    const top = Math.min(this.head, box.h * 0.4), room = box.h - top - 6;
    let x = 0.02 + 0.96 * a, y = b;
    if (ground === "lumen") x = (x + clock * (0.035 + 0.03 * b)) % 1;
    // In capillaries, which are arches of an even distance.
    if (ground === "capillary") x = (Math.floor(x * 16) + 0.5) / 16 + 0.012 * Math.sin(9 * b);
    if (ground === "primary") {
      const wide = Math.sqrt(1 - (2 * b - 1) ** 2 * 0.8);
      x = 0.5 + (x - 0.5) * 0.86 * wide;
    }
    y += 0.05 * Math.sin(clock * (0.9 + a) + 6 * b);
    return [box.x + x * box.w, box.y + top + 3 + Math.max(0, Math.min(1, y)) * room];
  }

  /**
   * Where a dot is, and the row in which it is; null: not yet there.
   * @param {FilmTrack} track
   * @param {number} clock
   * @returns {{ at: Point, stay: FilmRow } | null}
   */
  where(track, clock) {
    const { rows } = track;
    if (clock < track.begin) return null;
    let i = 0;
    while (i + 1 < rows.length && rows[i + 1].from <= clock) i++;
    const stay = rows[i], here = this._spot(track, stay.row, stay.cause ? Math.min(clock, stay.to) : clock), gone = (clock - stay.from) / FALL;
    if (i === 0 || gone >= 1) return { at: here, stay };
    const [x, y] = this._spot(track, rows[i - 1].row, clock), eased = gone * gone * (3 - 2 * gone);
    return { at: [x + (here[0] - x) * eased, y + (here[1] - y) * eased], stay };
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} clock
   * @param {number} scale of the dots
   */
  draw(g, clock, scale) {
    const { films, ringed, rows } = this.cells;
    films.forEach((film, number) => {
      const behind = films[number + 1]?.row ?? rows, radius = scale * (film.each >= 50 ? 2.3 : film.each > 1.5 ? 3 : 3.8);
      this._drawFilm(g, film.tracks, film.row, behind, clock, radius);
    });
    if (ringed) this._drawRinged(g, ringed, clock, scale);
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {FilmTrack[]} tracks
   * @param {number} first
   * @param {number} behind
   * @param {number} clock
   * @param {number} radius
   */
  _drawFilm(g, tracks, first, behind, clock, radius) {
    const linger = tracks.length > 300 ? SHORT : LONG;
    /** @type {[Point, number][]} */
    const alive = [];
    for (const track of tracks) {
      const found = this.where(track, clock);
      if (!found || found.stay.row < first || found.stay.row >= behind) continue;
      const { at, stay } = found;
      if (!stay.cause || clock < stay.to) alive.push([at, radius * Math.cbrt(track.size)]);
      else this._drawDead(g, at, stay, clock - stay.to, radius, linger);
    }
    g.fillStyle = this.look["--alive"];
    g.beginPath();
    for (const [[x, y], r] of alive) {
      g.moveTo(x + r, y);
      g.arc(x, y, r, 0, 2 * Math.PI);
    }
    g.fill();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {Point} at
   * @param {FilmRow} stay
   * @param {number} ago
   * @param {number} radius
   * @param {number} linger
   */
  _drawDead(g, [x, y], { cause }, ago, radius, linger) {
    g.strokeStyle = g.fillStyle = this.look[cause] ?? this.look["--quiet"];
    if (ago > linger) {
      g.globalAlpha = 0.55;
      g.fillRect(x - 1, y - 1, 2, 2);
      g.globalAlpha = 1;
      return;
    }
    if (ago < GESTURE) this._gesture(g, this.marks[cause], x, y, radius, ago / GESTURE);
    g.globalAlpha = Math.min(1, ago / 0.25) * (ago > linger - 0.6 ? Math.max(0.3, (linger - ago) / 0.6) : 1);
    drawMark(g, this.marks[cause] ?? "bar", x, y, 1.5 * radius);
    g.globalAlpha = 1;
  }

  /**
   * How a cell dies: torn, squeezed, touched by a killer, fallen apart.
   * @param {CanvasRenderingContext2D} g
   * @param {string} mark
   * @param {number} x
   * @param {number} y
   * @param {number} r
   * @param {number} gone
   */
  _gesture(g, mark, x, y, r, gone) {
    g.globalAlpha = 1 - gone;
    g.beginPath();
    if (mark === "slashes") {
      g.arc(x - 2 * r * gone, y, r, Math.PI / 2, 1.5 * Math.PI);
      g.moveTo(x + 2 * r * gone, y - r);
      g.arc(x + 2 * r * gone, y, r, -Math.PI / 2, Math.PI / 2);
    } else if (mark === "lens") g.ellipse(x, y, r * (1 + gone), r * (1 - 0.8 * gone), 0, 0, 2 * Math.PI);
    else if (mark === "cross" || mark === "star") g.arc(x + 5 * r * (1 - gone), y - 4 * r * (1 - gone), 1.5 * r, 0, 2 * Math.PI);
    else for (let k = 0; k < 4; k++) {
      const a = (k + 0.5) * Math.PI / 2, d = 2 * r * gone;
      g.moveTo(x + d * Math.cos(a) + r / 2, y + d * Math.sin(a));
      g.arc(x + d * Math.cos(a), y + d * Math.sin(a), r / 2, 0, 2 * Math.PI);
    }
    g.fill();
    g.globalAlpha = 1;
  }

  /**
   * The cell that founds, with where it came along.
   * @param {CanvasRenderingContext2D} g
   * @param {FilmTrack} track
   * @param {number} clock
   * @param {number} scale
   */
  _drawRinged(g, track, clock, scale) {
    const found = this.where(track, clock);
    if (!found) return;
    const { at: [x, y], stay } = found, dead = stay.cause && clock >= stay.to, last = stay.row === this.cells.rows - 1;
    g.strokeStyle = this.look["--ink"];
    g.lineWidth = 1.2 * scale;
    g.globalAlpha = 0.5;
    g.beginPath();
    for (const { row, from } of track.rows) if (from <= clock && row < stay.row) g.lineTo(...this._spot(track, row, from));
    g.lineTo(x, y);
    g.stroke();
    g.globalAlpha = 1;
    g.fillStyle = this.look["--alive"];
    if (dead) {
      g.strokeStyle = this.look[stay.cause] ?? this.look["--quiet"];
      drawMark(g, this.marks[stay.cause] ?? "bar", x, y, 6 * scale);
    } else if (last) this._drawColony(g, x, y, Math.min(1, (clock - stay.from) / 3), scale);
    else {
      g.beginPath();
      g.arc(x, y, 4.2 * scale, 0, 2 * Math.PI);
      g.fill();
    }
    g.strokeStyle = this.look["--ink"];
    g.lineWidth = 2.2 * scale;
    g.beginPath();
    g.arc(x, y, (last && !dead ? 15 : 9) * scale, 0, 2 * Math.PI);
    g.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} x
   * @param {number} y
   * @param {number} grown
   * @param {number} scale
   */
  _drawColony(g, x, y, grown, scale) {
    const cells = 1 + Math.round(18 * grown);
    g.beginPath();
    for (let k = 0; k < cells; k++) {
      // Seeds of a sunflower.
      const r = 2.6 * scale * Math.sqrt(k), a = k * 2.39996, px = x + r * Math.cos(a), py = y + r * Math.sin(a);
      g.moveTo(px + 2.6 * scale, py);
      g.arc(px, py, 2.6 * scale, 0, 2 * Math.PI);
    }
    g.fill();
  }
}
