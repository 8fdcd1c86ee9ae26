// Places labels at both sides of a picture, so that no two overlap and no two of their leaders cross.
// @ts-check

/** @typedef {{ x: number, y: number, r: number, height: number, weight: number }} Pointed what a label points to */
/** @typedef {{ left: number, right: number, top: number, bottom: number, middle: number }} LabelRoom */
/** @typedef {{ index: number, side: -1 | 1, y: number, from: [number, number], to: [number, number] }} PlacedLabel */
/** @typedef {[a: [number, number], b: [number, number]]} Segment */

// Costs in pixels of leader.
const CROSSING_COST = 1e4;
const NEAR_COST = 60;
const CLEAR_OF = 3; // pixels between a leader and what others point to
const EXCHANGES = 40;

/**
 * Heights of the middles of labels in this order: as near to where they point as they can be without overlap.
 * Labels that would push each other form a block, which stands where its members want it on average.
 * @param {Pointed[]} labels
 * @param {LabelRoom} room
 */
function pushedApart(labels, { top, bottom }) {
  /** @type {{ sum: number, n: number }[]} */
  const blocks = [];
  let above = 0;
  const befores = labels.map(({ height }) => (above += height) - height);
  labels.forEach(({ y, height }, i) => {
    blocks.push({ sum: y - height / 2 - befores[i], n: 1 });
    for (let k = blocks.length - 1; k > 0 && blocks[k - 1].sum / blocks[k - 1].n > blocks[k].sum / blocks[k].n; k--) {
      const last = /** @type {{ sum: number, n: number }} */ (blocks.pop());
      blocks[k - 1] = { sum: blocks[k - 1].sum + last.sum, n: blocks[k - 1].n + last.n };
    }
  });
  const starts = blocks.flatMap(({ sum, n }) => Array.from({ length: n }, () => sum / n));
  return labels.map(({ height }, i) => {
    const start = Math.max(top, Math.min(bottom - above, starts[i]));
    return start + befores[i] + height / 2;
  });
}

/**
 * Positive where c lies left of the way from a to b.
 * @param {[number, number]} a
 * @param {[number, number]} b
 * @param {[number, number]} c
 */
function turnOf(a, b, c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/**
 * @param {Segment} one
 * @param {Segment} other
 */
export function segmentsCross([a, b], [c, d]) {
  return turnOf(a, b, c) * turnOf(a, b, d) < 0 && turnOf(c, d, a) * turnOf(c, d, b) < 0;
}

/**
 * Distance of a point from a straight piece.
 * @param {[number, number]} p
 * @param {Segment} piece
 */
function farFrom(p, [a, b]) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]], length = dx * dx + dy * dy || 1;
  const t = Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length));
  return Math.hypot(a[0] + t * dx - p[0], a[1] + t * dy - p[1]);
}

/**
 * From the label to the rim of its disc.
 * @param {Pointed} label
 * @param {number} x
 * @param {number} y
 * @returns {Segment}
 */
function leaderOf(label, x, y) {
  const far = Math.hypot(label.x - x, label.y - y) || 1, part = Math.max(0, 1 - Math.max(label.r, 1.5) / far);
  return [[x, y], [x + (label.x - x) * part, y + (label.y - y) * part]];
}

/**
 * Length of all leaders, and what crossings and touches cost.
 * @param {Pointed[]} labels
 * @param {Segment[]} leaders
 */
function costOf(labels, leaders) {
  let cost = 0;
  leaders.forEach(([a, b], i) => {
    cost += Math.hypot(b[0] - a[0], b[1] - a[1]);
    leaders.forEach((other, j) => {
      if (j > i && segmentsCross([a, b], other)) cost += CROSSING_COST;
      if (j !== i && farFrom([labels[j].x, labels[j].y], [a, b]) < CLEAR_OF) cost += NEAR_COST;
    });
  });
  return cost;
}

/**
 * The labels of one side in the order that costs least, as far as exchanging two finds it.
 * @param {Pointed[]} labels
 * @param {LabelRoom} room
 * @param {number} x
 */
function ordered(labels, room, x) {
  const solve = (/** @type {Pointed[]} */ order) => {
    const heights = pushedApart(order, room), leaders = order.map((label, i) => leaderOf(label, x, heights[i]));
    return { order, heights, leaders, cost: costOf(order, leaders) };
  };
  let best = solve([...labels].sort((a, b) => a.y - b.y));
  for (let round = 0, better = true; better && round < EXCHANGES; round++) {
    better = false;
    for (let i = 0; i < labels.length; i++) {
      for (let j = i + 1; j < labels.length; j++) {
        const order = [...best.order];
        [order[i], order[j]] = [order[j], order[i]];
        const other = solve(order);
        if (other.cost < best.cost - 1e-9) [best, better] = [other, true];
      }
    }
  }
  return best;
}

/**
 * The lightest of some labels.
 * @param {Pointed[]} labels
 */
function lightest(labels) {
  return labels.reduce((least, label) => (label.weight < least.weight ? label : least));
}

/**
 * Labels of one side; the lightest are left out where there is no room, or where two leaders cross in any order.
 * @param {Pointed[]} labels
 * @param {LabelRoom} room
 * @param {number} x
 */
function oneSide(labels, room, x) {
  let kept = labels;
  const without = (/** @type {Pointed} */ label) => kept.filter((other) => other !== label);
  while (kept.length && kept.reduce((sum, { height }) => sum + height, 0) > room.bottom - room.top) {
    kept = without(lightest(kept));
  }
  for (;;) {
    const best = ordered(kept, room, x);
    const crossed = best.order.filter((_, i) => best.leaders.some((l, j) => j !== i && segmentsCross(l, best.leaders[i])));
    if (!crossed.length) return best;
    kept = without(lightest(crossed));
  }
}

/**
 * All labels that find a place: those at the left point to what lies further left than what the others point to.
 * @param {Pointed[]} labels
 * @param {LabelRoom} room edges of the labels at both sides
 * @returns {PlacedLabel[]}
 */
export function placedLabels(labels, room) {
  const across = [...labels].sort((a, b) => a.x - b.x || a.y - b.y), half = labels.length / 2;
  const wanted = across.filter(({ x }) => x < room.middle).length;
  const split = Math.max(Math.floor(half) - 1, Math.min(Math.ceil(half) + 1, wanted));
  const sides = /** @type {[Pointed[], number, -1 | 1][]} */ ([
    [across.slice(0, split), room.left, -1], [across.slice(split), room.right, 1],
  ]);
  return sides.flatMap(([part, x, side]) => {
    const { order, heights, leaders } = oneSide(part, room, x);
    return order.map((label, i) => ({
      index: labels.indexOf(label), side, y: heights[i], from: leaders[i][0], to: leaders[i][1],
    }));
  });
}
