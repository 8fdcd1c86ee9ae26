// What a time line shows, in numbers: its lesions, and what is seen and there in each year.
// @ts-check
/** @import { Say } from "./types.js" */
/** @import { TimelineData, TimelinePosition } from "./timelinecurves.js" */

import { made } from "./elements.js";
import { countedIn, endUnder, lesionsUnder, mmOfCells, seenFrom } from "./timelinecurves.js";
import { decimals } from "./timelinedrawing.js";

/**
 * @param {string[]} cells
 * @param {"th" | "td"} tag
 */
function tableRow(cells, tag = "td") {
  return made("tr", {}, ...cells.map((text) => made(tag, tag === "th" ? { scope: "col" } : {}, text)));
}

/**
 * @param {string} caption
 * @param {string[]} head
 * @param {string[][]} rows
 */
function tableOf(caption, head, rows) {
  return made("table", {}, made("caption", {}, caption), made("thead", {}, tableRow(head, "th")),
    made("tbody", {}, ...rows.map((cells) => tableRow(cells))));
}

/**
 * Two tables: of lesions, and of years.
 * @param {TimelineData} data
 * @param {TimelinePosition} at
 * @param {Say} say
 */
export function timeTables(data, at, say) {
  const lesions = lesionsUnder(data, at), [end] = endUnder(data, at);
  const every = lesions.map((lesion) => {
    const from = seenFrom(data, lesion, at.mm), cells = lesion.cells(end - 1e-4);
    const mm = mmOfCells(data, cells).toLocaleString(say.lang, { maximumSignificantDigits: 2 });
    const size = lesion.fate ? say(`patient.fate_${lesion.fate}`) : say("patient.mm", { mm });
    return [say.term(lesion.site.site), decimals(lesion.begin, say), from < Infinity ? decimals(from, say) : say("patient.never_seen"), size];
  });
  const years = [];
  for (let year = 0.5; year < end; year += 1) {
    const { seen, there } = countedIn(data, lesions, year, at.mm);
    years.push([`${Math.floor(year)}–${Math.floor(year) + 1}`, String(seen), String(there)]);
  }
  return [
    tableOf(say("patient.table_lesions"), ["site", "born_in", "seen_in", "size"].map((key) => say(`patient.head_${key}`)), every),
    tableOf(say("patient.table_years"), [say("patient.head_year"), say("patient.strip_seen"), say("patient.strip_there")], years),
  ];
}
