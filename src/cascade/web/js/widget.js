// Moving cells in a notebook: what anywidget asks of a module.
// @ts-check
/** @import { Cast, SentLife } from "./types.js" */

import { Motion } from "./motion.js";

/**
 * @typedef {object} State what Python shares with the widget
 * @property {(name: string) => unknown} get
 * @property {(event: string, done: () => void) => void} on
 */

export default {
  /** @param {{ model: State, el: HTMLElement & { motion?: Motion } }} given */
  render({ model, el }) {
    const motion = new Motion(el, /** @type {Cast} */ (model.get("cast")));
    const show = () => motion.show(/** @type {SentLife[]} */ (model.get("lives")));
    show();
    model.on("change:lives", show);
    el.motion = motion;
    return () => motion.pause();
  },
};
