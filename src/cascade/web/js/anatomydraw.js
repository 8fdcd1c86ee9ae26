// Draws a body with organs, roads, the primary and discs of colonies, and lets cells ride the roads.
// @ts-check

/** @typedef {{ name: string, roads: string[], at: [number, number] | null, colonies: string[] }} BodySite */
/**
 * @typedef {object} Anatomy as `cascade/web/anatomy.py` writes it
 * @property {string} animal
 * @property {[number, number, number, number]} view
 * @property {string} outline
 * @property {string[]} behind
 * @property {string[]} front
 * @property {string[]} lines
 * @property {[path: string, tube: number][]} organs
 * @property {[x: number, y: number, name: string, injected: boolean] | null} origin
 * @property {[kind: string, name: string, path: string][]} roads
 * @property {import("./networkview.js").Network | null} network
 * @property {BodySite[]} sites
 * @property {Record<string, string>} colours
 */

const WHOLE_DISC = 0.06; // radius of the disc of all colonies, in parts of the larger side of the picture
const LEAST_DISC = 1.6; // pixels
const RIDERS_APART = 34; // units between cells on a road
const RIDERS_SPEED = 62; // units in a second
const ARROW_HEAD = 7; // units of an arrow's head

/**
 * A part of an SVG.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {(Node | string)[]} content
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svgPart(tag, attributes = {}, ...content) {
  const part = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, String(value));
  part.append(...content);
  return part;
}

/**
 * A head for the end of a road, and one for its middle where it is long.
 * @param {SVGPathElement} road
 */
function arrowHeads(road) {
  const length = road.getTotalLength(), heads = [];
  for (const at of length > 150 ? [length * 0.5, length] : [length]) {
    const tip = road.getPointAtLength(at), back = road.getPointAtLength(Math.max(0, at - ARROW_HEAD));
    const far = Math.hypot(tip.x - back.x, tip.y - back.y) || 1;
    const [dx, dy] = [(tip.x - back.x) / far, (tip.y - back.y) / far], [bx, by] = [tip.x - ARROW_HEAD * dx, tip.y - ARROW_HEAD * dy];
    const points = [[tip.x, tip.y], [bx - 0.5 * ARROW_HEAD * dy, by + 0.5 * ARROW_HEAD * dx], [bx + 0.5 * ARROW_HEAD * dy, by - 0.5 * ARROW_HEAD * dx]];
    heads.push(`M${points.map((p) => p.map((c) => c.toFixed(1)).join(" ")).join("L")}Z`);
  }
  return heads.join("");
}

export class BodyDrawing {
  /** @param {Anatomy} anatomy */
  constructor(anatomy) {
    this.anatomy = anatomy;
    this.scale = 1;
    /** @type {[number, number]} */
    this.shift = [0, 0];
    this.ground = svgPart("g", { class: "body-ground" });
    this.riders = svgPart("g", { class: "body-riders" });
    this.discs = svgPart("g", { class: "body-discs" });
    /** @type {SVGPathElement[]} */
    this.roads = [];
    this._drawGround();
    /** @type {Map<BodySite, SVGCircleElement>} */
    this.circles = new Map();
    for (const site of anatomy.sites) if (site.at) this.circles.set(site, svgPart("circle", { class: "body-disc" }));
    this.ring = anatomy.origin ? svgPart("circle", { class: "body-origin" }) : null;
  }

  _drawGround() {
    const { behind, outline, front, organs, lines, roads, colours } = this.anatomy;
    for (const d of [...behind, outline, ...front]) this.ground.append(svgPart("path", { class: "body-outline", d }));
    for (const d of lines) this.ground.append(svgPart("path", { class: "body-line", d }));
    for (const [d, tube] of organs) {
      if (tube > 0) {
        // A tube is a line in a wider one, which is its wall.
        this.ground.append(svgPart("path", { class: "body-wall", d, "stroke-width": tube + 1.4 }));
        this.ground.append(svgPart("path", { class: "body-tube", d, "stroke-width": tube }));
      } else this.ground.append(svgPart("path", { class: tube ? "body-line" : "body-organ", d }));
    }
    this.roads = roads.map(([kind, , d]) => {
      const road = svgPart("path", { class: `body-road body-${kind}`, d });
      if (colours[kind]) road.style.setProperty("--road", colours[kind]);
      this.ground.append(road);
      return road;
    });
  }

  /** Once it is in a document, where lengths of ways can be asked for. */
  drawHeads() {
    this.roads.forEach((road, k) => {
      const [kind] = this.anatomy.roads[k], head = svgPart("path", { class: `body-head body-${kind}`, d: arrowHeads(road) });
      if (this.anatomy.colours[kind]) head.style.setProperty("--road", this.anatomy.colours[kind]);
      this.ground.append(head);
    });
  }

  /**
   * Put the body into a rectangle of so many pixels.
   * @param {number} scale
   * @param {number} x
   * @param {number} y
   */
  fit(scale, x, y) {
    const [left, top] = this.anatomy.view;
    this.scale = scale;
    this.shift = [x - scale * left, y - scale * top];
    const transform = `translate(${this.shift.join(" ")}) scale(${scale})`;
    this.ground.setAttribute("transform", transform);
    this.riders.setAttribute("transform", transform);
    for (const [site, circle] of this.circles) {
      const [cx, cy] = this.at(/** @type {[number, number]} */ (site.at));
      circle.setAttribute("cx", cx.toFixed(1));
      circle.setAttribute("cy", cy.toFixed(1));
    }
    const { origin } = this.anatomy;
    if (!this.ring || !origin) return;
    const [cx, cy] = this.at([origin[0], origin[1]]);
    for (const [name, value] of Object.entries({ cx, cy, r: this.ringRadius })) this.ring.setAttribute(name, value.toFixed(1));
  }

  get ringRadius() {
    return Math.max(5, 7.5 * this.scale);
  }

  /**
   * A point of the body in pixels.
   * @param {[number, number]} point
   * @returns {[number, number]}
   */
  at([x, y]) {
    return [this.shift[0] + this.scale * x, this.shift[1] + this.scale * y];
  }

  /**
   * Radius of a disc whose area is in proportion to a share; the smallest are still seen.
   * @param {number} share
   */
  radius(share) {
    const [, , width, height] = this.anatomy.view;
    return share > 0 ? Math.max(LEAST_DISC, WHOLE_DISC * Math.max(width, height) * this.scale * Math.sqrt(share)) : 0;
  }

  /**
   * Discs of these sites, the smallest on top.
   * @param {{ site: BodySite, share: number }[]} rows most first
   */
  order(rows) {
    const circles = rows.map(({ site }) => this.circles.get(site)).filter((circle) => circle !== undefined);
    this.discs.replaceChildren(...circles, ...(this.ring ? [this.ring] : []));
  }

  /**
   * @param {BodySite} site
   * @param {number} share
   * @param {number} grown part of its area
   */
  setDisc(site, share, grown) {
    const circle = this.circles.get(site), r = grown > 0 ? this.radius(share * grown) : 0;
    circle?.setAttribute("r", r.toFixed(2));
  }

  /**
   * Cells on the roads after so many seconds.
   * @param {number} seconds
   * @param {number} solid 0 to 1
   */
  ride(seconds, solid) {
    /** @type {SVGCircleElement[]} */
    const cells = [];
    if (solid > 0) {
      this.roads.forEach((road) => {
        const length = road.getTotalLength();
        for (let at = (seconds * RIDERS_SPEED) % RIDERS_APART; at < length; at += RIDERS_APART) {
          const { x, y } = road.getPointAtLength(at);
          cells.push(svgPart("circle", { class: "body-rider", cx: x.toFixed(1), cy: y.toFixed(1), r: 2.1, opacity: solid }));
        }
      });
    }
    this.riders.replaceChildren(...cells);
  }
}
