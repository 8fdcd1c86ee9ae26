// The circulation as a network: vessels as wide as what flows in them, and beds with discs of their colonies.
// @ts-check
/** @import { Say } from "./types.js" */
/** @import { BodyRow } from "./anatomytable.js" */

/**
 * As `web.bodymap.network` writes it, in inches.
 * @typedef {object} Network
 * @property {[points: number[], flow: number, kind: string][]} lines
 * @property {[bed: string, organ: string, x: number, y: number][]} beds
 * @property {[name: string, x: number, y: number][]} hearts
 * @property {[name: string, x: number, y: number][]} vessels
 * @property {[x: number, y: number][]} entries by which cells come into the blood
 */

import { svgPart } from "./anatomydraw.js";
import { made, readable } from "./elements.js";

// In rem: from bed to bed, the widest vessel, the disc of all colonies, the room for where the cells come from, the least
// width for names of vessels, type.
const NETWORK_STEP = 1.75;
const NETWORK_WIDEST = 1.3;
const NETWORK_WHOLE = 1.35;
const NETWORK_FROM = 5.2;
const NETWORK_NEAR = 3.6;
const NETWORK_NAMED = 28;
const NETWORK_TYPE = 0.82;
const LEAST_NETWORK_DISC = 1.6; // pixels

export class NetworkView {
  /**
   * @param {Say} say
   * @param {Network} network
   * @param {Record<string, string>} colours of the vessels, by kind
   * @param {string} from what the cells come from
   */
  constructor(say, network, colours, from) {
    this.say = say;
    this.from = from;
    this.network = network;
    /** @type {BodyRow[]} */
    this.rows = [];
    this.svg = svgPart("svg", { class: "network-svg", role: "img" });
    this.others = made("p", { className: "body-elsewhere" });
    for (const [kind, colour] of Object.entries(colours)) this.svg.style.setProperty(`--${kind}`, colour);
    this.element = made("div", { className: "body-network" }, made("div", { className: "body-stage" }, this.svg), this.others);
  }

  /** @param {Network} network */
  redraw(network) {
    this.network = network;
    this.fit();
  }

  /** @param {BodyRow[]} rows most first */
  update(rows) {
    const { say, network } = this, organs = new Set(network.beds.map(([, organ]) => organ));
    this.rows = rows;
    const told = (/** @type {BodyRow} */ { site, share }) => `${say.term(site.name)} ${say.share(share)}`;
    const inside = rows.filter(({ site, share }) => organs.has(site.name) && share > 0);
    const others = rows.filter(({ site, share }) => !organs.has(site.name) && share > 0);
    this.svg.setAttribute("aria-label", say("body.network_alt", { most: inside.slice(0, 5).map(told).join("; ") || "0" }));
    this.others.hidden = !others.length;
    this.others.textContent = say("body.off_network", { sites: others.map(told).join("; ") });
    this.fit();
  }

  /** For the room that there is: as wide as it is, as high as its rows need. */
  fit() {
    const width = this.svg.parentElement?.clientWidth ?? 0, { network } = this;
    if (!width) return;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const xs = network.lines.flatMap(([points]) => points.filter((_, k) => k % 2 === 0)), heights = network.beds.map(([, , , y]) => y).sort((a, b) => a - b);
    const left = (width < NETWORK_NAMED * rem ? NETWORK_NEAR : NETWORK_FROM) * rem, right = width - rem, low = Math.min(...xs), high = Math.max(...xs);
    // Beds stand at equal distances but for the one between the hearts.
    const step = Math.min(...heights.slice(2).map((y, k) => y - heights[k + 1])), steps = (heights[heights.length - 1] - heights[0]) / step;
    const top = (NETWORK_WHOLE + 0.6) * rem, scale = this._step(rem, steps, top) / step, height = top + (heights[heights.length - 1] - heights[0]) * scale + 1.5 * rem;
    this.place = { rem, x: (/** @type {number} */ x) => left + ((x - low) / (high - low)) * (right - left), y: (/** @type {number} */ y) => top + (y - heights[0]) * scale };
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height.toFixed(0)}`);
    this.svg.setAttribute("height", height.toFixed(0));
    this.svg.replaceChildren(...this._vessels(), ...this._beds(), ...this._marks());
  }

  /**
   * Pixels from bed to bed: before a class the network shall stand whole on the wall, as far as its type allows.
   * @param {number} rem
   * @param {number} steps
   * @param {number} top
   */
  _step(rem, steps, top) {
    if (!document.documentElement.classList.contains("present")) return NETWORK_STEP * rem;
    const room = innerHeight - (this.svg.parentElement?.getBoundingClientRect().top ?? 0) - top - 2.5 * rem;
    return Math.max(1.15 * readable(NETWORK_TYPE * rem), Math.min(NETWORK_STEP * rem, room / steps));
  }

  /** Vessels, those of most flow below. */
  _vessels() {
    const { network, place } = this;
    if (!place) return [];
    return [...network.lines].sort((a, b) => b[1] - a[1]).map(([points, flow, kind]) => {
      const pairs = points.filter((_, k) => k % 2 === 0).map((x, k) => `${place.x(x).toFixed(1)} ${place.y(points[2 * k + 1]).toFixed(1)}`);
      return svgPart("path", { class: `network-line network-${kind}`, d: `M${pairs.join("L")}`, "stroke-width": Math.max(1, flow * NETWORK_WIDEST * place.rem).toFixed(1) });
    });
  }

  /** A disc for each bed, its name, and the share of its organ; of an organ with two beds beside the first. */
  _beds() {
    const { network, place, say } = this, shares = new Map(this.rows.map(({ site, share }) => [site.name, share]));
    if (!place) return [];
    const { rem } = place, told = new Set();
    return network.beds.flatMap(([bed, organ, atX, atY]) => {
      const x = place.x(atX), y = place.y(atY), share = told.has(organ) || bed !== organ ? 0 : shares.get(organ) ?? 0;
      if (bed === organ) told.add(organ);
      const r = share > 0 ? Math.max(LEAST_NETWORK_DISC, NETWORK_WHOLE * rem * Math.sqrt(share)) : 0, type = readable(NETWORK_TYPE * rem);
      const name = bed === organ ? say.term(bed) : `${say.term(bed)} (${say.term(organ)})`;
      return [
        r ? svgPart("circle", { class: "body-disc", cx: x, cy: y, r: r.toFixed(1) }) : svgPart("circle", { class: "network-bed", cx: x, cy: y, r: 2 }),
        networkText(name, x - r - 0.4 * rem, y, type, "end", share > 0.1),
        ...(share > 0 ? [networkText(say.share(share), x + r + 0.4 * rem, y, type, "start", share > 0.1)] : []),
      ];
    });
  }

  /** The hearts, names of vessels, and where the cells come in. */
  _marks() {
    const { network, place, say } = this;
    if (!place) return [];
    const { rem } = place, type = readable(NETWORK_TYPE * rem);
    const hearts = network.hearts.flatMap(([name, x, y]) => {
      const [first, second] = [place.x(x), place.y(y)], ends = first < place.x(network.beds[0][2]) ? "start" : "end";
      return [svgPart("circle", { class: `network-heart network-${ends === "start" ? "vein" : "artery"}`, cx: first, cy: second, r: (0.5 * rem).toFixed(1) }),
        networkText(say.term(name), first + (ends === "start" ? 0.95 : -0.95) * rem, second, type, ends, false)];
    });
    const named = this.svg.clientWidth < NETWORK_NAMED * rem ? [] : network.vessels;
    const vessels = named.map(([name, x, y]) => networkText(say.term(name), place.x(x) + 0.1 * rem, place.y(y), type, "start", false));
    const entries = network.entries.flatMap(([x, y]) => {
      const [toX, toY] = [place.x(x), place.y(y)], tip = toX - 0.25 * rem;
      const from = this.from.split(/(?<=:) | (?=\()/).reverse().map((line, k) => networkText(line, 0.4 * rem, toY - (0.9 + 1.1 * k) * rem, type, "start", false));
      for (const line of from) line.classList.add("from");
      return [...from, svgPart("path", { class: "network-in", d: `M${0.5 * rem} ${toY}H${tip - 0.5 * rem}` }),
        svgPart("path", { class: "network-tip", d: `M${tip} ${toY}l${-0.7 * rem} ${-0.35 * rem}v${0.7 * rem}Z` })];
    });
    return [...hearts, ...vessels, ...entries];
  }
}

/** Which of two pictures is seen. */
export class TwoViews {
  /**
   * @param {Say} say
   * @param {HTMLElement} outline
   * @param {HTMLElement} network
   * @param {() => void} chosen
   */
  constructor(say, outline, network, chosen) {
    this.pictures = [outline, network];
    this.chosen = chosen;
    this.buttons = ["body.outline", "body.network"].map((key, k) => {
      const button = made("button", { type: "button", textContent: say(key) });
      button.addEventListener("click", () => {
        this.choose(k === 1);
        button.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
      });
      return button;
    });
    this.element = made("div", { className: "body-views" }, ...this.buttons);
    this._show(0);
  }

  /** @param {number} seen */
  _show(seen) {
    this.buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(k === seen)));
    this.pictures.forEach((picture, k) => { picture.hidden = k !== seen; });
  }

  /** @param {boolean} network */
  choose(network) {
    this._show(Number(network));
    this.chosen();
  }
}

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {string} anchor
 * @param {boolean} strong
 */
function networkText(text, x, y, size, anchor, strong) {
  const part = svgPart("text", { class: strong ? "network-text strong" : "network-text", x: x.toFixed(1), y: (y + 0.35 * size).toFixed(1), "font-size": size.toFixed(1), "text-anchor": anchor });
  part.textContent = text;
  return part;
}
