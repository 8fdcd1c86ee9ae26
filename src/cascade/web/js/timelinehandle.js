// A handle that is dragged, or moved by keys, to one of some places or along a range.
// @ts-check

import { made } from "./elements.js";

const STEPS = /** @type {Record<string, number>} */ ({
  ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -Infinity, End: Infinity,
});

export class TimelineHandle {
  /**
   * @param {string} name of its class
   * @param {string} label
   * @param {number | null} places how many; null: a range
   * @param {() => number} now number of the place, or value
   * @param {(value: number) => void} moved
   */
  constructor(name, label, places, now, moved) {
    this.now = now;
    this.moved = moved;
    this.least = 0;
    this.most = (places ?? 1) - 1;
    this.step = (/** @type {number} */ value, /** @type {number} */ steps) => value + steps;
    /** @type {number[] | ((x: number, y: number) => number)} */
    this.places = [];
    this.chip = made("span", {});
    this.element = made("div", { className: `time-handle ${name}` }, this.chip);
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "slider");
    this.element.setAttribute("aria-label", label);
    this.element.setAttribute("aria-orientation", places === null ? "vertical" : "horizontal");
    this.element.addEventListener("keydown", (event) => this.pressed(event));
    this.element.addEventListener("pointerdown", (event) => {
      this.element.focus({ preventScroll: true });
      this.element.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) this.dragged(event);
    });
  }

  /**
   * A range instead of places.
   * @param {number} least
   * @param {number} most
   * @param {(value: number, steps: number) => number} step
   */
  range(least, most, step) {
    Object.assign(this, { least, most, step });
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const steps = STEPS[event.key];
    if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const to = Number.isFinite(steps) ? this.step(this.now(), steps) : steps;
    this.move(Math.min(this.most, Math.max(this.least, to)));
  }

  /** @param {PointerEvent} event */
  dragged(event) {
    const box = /** @type {HTMLElement} */ (this.element.parentElement).getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top, { places } = this;
    if (typeof places === "function") return this.move(Math.min(this.most, Math.max(this.least, places(x, y))));
    let best = 0;
    places.forEach((place, k) => {
      if (Math.abs(place - x) < Math.abs(places[best] - x)) best = k;
    });
    return this.move(best);
  }

  /** @param {number} value */
  move(value) {
    if (value !== this.now()) this.moved(value);
  }

  /**
   * Put it to its place.
   * @param {number} x
   * @param {number} y of its middle
   * @param {number} part of its width that lies left of x
   * @param {number} width of the stage
   * @param {string} text
   * @param {string} heard
   * @param {number[] | ((x: number, y: number) => number)} places in pixels, or the value there
   */
  to(x, y, part, width, text, heard, places) {
    const { element } = this;
    this.places = places;
    this.chip.textContent = text;
    element.setAttribute("aria-valuemin", String(this.least));
    element.setAttribute("aria-valuemax", String(this.most));
    element.setAttribute("aria-valuenow", String(this.now()));
    element.setAttribute("aria-valuetext", heard);
    const wide = element.offsetWidth, left = Math.min(width - wide, Math.max(0, x - part * wide));
    element.style.left = `${left}px`;
    element.style.top = `${y - element.offsetHeight / 2}px`;
  }
}
