// Small square matrices, row by row, whose entries are all positive or 0.
// @ts-check

/**
 * @param {Float64Array} X
 * @param {Float64Array} Y
 * @param {number} n
 */
function times(X, Y, n) {
  const Z = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = X[i * n + k];
      if (x !== 0) for (let j = 0; j < n; j++) Z[i * n + j] += x * Y[k * n + j];
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
 * E = exp(A h) and F, its integral up to h, where A + q I = B / h has no negative entry.  As a
 * series of jumps of a uniform chain: exp(-q h) times the terms (B^m / m!); the integral of
 * exp(-q t) (q t)^m / m! up to h is what is left of the Poisson sum, by q.
 * @param {Float64Array} B
 * @param {number} n
 * @param {number} q
 * @param {number} h
 */
function series(B, n, q, h) {
  const E = new Float64Array(n * n), F = new Float64Array(n * n), tails = poissonTails(q * h, 40);
  let term = new Float64Array(n * n);
  for (let i = 0; i < n; i++) term[i * n + i] = 1;
  for (let m = 0, weight = Math.exp(-q * h); m < 30; m++) {
    for (let k = 0; k < n * n; k++) {
      E[k] += weight * term[k];
      F[k] += (tails[m + 1] / q) * term[k];
    }
    term = times(B, term, n);
    for (let k = 0; k < n * n; k++) term[k] /= q * h;
    weight *= (q * h) / (m + 1);
  }
  return { E, F };
}

/**
 * What happens in some hours: E = exp(A hours) and F, its integral.  Every term is positive, so
 * nothing cancels.  Nobody is lost: the columns of E sum to 1, those of F to the hours.
 * @param {(h: number) => Float64Array} jumps B for a time h
 * @param {number} n
 * @param {number} q at least the sum of all hazards of a place
 * @param {number} hours
 */
export function exponential(jumps, n, q, hours) {
  const halvings = Math.max(0, Math.ceil(Math.log2(q * hours)) + 1), h = hours / 2 ** halvings;
  let { E, F } = series(jumps(h), n, q, h);
  for (let d = 0; d < halvings; d++) {
    const more = times(E, F, n);
    for (let k = 0; k < n * n; k++) F[k] += more[k];
    E = times(E, E, n);
    keep(E, n, 1);
    keep(F, n, hours / 2 ** (halvings - d - 1));
  }
  return { E, F };
}

/**
 * @param {Float64Array} X
 * @param {number} n
 * @param {number[]} v
 */
export function applied(X, n, v) {
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
