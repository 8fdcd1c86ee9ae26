// Marks of what cells die of: colours alone are not told apart by everybody.  Paths in a box from -1 to 1.
// @ts-check

/** @type {Record<string, string>} */
const PATHS = {
  ring: "M.8 0A.8.8 0 1 1 -.8 0A.8.8 0 1 1 .8 0",
  open: "M.6 -.6A.85.85 0 1 0 .6 .6",
  cross: "M-.75 -.75L.75 .75M-.75 .75L.75 -.75",
  star: "M0 -.95V.95M-.85 -.5L.85 .5M-.85 .5L.85 -.5",
  vee: "M-.8 -.5L0 .6L.8 -.5",
  slashes: "M-.75 .8L-.1 -.8M.1 .8L.75 -.8",
  lens: "M-1 0Q0 -1 1 0Q0 1 -1 0Z",
  dots: "M-.6 -.6h.02M.6 -.6h.02M-.6 .6h.02M.6 .6h.02",
  hourglass: "M-.7 -.85H.7L-.7 .85H.7Z",
  down: "M0 -.9V.8M-.65 .15L0 .85L.65 .15",
  square: "M-.7 -.7H.7V.7H-.7Z",
  bar: "M-.9 0H.9",
};
/** @type {Record<string, Path2D>} */
const DRAWN = {};

/**
 * The property of the style that has the colour of a cause, as `lessons/page.py` writes it; of no two causes the same.
 * @param {string} cause
 */
export function causeProperty(cause) {
  return `--c-${cause.replace(/[^A-Za-z0-9]/gu, (c) => `_${(c.codePointAt(0) ?? 0).toString(16)}_`)}`;
}

/**
 * A mark on a canvas whose stroke is set.
 * @param {CanvasRenderingContext2D} g
 * @param {string} mark
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
export function drawMark(g, mark, x, y, size) {
  DRAWN[mark] ??= new Path2D(PATHS[mark]);
  g.save();
  g.translate(x, y);
  g.scale(size, size);
  g.lineWidth = 1.9 / size;
  g.stroke(DRAWN[mark]);
  g.restore();
}

/**
 * A mark as a picture in a text.
 * @param {string} mark
 * @param {string} colour name of a property of the style
 */
export function markIcon(mark, colour) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "-1.3 -1.3 2.6 2.6");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[mark]);
  path.setAttribute("style", `stroke: var(${colour})`);
  svg.append(path);
  return svg;
}
