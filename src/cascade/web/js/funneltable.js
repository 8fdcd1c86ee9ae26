// The funnel of a page: exact and counted side by side, and what cells were lost to.
// @ts-check
/** @import { Exact } from "./types.js" */

import { MOST_CAUSES } from "./constants.js";
import { made, within } from "./elements.js";
import { percent, wholePercent } from "./shares.js";

// Share at which a bar has no width.
const LOWEST = 1e-9;
const HEAD = [["", ""], ["(width: logarithm of the share)", ""], ["exact", ""], ["counted", "counted"]];
const ROW = '<span role="rowheader"></span><div class="bar" role="presentation"><div></div></div>' +
  '<span role="cell" class="exact"></span><span role="cell" class="counted"></span><span role="cell" class="why"></span>';

/**
 * What cells were lost to, most first.
 * @param {Record<string, number>} lost
 * @param {number} still
 */
export function why(lost, still) {
  const parts = Object.entries(lost).filter((p) => p[1] > 0).sort((a, b) => b[1] - a[1]), words = [];
  const total = parts.reduce((sum, p) => sum + p[1], 0);
  const most = parts.slice(0, MOST_CAUSES).map(([cause, n]) => `${cause} ${wholePercent(n / total)}`);
  if (parts.length) words.push(`lost to ${most.join(", ")}${parts.length > MOST_CAUSES ? ", ..." : ""}`);
  if (still > 1e-12) words.push(`still there: ${percent(still)} of all`);
  return words.join("; ");
}

/** @param {number} p */
function barWidth(p) {
  return `${100 * Math.max(0, 1 - Math.log10(Math.max(p, LOWEST)) / Math.log10(LOWEST))}%`;
}

/**
 * A number for readers, and for whoever wants all its digits.
 * @param {HTMLElement} cell
 * @param {string} text
 * @param {number} value
 */
function write(cell, text, value) {
  cell.textContent = text;
  cell.dataset.value = String(value);
}

export class FunnelTable {
  /**
   * @param {HTMLElement} table
   * @param {string} head what rows are
   * @param {string[]} names of the rows
   * @param {(name: string) => string} colour
   */
  constructor(table, head, names, colour) {
    table.append(this._row("row head", ...HEAD.map(([text, kind]) => {
      const cell = made("span", { textContent: text || head, className: kind });
      cell.setAttribute("role", "columnheader");
      return cell;
    })));
    this.rows = names.map((name) => {
      const row = this._row("row");
      row.innerHTML = ROW;
      within(row, "span").textContent = name;
      within(row, ".bar > div").style.background = colour(name);
      return row;
    });
    table.append(...this.rows);
  }

  /**
   * @param {string} kind
   * @param {HTMLElement[]} cells
   */
  _row(kind, ...cells) {
    const row = made("div", { className: kind }, ...cells);
    row.setAttribute("role", "row");
    return row;
  }

  /** @param {number[]} shares */
  shares(shares) {
    this.rows.forEach((row, k) => {
      write(within(row, ".exact"), percent(shares[k]), shares[k]);
      within(row, ".bar > div").style.width = barWidth(shares[k]);
    });
  }

  /** @param {Exact} exact */
  solved({ passed, lost, still }) {
    this.shares(passed);
    this.rows.forEach((row, k) => { within(row, ".why").textContent = why(lost[k], still[k]); });
  }

  /** @param {number[]} passed */
  counted(passed) {
    this.rows.forEach((row, k) => write(within(row, ".counted"), passed[k].toLocaleString("en"), passed[k]));
  }
}
