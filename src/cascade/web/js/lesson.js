// A lesson: its scenes, the address that keeps how they stand, and the mode for a class.
// @ts-check
/** @import { Exact, Lesson } from "./types.js" */

import { ArmScene } from "./armscene.js";
import { Bench } from "./bench.js";
import { BodyScene } from "./bodyscene.js";
import { made, within } from "./elements.js";
import { FilmScene } from "./filmscene.js";
import { Model } from "./model.js";
import { TaskScene } from "./taskscene.js";
import { speaker } from "./texts.js";
import { TimeScene } from "./timescene.js";
import { TimeTaskScene } from "./timetasks.js";

/**
 * @typedef {object} Scene
 * @property {(visible: boolean) => void} shown
 * @property {() => string} state
 * @property {(text: string) => void} restore
 */

const lesson = /** @type {Lesson} */ (/** @type {unknown} */ (globalThis.cascade.data)), say = speaker(lesson), root = document.documentElement;
/** @type {{ id: string, title: string, host: HTMLElement, scene: Scene, button: HTMLElement }[]} */
const scenes = [];
const bench = lesson.model ? new Bench(lesson) : null;
let current = 0;
let restoring = false;

/**
 * @param {string} id
 * @param {(host: HTMLElement) => Scene} make
 */
function addScene(id, make) {
  const title = say(`scenes.${id}`), host = made("section", { id, className: "scene" }), number = scenes.length + 1;
  host.setAttribute("aria-label", title);
  within(document, "#lesson").append(host);
  const button = made("button", { type: "button" }, made("b", {}, String(number)), title);
  button.addEventListener("click", () => go(number - 1, true));
  within(document, "#scenes").append(button);
  scenes.push({ id, title, host, scene: make(host), button });
}

/**
 * The body, which follows the knobs of the film.
 * @param {HTMLElement} host
 * @param {Bench} knobs
 */
function addBody(host, knobs) {
  host.append(made("h2", {}, say("scenes.body_title")));
  const part = made("div");
  host.append(part);
  const scene = new BodyScene(part, lesson, say);
  scene.update(knobs.model.exact(), knobs.model.data);
  document.addEventListener("solved", (event) => scene.update(/** @type {CustomEvent<Exact>} */ (event).detail, knobs.model.data));
  return scene;
}

/**
 * @param {number} to
 * @param {boolean} scroll
 */
function go(to, scroll) {
  if (!scenes[to]) return;
  current = to;
  scenes.forEach(({ host, button, scene }, k) => {
    host.classList.toggle("on", k === to);
    if (k === to) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    scene.shown(k === to);
  });
  if (scroll && !presenting()) scenes[to].host.scrollIntoView({ block: "start" });
  keepAddress();
}

function presenting() {
  return root.classList.contains("present");
}

/** @param {boolean} on */
function present(on) {
  root.classList.toggle("present", on);
  within(document, "#present").setAttribute("aria-pressed", String(on));
  if (on && root.requestFullscreen) root.requestFullscreen().catch(() => undefined);
  else if (!on && document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
  window.dispatchEvent(new Event("resize"));
  go(current, !on);
}

/** @param {string} theme */
function dress(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  window.dispatchEvent(new CustomEvent("dressed"));
}

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// The address ---------------------------------------------------------------------------------------

let waiting = 0;

/** The state of every control in the address, so that a link is a scenario. */
function keepAddress() {
  if (restoring) return;
  clearTimeout(waiting);
  waiting = window.setTimeout(() => {
    const parts = scenes.flatMap(({ id, scene }) => (scene.state() ? [`${id}=${scene.state()}`] : []));
    if (current) parts.push(`scene=${current + 1}`);
    if (presenting()) parts.push("present=1");
    if (root.dataset.theme) parts.push(`theme=${root.dataset.theme}`);
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname + location.search);
  }, 150);
}

function restore() {
  const parts = new Map(location.hash.slice(1).split("&").map((part) => /** @type {[string, string]} */ (part.split(/=(.*)/).slice(0, 2))));
  restoring = true;
  for (const { id, scene } of scenes) if (parts.has(id)) scene.restore(decodeURIComponent(parts.get(id) ?? ""));
  if (/^(light|dark)$/.test(parts.get("theme") ?? "")) dress(parts.get("theme") ?? "");
  root.classList.toggle("present", parts.get("present") === "1");
  within(document, "#present").setAttribute("aria-pressed", String(presenting()));
  restoring = false;
  go(Math.max(0, Number(parts.get("scene") ?? 1) - 1), parts.has("scene"));
}

// Keys ----------------------------------------------------------------------------------------------

/** @param {KeyboardEvent} event */
function press(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, [role=slider]")) return;
  if (/^[1-9]$/.test(event.key)) go(Number(event.key) - 1, true);
  else if (event.key === "p") present(!presenting());
  else if (event.key === "Escape" && presenting()) present(false);
  else if (event.key === "d") dress(isDark() ? "light" : "dark");
  else if (event.key === " " && !target.closest("button")) {
    const { scene } = scenes[current];
    if (scene instanceof FilmScene || scene instanceof ArmScene) scene.toggle();
    else return;
    event.preventDefault();
  } else return;
  keepAddress();
}

// All together --------------------------------------------------------------------------------------

within(document, "#title").textContent = lesson.headline;
const dark = within(document, "#dark"), show = within(document, "#present");
dark.textContent = "◐";
dark.setAttribute("aria-label", say("page.dark"));
dark.addEventListener("click", () => { dress(isDark() ? "light" : "dark"); keepAddress(); });
show.textContent = say("page.present");
show.addEventListener("click", () => present(!presenting()));
if (bench) {
  addScene("film", (host) => new FilmScene(host, lesson, say, bench));
  if (lesson.arms.length) addScene("arms", (host) => new ArmScene(host, lesson, say));
  if (lesson.anatomy) addScene("body", (host) => addBody(host, bench));
  addScene("tasks", (host) => new TaskScene(host, lesson, say));
}
if (lesson.patient) {
  addScene("patient", (host) => new TimeScene(host, lesson.patient, say));
  addScene("tasks", (host) => new TimeTaskScene(host, lesson.patient, say));
}
document.addEventListener("changed", keepAddress);
document.addEventListener("keydown", press);
window.addEventListener("hashchange", restore);
within(document, "#made").append(
  made("p", {}, made("b", {}, say("page.notice"))),
  made("p", {}, say("page.made", { version: lesson.version, seed: lesson.seed })),
);
Object.assign(globalThis.cascade, { Model, say, lesson: { scenes, bench, go } });
restore();
