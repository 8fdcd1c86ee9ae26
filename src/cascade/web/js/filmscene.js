// The first scene: a question, a guess, the film, and knobs that change it while it runs.
// @ts-check
/** @import { Exact, Lesson, Say } from "./types.js" */
/** @import { Bench } from "./bench.js" */

import { choice, made } from "./elements.js";
import { SET_OUT } from "./filmcells.js";
import { FilmStage } from "./filmstage.js";
import { KnobPanel } from "./knobpanel.js";
import { PaperLines } from "./paper.js";
import { Spoken } from "./spoken.js";
import { readNumber } from "./taskform.js";

const COVERED = 2;
const SPEEDS = ["0.5", "1", "2", "4"];

/** @param {Lesson} lesson */
function lastStep({ stages }) {
  return stages.length - 1;
}

export class FilmScene {
  /**
   * @param {HTMLElement} host
   * @param {Lesson} lesson
   * @param {Say} say
   * @param {Bench} bench
   */
  constructor(host, lesson, say, bench) {
    this.host = host;
    this.lesson = lesson;
    this.say = say;
    this.bench = bench;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    /** @type {number | null} */
    this.guess = null;
    this.open = false;
    /** @type {IntersectionObserver | null} */
    this.watch = null;
    this.form = made("form", { className: "guess" });
    this.wrong = made("span", { className: "wrong" });
    this.number = made("input", { type: "text", inputMode: "decimal", className: "number", placeholder: "?", autocomplete: "off" });
    this.answer = made("p", { className: "answer" });
    this.button = made("button", { type: "button" }, say("film.play"));
    this.back = made("button", { type: "button", className: "reset" }, say("film.reset"));
    this.alive = made("span", { className: "quiet living" });
    this.knobs = new KnobPanel(lesson, say, bench, () => this._apply(bench.rebuild()));
    this.paper = new PaperLines(say);
    /** @type {string[]} of what was moved, for paper */
    this.lines = [];
    this.told = made("p", { className: "told" });
    this.mine = made("p", { className: "on-paper" }, `${say("film.guess")}: `, made("span", { className: "my-guess" }, "\u00a0"));
    this._ask();
    this._controls();
    this.stage = new FilmStage(host, lesson, say, bench.model);
    this._pace("1");
    host.addEventListener("film", () => this._tell());
    window.addEventListener("paper", () => this.stage.onPaper());
    this._addOdds();
    host.append(this.knobs.element, this.paper.element, this.legend());
    if (lesson.model.sliders.length) host.append(made("p", { className: "quiet" }, say("film.rule")));
    const region = made("p", { className: "heard" });
    host.append(region);
    this.spoken = new Spoken(region);
    this.stage._sayOpens();
    host.append(this.told);
    this._covered();
  }

  // The question ------------------------------------------------------------------------------------

  _ask() {
    const { form, say } = this;
    this.number.setAttribute("aria-label", say("film.guess"));
    const mine = made("button", { type: "submit", className: "main" }, say("film.mine"));
    const show = made("button", { type: "button" }, say("film.show"));
    this.wrong.setAttribute("role", "status");
    form.append(made("span", { className: "quiet" }, say("film.guess")), this.number, mine, show, this.wrong);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const guess = readNumber(say, this.number.value);
      if (guess === null || guess > SET_OUT) {
        this.wrong.textContent = say("film.no_guess", { n: say.whole(SET_OUT) });
        this.number.setAttribute("aria-invalid", "true");
      } else this._uncover(guess);
    });
    show.addEventListener("click", () => this._uncover(null));
    this.answer.hidden = true;
    const goal = say.term(`goal ${this.lesson.goal.name}`);
    const title = made("h2", {}, say("film.question", { n: say.whole(SET_OUT), goal }));
    this.host.append(made("div", { className: "ask" }, made("div", {}, title, made("p", { className: "quiet" }, ...this._lead())), form, this.mine, this.answer));
  }

  /** What is seen; and the hour until which, where no knob has it. */
  _lead() {
    const { say, lesson } = this, { until } = lesson.model, turned = lesson.knobs.some(({ id }) => id === "day");
    const all = this.bench.model.exact().passed[lastStep(lesson)] > 0.5 || lesson.founder < 0;
    const clusters = lesson.model.largest > 1 ? [" ", say("film.lead_clusters")] : [];
    return [say(all ? "film.lead_all" : "film.lead"), ...clusters, ...(until === null || turned ? [] : [" ", say("film.until", { time: say.time(until) })])];
  }

  /** @param {number | null} guess */
  _uncover(guess) {
    this.guess = guess;
    this.open = true;
    this._covered();
  }

  /** Whether the last numbers, and the scenes that tell them, are covered. */
  _covered() {
    this.form.hidden = this.open;
    this.answer.hidden = !this.open;
    this.mine.hidden = this.open;
    this.wrong.textContent = "";
    document.documentElement.classList.toggle("guessing", !this.open);
    this.stage.cover(this.open ? 0 : COVERED);
    this._show(this.stage.solve());
    this._tell();
    this._changed();
  }

  /**
   * The answer, and how far off a guess was.
   * @param {Exact} exact
   */
  _sayAnswer(exact) {
    const { say } = this, last = exact.passed[exact.passed.length - 1], expected = last * SET_OUT;
    const random = this.lesson.model.random_nodes;
    const parts = [say(random ? "film.answer_about" : "film.answer", { n: say.factor(expected), share: say.share(last) })];
    if (this.guess !== null) {
      const ratio = this.guess / expected;
      const none = this.guess === 0 && expected < 0.5;
      if (!none && (this.guess === 0 || expected === 0)) parts.push(say("film.guess_zero", { guess: say.factor(this.guess) }));
      else if (none || (ratio > 0.5 && ratio < 2)) parts.push(say("film.guess_near", { guess: say.factor(this.guess) }));
      else parts.push(say(ratio > 1 ? "film.guess_high" : "film.guess_low", { guess: say.factor(this.guess), times: say.factor(ratio > 1 ? ratio : 1 / ratio) }));
    }
    // Of colonies the kinds: those in nodes are no distant metastases.
    const { kinds } = this.lesson.model, told = kinds.map((name, k) => `${say.term(name)} ${say.share(exact.kinds[k])}`).join("; ");
    if (kinds.length) parts[0] += ` ${say("film.kinds", { kinds: told })}`;
    const cover = made("button", { type: "button" }, say("film.cover"));
    cover.addEventListener("click", () => {
      this.open = false;
      this.number.value = "";
      this._covered();
    });
    this.answer.replaceChildren(parts[0], " ", made("b", {}, parts.slice(1).join(" ")), " ", cover);
  }

  // The film ----------------------------------------------------------------------------------------

  _controls() {
    const { say } = this;
    this.button.addEventListener("click", () => this.toggle());
    const again = made("button", { type: "button" }, say("film.again"));
    again.addEventListener("click", () => { this.stage.again(); this.stage.play(); });
    const speed = choice(`${say("film.speed")} `, SPEEDS.map((value, k) => [["½", "1", "2", "4"][k], value]), (value) => {
      this._pace(value);
      this._changed();
    });
    this.speeds = speed.querySelector("select");
    this.back.addEventListener("click", () => this.reset());
    this.host.append(made("div", { className: "controls" }, this.button, again, speed, this.alive, this.back));
  }

  /** @param {string} value one of the speeds */
  _pace(value) {
    if (this.speeds) this.speeds.value = value;
    this.stage.speed = Number(value);
  }

  toggle() {
    if (this.stage.playing) this.stage.pause();
    else this.stage.play();
  }

  reset() {
    const anew = this.bench.reset();
    this._setInputs();
    this._apply(anew);
  }

  _tell() {
    if (!this.stage) return;
    const { say } = this;
    this.button.textContent = say(this.stage.playing ? "film.pause" : "film.play");
    // Until somebody has guessed nothing says how many are left, or among how many the ringed one was found.
    this.alive.textContent = !this.open ? "" : say("film.living", { share: say.share(Math.min(1, Math.max(0, this.stage.living > 1e-9 ? this.stage.living : 0))) });
    this._sayRinged();
  }

  /** What has become of the ringed cell, and who it is. */
  _sayRinged() {
    const { say, lesson } = this, track = this.stage.cells.ringed;
    if (!this.told) return;
    if (!this.open) {
      this.told.textContent = "";
      return;
    }
    if (!track) {
      this.told.textContent = say("film.no_founder", { n: say.whole(lesson.looked) });
      return;
    }
    const last = track.rows[track.rows.length - 1], who = say("film.ringed", { cell: say.whole(lesson.founder), looked: say.whole(lesson.founder - lesson.first + 1) });
    let fate = "";
    if (this.stage.clock >= last.to && last.cause) fate = say("film.ringed_dies", { cause: say.term(last.cause), step: say.term(this._stageName(last.row)) });
    else if (last.row === lesson.stages.length && this.stage.clock >= last.from) fate = say("film.ringed_founds");
    this.told.textContent = `${who} ${fate}`;
  }

  /** @param {number} row */
  _stageName(row) {
    return [...this.lesson.stages, this.lesson.goal][row].name;
  }

  // Knobs -------------------------------------------------------------------------------------------

  _addOdds() {
    const { say } = this;
    /** @type {Map<number, { input: HTMLInputElement, output: HTMLElement }>} */
    this.sliders = new Map();
    this.lesson.model.stages.forEach((name, k) => {
      const box = made("div", { className: "odds" }), mortal = this.lesson.model.sliders.includes(k);
      box.style.setProperty("--row", String(k));
      const output = made("output");
      if (mortal) {
        const input = made("input", { type: "range", min: "-30", max: "30", step: "1", value: "0" });
        input.setAttribute("aria-label", say("film.odds", { step: say.term(name) }));
        input.addEventListener("input", () => {
          this.bench.odds[k] = 2 ** (Number(input.value) / 10);
          this._apply(this.bench.rebuild());
        });
        this.sliders.set(k, { input, output });
        box.append(output, input);
      } else box.append(made("span", { className: "quiet" }, say("film.none_die")));
      this.stage.grid.append(box);
    });
  }

  _setInputs() {
    for (const [k, { input }] of this.sliders ?? []) input.value = String(Math.round(10 * Math.log2(this.bench.odds[k])));
    this.knobs.set();
  }

  /** @param {boolean} anew */
  _apply(anew) {
    this._show(this.stage.change(this.bench.model, anew));
    this._changed();
  }

  /** @param {Exact} exact */
  _show(exact) {
    const { say } = this, came = [1, ...exact.passed], moved = /** @type {string[]} */ ([]);
    this.sliders?.forEach(({ input, output }, k) => {
      const pass = came[k] > 0 ? came[k + 1] / came[k] : 0, hidden = !this.open && k >= came.length - COVERED - 1;
      const factor = `× ${say.factor(this.bench.odds[k])}`, passes = hidden ? "" : say("film.pass", { share: say.share(pass) });
      output.replaceChildren(made("b", {}, factor), ` ${passes}`);
      if (this.bench.odds[k] !== 1) moved.push([`${say.term(this._stageName(k))} ${factor}`, passes].filter(Boolean).join(", "));
      input.setAttribute("aria-valuetext", output.textContent ?? "");
    });
    this.lines = [...moved, ...this.knobs.lines];
    this.paper.show(this.lines);
    this.back.disabled = !this.bench.moved;
    if (this.open) this._sayAnswer(exact);
    const shares = this.stage.bars.told;
    if (shares) this.spoken?.say(say("film.heard", { shares }));
    this._sayRinged();
    this.host.dispatchEvent(new CustomEvent("solved", { bubbles: true, detail: exact }));
  }

  _changed() {
    this.host.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
  }

  /** What marks and colours mean. */
  legend() {
    const { say } = this, list = made("ul", { className: "legend" });
    for (const [name, colour] of [["film.alive", "--alive"], ["film.passed", "--passed"]]) {
      const swatch = made("i");
      swatch.style.background = `var(${colour})`;
      list.append(made("li", {}, swatch, say(name)));
    }
    list.append(made("li", {}, "▲ ", say("film.exact")));
    return list;
  }

  // A scene -----------------------------------------------------------------------------------------

  /** @param {boolean} visible */
  shown(visible) {
    this.watch?.disconnect();
    if (!visible) this.stage.pause();
    else if (this.calm) this.stage.still();
    else if (!this.stage.over) {
      // On a phone the question comes first: the film begins when it is seen.
      this.watch = new IntersectionObserver((seen) => {
        if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
        this.watch?.disconnect();
        this.stage.play();
      });
      this.watch.observe(this.stage.grid);
    }
  }

  state() {
    const { speed } = this.stage, pace = speed === 1 ? "" : `v-${speed}`;
    return [this.bench.state(), this.knobs.state(), pace, this.open ? (this.guess === null ? "shown" : `g-${this.guess}`) : ""].filter(Boolean).join(",");
  }

  /** @param {string} text */
  restore(text) {
    const anew = this.bench.restore(text), guess = /(?:^|,)g-(\d+(?:\.\d+)?)(?=,|$)/.exec(text), number = guess ? Number(guess[1]) : null;
    this._setInputs();
    this.knobs.restore(text);
    this._pace(SPEEDS.find((value) => text.split(",").includes(`v-${value}`)) ?? "1");
    // A guess that nobody could have written uncovers nothing.
    this.guess = number !== null && number <= SET_OUT ? number : null;
    this.open = this.guess !== null || /(^|,)shown/.test(text);
    this._covered();
    this._apply(anew);
  }
}
