// The table of a body: sites with their roads and shares, most first, the long tail behind a button.
// @ts-check
/** @import { Say } from "./types.js" */
/** @import { BodySite } from "./anatomydraw.js" */

import { made } from "./elements.js";

/** @typedef {{ site: BodySite, share: number, colonies: number }} BodyRow share of all colonies, and of all cells */

const SHOWN_SITES = 10;
const SHOWN_ON_WALL = 6;

/**
 * A cell with a number for readers, and for whoever wants all its digits.
 * @param {string} text
 * @param {number} value
 */
function numberCell(text, value) {
  const cell = made("td", { className: "body-number", textContent: text });
  cell.dataset.value = String(value);
  return cell;
}

export class SitesTable {
  /**
   * @param {Say} say
   * @param {() => void} changed
   */
  constructor(say, changed) {
    this.say = say;
    this.open = false;
    /** @type {BodyRow[]} */
    this.rows = [];
    this.more = made("button", { type: "button" });
    this.more.addEventListener("click", () => {
      this.open = !this.open;
      this.show(this.rows);
      changed();
    });
    this.body = made("tbody");
    this.foot = made("tfoot");
    const head = ["site", "road", "share", "cells"].map((key) => {
      const cell = made("th", { scope: "col", className: `body-col-${key}`, textContent: say(`body.${key}`) });
      return cell;
    });
    this.element = made("table", { className: "body-table" },
      made("caption", { textContent: say("body.table") }), made("thead", {}, made("tr", {}, ...head)), this.body, this.foot);
  }

  /**
   * @param {BodyRow} row
   * @param {number} k
   */
  _row({ site, share, colonies }, k) {
    const { say } = this, roads = site.roads.map((road) => say.term(road)).join(", ");
    const name = made("th", { scope: "row" },
      made("span", { className: "body-rank", textContent: String(k + 1) }), say.term(site.name),
      made("span", { className: "body-under", textContent: roads }));
    const row = made("tr", {}, name, made("td", { className: "body-col-road", textContent: roads }),
      numberCell(say.share(share), share), numberCell(say.share(colonies), colonies));
    row.dataset.site = site.name;
    return row;
  }

  /** @param {BodyRow[]} rows most first */
  show(rows) {
    this.rows = rows;
    const wall = document.documentElement.classList.contains("present"), shown = wall ? SHOWN_ON_WALL : SHOWN_SITES;
    const { say } = this, tail = rows.slice(shown), focused = document.activeElement === this.more;
    this.body.replaceChildren(...rows.slice(0, this.open ? rows.length : shown).map((row, k) => this._row(row, k)));
    const sum = (/** @type {BodyRow[]} */ of, /** @type {"share" | "colonies"} */ what) => of.reduce((s, row) => s + row[what], 0);
    if (tail.length > 1) {
      this.more.textContent = this.open ? say("body.fewer") : say("body.more", { n: tail.length });
      this.more.setAttribute("aria-expanded", String(this.open));
      const numbers = this.open ? [made("td"), made("td")]
        : [numberCell(say.share(sum(tail, "share")), sum(tail, "share")),
          numberCell(say.share(sum(tail, "colonies")), sum(tail, "colonies"))];
      this.body.append(made("tr", { className: "body-rest" },
        made("td", {}, this.more), made("td", { className: "body-col-road" }), ...numbers));
      if (focused) this.more.focus();
    } else if (tail.length) this.body.append(this._row(tail[0], shown));
    const all = sum(rows, "colonies");
    this.foot.replaceChildren(made("tr", {}, made("th", { scope: "row", textContent: say("body.all") }),
      made("td", { className: "body-col-road" }), numberCell(say.share(all > 0 ? 1 : 0), all > 0 ? 1 : 0),
      numberCell(say.share(all), all)));
  }
}
