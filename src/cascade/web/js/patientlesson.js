// A lesson on patients: the time line, and tasks on ten of them.
// @ts-check
/** @import { Lesson } from "./types.js" */

import { LessonPage } from "./lessonpage.js";
import { speaker } from "./texts.js";
import { GuessedTimeScene } from "./timeguess.js";
import { TimeTaskScene } from "./timetasks.js";

const given = /** @type {Lesson} */ (globalThis.cascade.data), speak = speaker(given);
const told = new LessonPage(given, speak);

told.add("patient", (host) => new GuessedTimeScene(host, given.patient, speak));
told.add("tasks", (host) => new TimeTaskScene(host, given.patient, speak));
Object.assign(globalThis.cascade, { say: speak, lesson: { scenes: told.scenes, page: told } });
told.begin();
