// Moving cells: replayed lives on a canvas, played, paused and asked for their stories.
// @ts-check
/** @import { Cast, SentLife, Stop, Track, View } from "./types.js" */

import { Body } from "./body.js";
import { Columns } from "./columns.js";
import { ALIVE_COLOUR, GOAL_COLOUR, INK, QUIET } from "./constants.js";
import { choice, made, within } from "./elements.js";
import { story } from "./story.js";
import { census, diedBy, lengthOf, nextEvent, stopAt, tracksOf } from "./tracks.js";

const RIDE = 0.33; // seconds from place to place
const REACH = 14; // pixels from a cell at which it is meant
const FRAME = `<div class="controls">
  <button type="button" data-do="play">Play</button>
  <button type="button" data-do="step">One event</button>
  <button type="button" data-do="again">From the start</button>
  <label>Speed <input type="range" min="-2" max="3" step="0.5" value="0" data-do="speed"></label></div>
  <canvas tabindex="0" role="img" aria-label="Cells moving from place to place; the counts stand below"></canvas>
  <ul class="legend"></ul>
  <p class="quiet">Space: play or pause. →: one event. Point at a cell, or press N for the next, to hear its story.
  Each stay is shown for as long as the logarithm of its length. Of two numbers below a step, the second are its dead.</p>
  <p class="story" aria-live="polite"></p>`;

export class Motion {
  /**
   * @param {HTMLElement} host
   * @param {Cast} cast
   */
  constructor(host, cast) {
    this.cast = cast;
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.speed = 1;
    this.clock = 0;
    this.length = 0;
    this.playing = false;
    this.frame = 0;
    /** @type {SentLife[]} */
    this.lives = [];
    /** @type {Track[]} */
    this.tracks = [];
    /** @type {Track | null} */
    this.chosen = null;
    host.classList.add("cascade-motion");
    host.innerHTML = FRAME;
    this.canvas = /** @type {HTMLCanvasElement} */ (within(host, "canvas"));
    this.words = within(host, ".story");
    this.button = within(host, '[data-do="play"]');
    /** @type {View} */
    this.view = this._views(within(host, ".controls"));
    this._listen(host);
    this._explain(within(host, ".legend"));
    new ResizeObserver(() => this._fit()).observe(this.canvas);
    this._fit();
  }

  /**
   * The picture of the body where there is one, and a choice between it and the steps.
   * @param {HTMLElement} controls
   */
  _views(controls) {
    const steps = new Columns(this.cast, this.still);
    if (!this.cast.map) return steps;
    const body = new Body(this.cast.map);
    controls.append(choice("Look at ", [["the body", "body"], ["the steps", "steps"]], (value) => {
      this.view = value === "body" ? body : steps;
      this.view.stack(this.tracks);
      this._fit();
    }));
    return body;
  }

  /** @param {HTMLElement} host */
  _listen(host) {
    /** @type {Record<string, () => void>} */
    const acts = { play: () => this.toggle(), step: () => this.step(), again: () => this.show(this.lives) };
    for (const name in acts) within(host, `[data-do="${name}"]`).addEventListener("click", acts[name]);
    const speed = /** @type {HTMLInputElement} */ (within(host, '[data-do="speed"]'));
    speed.addEventListener("input", () => { this.speed = 2 ** Number(speed.value); });
    /** @type {Record<string, () => void>} */
    const keys = { " ": acts.play, ArrowRight: acts.step, n: () => this.next(), N: () => this.next() };
    this.canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    this.canvas.addEventListener("pointermove", (event) => this._point(event));
    this.canvas.addEventListener("pointerdown", (event) => this._point(event));
  }

  /** @param {HTMLElement} legend */
  _explain(legend) {
    const { causes, goal } = this.cast;
    for (const [name, colour] of [["alive", ALIVE_COLOUR], ...Object.entries(causes), [goal, GOAL_COLOUR]]) {
      const dot = made("i");
      dot.style.background = colour;
      legend.append(made("li", {}, dot, name));
    }
  }

  /**
   * Show these lives from the start.
   * @param {SentLife[]} lives
   */
  show(lives) {
    this.lives = lives;
    this.clock = 0;
    this.tracks = tracksOf(lives);
    this.length = lengthOf(this.tracks);
    this.view.stack(this.tracks);
    this.chosen = null;
    this.say("");
    this._draw();
  }

  /** @param {string} text */
  say(text) {
    this.words.textContent = text;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.clock >= this.length) this.clock = 0;
    this.playing = true;
    this.button.textContent = "Pause";
    let last = performance.now();
    const frame = (/** @type {number} */ now) => {
      if (!this.playing) return;
      // After a pause of the browser itself nothing jumps.
      this.clock += Math.min(0.1, Math.max(0, now - last) / 1000) * this.speed;
      last = now;
      this._draw();
      if (this.clock >= this.length) this.pause();
      else this.frame = requestAnimationFrame(frame);
    };
    // One row of pictures only, also where a pause was shorter than a picture.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(frame);
  }

  pause() {
    this.playing = false;
    this.button.textContent = "Play";
  }

  /** On to the next event of any cell. */
  step() {
    this.pause();
    const next = nextEvent(this.tracks, this.clock);
    this.clock = Number.isFinite(next) ? next + 1e-6 : this.length;
    this._draw();
  }

  /** The end of all lives. */
  finish() {
    this.pause();
    this.clock = this.length;
    this._draw();
  }

  /** Choose the next cell under way. */
  next() {
    const alive = this.tracks.filter((track) => !track.over && track.begun);
    const at = alive.findIndex((track) => track === this.chosen);
    if (alive.length) this._choose(alive[(at + 1) % alive.length]);
  }

  /** Distinct cells by where they are now. */
  counts() {
    return census(this.tracks, this.clock, this.cast.stages.length + 1);
  }

  _fit() {
    const width = this.canvas.clientWidth || 800, ratio = devicePixelRatio || 1;
    this.view.fit(width);
    this.canvas.style.height = `${this.view.height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.view.height * ratio);
    this._context().setTransform(ratio, 0, 0, ratio, 0, 0);
    this._draw();
  }

  _context() {
    return /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
  }

  _draw() {
    const g = this._context(), piles = [...this.cast.stages, this.cast.goal].map(() => 0);
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.view.draw(g);
    for (const track of this.tracks) this._drawCell(g, track, piles);
    if (this.tracks.length) this.view.drawCounts(g, this.counts());
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {Track} track
   * @param {number[]} piles dead so far, by step
   */
  _drawCell(g, track, piles) {
    track.begun = track.stops[0].from <= this.clock;
    track.over = false;
    if (!track.begun) return;
    const at = stopAt(track, this.clock), stop = track.stops[at], { stay } = stop;
    const before = at > 0 ? track.stops[at - 1].stay : null;
    let spot = this.view.way(track, before, stay, (this.clock - stop.from) / RIDE);
    track.over = diedBy(stop, this.clock);
    if (track.over) spot = this.view.rest(spot, piles[stay.stage]++, stay.stage, this.clock - stop.to);
    [track.x, track.y] = spot;
    this._drawDot(g, track, stop);
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {Track} track
   * @param {Stop} stop
   */
  _drawDot(g, track, { stay }) {
    const chosen = track === this.chosen, settled = stay.stage === this.cast.stages.length, [live, dead] = this.view.radii;
    // A cluster has the volume of its cells.
    const radius = Math.cbrt(track.life.size || 1) * (track.over ? dead : live);
    const colour = settled ? GOAL_COLOUR : ALIVE_COLOUR;
    g.fillStyle = track.over ? this.cast.causes[stay.ended_by] || QUIET : colour;
    g.globalAlpha = track.over && !chosen ? this.view.solid : 1;
    g.beginPath();
    g.arc(track.x, track.y, chosen || (settled && !track.over) ? 6.5 : radius, 0, 2 * Math.PI);
    g.fill();
    g.globalAlpha = 1;
    if (!chosen) return;
    g.strokeStyle = INK;
    g.lineWidth = 2;
    g.stroke();
    g.lineWidth = 1;
  }

  /** @param {PointerEvent} event */
  _point(event) {
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    /** @type {Track | null} */
    let best = null;
    let distance = REACH;
    for (const track of this.tracks) {
      const far = track.begun ? Math.hypot(track.x - x, track.y - y) : Infinity;
      if (far < distance) {
        best = track;
        distance = far;
      }
    }
    if (best && best !== this.chosen) this._choose(best);
  }

  /** @param {Track} track */
  _choose(track) {
    this.chosen = track;
    this.say(story(track.life));
    if (!this.playing) this._draw();
  }
}
