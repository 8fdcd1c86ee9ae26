// A lesson on a model: film, two arms, the body, tasks.
// @ts-check
/** @import { Exact, Lesson } from "./types.js" */
/** @import { Anatomy } from "./anatomydraw.js" */

import { ArmScene } from "./armscene.js";
import { Bench } from "./bench.js";
import { BodyScene } from "./bodyscene.js";
import { made } from "./elements.js";
import { FilmScene } from "./filmscene.js";
import { LessonPage } from "./lessonpage.js";
import { Model } from "./model.js";
import { PaperLines } from "./paper.js";
import { TaskScene } from "./taskscene.js";
import { speaker } from "./texts.js";

const sent = /** @type {Lesson & { marks: [string, string][] }} */ (globalThis.cascade.data);
/** @type {Lesson} */
const lesson = { ...sent, marks: Object.fromEntries(sent.marks) };
const say = speaker(lesson);
const bench = new Bench(lesson), page = new LessonPage(lesson, say);

/**
 * The body, which follows the knobs of the film.
 * @param {HTMLElement} host
 */
function addBody(host) {
  const part = made("div"), scene = new BodyScene(part, lesson, say), paper = new PaperLines(say);
  host.append(made("h2", {}, say("scenes.body_title")), paper.element, part);
  scene.update(bench.model.exact(), bench.model.data);
  document.addEventListener("solved", (event) => {
    paper.show(/** @type {FilmScene} */ (page.scenes[0].scene).lines);
    scene.redraw(/** @type {Anatomy} */ (bench.anatomy));
    scene.update(/** @type {CustomEvent<Exact>} */ (event).detail, bench.model.data);
  });
  return scene;
}

page.add("film", (host) => new FilmScene(host, lesson, say, bench));
if (lesson.arms.length) page.add("arms", (host) => new ArmScene(host, lesson, say));
if (lesson.anatomy) page.add("body", addBody);
page.add("tasks", (host) => new TaskScene(host, lesson, say));
Object.assign(globalThis.cascade, { Model, say, lesson: { scenes: page.scenes, bench, page } });
page.begin();
