// Tasks on ten patients: who is saved by an early knife, and what the doctor did not see.
// @ts-check
/** @import { Say } from "./types.js" */
/** @import { TimelineData, TimelinePosition } from "./timelinecurves.js" */

import { made } from "./elements.js";
import { numberField, readNumber, TaskForms } from "./taskform.js";
import { endUnder, factsOf } from "./timelinecurves.js";

const TUMOUR = 1; // as a cause of the end

export class TimeTaskScene {
  /**
   * @param {HTMLElement} host
   * @param {TimelineData} data
   * @param {Say} say
   */
  constructor(host, data, say) {
    this.host = host;
    this.data = data;
    this.say = say;
    this.tasks = new TaskForms(host, say);
    const none = data.knives.length - 1, first = this._worth, hidden = this._hiding;
    const year = (/** @type {number} */ knife) => say.figures(/** @type {number} */ (data.knives[knife]), 1);
    host.append(made("h2", {}, say("tasks.title")));
    /** @type {[string, string, number][]} */
    const tasks = [
      ["untreated", say("tasks.patient_untreated", { n: data.patients.length }), this._dying(none)],
      ["early", say("tasks.patient_early", { n: data.patients.length, year: year(first) }), this._dying(first)],
    ];
    if (hidden) {
      const { there, seen } = factsOf(data, hidden), number = data.patients[hidden.patient].number;
      tasks.push(["hidden", say("tasks.patient_hidden", { patient: number, year: year(hidden.knife), mm: say.factor(hidden.mm) }), there - seen]);
    }
    for (const [id, question, wanted] of tasks) this._ask(id, question, wanted);
    const answers = tasks.map(([, , wanted], k) => say("tasks.patient_answer", { task: k + 1, value: wanted }));
    this.tasks.teach(answers, [say("tasks.patient_plan15"), say("tasks.patient_plan45")]);
    this.tasks.begin();
  }

  /**
   * @param {string} id
   * @param {string} question
   * @param {number} wanted
   */
  _ask(id, question, wanted) {
    const { say } = this, input = numberField(say);
    const judge = () => /** @type {[boolean, string]} */ (readNumber(say, input.value) === wanted
      ? [true, say("tasks.patient_right", { value: wanted })] : [false, say("tasks.patient_wrong")]);
    this.tasks.ask(id, question, [input], judge);
  }

  /**
   * Patients who die of the tumour under an operation, without a drug.
   * @param {number} knife
   */
  _dying(knife) {
    return this.data.patients.filter((_, patient) => endUnder(this.data, { patient, knife, drug: 0, mm: 1 })[1] === TUMOUR).length;
  }

  /** The latest operation that saves most: to ask about one that changes nothing teaches nothing. */
  get _worth() {
    const knives = this.data.knives.slice(0, -1).map((_, knife) => knife), least = Math.min(...knives.map((knife) => this._dying(knife)));
    return /** @type {number} */ ([...knives].reverse().find((knife) => this._dying(knife) === least));
  }

  /** The last patient and an operation at which much is hidden from the eye: the page asks of one of the first before. @returns {TimelinePosition | null} */
  get _hiding() {
    const { data } = this, knife = Math.floor(data.knives.length / 2);
    const all = data.patients.map((_, patient) => ({ patient, knife, drug: 0, mm: Number(data.eye.mm.toPrecision(2)) }));
    const few = all.filter((at) => {
      const { operated, there, seen } = factsOf(data, at);
      return operated && there - seen >= 2;
    });
    return few[few.length - 1] ?? null;
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
