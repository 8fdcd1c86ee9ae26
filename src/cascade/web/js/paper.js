// On paper no slider is seen: what stands otherwise than at first is written there.
// @ts-check
/** @import { Say } from "./types.js" */

import { made } from "./elements.js";

export class PaperLines {
  /** @param {Say} say */
  constructor(say) {
    this.list = made("ul");
    this.element = made("div", { className: "on-paper" }, made("p", {}, say("page.turned")), this.list);
    this.element.hidden = true;
  }

  /** @param {string[]} lines one for each that was moved */
  show(lines) {
    this.element.hidden = !lines.length;
    this.list.replaceChildren(...lines.map((line) => made("li", {}, line)));
  }
}
