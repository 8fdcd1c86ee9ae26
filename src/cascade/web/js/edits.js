// Other data made of some by an edit: see lessons/edits.py, which writes them.
// @ts-check

/** @typedef {{ to?: any, keys?: Record<string, Edit>, columns?: Record<string, Edit>, each?: Record<string, Edit>, cuts?: Cut[], steps?: Cut[] }} Edit */
/** @typedef {[from: number, until: number, values: any[]]} Cut */

/**
 * @param {any} base is left as it is
 * @param {Edit | null | undefined} edit none: nothing is other
 * @returns {any}
 */
export function edited(base, edit) {
  if (!edit) return base;
  const { keys, columns, each, cuts, steps } = edit;
  if (keys) return { ...base, ...editedParts(base, keys) };
  if (columns) {
    const names = Object.keys(base[0]);
    const lists = Object.fromEntries(names.map((name) => [name, edited(base.map((/** @type {any} */ row) => row[name]), columns[name])]));
    return lists[names[0]].map((/** @type {any} */ _, /** @type {number} */ k) => Object.fromEntries(names.map((name) => [name, lists[name][k]])));
  }
  if (each) return base.map((/** @type {any} */ value, /** @type {number} */ k) => edited(value, each[k]));
  if (cuts) return withCuts(base, cuts);
  if (steps) {
    let sum = 0;
    return withCuts(base.map((/** @type {number} */ x, /** @type {number} */ k) => x - (k ? base[k - 1] : 0)), steps).map((step) => sum += step);
  }
  return edit.to;
}

/**
 * @param {Record<string, any>} base
 * @param {Record<string, Edit>} edits
 */
function editedParts(base, edits) {
  return Object.fromEntries(Object.entries(edits).map(([key, edit]) => [key, edited(base[key], edit)]));
}

/**
 * @param {any[]} base
 * @param {Cut[]} cuts
 */
function withCuts(base, cuts) {
  const made = [];
  let at = 0;
  for (const [from, until, values] of cuts) {
    made.push(...base.slice(at, from), ...values);
    at = until;
  }
  return [...made, ...base.slice(at)];
}
