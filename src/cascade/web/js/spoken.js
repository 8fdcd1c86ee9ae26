// What is said to those who listen.
// @ts-check

const SILENT = 4; // seconds from one spoken sentence to the next

/** A region that speaks, at most once in some seconds: the latest of what there is to say. */
export class Spoken {
  /** @param {HTMLElement} region */
  constructor(region) {
    this.region = region;
    region.setAttribute("aria-live", "polite");
    this.at = -Infinity;
    this.timer = 0;
  }

  /** Nothing more of what was to be said, and no trace of what was. */
  hush() {
    clearTimeout(this.timer);
    this.region.textContent = "";
  }

  /** @param {string | (() => string)} text itself, or what tells it when it is its turn */
  say(text) {
    const wait = Math.max(0, this.at + 1000 * SILENT - performance.now());
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.at = performance.now();
      const told = typeof text === "string" ? text : text();
      if (this.region.textContent !== told) this.region.textContent = told;
    }, wait + 300);
  }
}
