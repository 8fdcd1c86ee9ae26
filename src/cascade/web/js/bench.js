// The model of a lesson with its knobs: odds of each step, what differs between models, a treatment for a time.
// @ts-check
/** @import { Knob, Lesson, Payload } from "./types.js" */

import { decoded } from "./address.js";
import { edited } from "./edits.js";
import { Model } from "./model.js";

const STRUCTURE = /** @type {const} */ (["states", "exit_source", "exit_target", "exit_start", "clocks"]);

/**
 * Which states and ways there are at each position of a knob: a film begins anew from one to another.
 * @param {Knob} knob
 */
export function structuresOf({ stops }) {
  return stops.map(({ patch }) => JSON.stringify(patch && !patch.keys ? patch : STRUCTURE.map((name) => patch?.keys?.[name] ?? null)));
}

/**
 * A payload with some hazards, each by its state and where to or of what.
 * @param {Payload} data
 * @param {[state: string, way: string, hazard: number][]} hazards
 * @returns {Payload}
 */
function withHazards(data, hazards) {
  if (!hazards.length) return data;
  const found = new Map(hazards.map(([state, way, hazard]) => [JSON.stringify([state, way]), hazard]));
  const { states, base, exit_source, exit_transition, transitions } = data;
  const exit_hazard = data.exit_hazard.map((hazard, k) =>
    found.get(JSON.stringify([states[base[exit_source[k]]], transitions[exit_transition[k]].way])) ?? hazard);
  return { ...data, exit_hazard };
}

export class Bench {
  /** @param {Lesson} lesson */
  constructor(lesson) {
    this.lesson = lesson;
    /** @type {number[]} odds of survival against those of the model, by step */
    this.odds = lesson.model.stages.map(() => 1);
    this.knobs = Object.fromEntries(lesson.knobs.map(({ id, at }) => [id, at]));
    this.treated = { name: "", from: 0, to: Infinity };
    /** @type {number | null} */
    this.held = null;
    this.model = this._built();
  }

  /** What stands differently from the model. */
  get moved() {
    return this.odds.some((x) => x !== 1) || this.held !== null || this.treated.name !== "" ||
      this.lesson.knobs.some(({ id, at }) => this.knobs[id] !== at);
  }

  reset() {
    this.odds.fill(1);
    this.held = null;
    this.treated = { name: "", from: 0, to: Infinity };
    for (const { id, at } of this.lesson.knobs) this.knobs[id] = at;
    return this.rebuild();
  }

  /**
   * The payload with all knobs as they stand.
   * @returns {Payload}
   */
  _payload() {
    const stops = this.lesson.knobs.map((knob) => this._stop(knob));
    const data = stops.reduce((sum, { patch }) => edited(sum, patch), this.lesson.model);
    return this._withTreatment(stops.reduce((sum, { hazards }) => withHazards(sum, hazards ?? []), data));
  }

  /**
   * Where a knob stands.
   * @param {Knob} knob
   */
  _stop({ id, stops }) {
    return stops[this.knobs[id]];
  }

  /** The body, with the roads that cells take now. */
  get anatomy() {
    return this.lesson.knobs.reduce((sum, knob) => edited(sum, this._stop(knob).anatomy), this.lesson.anatomy);
  }

  /**
   * @param {Payload} data
   * @returns {Payload}
   */
  _withTreatment(data) {
    const found = this.lesson.treatments.find(({ name }) => name === this.treated.name), { from, to } = this.treated;
    if (!found || to <= from) return data;
    // A knob that changes which transitions there are brings the factors for them.
    const others = this.lesson.knobs.map((knob) => this._stop(knob).factors[found.name]);
    const factors = others.reduce((sum, edit) => edited(sum, edit), found.factors), none = factors.map(() => 1), window_start = [0], multipliers = [from > 0 ? none : factors];
    if (from > 0) {
      window_start.push(from);
      multipliers.push(factors);
    }
    if (to < Infinity) {
      window_start.push(to);
      multipliers.push(none);
    }
    return { ...data, window_start, multipliers };
  }

  _built() {
    const model = new Model(this._payload());
    this.odds.forEach((x, k) => { if (x !== 1) model.scaleDeaths(k, 1 / x); });
    if (this.held !== null) model.hold(this.held);
    return model;
  }

  /** The model anew; whether its states are others now. */
  rebuild() {
    const before = this.model.data;
    this.model = this._built();
    return STRUCTURE.some((name) => JSON.stringify(before[name]) !== JSON.stringify(this.model.data[name]));
  }

  /** As a text for the address. */
  state() {
    const parts = this.odds.flatMap((x, k) => (x === 1 ? [] : [`o${k}-${Math.round(10 * Math.log2(x))}`]));
    for (const { id, at } of this.lesson.knobs) if (this.knobs[id] !== at) parts.push(`k${encodeURIComponent(id)}-${this.knobs[id]}`);
    if (this.held !== null) parts.push(`h-${Math.round(100 * this.held)}`);
    const { name, from, to } = this.treated;
    if (name) parts.push(`t-${name}-${from}-${to === Infinity ? "x" : to}`);
    return parts.join(",");
  }

  /** @param {string} text */
  restore(text) {
    this.reset();
    for (const part of text.split(",")) this._restore(part);
    return this.rebuild();
  }

  /** @param {string} part */
  _restore(part) {
    const odds = /^o(\d+)-(-?\d+)$/.exec(part), knob = /^k(.+)-(\d+)$/.exec(part), held = /^h-(\d+)$/.exec(part);
    const treated = /^t-([a-z-]+)-(\d+)-(\d+|x)$/.exec(part), { knobs, model, treatments } = this.lesson;
    if (odds && model.sliders.includes(Number(odds[1]))) this.odds[Number(odds[1])] = 2 ** (Math.max(-40, Math.min(40, Number(odds[2]))) / 10);
    const found = knob && knobs.find(({ id }) => id === decoded(knob[1]));
    if (knob && found && Number(knob[2]) < found.stops.length) this.knobs[found.id] = Number(knob[2]);
    if (held && model.held) this.held = Math.min(0.99, Math.max(0.01, Number(held[1]) / 100));
    if (treated && treatments.some(({ name }) => name === treated[1])) {
      const [, name, from, to] = treated;
      // Where hazards that change are too much for a page, a treatment lasts for ever.
      this.treated = this.lesson.windows ? { name, from: Number(from), to: to === "x" ? Infinity : Number(to) } : { name, from: 0, to: Infinity };
    }
  }
}
