// A patient's time line behind a question: what the doctor does not see is covered until somebody has written a number.
// @ts-check
/** @import { Say } from "./types.js" */
/** @import { TimelineData } from "./timelinecurves.js" */

import { made } from "./elements.js";
import { numberField, readNumber } from "./taskform.js";
import { factsOf } from "./timelinecurves.js";
import { decimals } from "./timelinedrawing.js";
import { TimeScene } from "./timescene.js";

const MOST = 10_000; // metastases that somebody may guess

export class GuessedTimeScene extends TimeScene {
  /**
   * @param {HTMLElement} host an empty element
   * @param {TimelineData} data
   * @param {Say} say
   */
  constructor(host, data, say) {
    super(host, data, say);
    /** @type {number | null} */
    this.guess = null;
    this.number = numberField(say);
    this.number.setAttribute("aria-label", say("patient.guess"));
    this.wrong = made("span", { className: "quiet" });
    this.wrong.setAttribute("role", "status");
    this.form = this._form();
    this.mine = made("p", { className: "on-paper" }, `${say("patient.guess")} `, made("span", { className: "my-guess" }, "\u00a0"));
    this.answer = made("p", { className: "time-answer" });
    this.stage.before(this.form, this.mine, this.answer);
    this._cover(true, null);
  }

  _form() {
    const { say } = this, mine = made("button", { type: "submit", className: "main" }, say("film.mine"));
    const show = made("button", { type: "button" }, say("film.show"));
    const form = made("form", { className: "guess" }, made("span", { className: "quiet" }, say("patient.guess")), this.number, mine, show, this.wrong);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const guess = readNumber(say, this.number.value), right = guess !== null && Number.isInteger(guess) && guess >= 0 && guess <= MOST;
      if (right) this._cover(false, guess, true);
      else {
        this.wrong.textContent = say("patient.no_guess", { n: say.whole(MOST) });
        this.number.setAttribute("aria-invalid", "true");
      }
    });
    show.addEventListener("click", () => this._cover(false, null, true));
    return form;
  }

  /**
   * @param {boolean} covered
   * @param {number | null} guess
   * @param {boolean} pressed whether somebody has done so
   */
  _cover(covered, guess, pressed = false) {
    this.covered = covered;
    this.guess = guess;
    if (covered) {
      // The question is on the patient who is shown first: whoever moves the waterline would see the answer.
      this.at = { ...this.first };
      this.number.value = "";
      this.spoken.hush();
    }
    this.wrong.textContent = "";
    this.number.removeAttribute("aria-invalid");
    this.form.hidden = this.mine.hidden = !covered;
    this.answer.hidden = covered;
    this.host.classList.toggle("time-covered", covered);
    document.documentElement.classList.toggle("guessing", covered);
    for (const { element } of Object.values(this.handles)) element.inert = covered;
    this.draw();
    if (!pressed) return;
    (covered ? this.number : this.answer.querySelector("button"))?.focus();
    this.host.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
  }

  tell() {
    super.tell();
    if (!this.form) return;
    const { say } = this, { operated, knife, seen, there } = factsOf(this.data, this.first);
    if (this.covered) {
      const values = { year: decimals(knife ?? 0, say), seen };
      this.said.textContent = operated ? say("patient.ask_operation", values) : say("patient.ask_end", values);
      this.also.textContent = "";
      this.picture.setAttribute("aria-label", this.said.textContent);
      return;
    }
    const cover = made("button", { type: "button" }, say("film.cover")), parts = [];
    cover.addEventListener("click", () => this._cover(true, null, true));
    if (this.guess !== null) parts.push(made("b", {}, say("patient.guessed", { guess: say.whole(this.guess), there: say.whole(there) })), " ");
    this.answer.replaceChildren(...parts, cover);
  }

  state() {
    if (this.covered) return "";
    return [super.state(), this.guess === null ? "s" : `g${this.guess}`].filter(Boolean).join(",");
  }

  /** @param {string} text */
  restore(text) {
    const guess = /(?:^|,)g(\d+)(?:,|$)/.exec(text), number = guess && Number(guess[1]) <= MOST ? Number(guess[1]) : null;
    super.restore(text);
    // Whoever has moved something has seen it.
    this._cover(number === null && !/(^|,)s(,|$)/.test(text) && !super.state(), number);
  }
}
