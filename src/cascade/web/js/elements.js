// Parts of a document.
// @ts-check

/**
 * The part of a host that a selector names; it is there.
 * @param {ParentNode} host
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function within(host, selector) {
  const found = host.querySelector(selector);
  if (found instanceof HTMLElement) return found;
  throw new Error(`nothing is ${selector}`);
}

/**
 * A new part.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [properties]
 * @param {(Node | string)[]} content
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function made(tag, properties = {}, ...content) {
  const part = document.createElement(tag);
  Object.assign(part, properties);
  part.append(...content);
  return part;
}

/**
 * Type of a picture in pixels: from the last row of a class nothing below the least can be read.
 * @param {number} size as it would be
 */
export function readable(size) {
  return Math.max(size, parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--least")) || 0);
}

/**
 * A list to choose from, with its label.
 * @param {string} label
 * @param {[text: string, value: string][]} options
 * @param {(value: string) => void} chosen
 */
export function choice(label, options, chosen) {
  const list = made("select", {}, ...options.map(([text, value]) => new Option(text, value)));
  list.addEventListener("change", () => chosen(list.value));
  return made("label", {}, label, list);
}
