// Words that are explained where they stand.
// @ts-check
/** @import { Say } from "./types.js" */

import { made } from "./elements.js";

let explained = 0;

/**
 * A name of a model in the language of the page; a button that explains it where there is something to explain.
 * @param {Say} say
 * @param {string} name as the model has it
 * @returns {HTMLElement}
 */
export function worded(say, name) {
  const term = say.term(name);
  if (!say.has("words", name)) return made("span", {}, term);
  const id = `word-${++explained}`, button = made("button", { type: "button", className: "word" }, term);
  const note = made("div", { id, className: "explained" }, made("b", {}, term), " ", say(`words.${name}`));
  note.setAttribute("popover", "auto");
  button.setAttribute("popovertarget", id);
  return made("span", {}, button, note);
}
