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

  /** @param {string} text */
  say(text) {
    const wait = Math.max(0, this.at + 1000 * SILENT - performance.now());
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.at = performance.now();
      if (this.region.textContent !== text) this.region.textContent = text;
    }, wait + 300);
  }
}
