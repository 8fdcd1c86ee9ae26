// Small square matrices, row by row, whose entries are all positive or 0.
// @ts-check

const MOST_JUMPS = 40;
const ROUNDING = 2 ** -60;

/**
 * X Y into Z; of a row of Y only what lies between its first and its last entry that is not 0 is looked at: places to
 * which few others lead have short ones.
 * @param {Float64Array} X
 * @param {Float64Array} Y
 * @param {Float64Array} Z another than both
 * @param {number} n
 */
function times(X, Y, Z, n) {
  Z.fill(0);
  for (let k = 0; k < n; k++) {
    let first = k * n, last = first + n - 1;
    while (first <= last && Y[first] === 0) first++;
    while (last > first && Y[last] === 0) last--;
    for (let i = 0; i < n; i++) {
      const x = X[i * n + k], shift = (i - k) * n;
      if (x !== 0) for (let j = first; j <= last; j++) Z[j + shift] += x * Y[j];
    }
  }
}

/**
 * The sum of every column is 1: held there against rounding, in place.
 * @param {Float64Array} X
 * @param {number} n
 */
function keep(X, n) {
  const found = new Float64Array(n);
  for (let i = 0, k = 0; i < n; i++) for (let j = 0; j < n; j++, k++) found[j] += X[k];
  for (let i = 0, k = 0; i < n; i++) for (let j = 0; j < n; j++, k++) X[k] /= found[j];
}

/**
 * Weights of the Poisson distribution, each with all that follow.
 * @param {number} mean
 * @param {number} number
 */
function poissonTails(mean, number) {
  const tails = [];
  for (let m = 0, p = Math.exp(-mean); m < number; m++, p *= mean / m) tails.push(p);
  for (let m = number - 2; m >= 0; m--) tails[m] += tails[m + 1];
  return tails;
}

/**
 * exp(A h), and its integral up to h applied to v, where A + q I = B / h has no negative entry.  As a
 * series of jumps of a uniform chain: exp(-q h) times the terms (B^m / m!); the integral of
 * exp(-q t) (q t)^m / m! up to h is what is left of the Poisson sum, by q.  It ends where no entry grows by more than
 * its rounding: as each term leads one jump further, an entry that is still 0 then stays so.
 * @param {Float64Array} B
 * @param {number} n
 * @param {number} q
 * @param {number} h
 * @param {Float64Array} v
 */
function series(B, n, q, h, v) {
  const E = new Float64Array(n * n), spent = new Float64Array(n), tails = poissonTails(q * h, MOST_JUMPS + 1);
  const P = B.map((x) => x / (q * h));
  let term = new Float64Array(n * n), next = new Float64Array(n * n), w = v;
  for (let i = 0; i < n; i++) term[i * n + i] = 1;
  for (let m = 0, weight = Math.exp(-q * h), grows = true; grows && m < MOST_JUMPS; m++, weight *= (q * h) / m) {
    grows = m === 0;
    for (let k = 0; k < n * n; k++) {
      const more = weight * term[k];
      E[k] += more;
      if (more > ROUNDING * E[k]) grows = true;
    }
    for (let k = 0; k < n; k++) spent[k] += (tails[m + 1] / q) * w[k];
    times(P, term, next, n);
    [term, next] = [next, term];
    w = applied(P, n, w);
  }
  return { E, spent, room: next };
}

/**
 * The sum of a vector is known: held there against rounding, in place.
 * @param {Float64Array} v
 * @param {number} sum
 */
function held(v, sum) {
  let found = 0;
  for (let k = 0; k < v.length; k++) found += v[k];
  if (found > 0) for (let k = 0; k < v.length; k++) v[k] = (v[k] * sum) / found;
  return v;
}

/**
 * What becomes of shares v in some hours: where they are (`left`) and how long they were where (`spent`), that is
 * exp(A hours) v and the integral of it.  Doubled from a short time on; of the integral only what it makes of v is
 * needed, since the one up to 2 h is that up to h and, of what is left by then, that up to h again.  Every term is positive,
 * so nothing cancels.  Nobody is lost: all columns of exp(A h) sum to 1.
 * @param {(h: number) => Float64Array} jumps B for a time h
 * @param {number} n
 * @param {number} q at least the sum of all hazards of a place
 * @param {number} hours
 * @param {Float64Array} v
 */
export function carried(jumps, n, q, hours, v) {
  const halvings = Math.max(0, Math.ceil(Math.log2(q * hours)) + 1), h = hours / 2 ** halvings, all = v.reduce((a, b) => a + b, 0);
  let { E, spent, room } = series(jumps(h), n, q, h, v);
  keep(E, n);
  for (let d = 0; d < halvings; d++) {
    const more = applied(E, n, spent);
    for (let k = 0; k < n; k++) spent[k] += more[k];
    held(spent, (all * hours) / 2 ** (halvings - d - 1));
    // The last time twice is enough where the square is asked for only once.
    if (d === halvings - 1) return { left: held(applied(E, n, applied(E, n, v)), all), spent };
    times(E, E, room, n);
    [E, room] = [room, E];
    keep(E, n);
  }
  return { left: held(applied(E, n, v), all), spent };
}

/**
 * @param {Float64Array} X
 * @param {number} n
 * @param {Float64Array} v
 */
function applied(X, n, v) {
  const found = new Float64Array(n);
  for (let i = 0, k = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++, k++) sum += X[k] * v[j];
    found[i] = sum;
  }
  return found;
}

/**
 * Solution of a system whose columns are diagonally dominant, so that no pivoting is needed; `a`
 * has n rows of n + 1, the right-hand side last, and is used up.
 * @param {Float64Array} a
 * @param {number} n
 */
export function solved(a, n) {
  const width = n + 1;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      if (a[j * width + i] !== 0) subtractRow(a, width, j, i);
    }
  }
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = a[i * width + n];
    for (let k = i + 1; k < n; k++) sum -= a[i * width + k] * x[k];
    x[i] = sum / a[i * width + i];
  }
  return x;
}

/**
 * Row i, times what makes entry i of row j vanish, from row j.
 * @param {Float64Array} a
 * @param {number} width
 * @param {number} j
 * @param {number} i
 */
function subtractRow(a, width, j, i) {
  const f = a[j * width + i] / a[i * width + i];
  for (let k = i; k < width; k++) {
    const entry = a[i * width + k];
    if (entry !== 0) a[j * width + k] -= f * entry;
  }
}
