// Draws the course of one patient, years against size, as the text of an SVG; and the small picture of a card.
// @ts-check
/** @import { Say } from "./types.js" */
/** @import { TimelineData, TimelineLesion, TimelinePosition, TimelineSite } from "./timelinecurves.js" */

import { cellsOfMm, endUnder, lesionsUnder, mostIn, neverBorn } from "./timelinecurves.js";

const LEAST_CELLS = 0.6;
const CURVE_STEP = 4;
const EDGE = 6;
const STRIP_SPANS = [1, 2, 3, 5, 10];
const SIZES_MM = [0.1, 1, 10, 100];
const CELL_POWERS = [3, 6, 9, 12];

/**
 * Where everything of a time line lies, in pixels.
 * @typedef {object} TimelineLayout
 * @property {number} width
 * @property {number} height
 * @property {number} text size of type
 * @property {boolean} narrow
 * @property {number} left of the axes
 * @property {number} right
 * @property {number} top
 * @property {number} bottom
 * @property {number} strip height of a strip
 * @property {number} knife middle of the lane of the scalpel
 * @property {number} drug middle of the lane of the drug
 * @property {(year: number) => number} x
 * @property {(cells: number) => number} y
 * @property {(x: number) => number} year
 * @property {(y: number) => number} cells
 */

/**
 * @param {TimelineData} data
 * @param {number} width
 * @param {number} root size of type of the page
 * @param {number} room height of the window
 * @param {number} text size of type
 * @returns {TimelineLayout}
 */
export function timelineLayout(data, width, root, room, text) {
  const narrow = width < 38 * root, lane = Math.max(46, 2 * root);
  const left = narrow ? 4.5 * text : 8.2 * text, right = width - (narrow ? 0.9 * text : 10.5 * text);
  const strip = 1.9 * text, rows = EDGE + 2 * strip + (narrow ? 2 * 1.5 * text : 6);
  const knife = rows + 0.4 * text + lane / 2, drug = knife + (data.drug ? lane : 0);
  const top = drug + lane / 2 + 0.6 * text, high = narrow ? 19 * root : Math.min(23 * root, Math.max(8.5 * root, room - 30 * root));
  const bottom = top + high, most = Math.log10(3 * data.burden / LEAST_CELLS);
  return {
    width, text, narrow, left, right, top, bottom, strip, knife, drug,
    height: bottom + (narrow ? 4.4 : 3.2) * text,
    x: (year) => left + ((right - left) * year) / data.years,
    y: (cells) => bottom - ((bottom - top) * Math.log10(Math.max(cells, LEAST_CELLS) / LEAST_CELLS)) / most,
    year: (x) => ((x - left) / (right - left)) * data.years,
    cells: (y) => LEAST_CELLS * 10 ** (((bottom - y) / (bottom - top)) * most),
  };
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** @param {number} value */
function px(value) {
  return value.toFixed(1);
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {string} classes
 * @param {string} anchor
 */
function written(x, y, text, classes = "", anchor = "start") {
  return `<text x="${px(x)}" y="${px(y)}" class="${classes}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

/**
 * How lines of an organ are drawn.
 * @param {TimelineSite} site
 * @param {boolean} dark
 * @param {number} scale of dashes
 */
export function lineOf(site, dark, scale = 1) {
  if (site.organ === "primary") return 'class="time-primary"';
  const dash = site.dash.split(" ").map((part) => Number(part) * scale).join(" ");
  return `style="stroke:${dark ? site.dark : site.light}"${site.dash ? ` stroke-dasharray="${dash}"` : ""}`;
}

/**
 * The path of a lesion over the years.
 * @param {TimelineLesion} lesion
 * @param {(year: number) => number} x
 * @param {(cells: number) => number} y
 * @param {number} step in years
 */
function pathOf(lesion, x, y, step) {
  const years = lesion.turns.filter((year) => year > lesion.begin && year < lesion.end);
  for (let year = lesion.begin; year < lesion.end; year += step) years.push(year);
  // Of what ends or jumps, both sides.
  const sides = [...years, ...lesion.turns.map((year) => year - 1e-5), lesion.end - 1e-5];
  const kept = sides.filter((year) => year >= lesion.begin && year < lesion.end).sort((a, b) => a - b);
  return kept.length ? `M${kept.map((year) => `${px(x(year))} ${px(y(lesion.cells(year)))}`).join("L")}` : "";
}

/**
 * Strips by year: what the doctor sees, and what is there.
 * @param {TimelineData} data
 * @param {TimelineLayout} at
 * @param {TimelineLesion[]} lesions
 * @param {TimelinePosition} where
 * @param {number} end
 * @param {Say} say
 * @param {boolean} covered what is there
 */
function stripsOf(data, at, lesions, where, end, say, covered) {
  const a = at.x(1) - at.x(0), span = STRIP_SPANS.find((years) => years * a >= 1.75 * at.text) ?? 10;
  let drawn = "";
  for (const [row, which] of /** @type {["seen" | "there", number][]} */ ([["seen", 0], ["there", 1]]).map(
    ([name, n]) => /** @type {const} */ ([n, name]),
  )) {
    const above = at.narrow ? 1.5 * at.text : 0, y = EDGE + row * (at.strip + above + 4) + above;
    const label = say(which === "seen" ? "patient.strip_seen" : "patient.strip_there");
    drawn += at.narrow
      ? written(at.left, y - 0.35 * at.text, label, "time-strong")
      : written(at.left - 0.7 * at.text, y + 0.5 * at.strip + 0.35 * at.text, label, "time-strong", "end");
    for (let from = 0; from < data.years; from += span) {
      const most = mostIn(data, lesions, where, from, Math.min(from + span, data.years), end);
      if (!most.known) continue;
      const n = most[which], hidden = covered && which === "there";
      const wide = at.x(Math.min(from + span, data.years)) - at.x(from) - 2;
      drawn += `<rect x="${px(at.x(from) + 1)}" y="${px(y)}" width="${px(wide)}" height="${px(at.strip)}" rx="3"
        class="time-${n || hidden ? which : "none"}"/>`;
      const classes = `time-count ${n || hidden ? `time-on-${which}` : "time-quiet"}`;
      drawn += written(at.x(from) + 1 + wide / 2, y + 0.5 * at.strip + 0.35 * at.text, hidden ? "?" : String(n), classes, "middle");
    }
  }
  return drawn;
}

/**
 * How far to the right the labels of lines reach.
 * @param {TimelineLayout} at
 * @param {ReturnType<typeof organsOf>} organs
 * @param {number} end
 * @param {Say} say
 */
function reachOf(at, organs, end, say) {
  const longest = Math.max(0, ...organs.map(({ site, number }) => organLabel(site.organ, number, say).length));
  return at.x(end) + (at.narrow ? 0 : 4 + 3 * at.text + 5 + 0.62 * at.text * longest);
}

/**
 * @param {TimelineData} data
 * @param {TimelineLayout} at
 * @param {number} reach how far to the right lines and their labels go
 * @param {Say} say
 */
function axesOf(data, at, reach, say) {
  let drawn = "";
  const sizes = SIZES_MM.map((mm) => /** @type {const} */ ([cellsOfMm(data, mm), mm]));
  for (const [cells, mm] of sizes.filter(([n]) => n < 3 * data.burden)) {
    const label = mm < 10 ? `${mm.toLocaleString(say.lang)} mm` : `${mm / 10} cm`;
    drawn += `<line x1="${px(at.left)}" x2="${px(at.right)}" y1="${px(at.y(cells))}" y2="${px(at.y(cells))}"
      class="time-grid"/>${written(at.left - 6, at.y(cells) + 0.35 * at.text, label, "time-quiet", "end")}`;
  }
  drawn += `<line x1="${px(at.left)}" x2="${px(at.right)}" y1="${px(at.bottom)}" y2="${px(at.bottom)}" class="time-axis"/>`;
  drawn += written(at.left - 6, at.y(1) + 0.35 * at.text, say("patient.one_cell"), "time-quiet", "end");
  // There is room for them only where neither a line nor its label ends.
  const powers = reach > at.right - (at.narrow ? 3 : 6.5) * at.text ? [] : CELL_POWERS;
  for (const power of powers.filter((n) => 10 ** n < 3 * data.burden)) {
    const exponent = [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
    const label = at.narrow ? `10${exponent}` : `10${exponent} ${say("patient.cells")}`;
    drawn += written(at.right - 4, at.y(10 ** power) + 0.35 * at.text, label, "time-quiet time-halo", "end");
  }
  // Where there is little room the word stands once, above them all.
  if (at.narrow && powers.length) drawn += written(at.right - 4, at.top - 0.4 * at.text, say("patient.cells"), "time-quiet time-halo", "end");
  const each = [1, 2, 5, 10].find((years) => at.x(years) - at.x(0) > 2.6 * at.text) ?? 10;
  for (let year = 0; year <= data.years; year += each) {
    drawn += `<line x1="${px(at.x(year))}" x2="${px(at.x(year))}" y1="${px(at.bottom)}" y2="${px(at.bottom + 5)}"
      class="time-axis"/>${written(at.x(year), at.bottom + 1.5 * at.text, String(year), "time-quiet", "middle")}`;
  }
  return drawn;
}

/**
 * The end of the patient, and the name of the axis where that leaves room.
 * @param {TimelineLayout} at
 * @param {number} end
 * @param {number} cause
 * @param {Say} say
 */
function endOf(at, end, cause, say) {
  const late = cause > 0 && at.x(end) > (at.left + at.right) / 2, row = at.bottom + 2.8 * at.text;
  const [x, anchor] = late && !at.narrow ? [at.left, "start"] : [at.right, "end"];
  const axis = written(x, at.narrow ? row + 1.3 * at.text : row, say("patient.years_axis"), "time-quiet", anchor);
  if (!cause) return axis;
  const label = say(cause === 1 ? "patient.dies_mark" : "patient.dies_other_mark", { year: decimals(end, say) });
  const half = 0.31 * at.text * label.length, middle = Math.min(at.width - half, Math.max(half, at.x(end)));
  return `${axis}<line x1="${px(at.x(end))}" x2="${px(at.x(end))}" y1="${px(at.top)}" y2="${px(at.bottom + 0.5 * at.text)}"
    class="time-death"/>${written(middle, row, label, "time-strong", "middle")}`;
}

/**
 * Organs with their lesions, the primary among them: how many, and the largest.
 * @param {TimelineLesion[]} lesions
 * @param {number} [year] of those alone that are there then
 */
export function organsOf(lesions, year) {
  /** @type {Map<string, { site: TimelineSite, number: number, cells: number }>} */
  const found = new Map();
  for (const lesion of lesions) {
    const cells = lesion.cells((year ?? lesion.end) - 1e-4), organ = lesion.site.organ, before = found.get(organ);
    if (!(cells > 0)) continue;
    found.set(organ, { site: lesion.site, number: (before?.number ?? 0) + 1, cells: Math.max(before?.cells ?? 0, cells) });
  }
  return [...found.values()].sort((a, b) => b.cells - a.cells);
}

/**
 * @param {string} organ
 * @param {number} number
 * @param {Say} say
 */
export function organLabel(organ, number, say) {
  return number > 1 ? `${say.term(organ)} × ${number}` : say.term(organ);
}

/**
 * Labels at the ends of lines, pushed apart, the largest on top.
 * @param {TimelineLayout} at
 * @param {ReturnType<typeof organsOf>} organs
 * @param {number} end
 * @param {boolean} dark
 * @param {Say} say
 */
function labelsOf(at, organs, end, dark, say) {
  const line = 1.25 * at.text, places = organs.map(({ cells }) => at.y(cells));
  for (let k = 0; k < places.length; k++) places[k] = Math.max(places[k], k ? places[k - 1] + line : at.top + 0.3 * line);
  const over = Math.max(0, (places[places.length - 1] ?? 0) - (at.bottom - 1.6 * line));
  for (let k = places.length - 1, limit = at.bottom - 1.6 * line; over && k >= 0; k--, limit -= line) {
    places[k] = Math.min(places[k], limit);
  }
  const from = at.x(end) + 4, to = from + 1.1 * at.text, sample = to + 1.9 * at.text;
  return organs.map(({ site, number, cells }, k) => {
    const line = `<path d="M${px(from)} ${px(at.y(cells))}L${px(to)} ${px(places[k])}H${px(sample)}" ${lineOf(site, dark)}/>`;
    const label = organLabel(site.organ, number, say);
    return line + written(sample + 5, places[k] + 0.35 * at.text, label, "time-halo");
  }).join("");
}

/**
 * The picture, below its handles.
 * @param {TimelineData} data
 * @param {TimelineLayout} at
 * @param {TimelinePosition} where
 * @param {boolean} dark
 * @param {Say} say
 * @param {boolean} covered what the eye does not see
 */
export function timelinePicture(data, at, where, dark, say, covered = false) {
  const lesions = lesionsUnder(data, where), [end, cause] = endUnder(data, where), knife = data.knives[where.knife];
  const least = covered ? cellsOfMm(data, where.mm) : 0, organs = organsOf(lesions, end).filter(({ cells }) => cells >= least);
  const water = at.y(cellsOfMm(data, where.mm)), r = Math.max(3.5, 0.28 * at.text);
  let drawn = `<rect x="${px(at.left)}" y="${px(at.top)}" width="${px(at.right - at.left)}"
    height="${px(at.bottom - at.top)}" class="time-air"/>`;
  drawn += `<rect x="${px(at.left)}" y="${px(water)}" width="${px(at.right - at.left)}"
    height="${px(at.bottom - water)}" class="time-water"/>`;
  drawn += stripsOf(data, at, lesions, where, end, say, covered) + axesOf(data, at, reachOf(at, organs, end, say), say) + careOf(data, at, where, end);
  for (const lesion of covered ? [] : neverBorn(data, where)) {
    drawn += `<circle cx="${px(at.x(lesion.begin))}" cy="${px(at.y(1))}" r="${px(r)}" class="time-never"/>`;
  }
  const step = CURVE_STEP / (at.x(1) - at.x(0));
  for (const lesion of [...lesions].reverse()) {
    drawn += `<path d="${pathOf(lesion, at.x, at.y, step)}" fill="none" ${lineOf(lesion.site, dark)}/>`;
    if (lesion.id > 0) {
      const colour = dark ? lesion.site.dark : lesion.site.light;
      drawn += `<circle cx="${px(at.x(lesion.begin))}" cy="${px(at.y(1))}" r="${px(0.8 * r)}" style="fill:${colour}"/>`;
    }
    if (lesion.fate) {
      const x = at.x(lesion.end), y = at.y(lesion.cells(lesion.end - 1e-5)), s = 0.9 * r;
      drawn += `<path d="M${px(x - s)} ${px(y - s)}L${px(x + s)} ${px(y + s)}M${px(x - s)} ${px(y + s)}L${px(x + s)} ${px(
        y - s)}" class="time-ended"/>`;
    }
  }
  const [primary] = lesions, stays = primary.cells(end - 1e-4) > 0;
  if (at.narrow || !stays) {
    const x = at.x(primary.end), room = x - at.left > 6 * at.text;
    drawn += written(room ? x - 0.8 * at.text : x + 0.6 * at.text, at.y(primary.cells(primary.end - 1e-4)) - 0.5 * at.text,
      say.term("primary"), "time-strong time-halo", room ? "end" : "start");
  }
  if (covered) drawn += coverOf(at, water);
  drawn += endOf(at, end, cause, say);
  const names = at.narrow ? "" : labelsOf(at, organs, end, dark, say);
  return drawn + `<line x1="${px(at.left)}" x2="${px(at.right)}" y1="${px(water)}" y2="${px(water)}" class="time-line"/>${
    knife === null || knife >= end ? "" : `<line x1="${px(at.x(knife))}" x2="${px(at.x(knife))}" y1="${px(at.knife)}"
    y2="${px(at.bottom)}" class="time-knife"/>`}${names}`;
}

/**
 * What lies over all below the waterline, until somebody has guessed.
 * @param {TimelineLayout} at
 * @param {number} water
 */
function coverOf(at, water) {
  const high = at.bottom - water, size = Math.min(0.6 * high, 6 * at.text), over = 0.3 * at.text;
  return `<rect x="${px(at.left - over)}" y="${px(water)}" width="${px(at.right - at.left + 2 * over)}" height="${px(high + 0.5 * at.text)}" class="time-cover"/>
    <text x="${px((at.left + at.right) / 2)}" y="${px(water + high / 2 + 0.35 * size)}" text-anchor="middle" class="time-asks" style="font-size:${px(size)}px">?</text>`;
}

/**
 * The drug's time, and the places where the handles may stand.
 * @param {TimelineData} data
 * @param {TimelineLayout} at
 * @param {TimelinePosition} where
 * @param {number} end
 */
function careOf(data, at, where, end) {
  const ticks = (/** @type {number[]} */ years, /** @type {number} */ y) =>
    [...new Set(years)].map((year) => `<circle cx="${px(at.x(year))}" cy="${px(y)}" r="2.5" class="time-tick"/>`).join("");
  let drawn = ticks(data.knives.filter((year) => year !== null), at.knife);
  if (!data.drug) return drawn;
  drawn += ticks(data.drug.starts, at.drug);
  if (where.drug > 0) {
    const from = data.drug.starts[where.drug - 1], to = Math.min(from + data.drug.years[where.drug - 1], data.years);
    const box = (/** @type {number} */ y, /** @type {number} */ until, /** @type {number} */ high, /** @type {string} */ name) =>
      `<rect x="${px(at.x(from))}" y="${px(y)}" width="${px(Math.max(3, at.x(until) - at.x(from)))}"
        height="${px(high)}" class="${name}"/>`;
    drawn += box(at.drug - 4, to, 8, "time-given");
    if (from < end) drawn += box(at.top, Math.min(to, end), at.bottom - at.top, "time-drug");
  }
  return drawn;
}

/**
 * One decimal, with the point or comma of the language.
 * @param {number} value
 * @param {Say} say
 */
export function decimals(value, say) {
  return value.toLocaleString(say.lang, { minimumFractionDigits: 0, maximumFractionDigits: 1 });
}

/**
 * A patient in small.
 * @param {TimelineData} data
 * @param {TimelinePosition} where
 * @param {boolean} dark
 */
export function timelineCard(data, where, dark) {
  const wide = 150, high = 62, lesions = lesionsUnder(data, where), [end, cause] = endUnder(data, where);
  const most = Math.log10((3 * data.burden) / LEAST_CELLS), knife = data.knives[where.knife];
  const x = (/** @type {number} */ year) => (wide * year) / data.years;
  const y = (/** @type {number} */ n) => high - (high * Math.log10(Math.max(n, LEAST_CELLS) / LEAST_CELLS)) / most;
  const water = y(cellsOfMm(data, where.mm));
  const upright = (/** @type {number} */ year, /** @type {string} */ name) =>
    `<line x1="${px(x(year))}" x2="${px(x(year))}" y1="0" y2="${high}" class="${name}"/>`;
  const lines = [...lesions].reverse().map(
    (lesion) => `<path d="${pathOf(lesion, x, y, data.years / 60)}" fill="none" ${lineOf(lesion.site, dark, 0.5)}/>`,
  );
  return `<svg viewBox="0 0 ${wide} ${high}" aria-hidden="true" class="time-small"><rect y="${px(water)}" width="${wide}"
    height="${px(high - water)}" class="time-water"/>${lines.join("")}${
    knife !== null && knife < end ? upright(knife, "time-knife") : ""}${cause ? upright(end, "time-death") : ""}</svg>`;
}
