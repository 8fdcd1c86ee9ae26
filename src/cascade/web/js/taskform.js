// A task on a page: a question, what it is answered with, and what is said to an answer; numbers as people write them.
// @ts-check
/** @import { Say } from "./types.js" */

import { made } from "./elements.js";

/**
 * A number as people write it: 1,000 or 1.000 or 0,5 after the language of the page; null: none.
 * @param {Say} say
 * @param {string} text
 */
export function readNumber(say, text) {
  const clean = text.replace(/[\s']/g, ""), [thousands, point] = say.lang === "de" ? [".", ","] : [",", "."];
  const number = Number(clean.split(thousands).join("").replace(point, "."));
  return clean && Number.isFinite(number) && number >= 0 ? number : null;
}

/**
 * A field for a number.
 * @param {Say} say
 */
export function numberField(say) {
  const input = made("input", { type: "text", inputMode: "decimal", className: "number", autocomplete: "off" });
  input.setAttribute("aria-label", say("tasks.number"));
  return input;
}

/**
 * @param {Say} say
 * @param {string} id
 * @param {string} question
 * @param {HTMLElement[]} inputs
 * @param {() => [boolean, string]} judge
 * @param {() => void} solved
 */
export function taskForm(say, id, question, inputs, judge, solved) {
  const said = made("p", { className: "judged" }), check = made("button", { type: "submit", className: "main" }, say("tasks.check"));
  said.setAttribute("role", "status");
  const form = made("form", { className: "task", id: `task-${id}` }, made("p", {}, question), ...inputs, check, said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [right, text] = judge();
    said.textContent = `${right ? "✓" : "✗"} ${text}`;
    said.dataset.right = String(right);
    if (right) solved();
  });
  return form;
}

/**
 * What a teacher is told, behind a key.
 * @param {Say} say
 * @param {string[]} answers
 * @param {string[]} plans
 */
export function teacherKey(say, answers, plans) {
  const list = made("ul", {}, ...answers.map((text) => made("li", {}, text)));
  return made("details", { className: "teacher" }, made("summary", {}, say("tasks.answers")), list, ...plans.map((text) => made("p", {}, text)));
}
