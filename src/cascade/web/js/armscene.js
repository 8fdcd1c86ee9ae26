// Two arms: the very same cells as they are and in another arm, who is lost and who is saved, and both lives of one.
// @ts-check
/** @import { FilmTrack, Lesson, LessonArm, Say } from "./types.js" */

import { edited } from "./edits.js";
import { choice, made } from "./elements.js";
import { livesByRow, zoomsOf } from "./filmcells.js";
import { FilmStage } from "./filmstage.js";
import { causeProperty, markIcon } from "./marks.js";
import { Model } from "./model.js";
import { spanOf } from "./texts.js";

const MOST_MARKED = 400; // founders that get a mark of their own

export class ArmScene {
  /**
   * @param {HTMLElement} host
   * @param {Lesson} lesson
   * @param {Say} say
   */
  constructor(host, lesson, say) {
    this.host = host;
    this.lesson = lesson;
    this.say = say;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.visible = false;
    this.at = 0;
    this.one = new Model(lesson.model);
    this.other = this.one;
    this.shownLife = 0;
    /** @type {FilmStage[]} */
    this.stages = [];
    this.list = choice(`${say("arms.arm")} `, lesson.arms.map((arm, k) => [this._name(arm), String(k)]), (value) => this._choose(Number(value)));
    this.button = made("button", { type: "button" }, say("film.play"));
    this.button.addEventListener("click", () => this.toggle());
    const again = made("button", { type: "button" }, say("film.again"));
    again.addEventListener("click", () => { for (const stage of this.stages) { stage.again(); stage.play(); } });
    this.lead = made("p", { className: "quiet" });
    this.about = made("p", { className: "quiet" });
    this.films = made("div", { className: "films" });
    this.result = made("div", { className: "result" });
    this.life = made("div", { className: "lives" });
    host.append(
      made("h2", {}, say("arms.title")), this.lead,
      made("div", { className: "controls" }, this.list, this.button, again), this.about, this.films,
      made("div", { className: "twins" }, this.result, this.life),
    );
    host.addEventListener("film", () => { this.button.textContent = say(this.stages.some(({ playing }) => playing) ? "film.pause" : "film.play"); });
    // Films cost work: they begin when somebody comes to see them.
    new IntersectionObserver((seen) => { if (seen.some(({ isIntersecting }) => isIntersecting)) this._begin(); }).observe(host);
    window.addEventListener("paper", () => this._print());
  }

  _begin() {
    if (!this.stages.length) this._choose(this.at, this.shownLife);
  }

  /** On paper also what nobody has come to see: a moment of it. */
  _print() {
    this._begin();
    for (const stage of this.stages) stage.onPaper();
  }

  /** What the left column is of: a model beside another, or the model as it is beside a treatment. */
  get _first() {
    return this.arm.title ? this.lesson.headline : this.say("arms.first");
  }

  /**
   * A text on both arms: of two models by name, since neither is the other's treatment.
   * @param {string} arm its key where the arm is a treatment
   * @param {string} model its key where the arm is a model
   * @param {Record<string, string>} values
   */
  _told(arm, model, values) {
    return this.say(this.arm.title ? model : arm, { ...values, one: this._first, other: this._name(this.arm) });
  }

  /** @param {LessonArm} arm */
  _name({ name, title, hours: [from, to] }) {
    return title ?? `${this.say.term(name)}${spanOf(this.say, from, to ?? Infinity)}`;
  }

  get arm() {
    return this.lesson.arms[this.at];
  }

  /**
   * @param {number} at
   * @param {number} life
   */
  _choose(at, life = 0) {
    const { lesson, say } = this;
    this.at = at;
    this.shownLife = life;
    const select = /** @type {HTMLSelectElement} */ (this.list.querySelector("select"));
    select.value = String(at);
    this.other = new Model(this.arm.beside ?? edited(lesson.model, this.arm.patch));
    this.about.textContent = say.has("treatments", this.arm.name) ? say(`treatments.${this.arm.name}`) : this.arm.about;
    this.lead.textContent = this._told("arms.lead", "arms.lead_model", {});
    for (const stage of this.stages) stage.stop();
    this.films.replaceChildren();
    // One scale for both: what is longer is more.
    const came = [this.one, this.other].map((model) => [1, ...model.exact().passed]), zooms = zoomsOf(came[0].map((share, k) => Math.max(share, came[1][k])));
    this.stages = [[this.one, this._first], [this.other, this._name(this.arm)]].map(([model, title]) => {
      const host = made("div", { className: "arm" }, made("h3", { title: /** @type {string} */ (title) }, /** @type {string} */ (title)));
      this.films.append(host);
      const stage = new FilmStage(host, lesson, say, /** @type {Model} */ (model), zooms);
      stage._sayOpens();
      stage.solve();
      return stage;
    });
    if (this.visible) this.shown(true);
    this._count();
    this._live();
    this.host.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
  }

  toggle() {
    const playing = this.stages.some((stage) => stage.playing);
    for (const stage of this.stages) if (playing) stage.pause(); else stage.play();
  }

  /**
   * What became of a cell: the cause of death, nothing where it is not dead, or null where it got there.
   * @param {Model} model
   * @param {number} cell
   * @returns {string | null}
   */
  _end(model, cell) {
    const units = model.run(cell, null), goal = this.lesson.stages.length;
    if (units.some(({ furthest }) => furthest >= goal)) return null;
    const { exit } = units.reduce((a, b) => (b.furthest > a.furthest ? b : a));
    return exit < 0 ? "" : model.data.transitions[model.data.exit_transition[exit]].way;
  }

  /** Of the cells that get there in one arm: who does so in the other, and of what the rest dies. */
  _count() {
    const { say, arm, lesson } = this, kept = Math.max(0, arm.founders - arm.lost.length);
    /** @type {Map<string, number>} */
    const causes = new Map();
    for (const cell of arm.lost) {
      const end = this._end(this.other, cell) ?? "";
      causes.set(end, (causes.get(end) ?? 0) + 1);
    }
    this.causes = causes;
    const [first, second] = [this.one, this.other].map((model) => model.exact().passed[lesson.stages.length - 1]);
    this.result.replaceChildren(made("h3", {}, this._founders()), this._dots(kept, causes, arm.saved.length));
    const list = made("ul", { className: "ends" });
    list.append(made("li", {}, say("arms.kept", { n: say.whole(kept) })));
    for (const [cause, n] of [...causes].sort((a, b) => b[1] - a[1])) {
      const text = cause ? say("arms.lost", { n: say.whole(n), cause: say.term(cause) }) : say("arms.lost_still", { n: say.whole(n) });
      list.append(made("li", {}, markIcon(lesson.marks[cause] ?? "bar", this._colour(cause)), text));
    }
    list.append(made("li", {}, arm.saved.length ? this._told("arms.saved", "arms.saved_model", { n: say.whole(arm.saved.length) }) : this._told("arms.saved_none", "arms.saved_none_model", {})));
    if (!arm.title) list.append(made("li", { className: "quiet" }, say("arms.illustrative")));
    list.append(made("li", {}, this._told("arms.exact", "arms.exact_model", { first: say.share(first), second: say.share(second), times: say.factor(second / first) })));
    this.result.append(list);
  }

  /** How many get there on the left, and how many of them do not on the right. */
  _founders() {
    const { arm, say } = this, values = { founders: say.whole(arm.founders), cells: say.whole(arm.cells), lost: say.whole(arm.lost.length) };
    if (!arm.founders) return this._told("arms.none", "arms.none_model", values);
    return arm.lost.length ? this._told("arms.founders", "arms.founders_model", values) : this._told("arms.founders_all", "arms.founders_all_model", values);
  }

  /** @param {string} cause */
  _colour(cause) {
    return cause ? causeProperty(cause) : "--quiet";
  }

  /**
   * A mark for each founder: who is kept, who is lost and of what, who is saved.
   * @param {number} kept
   * @param {Map<string, number>} causes
   * @param {number} saved
   */
  _dots(kept, causes, saved) {
    const box = made("div", { className: "founders" }), all = kept + saved + [...causes.values()].reduce((a, b) => a + b, 0);
    const part = Math.min(1, MOST_MARKED / all);
    box.setAttribute("aria-hidden", "true");
    for (let k = 0; k < Math.round(kept * part); k++) box.append(made("i", { className: "kept" }));
    for (const [cause, n] of causes) for (let k = 0; k < Math.round(n * part); k++) box.append(markIcon(this.lesson.marks[cause] ?? "bar", this._colour(cause)));
    for (let k = 0; k < Math.round(saved * part); k++) box.append(made("i", { className: "saved" }));
    return box;
  }

  /** Both lives of a cell that ends otherwise. */
  _live() {
    const { say, arm } = this, cells = [...arm.lost, ...arm.saved];
    this.life.replaceChildren();
    if (!cells.length) {
      this.life.append(made("p", {}, say("arms.no_life")));
      return;
    }
    const cell = cells[this.shownLife], next = made("button", { type: "button" }, say("arms.next"));
    next.addEventListener("click", () => {
      this.shownLife = (this.shownLife + 1) % cells.length;
      this._live();
      this.host.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
    });
    const table = made("table", { className: "life" }), head = made("tr", {}, made("th"), made("th", {}, this._first), made("th", {}, this._name(arm)));
    head.querySelectorAll("th").forEach((cell_) => { cell_.scope = "col"; });
    table.append(made("thead", {}, head));
    const lives = [this.one, this.other].map((model) => this._furthest(model, cell)), body = made("tbody");
    [...this.lesson.stages, this.lesson.goal].forEach(({ name }, row) => {
      if (!lives.some(({ rows }) => rows.some((stay) => stay.row === row))) return;
      const th = made("th", { scope: "row" }, say.term(name));
      body.append(made("tr", {}, th, ...lives.map((life) => this._stay(life, row))));
    });
    table.append(body);
    const about = made("p", { className: "quiet" }, say("arms.life_about"));
    this.life.append(made("h3", {}, say("arms.life", { cell: say.whole(cell) })), about, table, next);
  }

  /**
   * The life of the unit of a founder that comes furthest.
   * @param {Model} model
   * @param {number} cell
   * @returns {FilmTrack}
   */
  _furthest(model, cell) {
    const lived = livesByRow(model, cell, model.windows);
    return lived.reduce((a, b) => (b.rows[b.rows.length - 1].row > a.rows[a.rows.length - 1].row ? b : a));
  }

  /**
   * @param {FilmTrack} life
   * @param {number} row
   */
  _stay({ rows }, row) {
    const { say, lesson } = this, stay = rows.find((one) => one.row === row), cell = made("td");
    if (!stay) return cell;
    if (row === lesson.stages.length) cell.append(made("i", { className: "kept" }), " ", say("arms.gets_there"));
    else if (stay.cause) cell.append(markIcon(lesson.marks[stay.cause] ?? "bar", this._colour(stay.cause)), say("arms.dies", { cause: say.term(stay.cause) }));
    else if (stay.left === Infinity) cell.append(say("arms.still"));
    const time = Number.isFinite(stay.left) ? stay.left : stay.entered;
    cell.append(made("small", {}, ` ${say.time(time)}`));
    return cell;
  }

  /** @param {boolean} visible */
  shown(visible) {
    this.visible = visible;
    if (visible) this._begin();
    for (const stage of this.stages) {
      if (!visible) stage.pause();
      else if (this.calm) stage.still();
      else stage.play();
    }
  }

  /** Which arm, and which of the cells that end otherwise. */
  state() {
    const life = this.shownLife ? `-${this.shownLife}` : "";
    return this.at || life ? `${this.at}${life}` : "";
  }

  /** @param {string} text */
  restore(text) {
    const [at, life = 0] = text.split("-").map(Number), arm = this.lesson.arms[at];
    if (!Number.isInteger(at) || !arm) return;
    const cells = arm.lost.length + arm.saved.length;
    this._choose(at, Number.isInteger(life) && life < cells ? life : 0);
  }
}
