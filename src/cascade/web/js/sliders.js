// Sliders that change the hazards of death in the states of each step, and the share that the first bed holds.
// @ts-check

import { made } from "./elements.js";
import { percent } from "./shares.js";

/**
 * A slider for a step; `moved` is told its factor.
 * @param {string} name
 * @param {(factor: number) => void} moved
 */
function slider(name, moved) {
  const label = `Deaths in the states of ${name}`;
  const input = made("input", { type: "range", min: "-2", max: "2", step: "0.05", value: "0" }), output = made("output", {}, "×1");
  input.setAttribute("aria-label", `${label}, as a factor, logarithmic`);
  input.addEventListener("input", () => {
    const factor = 10 ** Number(input.value), rounded = Number(factor.toPrecision(2));
    output.textContent = `×${rounded}`;
    input.setAttribute("aria-valuetext", `times ${rounded}`);
    moved(factor);
  });
  return { input, label: made("label", { className: "slider" }, made("span", {}, label), output, input) };
}

/**
 * A slider of the share of the cells that the first bed holds; `moved` is told it, or null where it is the model's own.
 * @param {HTMLElement} place
 * @param {HTMLElement} reset
 * @param {number} own
 * @param {(share: number | null) => void} moved
 */
export function addHeldSlider(place, reset, own, moved) {
  const text = "Cells that the first bed holds", value = String(Number((100 * own).toPrecision(3)));
  const input = made("input", { type: "range", min: "0", max: "100", step: "any", value }), output = made("output", {}, percent(own));
  input.setAttribute("aria-label", `${text}, in per cent; of the model: ${value}`);
  input.addEventListener("input", () => {
    const share = input.value === value ? own : Number(input.value) / 100;
    output.textContent = percent(share);
    input.setAttribute("aria-valuetext", output.textContent);
    moved(share === own ? null : share);
  });
  reset.addEventListener("click", () => {
    if (input.value === value) return;
    input.value = value;
    input.dispatchEvent(new Event("input"));
  });
  place.append(made("label", { className: "slider" }, made("span", {}, text), output, input));
  return input;
}

/**
 * A slider for each step, and a button that sets all of them back.
 * @param {HTMLElement} place
 * @param {HTMLElement} reset
 * @param {string[]} names
 * @param {(step: number, factor: number) => void} moved
 */
export function addSliders(place, reset, names, moved) {
  const all = names.map((name, k) => slider(name, (factor) => moved(k, factor)));
  place.append(...all.map(({ label }) => label));
  reset.addEventListener("click", () => {
    for (const { input } of all) {
      if (input.value === "0") continue;
      input.value = "0";
      input.dispatchEvent(new Event("input"));
    }
  });
  return all.map(({ input }) => input);
}
