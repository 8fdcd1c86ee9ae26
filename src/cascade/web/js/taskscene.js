// Tasks that the page can check: each is answered by the exact answer, and has the sliders that it needs in its own scene.
// @ts-check
/** @import { Exact, Lesson, Say } from "./types.js" */

import { Bench } from "./bench.js";
import { choice, made } from "./elements.js";
import { SET_OUT } from "./filmcells.js";
import { PaperLines } from "./paper.js";
import { numberField, readNumber, TaskForms } from "./taskform.js";

const HALF = [0.45, 0.55];
const LEAST_POWER = -3; // of two: where a slider ends
const LATER = 400; // milliseconds

export class TaskScene {
  /**
   * @param {HTMLElement} host
   * @param {Lesson} lesson
   * @param {Say} say
   */
  constructor(host, lesson, say) {
    this.host = host;
    this.lesson = lesson;
    this.say = say;
    this.bench = new Bench(lesson);
    /** @type {Exact | null} */
    this._first = null;
    this.goal = say.term(`goal ${lesson.goal.name}`);
    host.append(made("h2", {}, say("tasks.title")));
    this.tasks = new TaskForms(host, say);
    // To find out what halves takes many exact answers: the film comes first.
    setTimeout(() => this._begin(), LATER);
  }

  _begin() {
    if (this.mortal.length > 1) this._steepest();
    if (this._canHalve) this._halve();
    this._luck();
    this._teach();
    this.tasks.begin();
  }

  /** Steps in which cells die. */
  get mortal() {
    return this.lesson.model.sliders;
  }

  /**
   * Shares of those that enter a step which pass it.
   * @param {Exact} exact
   */
  _passing(exact) {
    const came = [1, ...exact.passed];
    return exact.passed.map((share, k) => (came[k] > 0 ? share / came[k] : 0));
  }

  /** The exact answer as the model is. @returns {Exact} */
  get first() {
    this._first ??= new Bench(this.lesson).model.exact();
    return this._first;
  }

  get last() {
    return this.first.passed[this.first.passed.length - 1];
  }

  _steepest() {
    const { say } = this, passing = this._passing(this.first);
    const list = choice(`${say("tasks.step")} `, this.lesson.stages.map(({ name }, k) => [say.term(name), String(k)]), () => {});
    const select = /** @type {HTMLSelectElement} */ (list.querySelector("select"));
    this.tasks.ask("steepest", say("tasks.steepest"), [list], () => {
      const k = Number(select.value), right = passing[k] === Math.min(...passing);
      return [right, say(right ? "tasks.steepest_right" : "tasks.steepest_wrong", { share: say.share(passing[k]) })];
    });
  }

  /**
   * How many get there, of those who do as the model is, with the slider of one step at 2 to the x.
   * @param {number} step
   * @param {number} x
   */
  _left(step, x) {
    const bench = new Bench(this.lesson);
    bench.odds[step] = 2 ** x;
    bench.rebuild();
    const { passed } = bench.model.exact();
    return passed[passed.length - 1] / this.last;
  }

  /**
   * The factor of a step that halves the number of those that get there; null: its slider does not reach so far.
   * @param {number} step
   */
  oddsThatHalve(step) {
    let low = LEAST_POWER, high = 0;
    if (!(this.last > 0) || this._left(step, low) > HALF[1]) return null;
    for (let i = 0; i < 12; i++) {
      const middle = (low + high) / 2;
      if (this._left(step, middle) < 0.5) low = middle;
      else high = middle;
    }
    return 2 ** high;
  }

  /** Whether some slider can halve. */
  get _canHalve() {
    return this.last > 0 && [...this.mortal].reverse().some((step) => this._left(step, LEAST_POWER) <= HALF[1]);
  }

  _halve() {
    const { say, bench } = this, sliders = made("div", { className: "knobs" }), outputs = new Map(), paper = new PaperLines(say);
    const show = () => {
      const passing = this._passing(bench.model.exact()), lines = [];
      for (const [k, output] of outputs) {
        const factor = `× ${say.factor(bench.odds[k])}`, pass = say("film.pass", { share: say.share(passing[k]) });
        output.replaceChildren(made("b", {}, factor), ` ${pass}`);
        if (bench.odds[k] !== 1) lines.push(`${say.term(this.lesson.stages[k].name)} ${factor}, ${pass}`);
      }
      paper.show(lines);
    };
    for (const k of this.mortal) {
      const name = say.term(this.lesson.stages[k].name), input = made("input", { type: "range", min: "-30", max: "30", step: "1", value: "0" }), output = made("output");
      input.setAttribute("aria-label", say("film.odds", { step: name }));
      outputs.set(k, output);
      input.addEventListener("input", () => {
        bench.odds[k] = 2 ** (Number(input.value) / 10);
        bench.rebuild();
        show();
        input.setAttribute("aria-valuetext", output.textContent ?? "");
      });
      sliders.append(made("div", { className: "knob" }, made("label", {}, made("span", {}, name), output, input)));
    }
    show();
    this.tasks.ask("halve", say("tasks.halve", { goal: this.goal }), [sliders, paper.element], () => this._judgeHalf());
  }

  /** @returns {[boolean, string]} */
  _judgeHalf() {
    const { say, bench } = this, moved = this.mortal.filter((k) => bench.odds[k] !== 1), { passed } = bench.model.exact();
    const share = passed[passed.length - 1], times = share / this.last;
    if (!moved.length) return [false, say("tasks.halve_none")];
    if (moved.length > 1) return [false, say("tasks.halve_two")];
    const told = { share: say.share(share), times: say.factor(times), step: say.term(this.lesson.stages[moved[0]].name) };
    const right = times >= HALF[0] && times <= HALF[1];
    return [right, say(right ? "tasks.halve_right" : "tasks.halve_far", told)];
  }

  /** So many cells that the answer is a number of two or three digits; not as many as the film has: that says it. */
  get many() {
    const many = 10 ** Math.max(3, Math.ceil(-Math.log10(this.last || 1)) + 2);
    return many === SET_OUT ? many / 10 : many;
  }

  _luck() {
    const { say } = this, input = numberField(say);
    const n = say.whole(this.many);
    this.tasks.ask("luck", say("tasks.luck", { n, goal: this.goal }), [input], () => {
      const given = readNumber(say, input.value), wanted = this.last * this.many;
      // Two digits: half a step of the second one, and a little for what was read off a rounded share.
      const right = given !== null && Math.abs(given - wanted) <= 0.06 * wanted;
      return [right, right ? say("tasks.luck_right", { value: say.factor(wanted) }) : say("tasks.luck_wrong")];
    });
  }

  _teach() {
    const { say } = this, passing = this._passing(this.first), step = passing.indexOf(Math.min(...passing));
    /** @type {string[]} */
    const answers = [];
    if (this.mortal.length > 1) answers.push(say("tasks.answer_steepest", { step: say.term(this.lesson.stages[step].name), share: say.share(passing[step]) }));
    answers.push(say("tasks.answer_luck", { value: say.factor(this.last * this.many) }));
    const key = this.tasks.teach(answers, [say("tasks.plan15"), say("tasks.plan45")]);
    // Many exact answers: when somebody wants to know.
    key.addEventListener("toggle", () => { if (this._canHalve) key.querySelector("ul > li:last-child")?.before(this._halvers()); }, { once: true });
  }

  /**
   * That a step cannot, and why: how many are left at the end of its slider, and how many pass it as it is.
   * @param {number} step
   */
  _cannot(step) {
    const { say } = this, share = this._passing(this.first)[step], left = this._left(step, LEAST_POWER);
    return say("tasks.cannot", { step: say.term(this.lesson.stages[step].name), end: say.figures(2 ** LEAST_POWER, 3), times: say.factor(left), share: say.share(share) });
  }

  /** Of each slider the factor that halves, or why it cannot. */
  _halvers() {
    const { say } = this, told = this.mortal.map((step) => {
      const factor = this.oddsThatHalve(step), name = say.term(this.lesson.stages[step].name);
      return factor === null ? this._cannot(step) : `${name} × ${say.factor(factor)}`;
    });
    return made("li", {}, say("tasks.answer_halve", { list: told.join("; ") }));
  }

  shown() {}

  state() {
    return this.tasks.state();
  }

  /** @param {string} text */
  restore(text) {
    this.tasks.restore(text);
  }
}
