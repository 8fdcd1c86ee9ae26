// The cells of a film: real cells of the model, each with its own luck, on the clock of the film.
// @ts-check
//
// Dots are a sample of the cells that set out, and open at a lens: behind it more of them are looked at, and a dot is
// fewer cells. When a slider moves at a moment of the film, each cell has come to an hour of its own; from that hour on
// its hazards are the new ones, and what is left of its waiting times is rewound by the rule of the engine. So the dead
// stay dead, and the living meet the new odds.
/** @import { Film, FilmRow, FilmTrack, Rates, Unit } from "./types.js" */
/** @import { Model } from "./model.js" */

export const SET_OUT = 100000;
export const DOTS = 1000;
const SLICE = 10; // milliseconds of work between two pictures
const LEAST = 0.3;
const MORE = 1.2;
const SPARSE = 0.1; // bars below are enlarged

/**
 * How much the bar of each row is enlarged, so that none falls below a tenth.
 * @param {number[]} shares of all cells that came to a row
 */
export function zoomsOf(shares) {
  let zoom = 1;
  return shares.map((share) => {
    if (share > 0 && share * zoom < SPARSE) zoom *= 10 ** Math.floor(-Math.log10(share * zoom));
    return zoom;
  });
}

/**
 * Hazards that change for a cell at an hour: the old ones until then, the new ones afterwards.
 * @param {Rates[]} before
 * @param {Rates[]} after
 * @param {number} hour
 */
function spliced(before, after, hour) {
  const old = before.filter(({ end }) => end < hour), next = before[old.length];
  // Nobody looks at a cell after the last hour.
  if (!next) return before;
  return [...old, { ...next, end: hour }, ...after.filter(({ end }) => end > hour)];
}

/**
 * A stay, by the furthest row that was reached: a cell may come back to earlier states.
 * @param {Model} model
 * @param {FilmRow[]} rows
 * @param {number} row
 * @param {number} entered
 * @param {number} left
 * @param {number} exit
 */
function noteStay({ data }, rows, row, entered, left, exit) {
  let last = rows[rows.length - 1];
  if (!last || row > last.row) rows.push(last = { row, entered, left, cause: "", from: 0, to: 0 });
  last.left = exit < 0 ? Infinity : left;
  if (exit >= 0 && data.exit_target[exit] < 0) last.cause = data.transitions[data.exit_transition[exit]].way;
}

/**
 * The lives of a founder and of what goes apart from it, by row and lowest member, under some hazards.
 * @param {Model} model
 * @param {number} cell
 * @param {Rates[]} windows
 * @returns {FilmTrack[]}
 */
export function livesByRow(model, cell, windows) {
  /** @type {Map<number, FilmTrack>} */
  const found = new Map();
  const { stage } = model.data;
  const tell = (/** @type {Unit} */ unit, /** @type {number} */ state, /** @type {number} */ entered, /** @type {number} */ left, /** @type {number} */ exit) => {
    let track = found.get(unit.member);
    if (!track) found.set(unit.member, track = { cell, member: unit.member, rows: [], begin: 0, size: unit.size });
    noteStay(model, track.rows, Math.max(unit.furthest, stage[state]), entered, left, exit);
  };
  for (const { member, size } of model.run(cell, tell, windows)) {
    const track = found.get(member);
    if (track) track.size = size;
  }
  return [...found.values()].sort((a, b) => a.member - b.member);
}

export class FilmCells {
  /**
   * @param {Model} model
   * @param {number[]} seconds of each row, by step
   * @param {number} founder number of a cell that founds a colony; -1: none is known
   * @param {number} first number of the first cell
   * @param {number[] | null} zooms of the rows, where another model shares them
   */
  constructor(model, seconds, founder, first, zooms = null) {
    this.zooms = zooms;
    this.model = model;
    this.seconds = seconds;
    this.first = first;
    this.founder = founder;
    this.rows = model.data.stages.length + 1;
    // Of several searches the latest goes on.
    this.latest = 0;
    this.slice = SLICE;
    /** Called when the cells behind a lens have been found. */
    this.found = () => {};
    /** @type {FilmTrack | null} */
    this.ringed = null;
    this.changes = [{ clock: 0, windows: model.windows }];
    /** @type {(number | null)[]} */
    this.means = [];
    /** @type {Film[]} */
    this.films = [];
    this.begin();
  }

  /** Anew, with the hazards as they are. */
  begin() {
    this.changes = [{ clock: 0, windows: this.model.windows }];
    this.means = new Array(this.rows).fill(null);
    const passed = this.model.exact().passed, zooms = this.zooms ?? zoomsOf([1, ...passed]);
    this.films = [{ row: 0, cells: DOTS, each: SET_OUT / DOTS, tracks: [], weight: 1, ready: false }];
    zooms.forEach((zoom, k) => {
      const last = this.films[this.films.length - 1], cells = Math.min(SET_OUT, last.cells * (k ? zoom / zooms[k - 1] : 1));
      if (cells > last.cells) this.films.push({ row: k, cells, each: SET_OUT / cells, tracks: [], weight: 1, ready: false });
    });
    this._plan();
  }

  /**
   * From this moment on the hazards are those that the model now has.
   * @param {number} clock
   */
  change(clock) {
    const last = this.changes[this.changes.length - 1];
    if (clock - last.clock < 0.2) last.windows = this.model.windows;
    else this.changes.push({ clock, windows: this.model.windows });
    this._plan();
  }

  _plan() {
    const mine = ++this.latest;
    this._look(this.films[0], 0, DOTS);
    this._finish(this.films[0]);
    this._goOn(mine, 1, 0, []);
  }

  /**
   * The films behind lenses, piece by piece, while the first one plays.
   * @param {number} mine
   * @param {number} number of the film
   * @param {number} from
   * @param {FilmTrack[]} found
   */
  _goOn(mine, number, from, found) {
    const film = this.films[number];
    if (mine !== this.latest || !film) return;
    const part = { ...film, tracks: found }, end = performance.now() + this.slice;
    let to = from;
    while (to < film.cells && performance.now() < end) this._look(part, to, to += 20);
    if (to < film.cells) setTimeout(() => this._goOn(mine, number, to, part.tracks), 0);
    else {
      film.tracks = part.tracks;
      this._finish(film);
      this.found();
      this._goOn(mine, number + 1, 0, []);
    }
  }

  /** All of it at once: a sheet of paper does not wait. */
  hurry() {
    const number = this.films.findIndex(({ ready }) => !ready);
    if (number < 0) return;
    this.slice = Infinity;
    this._goOn(++this.latest, number, 0, []);
    this.slice = SLICE;
  }

  /**
   * Whether all that the film shows has been found.
   */
  get ready() {
    return this.films.every(({ ready }) => ready);
  }

  /**
   * Cells of a film from one number to another.
   * @param {Film} film
   * @param {number} from
   * @param {number} to
   */
  _look(film, from, to) {
    if (from === 0) film.tracks = [];
    for (let i = from; i < Math.min(to, film.cells); i++) {
      const cell = this.first + i;
      for (const track of this._tracksOf(cell)) {
        if (track.rows[track.rows.length - 1].row >= film.row) film.tracks.push(track);
      }
    }
  }

  /** @param {Film} film */
  _finish(film) {
    // Cells of founders that were looked at: all sizes are alike but in models of clusters.
    film.weight = film.row ? this.films[0].weight * (film.cells / DOTS) : film.tracks.reduce((sum, { size }) => sum + size, 0);
    const behind = this.films[this.films.indexOf(film) + 1]?.row ?? this.rows;
    for (let k = film.row; k < behind; k++) this._setMean(film, k);
    // With the pace of the rows known, once more: fragments begin when they go apart from their founder.
    const cells = new Set(film.tracks.map(({ cell }) => cell));
    film.tracks = [...cells].flatMap((cell) => this._tracksOf(cell)).filter(({ rows }) => rows[rows.length - 1].row >= film.row);
    this.ringed = this.founder < 0 ? null : this._tracksOf(this.founder)[0];
    film.ready = true;
  }

  /**
   * The mean stay in a row sets its pace, once for a film.
   * @param {Film} film
   * @param {number} row
   */
  _setMean(film, row) {
    if (this.means[row] !== null) return;
    let sum = 0, number = 0;
    for (const { rows } of film.tracks) {
      for (const stay of rows) {
        if (stay.row !== row || !Number.isFinite(stay.left)) continue;
        sum += stay.left - stay.entered;
        number += 1;
      }
    }
    this.means[row] = number ? sum / number : null;
  }

  /**
   * Seconds that a stay of so many hours in a row is shown.
   * @param {number} row
   * @param {number} hours
   */
  _shown(row, hours) {
    if (hours === Infinity) return Infinity;
    return this.seconds[row] * (LEAST + MORE * (1 - Math.exp(-hours / (this.means[row] || 1))));
  }

  /** @param {FilmTrack} track */
  _time(track) {
    let at = track.begin;
    for (const stay of track.rows) {
      stay.from = at;
      at += this._shown(stay.row, stay.left - stay.entered);
      stay.to = at;
    }
  }

  /**
   * The hour of a cell at a moment of the film; Infinity: its life is over.
   * @param {FilmTrack} track
   * @param {number} clock
   */
  _hourAt(track, clock) {
    if (clock < track.begin) return track.rows[0].entered;
    const stay = track.rows.find(({ to }) => clock < to);
    if (!stay) return Infinity;
    const part = ((clock - stay.from) / this.seconds[stay.row] - LEAST) / MORE;
    const waited = part <= 0 ? 0 : -Math.log(Math.max(1e-12, 1 - part)) * (this.means[stay.row] || 1);
    return Math.min(stay.left, stay.entered + waited);
  }

  /**
   * The moment of the film at an hour of a cell.
   * @param {FilmTrack} track
   * @param {number} hour
   */
  _momentOf(track, hour) {
    const stay = track.rows.find(({ left }) => hour < left) ?? track.rows[track.rows.length - 1];
    return Math.min(stay.to, stay.from + this._shown(stay.row, hour - stay.entered));
  }

  /**
   * The lives of a founder and of what goes apart from it, with all changes of hazards so far.
   * @param {number} cell
   * @returns {FilmTrack[]}
   */
  _tracksOf(cell) {
    let windows = this.changes[0].windows, tracks = livesByRow(this.model, cell, windows);
    for (const { clock, windows: after } of this.changes.slice(1)) {
      for (const track of tracks) this._timed(track, tracks[0]);
      const hours = tracks.map((track) => this._hourAt(track, clock)).filter(Number.isFinite);
      if (!hours.length) break;
      windows = spliced(windows, after, Math.max(...hours));
      tracks = livesByRow(this.model, cell, windows);
    }
    for (const track of tracks) this._timed(track, tracks[0]);
    return tracks;
  }

  /**
   * @param {FilmTrack} track
   * @param {FilmTrack} founder
   */
  _timed(track, founder) {
    track.begin = track === founder ? 0 : this._momentOf(founder, track.rows[0].entered);
    this._time(track);
  }

  /**
   * Where the cells of each row are at a moment of the film, as shares of all that set out.
   * @param {number} clock
   */
  census(clock) {
    const counts = Array.from({ length: this.rows }, () => ({ came: 0, passed: 0, dead: /** @type {Record<string, number>} */ (Object.create(null)) }));
    this.films.forEach((film, number) => {
      const behind = this.films[number + 1]?.row ?? this.rows;
      for (const track of film.tracks) this._count(counts, track, film.row, behind, clock, track.size / film.weight);
    });
    return counts;
  }

  /**
   * @param {{ came: number, passed: number, dead: Record<string, number> }[]} counts
   * @param {FilmTrack} track
   * @param {number} first row
   * @param {number} behind the first row that is not of this film
   * @param {number} clock
   * @param {number} weight
   */
  _count(counts, track, first, behind, clock, weight) {
    if (clock < track.begin) return;
    let row = track.rows[0].row, cause = "";
    for (const stay of track.rows) {
      if (stay.from > clock) break;
      row = stay.row;
      cause = stay.to <= clock ? stay.cause : "";
    }
    for (let k = first; k <= Math.min(row, behind - 1); k++) {
      counts[k].came += weight;
      if (k < row) counts[k].passed += weight;
      else if (cause) counts[k].dead[cause] = (counts[k].dead[cause] || 0) + weight;
    }
  }

  /** Cells that were looked at for each row; 0 until all of them were. */
  get lookedAt() {
    return Array.from({ length: this.rows }, (_, k) => this.films.reduce((all, film) => (film.row > k ? all : film.ready ? film.weight : 0), 0));
  }

  /** Seconds until nothing moves any more. */
  get length() {
    let end = 0;
    for (const { tracks } of this.films) {
      for (const { rows } of tracks) {
        const last = rows[rows.length - 1];
        end = Math.max(end, Number.isFinite(last.to) ? last.to : last.from);
      }
    }
    return end + 1.5;
  }
}
