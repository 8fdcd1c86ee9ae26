// The knobs of a film, its treatments among them: where they stand, on the page, in its address and on paper.
// @ts-check
/** @import { Knob, Lesson, Say } from "./types.js" */
/** @import { Bench } from "./bench.js" */

import { structuresOf } from "./bench.js";
import { choice, made } from "./elements.js";
import { worded } from "./glossary.js";
import { wholePercent } from "./shares.js";
import { spanOf, whenOf } from "./texts.js";

export class KnobPanel {
  /**
   * @param {Lesson} lesson
   * @param {Say} say
   * @param {Bench} bench
   * @param {() => void} changed a knob was moved
   */
  constructor(lesson, say, bench, changed) {
    this.lesson = lesson;
    this.say = say;
    this.bench = bench;
    this.changed = changed;
    this.element = made("div", { className: "knobs" });
    /** @type {Map<string, () => void>} what shows where a knob stands */
    this.sets = new Map();
    /** @type {(() => string)[]} what says it where it stands otherwise than at first */
    this.told = [];
    this.soils = lesson.knobs.filter(({ organ }) => organ);
    this.organ = 0;
    this._build();
  }

  _build() {
    const { lesson } = this;
    for (const knob of lesson.knobs.filter(({ organ }) => !organ)) this._knob(knob, "");
    if (this.soils.length) this._soils(this.soils);
    if (lesson.model.held) this._held(lesson.model.held.share);
    if (lesson.treatments.length) this._treatments();
  }

  /**
   * How many the first bed holds: the share of the model is one of the positions.
   * @param {number} share
   */
  _held(share) {
    const { bench, say } = this, round = Array.from({ length: 19 }, (_, i) => (5 * (i + 1)) / 100).filter((one) => one !== share);
    const stops = [...round, share].sort((a, b) => a - b), labels = stops.map((one) => (one === share ? say.share(one) : wholePercent(one)));
    const now = () => {
      const off = stops.map((one) => Math.abs(one - (bench.held ?? share)));
      return off.indexOf(Math.min(...off));
    };
    this._range("held", labels, now, (at) => { bench.held = stops[at] === share ? null : stops[at]; });
  }

  /**
   * @param {Knob} knob
   * @param {string} organ in words, where it is one of several
   */
  _knob(knob, organ) {
    const { say, bench } = this, { id, stops } = knob, labels = stops.map(({ label }) => label.split(" + ").map((part) => say.term(part)).join(" + "));
    const box = this._range(id, labels, () => bench.knobs[id], (at) => { bench.knobs[id] = at; }, organ), anew = this._anew(knob, labels);
    if (anew) box.append(made("p", { className: "quiet anew" }, anew));
    return box;
  }

  /**
   * Which moves begin the film anew: where cells of other kinds set out, or have other ways, nobody of the film lives on.
   * @param {Knob} knob
   * @param {string[]} labels
   */
  _anew(knob, labels) {
    const kinds = structuresOf(knob), others = labels.filter((_, k) => kinds[k] !== kinds[knob.at]);
    if (!others.length) return "";
    return others.length < labels.length / 2 ? this.say("film.anew_at", { stops: others.join(", ") }) : this.say("film.anew");
  }

  /**
   * The soil of one organ of several; those that are not seen stay as they stand.
   * @param {Knob[]} knobs
   */
  _soils(knobs) {
    const { say } = this, boxes = knobs.map((knob) => this._knob(knob, say.term(knob.organ)));
    const show = (/** @type {number} */ organ) => {
      this.organ = organ;
      boxes.forEach((box, k) => { box.hidden = k !== organ; });
    };
    const chosen = (/** @type {string} */ value) => {
      show(Number(value));
      this.element.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
    };
    const list = choice(`${say("film.organ")} `, knobs.map(({ organ }, k) => /** @type {[string, string]} */ ([say.term(organ), String(k)])), chosen);
    show(0);
    this.element.append(made("div", { className: "knob soils" }, list, ...boxes));
    this.sets.set("soils", () => {
      const select = list.querySelector("select");
      if (select) select.value = String(this.organ);
      show(this.organ);
    });
  }

  /** The first organ whose soil stands otherwise than at first. */
  get _turned() {
    return Math.max(0, this.soils.findIndex(({ id, at }) => this.bench.knobs[id] !== at));
  }

  /**
   * @param {string} id
   * @param {string[]} labels
   * @param {() => number} now
   * @param {(at: number) => void} move
   * @param {string} organ in words, where it is one of several
   */
  _range(id, labels, now, move, organ = "") {
    const { say } = this, name = `knob ${organ ? "soil" : id}`, output = made("output"), input = made("input", { type: "range", min: "0", max: String(labels.length - 1), step: "1" });
    // No label around all: the word that explains itself would be pressed with it.
    const label = made("div", { className: "turned" }, made("span", { className: "name" }, worded(say, name)), output, input);
    const shown = () => {
      input.value = String(now());
      output.textContent = labels[now()] ?? "";
      input.setAttribute("aria-valuetext", output.textContent);
    };
    const title = organ ? `${say.term(name)}: ${organ}` : say.term(name);
    input.setAttribute("aria-label", title);
    input.addEventListener("input", () => {
      move(Number(input.value));
      shown();
      this.changed();
    });
    shown();
    this.sets.set(id, shown);
    const first = output.textContent;
    this.told.push(() => (output.textContent === first ? "" : `${title}: ${output.textContent}`));
    const box = made("div", { className: "knob" }, label);
    box.dataset.knob = id;
    this.element.append(box);
    return box;
  }

  _treatments() {
    const { say, bench, lesson } = this, hours = [0, 1, 6, 24, 72, 168, 336, 720, 2160];
    /** @type {[string, string][]} */
    const names = [[say("film.untreated"), ""], ...lesson.treatments.map(({ name }) => /** @type {[string, string]} */ ([say.term(name), name]))];
    const about = made("p", { className: "quiet" });
    const list = choice(`${say("film.treatment")} `, names, (value) => {
      // Without a treatment there is no time that it could last.
      bench.treated = value ? { ...bench.treated, name: value } : { name: "", from: 0, to: Infinity };
      go();
    });
    const when = (/** @type {number} */ h) => whenOf(say, h);
    const from = choice(`${say("film.from")} `, hours.map((h) => [when(h), String(h)]), (value) => { bench.treated.from = Number(value); go(); });
    const to = choice(`${say("film.to")} `, [...hours.slice(1), Infinity].map((h) => [when(h), String(h)]), (value) => { bench.treated.to = Number(value); go(); });
    const selects = [list, from, to].map((label) => /** @type {HTMLSelectElement} */ (label.querySelector("select")));
    const shown = () => {
      const { name, from: a, to: b } = bench.treated;
      [selects[0].value, selects[1].value, selects[2].value] = [name, String(a), String(b)];
      from.hidden = to.hidden = !name || !lesson.windows;
      const acts = say.has("treatments", name) ? say(`treatments.${name}`) : lesson.treatments.find((t) => t.name === name)?.about ?? "";
      about.textContent = !name ? "" : !lesson.windows ? `${acts} ${say("film.always")}` : b <= a ? say("film.no_time") : acts;
    };
    const go = () => { shown(); this.changed(); };
    shown();
    this.sets.set("treatment", shown);
    this.told.push(() => {
      const { name, from: a, to: b } = bench.treated;
      return name ? `${say("film.treatment")}: ${say.term(name)}${spanOf(say, a, b)}` : "";
    });
    this.element.append(made("div", { className: "knob treatment" }, list, from, to, about));
  }

  /** All inputs to where the knobs stand. */
  set() {
    this.sets.forEach((shown) => shown());
  }

  /** A line for each knob that stands otherwise than at first. */
  get lines() {
    return this.told.map((line) => line()).filter(Boolean);
  }

  /** Which organ is seen, where that is not the first whose soil was turned. */
  state() {
    return this.organ === this._turned ? "" : `organ-${this.organ}`;
  }

  /** @param {string} text */
  restore(text) {
    const organ = Number(/(?:^|,)organ-(\d+)(?=,|$)/.exec(text)?.[1] ?? NaN);
    this.organ = this.soils[organ] ? organ : this._turned;
    this.set();
  }
}
