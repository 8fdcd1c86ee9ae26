// A film with its funnel: a row for each step, in which cells move, and below or beside it the bar of who came in.
// @ts-check
/** @import { Lesson, Say } from "./types.js" */
/** @import { Model } from "./model.js" */

import { made } from "./elements.js";
import { FilmCells } from "./filmcells.js";
import { FilmPainter } from "./filmdraw.js";
import { drawGrounds } from "./grounds.js";
import { LensBars } from "./lensbars.js";
import { causeProperty } from "./marks.js";
import { worded } from "./glossary.js";

const BARS = 0.12; // seconds from one picture of the bars to the next
const STILL = 11; // second that is shown where no motion is wanted
const SHARED = ["--alive", "--ink", "--quiet", "--stage", "--tissue", "--tissue-dark", "--lumen", "--lumen-dark"];

export class FilmStage {
  /**
   * @param {HTMLElement} host
   * @param {Lesson} lesson
   * @param {Say} say
   * @param {Model} model
   * @param {number[] | null} zooms of the rows, where another film beside it shares them
   */
  constructor(host, lesson, say, model, zooms = null) {
    this.zooms = zooms;
    this.lesson = lesson;
    this.say = say;
    this.clock = 0;
    this.speed = 1;
    this.playing = false;
    this.frame = 0;
    this.covered = 0;
    this.barsAt = -1;
    this.drawn = 0;
    const goal = lesson.goal, stages = [...lesson.stages, goal];
    this.cells = new FilmCells(model, stages.map(({ seconds }) => seconds), lesson.founder, lesson.first, zooms);
    // A film that stands still shows them, too.
    this.cells.found = () => { if (!this.playing) this.seek(this.clock); };
    this.painter = new FilmPainter(this.cells, stages.map(({ ground }) => ground), lesson.marks);
    this.bars = new LensBars(say, stages.map(({ name }) => name), lesson.marks, (cause) => worded(say, cause));
    this.canvas = made("canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", say("film.canvas"));
    this.ground = document.createElement("canvas");
    this.grid = made("div", { className: "film" }, this.canvas);
    this.opens = stages.map((_, k) => made("span", { className: k ? "opens" : "opens at-first" }));
    this.grounds = stages.map(({ name }, k) => this._row(name, k));
    host.append(this.grid);
    new ResizeObserver(() => this.fit()).observe(this.grid);
    window.addEventListener("dressed", () => this.fit());
  }

  /**
   * @param {string} name
   * @param {number} k
   */
  _row(name, k) {
    const { say } = this, about = say.has("hints", name) ? say(`hints.${name}`) : "";
    const title = made("b", {}, worded(say, name));
    const ground = made("div", { className: "ground" }, made("span", { className: "step" }, title, " ", made("small", {}, about)), this.opens[k]);
    ground.style.setProperty("--row", String(k));
    this.bars.rows[k].box.style.setProperty("--row", String(k));
    this.grid.append(ground, this.bars.rows[k].box);
    return ground;
  }

  /**
   * The last rows that are covered until somebody has guessed.
   * @param {number} rows
   */
  cover(rows) {
    this.bars.covered = rows;
    this.solve();
  }

  /** The exact answer and the bars of the moment. */
  solve() {
    const exact = this.cells.model.exact();
    this.bars.solved(exact, this.zooms);
    this._bars();
    return exact;
  }

  /**
   * Hazards are others from now on; a model of other states begins anew.
   * @param {Model} model
   * @param {boolean} anew
   */
  change(model, anew) {
    this.cells.model = model;
    if (anew) this.again();
    else this.cells.change(this.clock);
    this._sayOpens();
    return this.solve();
  }

  again() {
    this.clock = 0;
    this.cells.begin();
    this._sayOpens();
    this._draw();
  }

  /** Where dots open, and into how many cells. */
  _sayOpens() {
    this.opens.forEach((part) => { part.textContent = ""; });
    this.opens[0].textContent = this.say("film.first_cells", { n: this.say.whole(this.cells.films[0].each) });
    for (const { row, each } of this.cells.films.slice(1)) {
      this.opens[row].textContent = each <= 1.5 ? this.say("film.one_cell") : this.say("film.cells", { n: this.say.whole(each) });
    }
  }

  /** Room and colours anew. */
  fit() {
    this.bars.fit(); // which may move the rows that are measured here
    const box = this.grid.getBoundingClientRect(), rows = this.grounds.map((ground) => ground.getBoundingClientRect());
    const [first, last] = [rows[0], rows[rows.length - 1]], ratio = Math.min(2, devicePixelRatio || 1), width = first.width, height = last.bottom - first.top;
    if (!(width > 0)) return;
    Object.assign(this.canvas.style, { left: `${first.left - box.left}px`, top: `${first.top - box.top}px`, width: `${width}px`, height: `${height}px` });
    for (const canvas of [this.canvas, this.ground]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      this._context(canvas).setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.painter.boxes = rows.map(({ top, height: h }) => ({ x: 0, y: top - first.top, w: width, h }));
    this.painter.head = parseFloat(getComputedStyle(this.grid).fontSize) * (first.height > 60 ? 1.5 : 0.6);
    this.scale = Math.max(0.8, Math.min(2.2, Math.min(width / 620, first.height / 48)));
    this._colour();
    drawGrounds(this._context(this.ground), this.painter.grounds, this.painter.boxes, this.painter.look);
    this._draw();
  }

  _colour() {
    const style = getComputedStyle(this.grid), look = this.painter.look;
    for (const name of SHARED) look[name] = style.getPropertyValue(name).trim();
    for (const cause of Object.keys(this.lesson.marks)) look[cause] = style.getPropertyValue(causeProperty(cause)).trim();
  }

  /** @param {HTMLCanvasElement} canvas */
  _context(canvas) {
    return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  _draw() {
    const g = this._context(this.canvas);
    if (!this.painter.boxes.length || !this.ground.width) return;
    g.save();
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.drawImage(this.ground, 0, 0);
    g.restore();
    this.painter.draw(g, this.clock, this.scale ?? 1);
    this.drawn += 1;
    if (Math.abs(this.clock - this.barsAt) > BARS || this.clock === 0) this._bars();
  }

  /** The bars as they are now; on a sheet of paper, on which nothing moves any more, those of the end. */
  _bars() {
    const moment = document.documentElement.classList.contains("paper") ? Infinity : this.clock;
    this.barsAt = this.clock;
    this.counts = this.cells.census(moment);
    this.bars.counted(this.counts, this.cells.lookedAt, this.cells.ready && moment >= this.cells.length);
    this.grid.dispatchEvent(new CustomEvent("film", { bubbles: true }));
  }

  /** Share of all cells that live at the moment. */
  get living() {
    return (this.counts ?? []).reduce((sum, { came, passed, dead }) => sum + came - passed - Object.values(dead).reduce((a, b) => a + b, 0), 0);
  }

  get over() {
    return this.cells.ready && this.clock >= this.cells.length;
  }

  play() {
    if (this.playing) return;
    if (this.over) this.again();
    this.playing = true;
    let last = performance.now();
    const frame = (/** @type {number} */ now) => {
      if (!this.playing) return;
      // After a pause of the browser itself nothing jumps.
      this.clock += Math.min(0.1, Math.max(0, now - last) / 1000) * this.speed;
      last = now;
      if (this.over) this.pause();
      this._draw();
      if (this.over) this._bars();
      if (this.playing) this.frame = requestAnimationFrame(frame);
    };
    // One row of pictures only, also where a pause was shorter than a picture.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(frame);
    this.grid.dispatchEvent(new CustomEvent("film", { bubbles: true }));
  }

  pause() {
    this.playing = false;
    this.grid.dispatchEvent(new CustomEvent("film", { bubbles: true }));
  }

  /** For good: nothing is looked for any more. */
  stop() {
    this.pause();
    this.cells.latest += 1;
  }

  /** All cells are found at once, and stand where many are seen. */
  onPaper() {
    this.cells.hurry();
    this.pause();
    this.clock = Math.max(this.clock, STILL);
    this._draw();
    this._bars();
  }

  /** A still picture, where no motion is wanted. */
  still() {
    this.clock = STILL;
    this._draw();
    this._bars();
  }

  /** Show a moment of the film.
   * @param {number} clock
   */
  seek(clock) {
    this.clock = clock;
    this._draw();
    this._bars();
  }
}
