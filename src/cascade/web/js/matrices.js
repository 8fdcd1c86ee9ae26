// Small square matrices, row by row, whose entries are all positive or 0.
// @ts-check

/**
 * X Y; of a row of Y only what is not 0 is looked at: places that lead to few others have short ones.
 * @param {Float64Array} X
 * @param {Float64Array} Y
 * @param {number} n
 */
function times(X, Y, n) {
  const Z = new Float64Array(n * n), columns = new Int32Array(n * n), starts = new Int32Array(n + 1);
  let count = 0;
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) if (Y[k * n + j] !== 0) columns[count++] = j;
    starts[k + 1] = count;
  }
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let k = 0; k < n; k++) {
      const x = X[row + k], from = k * n, end = starts[k + 1];
      if (x !== 0) for (let c = starts[k]; c < end; c++) Z[row + columns[c]] += x * Y[from + columns[c]];
    }
  }
  return Z;
}

/**
 * The sum of every column is known: held there against rounding, in place.
 * @param {Float64Array} X
 * @param {number} n
 * @param {number} sum
 */
function keep(X, n, sum) {
  for (let j = 0; j < n; j++) {
    let found = 0;
    for (let i = 0; i < n; i++) found += X[i * n + j];
    for (let i = 0; i < n; i++) X[i * n + j] *= sum / found;
  }
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
 * exp(-q t) (q t)^m / m! up to h is what is left of the Poisson sum, by q.
 * @param {Float64Array} B
 * @param {number} n
 * @param {number} q
 * @param {number} h
 * @param {Float64Array} v
 */
function series(B, n, q, h, v) {
  const E = new Float64Array(n * n), spent = new Float64Array(n), tails = poissonTails(q * h, 40);
  let term = new Float64Array(n * n), w = Float64Array.from(v);
  for (let i = 0; i < n; i++) term[i * n + i] = 1;
  for (let m = 0, weight = Math.exp(-q * h); m < 30; m++) {
    for (let k = 0; k < n * n; k++) E[k] += weight * term[k];
    for (let k = 0; k < n; k++) spent[k] += (tails[m + 1] / q) * w[k];
    term = times(B, term, n);
    for (let k = 0; k < n * n; k++) term[k] /= q * h;
    w = applied(B, n, w).map((x) => x / (q * h));
    weight *= (q * h) / (m + 1);
  }
  return { E, spent };
}

/**
 * The sum of a vector is known: held there against rounding.
 * @param {Float64Array} v
 * @param {number} sum
 */
function held(v, sum) {
  const found = v.reduce((a, b) => a + b, 0);
  return Float64Array.from(v, (x) => (found > 0 ? (x * sum) / found : x));
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
  let { E, spent } = series(jumps(h), n, q, h, v);
  keep(E, n, 1);
  for (let d = 0; d < halvings; d++) {
    const more = applied(E, n, spent);
    spent = held(Float64Array.from(spent, (x, k) => x + more[k]), (all * hours) / 2 ** (halvings - d - 1));
    // The last time twice is enough where the square is asked for only once.
    if (d === halvings - 1) return { left: held(applied(E, n, applied(E, n, v)), all), spent };
    E = times(E, E, n);
    keep(E, n, 1);
  }
  return { left: held(applied(E, n, v), all), spent };
}

/**
 * @param {Float64Array} X
 * @param {number} n
 * @param {Float64Array} v
 */
function applied(X, n, v) {
  return v.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += X[i * n + j] * v[j];
    return sum;
  });
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
