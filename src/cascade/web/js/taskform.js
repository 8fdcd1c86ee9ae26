// A task on a page: a question, what it is answered with, and what is said to an answer; numbers as people write them.
// @ts-check
/** @import { Say } from "./types.js" */

import { decoded } from "./address.js";
import { made } from "./elements.js";

const LONGEST_NUMBER = 40; // as it is typed

/**
 * A number as people write it: 1,000 or 1.000 or 0,5 after the language of the page; null: none.
 * @param {Say} say
 * @param {string} text
 */
export function readNumber(say, text) {
  const clean = text.replace(/[\s']/g, ""), [thousands, point] = [say("numbers.thousands"), say("numbers.decimal")];
  const number = Number(clean.split(thousands).join("").replace(point, "."));
  return clean && Number.isFinite(number) && number >= 0 ? number : null;
}

/**
 * A field for a number.
 * @param {Say} say
 */
export function numberField(say) {
  const input = made("input", { type: "text", inputMode: "decimal", className: "number", autocomplete: "off" });
  input.maxLength = LONGEST_NUMBER;
  input.setAttribute("aria-label", say("tasks.number"));
  return input;
}

/**
 * @typedef {object} Task
 * @property {(HTMLInputElement | HTMLSelectElement)[]} fields
 * @property {string[]} first what stood in them at first
 * @property {boolean} checked whether what stands in them was checked
 * @property {() => void} check
 * @property {() => void} forget what was said
 */

/**
 * Put a value into a field and tell it; one that it cannot have leaves it as it is.
 * @param {HTMLInputElement | HTMLSelectElement} field
 * @param {string} value
 */
function put(field, value) {
  const known = field instanceof HTMLSelectElement ? [...field.options].some((one) => one.value === value) : field.type !== "range" || /^-?\d+$/.test(value);
  if (!known || field.value === value) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** The tasks of a page, as its address keeps them: what is written in each, whether it was checked, and the key. */
export class TaskForms {
  /**
   * @param {HTMLElement} host
   * @param {Say} say
   */
  constructor(host, say) {
    this.host = host;
    this.say = say;
    /** @type {Map<string, Task>} */
    this.tasks = new Map();
    /** @type {HTMLDetailsElement | null} */
    this.key = null;
    this.ready = false;
    this.asked = "";
  }

  _changed() {
    this.host.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
  }

  /**
   * A task: its question, what it is answered with, and what is said to an answer.
   * @param {string} id
   * @param {string} question
   * @param {HTMLElement[]} inputs
   * @param {() => [boolean, string]} judge
   */
  ask(id, question, inputs, judge) {
    const { say } = this, said = made("p", { className: "judged" }), button = made("button", { type: "submit", className: "main" }, say("tasks.check"));
    said.setAttribute("role", "status");
    const form = made("form", { className: "task", id: `task-${id}` }, made("p", {}, question), ...inputs, button, said);
    const fields = /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ ([...form.querySelectorAll("input, select")]);
    const check = () => {
      const [right, text] = judge();
      said.textContent = `${right ? "✓" : "✗"} ${text}`;
      said.dataset.right = String(right);
      task.checked = true;
    };
    const forget = () => {
      said.textContent = "";
      delete said.dataset.right;
      task.checked = false;
    };
    /** @type {Task} */
    const task = { fields, first: fields.map(({ value }) => value), checked: false, check, forget };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      check();
      this._changed();
    });
    // What was said was said to another answer.
    form.addEventListener("input", () => {
      forget();
      this._changed();
    });
    this.tasks.set(id, task);
    this.host.append(form);
  }

  /**
   * What a teacher is told, behind a key.
   * @param {string[]} answers
   * @param {string[]} plans
   */
  teach(answers, plans) {
    const { say } = this, list = made("ul", {}, ...answers.map((text) => made("li", {}, text)));
    const key = made("details", { className: "teacher" }, made("summary", {}, say("tasks.answers")), list, ...plans.map((text) => made("p", {}, text)));
    key.addEventListener("toggle", () => this._changed());
    this.host.append(key);
    this.key = key;
    return key;
  }

  /** All tasks are there. */
  begin() {
    this.ready = true;
    if (this.asked) this.restore(this.asked);
  }

  state() {
    if (!this.ready) return this.asked;
    const parts = [...this.tasks].flatMap(([id, { fields, first, checked }]) => {
      if (!checked && fields.every(({ value }, k) => value === first[k])) return [];
      return [`${id}:${fields.map(({ value }) => encodeURIComponent(value)).join(";")}${checked ? ":c" : ""}`];
    });
    return [...parts, ...(this.key?.open ? ["key"] : [])].join(",");
  }

  /** @param {string} text */
  restore(text) {
    this.asked = text;
    if (!this.ready) return;
    const parts = new Map(text.split(",").map((part) => /** @type {[string, string[]]} */ ([part.split(":")[0], part.split(":")])));
    for (const [id, { fields, first, check, forget }] of this.tasks) {
      const [, values, checked] = parts.get(id) ?? [], given = values?.split(";") ?? [];
      fields.forEach((field, k) => put(field, given[k] === undefined ? first[k] : decoded(given[k])));
      forget();
      if (checked === "c") check();
    }
    if (this.key) this.key.open = parts.has("key");
  }
}
