// A lesson on patients: the time line, and tasks on ten of them.
// @ts-check
/** @import { Lesson } from "./types.js" */

import { LessonPage } from "./lessonpage.js";
import { speaker } from "./texts.js";
import { TimeScene } from "./timescene.js";
import { TimeTaskScene } from "./timetasks.js";

const lesson = /** @type {Lesson} */ (/** @type {unknown} */ (globalThis.cascade.data)), say = speaker(lesson);
const page = new LessonPage(lesson, say);

page.add("patient", (host) => new TimeScene(host, lesson.patient, say));
page.add("tasks", (host) => new TimeTaskScene(host, lesson.patient, say));
Object.assign(globalThis.cascade, { say, lesson: { scenes: page.scenes, page } });
page.begin();
