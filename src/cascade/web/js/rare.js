// Choices of 64 bits, where a group of exits holds a rare way: the rule of rare.py.
// @ts-check

const BITS = 2 ** 64;
const LAST = BigInt(BITS) - 1n;

/**
 * The exit of `begin` to `end` in whose part of the 64-bit numbers `word` lies.
 * @param {number} begin
 * @param {number} end
 * @param {(exit: number) => number} rateOf hazard per hour of an exit
 * @param {bigint} word
 */
export function rareExit(begin, end, rateOf, word) {
  let largest = begin, most = -1, total = 0;
  for (let e = begin; e < end; e++) {
    const rate = rateOf(e);
    total += rate;
    if (rate > most) [largest, most] = [e, rate];
  }
  const width = (/** @type {number} */ e) => BigInt(Math.floor((rateOf(e) / total) * BITS));
  let laid = 0n;
  for (let e = begin; e < largest; e++) {
    laid += width(e);
    if (word < laid) return e;
  }
  laid = 0n;
  for (let e = end - 1; e > largest; e--) {
    laid += width(e);
    if (LAST - word < laid) return e;
  }
  return largest;
}
