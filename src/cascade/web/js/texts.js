// Words and numbers of a page in its language: all of them stand in one table.
// @ts-check
/** @import { Say, Texts } from "./types.js" */

import { duration } from "./story.js";
import { percent } from "./shares.js";

/**
 * A number, or a share, as the language writes it.
 * @param {string} text in English
 * @param {Record<string, string>} numbers how the language writes them
 */
function localised(text, { decimal, thousands, one_in, above }) {
  const marked = text.replace(/(\d)([.,])(?=\d)/g, (_, digit, mark) => digit + (mark === "." ? decimal : thousands));
  if (marked.startsWith("1 in ")) return one_in.replace("{n}", () => marked.slice(5));
  return marked.startsWith("above ") ? above.replace("{share}", () => marked.slice(6)) : marked;
}

/**
 * A factor with two or three figures that count.
 * @param {number} factor
 */
function figures(factor) {
  if (factor >= 1000) return Number(factor.toPrecision(3)).toLocaleString("en");
  return factor >= 100 ? String(Math.round(factor)) : String(Number(factor.toPrecision(2)));
}

/**
 * What says the texts of a page.
 * @param {Texts} table
 * @returns {Say}
 */
export function speaker({ lang, texts, terms }) {
  // Names of a model may be those that every object has.
  const told = (/** @type {string} */ section, /** @type {string} */ name) => (Object.hasOwn(texts[section] ?? {}, name) ? texts[section][name] : undefined);
  const say = (/** @type {string} */ key, /** @type {Record<string, string | number>} */ values = {}) => {
    const [section, name] = key.split(/\.(.*)/), found = told(section, name);
    if (found === undefined) throw new Error(`no text is ${key}`);
    return found.replace(/\{(\w+)\}/g, (_, value) => String(values[value]));
  };
  return Object.assign(say, {
    lang,
    has: (/** @type {string} */ section, /** @type {string} */ name) => told(section, name) !== undefined,
    term: (/** @type {string} */ name) => (Object.hasOwn(terms, name) ? terms[name] : name),
    share: (/** @type {number} */ share) => localised(percent(share), texts.numbers),
    whole: (/** @type {number} */ number) => localised(Math.round(number).toLocaleString("en"), texts.numbers),
    time: (/** @type {number} */ hours) => {
      const [number, unit] = duration(hours).split(/ (?=[a-z]+$)/);
      return Number.isFinite(hours) ? `${localised(number, texts.numbers)} ${texts.units[unit]}` : texts.units.for_good;
    },
    figures: (/** @type {number} */ number, /** @type {number} */ places) => localised(number.toFixed(places), texts.numbers),
    factor: (/** @type {number} */ factor) => localised(figures(factor), texts.numbers),
  });
}

/**
 * An hour at which a treatment begins or ends.
 * @param {Say} say
 * @param {number} hours
 */
export function whenOf(say, hours) {
  return hours === 0 ? say("film.start") : hours === Infinity ? say("film.never") : say.time(hours);
}

/**
 * From when until when a treatment acts, after a comma; "" of one that always does.
 * @param {Say} say
 * @param {number} from
 * @param {number} to
 */
export function spanOf(say, from, to) {
  return from > 0 || to < Infinity ? `, ${say("film.from")} ${whenOf(say, from)} ${say("film.to")} ${whenOf(say, to)}` : "";
}
