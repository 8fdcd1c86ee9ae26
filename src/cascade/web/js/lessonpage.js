// The page of a lesson: its scenes, the address that keeps how they stand, and the mode for a class.
// @ts-check
/** @import { Lesson, Say } from "./types.js" */

import { made, within } from "./elements.js";

/**
 * @typedef {object} Scene
 * @property {(visible: boolean) => void} shown
 * @property {() => string} state
 * @property {(text: string) => void} restore
 * @property {() => void} [toggle] of a scene with a film
 */

const KEPT = 150; // milliseconds until the address is written
const SETTLED = 250; // milliseconds after which a page may have found its heights
// Of a film before a class, in pixels: sizes of type that are tried, the largest first, how wide a wall is for one
// pixel of it, and what stays free below.
const ON_WALL = [28, 27, 26, 25, 24, 23, 22, 21, 20];
const WIDE = 58;
const BELOW = 6;

export class LessonPage {
  /**
   * @param {Lesson} lesson
   * @param {Say} say
   */
  constructor(lesson, say) {
    this.lesson = lesson;
    this.say = say;
    this.root = document.documentElement;
    /** @type {{ id: string, host: HTMLElement, scene: Scene, button: HTMLElement }[]} */
    this.scenes = [];
    this.current = 0;
    this.restoring = false;
    this.waiting = 0;
    this.moved = -Infinity;
    this.presenter = within(document, "#present");
  }

  /**
   * @param {string} id
   * @param {(host: HTMLElement) => Scene} make
   */
  add(id, make) {
    const title = this.say(`scenes.${id}`), host = made("section", { id, className: "scene" }), number = this.scenes.length + 1;
    host.setAttribute("aria-label", title);
    within(document, "#lesson").append(host);
    // Until somebody has guessed, the other scenes would tell.
    if (number > 1) host.append(made("p", { className: "first-film" }, this.say("page.first_film")));
    const button = made("button", { type: "button" }, made("b", {}, String(number)), title);
    button.addEventListener("click", () => this.go(number - 1, true));
    within(document, "#scenes").append(button);
    this.scenes.push({ id, host, scene: make(host), button });
  }

  /** All scenes are there. */
  begin() {
    const { lesson, say } = this, dark = within(document, "#dark");
    within(document, "#title").textContent = lesson.headline;
    dark.textContent = "◐";
    dark.setAttribute("aria-label", say("page.dark"));
    dark.addEventListener("click", () => { this.dress(this.dark ? "light" : "dark"); this.keep(); });
    this.presenter.textContent = say("page.present");
    this.presenter.addEventListener("click", () => this.present(!this.presenting));
    document.addEventListener("changed", () => this.keep());
    document.addEventListener("keydown", (event) => this._press(event));
    for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
      window.addEventListener(kind, () => { this.moved = performance.now(); }, { passive: true, capture: true });
    }
    window.addEventListener("hashchange", () => this.restore(true));
    this._onPaper();
    this._watchRoom();
    within(document, "#made").append(
      made("p", {}, made("b", {}, say("page.notice"))),
      ...this._about(),
      made("p", {}, say("page.made", { version: lesson.version, seed: lesson.seed })),
    );
    this.restore();
  }

  /** The header may have several lines, and the question above a film, too. */
  _watchRoom() {
    const top = within(document, ".top");
    new ResizeObserver(() => {
      this.root.style.scrollPaddingTop = getComputedStyle(top).position === "sticky" ? `${top.offsetHeight + 6}px` : "0px";
    }).observe(top);
    const watch = new ResizeObserver(() => this._fitWall());
    for (const ask of document.querySelectorAll(".ask")) watch.observe(ask);
    window.addEventListener("resize", () => this._fitWall());
  }

  /** Before a class the largest type with which all rows of a film stand on the wall; then the film takes what is left. */
  _fitWall() {
    const { style } = this.root, films = [...document.querySelectorAll(".scene.on .film")];
    style.removeProperty("--base");
    style.removeProperty("--film");
    if (!this.presenting || !films.length || this.root.classList.contains("paper")) return;
    const edge = (/** @type {"top" | "bottom"} */ side) => Math.max(...films.map((film) => film.getBoundingClientRect()[side])) + window.scrollY;
    style.setProperty("--film", "0px");
    for (const size of ON_WALL.filter((one) => one === 20 || one * WIDE <= window.innerWidth)) {
      style.setProperty("--base", `${size}px`);
      if (edge("bottom") <= window.innerHeight - BELOW) break;
    }
    style.setProperty("--film", `${window.innerHeight - BELOW - edge("top")}px`);
  }

  /** On paper the pictures are light too: these have the colours, and the room, that they were drawn in. */
  _onPaper() {
    let worn = "";
    const { classList } = this.root, lay = () => {
      if (classList.contains("paper")) return;
      worn = this.root.dataset.theme ?? "";
      classList.add("paper");
      this._fitWall();
      window.dispatchEvent(new CustomEvent("paper"));
      this.dress("light");
    };
    const lift = () => {
      if (!classList.contains("paper")) return;
      classList.remove("paper");
      this._fitWall();
      this.dress(worn);
    };
    window.addEventListener("beforeprint", lay);
    window.addEventListener("afterprint", lift);
    matchMedia("print").addEventListener("change", ({ matches }) => (matches ? lay() : lift()));
  }

  /** What the model says of itself, in its own words; of cells that differ, how finely they are averaged. */
  _about() {
    const { say, lesson: { about, limits, model } } = this, said = [about, limits].filter(Boolean).map((text) => made("p", {}, text));
    const points = model?.nodes.length ?? 1;
    if (points > 1) said.push(made("p", {}, say(model.random_nodes ? "page.averaged_random" : "page.averaged", { n: say.whole(points) })));
    return said;
  }

  /**
   * @param {number} to
   * @param {boolean} scroll
   */
  go(to, scroll) {
    const { scenes } = this;
    if (!scenes[to]) return;
    this.current = to;
    this.root.dataset.scene = scenes[to].id;
    scenes.forEach(({ host, button, scene }, k) => {
      host.classList.toggle("on", k === to);
      if (k === to) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      scene.shown(k === to);
    });
    this._fitWall();
    if (this.presenting) window.scrollTo(0, 0);
    else if (scroll) this._scrollTo(scenes[to].host);
    this.keep();
  }

  /**
   * To the begin of a scene; once more when what stands above has grown meanwhile, unless somebody has moved since.
   * @param {HTMLElement} host
   */
  _scrollTo(host) {
    const since = performance.now(), again = () => { if (this.moved <= since) host.scrollIntoView({ block: "start" }); };
    again();
    for (const wait of [SETTLED, 4 * SETTLED]) window.setTimeout(again, wait);
  }

  get presenting() {
    return this.root.classList.contains("present");
  }

  /** @param {boolean} on */
  present(on) {
    this.root.classList.toggle("present", on);
    this.presenter.setAttribute("aria-pressed", String(on));
    if (on && this.root.requestFullscreen) this.root.requestFullscreen().catch(() => undefined);
    else if (!on && document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
    window.dispatchEvent(new Event("resize"));
    this.go(this.current, !on);
  }

  /** @param {string} theme "": as the browser has it */
  dress(theme) {
    if (theme) this.root.dataset.theme = theme;
    else delete this.root.dataset.theme;
    window.dispatchEvent(new CustomEvent("dressed"));
  }

  get dark() {
    return this.root.dataset.theme ? this.root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  /** The state of every control in the address, so that a link is a scenario. */
  keep() {
    if (this.restoring) return;
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => {
      history.replaceState(null, "", this.address() || location.pathname + location.search);
    }, KEPT);
  }

  /** How all controls stand, as the end of an address; nothing where they stand as at first. */
  address() {
    const { scenes, current, root } = this, parts = scenes.flatMap(({ id, scene }) => (scene.state() ? [`${id}=${scene.state()}`] : []));
    if (current) parts.push(`scene=${current + 1}`);
    if (this.presenting) parts.push("present=1");
    if (root.dataset.theme) parts.push(`theme=${root.dataset.theme}`);
    return parts.length ? `#${parts.join("&")}` : "";
  }

  /**
   * As the address says; what nobody wrote is passed over.
   * @param {boolean} all whether scenes that it does not name stand as at first: another link in the same page is another scenario
   */
  restore(all = false) {
    const parts = new Map(location.hash.slice(1).split("&").map((part) => /** @type {[string, string]} */ (part.split(/=(.*)/).slice(0, 2))));
    this.restoring = true;
    for (const { id, scene } of this.scenes) if (all || parts.has(id)) scene.restore(parts.get(id) ?? "");
    if (all && !parts.has("theme")) this.dress("");
    if (/^(light|dark)$/.test(parts.get("theme") ?? "")) this.dress(parts.get("theme") ?? "");
    this.root.classList.toggle("present", parts.get("present") === "1");
    this.presenter.setAttribute("aria-pressed", String(this.presenting));
    this.restoring = false;
    const wanted = Number(parts.get("scene") ?? 1) - 1;
    this.go(this.scenes[wanted] ? wanted : 0, parts.has("scene"));
  }

  /** @param {KeyboardEvent} event */
  _press(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, [role=slider]")) return;
    if (/^[1-9]$/.test(event.key)) this.go(Number(event.key) - 1, true);
    else if (event.key === "p") this.present(!this.presenting);
    else if (event.key === "Escape" && this.presenting) this.present(false);
    else if (event.key === "d") this.dress(this.dark ? "light" : "dark");
    else if (event.key === " " && !target.closest("button, summary")) {
      const { scene } = this.scenes[this.current];
      if (!scene.toggle) return;
      scene.toggle();
      event.preventDefault();
    } else return;
    this.keep();
  }
}
