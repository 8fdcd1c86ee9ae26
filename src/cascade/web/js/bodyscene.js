// The body: where colonies stand, and by which roads their cells came; a picture and a table that say the same.
// @ts-check
/** @import { Exact, Lesson, Payload, Say } from "./types.js" */
/** @import { Anatomy } from "./anatomydraw.js" */
/** @import { BodyRow } from "./anatomytable.js" */

import { BodyDrawing, svgPart } from "./anatomydraw.js";
import { placedLabels } from "./anatomylabels.js";
import { SitesTable } from "./anatomytable.js";
import { made, readable } from "./elements.js";
import { NetworkView, TwoViews } from "./networkview.js";
import { wholePercent } from "./shares.js";
import { Spoken } from "./spoken.js";

// Of the animation, in seconds: all of it, one colony, until the first begins.
const BODY_SECONDS = 4.8;
const DISC_SECONDS = 1.6;
const FIRST_DISC = 0.8;
const MOST_LABELS = 12;
const MOST_NUMBERS = 9;
const KEY_DISCS = [0.5, 0.1, 0.01];
// In rem: type of labels, their room at each side; the picture and the body in it, below which discs have numbers.
const LABEL_SIZE = 0.9;
const LABEL_SIDE = 7.5;
const NUMBERED_BELOW = 31;
const LEAST_BODY = 10;

export class BodyScene {
  /**
   * @param {HTMLElement} host an empty element
   * @param {Pick<Lesson, "model" | "anatomy">} data
   * @param {Say} say
   */
  constructor(host, data, say) {
    this.host = host;
    this.say = say;
    this.model = data.model;
    this.anatomy = /** @type {Anatomy | null} */ (data.anatomy);
    this.reduced = matchMedia("(prefers-reduced-motion: reduce)");
    /** @type {BodyRow[]} */
    this.rows = [];
    this.seen = this.visible = this.wall = this.answered = false;
    this.began = -Infinity;
    this.frame = 0;
    /** @type {CanvasRenderingContext2D | null | undefined} */
    this.pen = undefined;
    this.family = "sans-serif";
    host.classList.add("body-scene");
    if (!this.anatomy) {
      host.append(made("p", { textContent: say("body.none") }));
      return;
    }
    this.drawing = new BodyDrawing(this.anatomy);
    this._build(host, this.drawing);
  }

  /**
   * @param {HTMLElement} host
   * @param {BodyDrawing} drawing
   */
  _build(host, drawing) {
    const { say } = this;
    this.table = new SitesTable(say, () => host.dispatchEvent(new CustomEvent("changed", { bubbles: true })));
    this.lead = made("p", { className: "body-lead" });
    this.again = made("button", { type: "button", className: "body-again", textContent: say("body.grow") });
    this.again.addEventListener("click", () => this.grow());
    this.labels = svgPart("g", { class: "body-labels" });
    this.svg = svgPart("svg", { class: "body-svg", role: "img" }, drawing.ground, drawing.riders, this.labels, drawing.discs);
    this.stage = made("div", { className: "body-stage" }, this.svg);
    this.key = made("ul", { className: "body-key" });
    this.elsewhere = made("p", { className: "body-elsewhere" });
    const live = made("p", { className: "body-live" });
    this.spoken = new Spoken(live);
    this.network = this.anatomy?.network ? new NetworkView(say, this.anatomy.network, this.anatomy.colours, this._originText()) : null;
    this.outline = made("div", {}, this.stage, this.key, this.elsewhere);
    host.append(made("div", { className: "body-top" }, this.lead, this.again),
      made("div", { className: "body-parts" },
        made("div", { className: "body-picture" }, ...this._views()),
        made("div", { className: "body-side" }, this.table.element, made("p", { className: "body-note", textContent: say("body.note") }))),
      live);
    drawing.drawHeads();
    this._showMotion();
    this.reduced.addEventListener("change", () => this._showMotion());
    // The button grows with the type of the page: then labels need other places.
    const resized = new ResizeObserver(() => this._fit());
    resized.observe(this.stage);
    resized.observe(this.again);
    addEventListener("resize", () => this._fit());
  }

  /** The outline, and the network where there is one, of which one is seen. */
  _views() {
    const { say, network, outline } = this;
    if (!network || !outline) return outline ? [outline] : [];
    this.views = new TwoViews(say, outline, network.element, () => {
      this._showMotion();
      this._fit();
    });
    return [this.views.element, outline, network.element];
  }

  /** Where motion is not wanted there is nothing to grow again. */
  _showMotion() {
    if (this.again) this.again.hidden = this.reduced.matches || Boolean(this.outline?.hidden);
    if (this.reduced.matches) this._finish();
  }

  /**
   * The same body with other roads.
   * @param {Anatomy} anatomy
   */
  redraw(anatomy) {
    if (!this.svg || !this.labels || JSON.stringify(anatomy) === JSON.stringify(this.anatomy)) return;
    this._finish();
    this.anatomy = anatomy;
    this.drawing = new BodyDrawing(anatomy);
    const { ground, riders, discs } = this.drawing;
    this.svg.replaceChildren(ground, riders, this.labels, discs);
    this.drawing.drawHeads();
    if (anatomy.network) this.network?.redraw(anatomy.network);
  }

  /**
   * A new exact answer; `model` where it is another payload's than the page's.
   * @param {Exact} exact
   * @param {Payload} [model]
   */
  update(exact, model = this.model) {
    if (!this.anatomy) return;
    /** @type {Record<string, number>} */
    const founded = Object.create(null);
    model.base.forEach((base, k) => {
      const name = model.states[base];
      founded[name] = (founded[name] || 0) + exact.founded[k];
    });
    const rows = this.anatomy.sites.map((site) => ({
      site, colonies: site.colonies.reduce((sum, state) => sum + (founded[state] || 0), 0), share: 0,
    }));
    const all = rows.reduce((sum, { colonies }) => sum + colonies, 0);
    for (const row of rows) row.share = all > 0 ? row.colonies / all : 0;
    this.rows = rows.sort((a, b) => b.colonies - a.colonies || (a.site.name < b.site.name ? -1 : 1));
    this._write(all);
    this._fit();
  }

  /** @param {number} all share of the cells that found a colony */
  _write(all) {
    const { say, rows, table, lead, svg, elsewhere } = this;
    if (!table || !lead || !svg || !elsewhere) return;
    const first = rows[0], values = { all: say.share(all), organ: say.term(first.site.name), share: say.share(first.share) };
    lead.textContent = say(all > 0 ? "body.lead" : "body.nobody", values);
    const most = rows.filter(({ share }) => share > 0).slice(0, 5).map((row) => this._told(row)).join("; ");
    svg.setAttribute("aria-label", say(`body.alt_${this.anatomy?.animal === "human" ? "human" : "animal"}`, { most }));
    const beside = rows.filter(({ site, share }) => !site.at && share > 0);
    elsewhere.hidden = !beside.length;
    elsewhere.textContent = say("body.elsewhere", { sites: beside.map((row) => this._told(row)).join("; ") });
    table.show(rows);
    this.network?.update(rows);
    // The first answer stands in the page and is not spoken.
    if (this.answered && this.visible) this.spoken?.say(lead.textContent);
    this.answered = true;
  }

  /** @param {BodyRow} row */
  _told({ site, share }) {
    return `${this.say.term(site.name)} ${this.say.share(share)}`;
  }

  /** Sizes for the room that there is, then labels and discs. */
  _fit() {
    const { svg, stage, drawing, anatomy } = this;
    this.network?.fit();
    if (!svg || !stage || !drawing || !anatomy || !stage.clientWidth || !this.rows.length) return;
    this.family = getComputedStyle(this.host).fontFamily;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize), width = stage.clientWidth;
    const [, , across, down] = anatomy.view, tall = down > across, named = this._pens(false).flatMap(({ words }) => words);
    const longest = Math.max(...named.map((word) => this._long([word], readable(LABEL_SIZE * rem)))) + rem;
    const beside = Math.max(LABEL_SIDE * rem, longest);
    const numbered = width < NUMBERED_BELOW * rem || width - 2 * beside < LEAST_BODY * rem;
    const side = numbered ? 2.2 * rem : beside;
    const wall = document.documentElement.classList.contains("present");
    if (wall !== this.wall) this.table?.show(this.rows);
    this.wall = wall;
    const least = (wall ? 13 : 19) * rem, room = Math.max(least, Math.min(this._room(stage, rem), 46 * rem));
    const most = numbered && !wall ? Infinity : room;
    // Of what is longer than high, labels stand above and below.
    const band = tall ? 0 : (numbered ? 2 : 4.4) * rem;
    const scale = Math.min((most - 2 * band) / down, (width - (tall ? 2 * side : rem)) / across);
    const height = Math.ceil(scale * down + 2 * band);
    this.host.classList.toggle("body-numbered", numbered);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", String(height));
    drawing.fit(scale, (width - scale * across) / 2, tall ? height - scale * down : (height - scale * down) / 2);
    drawing.order(this.rows);
    this._label(width, height, rem, numbered);
    this._drawKey();
    this._draw();
  }

  /**
   * Height for the picture: before a class it shall stand whole on the wall.
   * @param {HTMLElement} stage
   * @param {number} rem
   */
  _room(stage, rem) {
    const { top } = stage.getBoundingClientRect();
    return this.wall && top > 0 && top < 0.5 * innerHeight ? innerHeight - top - 5.5 * rem : 0.74 * innerHeight;
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {number} rem
   * @param {boolean} numbered
   */
  _label(width, height, rem, numbered) {
    const { labels, drawing, anatomy } = this;
    if (!labels || !drawing || !anatomy) return;
    const [, , across, down] = anatomy.view, size = readable(LABEL_SIZE * rem), tall = down > across, gap = 0.3 * rem;
    const edge = (tall ? width - drawing.scale * across : height - drawing.scale * down) / 2 - gap;
    const most = tall ? edge - 0.5 * rem : 6.5 * rem;
    const pens = this._pens(numbered).map(({ words, ...pen }) => {
      const lines = this._lines(words, most, size), wide = Math.max(...lines.map((line) => this._long(line, size)));
      return { ...pen, lines, height: tall ? (lines.length * 1.2 + 0.35) * size : wide + 0.8 * size };
    });
    const [length, wide] = tall ? [height, width] : [width, height];
    const room = { left: edge, right: wide - edge, top: gap, bottom: length - gap, middle: wide / 2 };
    const turned = (/** @type {[number, number]} */ [a, b]) => (tall ? [a, b] : [b, a]).map((c) => c.toFixed(1)).join(" ");
    const pointed = pens.map((pen) => (tall ? pen : { ...pen, x: pen.y, y: pen.x }));
    labels.replaceChildren(...placedLabels(pointed, room).flatMap(({ index, side, y, from, to }) => {
      const { lines } = pens[index], first = (lines.length - 1) / 2, beside = from[0] + gap * side;
      const anchor = tall ? (side < 0 ? "end" : "start") : "middle";
      const text = svgPart("text", { "text-anchor": anchor, "font-size": size });
      // The baseline of the first line: around the label's middle, or towards the picture.
      const base = tall ? y + (0.35 - 1.2 * first) * size : beside + (side < 0 ? -0.1 - 2.4 * first : 0.8) * size;
      lines.forEach((line, k) => text.append(...this._spans(line, tall ? beside : y, base + 1.2 * k * size)));
      return [svgPart("path", { class: "body-leader", d: `M${turned(from)}L${turned(to)}` }), text];
    }));
  }

  /**
   * What gets a label: words and what they point to.
   * @param {boolean} numbered
   */
  _pens(numbered) {
    const { drawing, anatomy, say } = this;
    if (!drawing || !anatomy) return [];
    const known = this.rows.map((row, rank) => ({ row, rank })).filter(({ row }) => row.site.at && row.share > 0);
    const pens = known.slice(0, numbered ? MOST_NUMBERS : MOST_LABELS).map(({ row, rank }) => {
      const name = say.term(row.site.name).split(" ").map((word) => [word, ""]);
      const words = numbered ? [[String(rank + 1), "b"]] : [...name, [say.share(row.share), "b"]];
      const [x, y] = drawing.at(/** @type {[number, number]} */ (row.site.at));
      return { words, x, y, r: drawing.radius(row.share), weight: row.share };
    });
    if (!anatomy.origin || numbered) return pens;
    const [x, y] = drawing.at([anatomy.origin[0], anatomy.origin[1]]);
    const words = this._originText().split(" ").map((word) => [word, "i"]);
    return [...pens, { words, x, y, r: drawing.ringRadius, weight: 2 }];
  }

  /**
   * A line of a label.
   * @param {string[][]} line
   * @param {number} x
   * @param {number} y
   */
  _spans(line, x, y) {
    return line.map(([word, kind], n) => {
      const span = svgPart("tspan", { class: `body-word-${kind || "n"}` }, n ? ` ${word}` : word);
      if (n) return span;
      span.setAttribute("x", x.toFixed(1));
      span.setAttribute("y", y.toFixed(1));
      return span;
    });
  }

  _originText() {
    const origin = this.anatomy?.origin;
    if (!origin) return "";
    return this.say(origin[3] ? "body.injected" : "body.primary", { organ: this.say.term(origin[2]) });
  }

  /**
   * How long words in a line are, in pixels.
   * @param {string[][]} line words, each with its kind
   * @param {number} size
   */
  _long(line, size) {
    const pen = this.pen ??= document.createElement("canvas").getContext("2d");
    return line.reduce((sum, [word, kind], n) => {
      if (!pen) return sum + word.length * size * 0.6;
      pen.font = `${kind === "b" ? 700 : 400} ${size}px ${this.family}`;
      return sum + pen.measureText(n ? ` ${word}` : word).width;
    }, 0);
  }

  /**
   * Words in lines of a width.
   * @param {string[][]} words each with its kind
   * @param {number} width
   * @param {number} size
   */
  _lines(words, width, size) {
    const lines = [[words[0]]];
    for (const word of words.slice(1)) {
      const last = lines[lines.length - 1];
      if (this._long([...last, word], size) <= width) last.push(word);
      else lines.push([word]);
    }
    return lines;
  }

  /** What lines, ring and discs are. */
  _drawKey() {
    const { key, anatomy, drawing, say } = this;
    if (!key || !anatomy || !drawing) return;
    const named = { vein: "veins", portal: "portal vein", artery: "arteries", lymph: "lymph" };
    const kinds = [...new Set(anatomy.roads.map(([kind]) => kind))];
    const items = kinds.map((kind) => {
      const names = kind === "other" ? [...new Set(anatomy.roads.filter((road) => road[0] === kind).map((road) => road[1]))]
        : [named[/** @type {keyof typeof named} */ (kind)]];
      const line = svgPart("path", { class: `body-road body-${kind}`, d: "M1 6H27" });
      const head = svgPart("path", { class: `body-head body-${kind}`, d: "M34 6L26 2V10Z" });
      for (const part of [line, head]) if (anatomy.colours[kind]) part.style.setProperty("--road", anatomy.colours[kind]);
      const mark = svgPart("svg", { viewBox: "0 0 36 12", class: "body-mark", "aria-hidden": "true" }, line, head);
      return made("li", {}, mark, names.map((name) => say.term(name)).join(", "));
    });
    if (anatomy.origin) {
      const ring = svgPart("circle", { class: "body-origin", cx: 8, cy: 8, r: 6 });
      items.push(made("li", {}, svgPart("svg", { viewBox: "0 0 16 16", class: "body-mark round", "aria-hidden": "true" }, ring), this._originText()));
    }
    items.push(made("li", {}, say("body.area"), ...KEY_DISCS.map((share) => {
      const r = drawing.radius(share), box = 2 * r + 2;
      const disc = svgPart("circle", { class: "body-disc", cx: box / 2, cy: box / 2, r: r.toFixed(2) });
      return made("span", {}, svgPart("svg", { width: box, height: box, "aria-hidden": "true" }, disc), ` ${wholePercent(share)}`);
    })));
    key.replaceChildren(...items);
  }

  /** Begin to grow anew. */
  grow() {
    if (!this.anatomy || this.reduced.matches) return;
    this.began = performance.now();
    cancelAnimationFrame(this.frame);
    this._step();
  }

  _step() {
    // Asked before it is drawn: the last picture is drawn when the time is over, however long a picture takes.
    const running = performance.now() - this.began < 1000 * BODY_SECONDS;
    this._draw();
    if (running && this.visible) this.frame = requestAnimationFrame(() => this._step());
  }

  _finish() {
    cancelAnimationFrame(this.frame);
    this.began = -Infinity;
    this._draw();
  }

  /** Discs and cells as they are now. */
  _draw() {
    const { drawing, rows, began } = this, seconds = (performance.now() - began) / 1000;
    if (!drawing) return;
    const wait = (BODY_SECONDS - DISC_SECONDS - FIRST_DISC) / Math.max(1, rows.length - 1);
    rows.forEach(({ site, share }, k) => {
      const grown = Math.max(0, Math.min(1, (seconds - FIRST_DISC - k * wait) / DISC_SECONDS));
      drawing.setDisc(site, share, grown);
    });
    drawing.ride(seconds, Math.max(0, Math.min(1, 2 * seconds, 2 * (BODY_SECONDS - seconds))));
  }

  /**
   * Begin or stop what moves.
   * @param {boolean} visible
   */
  shown(visible) {
    this.visible = visible;
    if (!visible) this._finish();
    else {
      this._fit();
      if (!this.seen) this.grow();
      this.seen = true;
    }
  }

  /** Whether all sites are listed, and which picture is seen. */
  state() {
    return [this.table?.open ? "all" : "", this.outline?.hidden ? "network" : ""].filter(Boolean).join(",");
  }

  /** @param {string} text */
  restore(text) {
    if (!this.table) return;
    this.table.open = text.split(",").includes("all");
    this.table.show(this.rows);
    this.views?.choose(text.split(",").includes("network"));
  }
}
