// Random draws with an address: the same numbers as streams.py, bit for bit.
// @ts-check

import {
  HALF_BITS, KIND_CLOCK, KIND_FRAILTY, KIND_RARE, KIND_START, KIND_VISIT, LOW_HALF, MEMBER_BITS, MULTIPLIER_0,
  MULTIPLIER_1, ROUNDS, WEYL_0, WEYL_1, WORD_BITS,
} from "./constants.js";

const WORDS = 2 ** WORD_BITS;
const HALVES = 2 ** HALF_BITS;
const FRACTIONS = WORDS * HALVES;
const MEMBERS = 2 ** MEMBER_BITS;

/**
 * High 32 bits of a product of two 32-bit words.
 * @param {number} a
 * @param {number} b
 */
function highOf(a, b) {
  const a0 = a & LOW_HALF, a1 = a >>> HALF_BITS, b0 = b & LOW_HALF, b1 = b >>> HALF_BITS;
  const middle = a1 * b0 + ((a0 * b0) >>> HALF_BITS);
  const other = a0 * b1 + (middle % HALVES);
  return (a1 * b1 + Math.floor(middle / HALVES) + Math.floor(other / HALVES)) >>> 0;
}

/**
 * Philox4x32-10 (Salmon et al., SC'11): four words from counter and key.
 * @param {number} c0
 * @param {number} c1
 * @param {number} c2
 * @param {number} c3
 * @param {number} k0
 * @param {number} k1
 * @returns {[number, number, number, number]}
 */
export function philox(c0, c1, c2, c3, k0, k1) {
  for (let round = 0; round < ROUNDS; round++) {
    const h0 = highOf(MULTIPLIER_0, c0), l0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const h1 = highOf(MULTIPLIER_1, c2), l1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * (k + 1/2) / 2^48 of 48 bits: never 0 or 1.
 * @param {number} word
 * @param {number} half
 */
function uniform48(word, half) {
  return (half * WORDS + word + 0.5) / FRACTIONS;
}

/**
 * The four words of an address.
 * @param {number} cell
 * @param {number} number of the visit, the attempt or the draw of a clock
 * @param {number} purpose
 * @param {[number, number]} key
 */
function blockOf(cell, number, purpose, key) {
  return philox(cell >>> 0, Math.floor(cell / WORDS) >>> 0, number, purpose, key[0], key[1]);
}

/**
 * Draws of one address: two uniforms of 48 bits and one of 32.
 * @param {number} cell
 * @param {number} number
 * @param {number} purpose
 * @param {[number, number]} key
 * @returns {[number, number, number]}
 */
function draws(cell, number, purpose, key) {
  const w = blockOf(cell, number, purpose, key);
  return [uniform48(w[0], w[1] & LOW_HALF), uniform48(w[2], w[1] >>> HALF_BITS), (w[3] + 0.5) / WORDS];
}

/**
 * For a visit: to move, to die, to choose.
 * @param {number} cell
 * @param {number} visit
 * @param {number} member
 * @param {[number, number]} key
 */
export function visitDraws(cell, visit, member, key) {
  return draws(cell, visit, KIND_VISIT + MEMBERS * member, key);
}

/**
 * For the start: which state, and when.
 * @param {number} cell
 * @param {[number, number]} key
 */
export function startDraws(cell, key) {
  return draws(cell, 0, KIND_START, key);
}

/**
 * For one attempt at a frailty: a value, and whether it is taken.
 * @param {number} cell
 * @param {number} attempt
 * @param {number} frailty
 * @param {[number, number]} key
 */
export function frailtyDraws(cell, attempt, frailty, key) {
  return draws(cell, attempt, KIND_FRAILTY + frailty, key);
}

/**
 * For a clock: when (the first), and which switch (the third).
 * @param {number} cell
 * @param {number} number
 * @param {number} factor
 * @param {number} member
 * @param {[number, number]} key
 */
export function clockDraws(cell, number, factor, member, key) {
  return draws(cell, number, KIND_CLOCK + MEMBERS * member + factor, key);
}

/**
 * Two words as one whole number of 64 bits.
 * @param {number} upper
 * @param {number} lower
 */
function join64(upper, lower) {
  return BigInt(upper) * BigInt(WORDS) + BigInt(lower);
}

/**
 * The choice of a visit in 64 bits.
 * @param {number} choice in 32 bits
 * @param {number} cell
 * @param {number} visit
 * @param {number} member
 * @param {[number, number]} key
 */
export function rareVisitWord(choice, cell, visit, member, key) {
  return join64(Math.floor(choice * WORDS), blockOf(cell, visit, KIND_RARE + MEMBERS * member, key)[0]);
}

/**
 * The choice of the start in 64 bits.
 * @param {number} cell
 * @param {[number, number]} key
 */
export function rareStartWord(cell, key) {
  const w = blockOf(cell, 0, KIND_START, key);
  return join64(w[1] & LOW_HALF, w[0]) * BigInt(HALVES) + BigInt(w[3] & LOW_HALF);
}

/**
 * The choice of a switch in 64 bits.
 * @param {number} cell
 * @param {number} number
 * @param {number} factor
 * @param {number} member
 * @param {[number, number]} key
 */
export function rareClockWord(cell, number, factor, member, key) {
  const w = blockOf(cell, number, KIND_CLOCK + MEMBERS * member + factor, key);
  return join64(w[3], w[2]);
}
