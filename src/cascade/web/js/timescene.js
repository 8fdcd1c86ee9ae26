// A patient's time line: what the doctor sees and what is there, with an eye, a knife and a drug that can be moved.
// @ts-check
/** @import { Say } from "./types.js" */
/** @import { TimelineData, TimelinePosition } from "./timelinecurves.js" */

import { made, readable } from "./elements.js";
import { PaperLines } from "./paper.js";
import { Spoken } from "./spoken.js";
import { cellsOfMm, endUnder, factsOf, idleFor, lesionsUnder, mmOfCells } from "./timelinecurves.js";
import { decimals, lineOf, organLabel, organsOf, timelineCard, timelineLayout, timelinePicture } from "./timelinedrawing.js";
import { TimelineHandle } from "./timelinehandle.js";
import { timeTables } from "./timetables.js";

const LEAST_MM = 0.5;
const MOST_MM = 50;

/** @param {number} mm */
function roundedMm(mm) {
  const kept = Math.min(MOST_MM, Math.max(LEAST_MM, mm));
  return kept < 10 ? Math.round(2 * kept) / 2 : Math.round(kept);
}

export class TimeScene {
  /**
   * @param {HTMLElement} host an empty element
   * @param {TimelineData} data
   * @param {Say} say
   */
  constructor(host, data, say) {
    this.host = host;
    this.data = data;
    this.say = say;
    this.first = this.begun();
    this.at = { ...this.first };
    this.byOutcome = false;
    this.covered = false; // what the eye does not see
    this.frame = 0;
    host.classList.add("time");
    this.picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.picture.setAttribute("role", "img");
    this.stage = made("div", { className: "time-stage" }, this.picture);
    this.said = made("span", {});
    this.also = made("span", { className: "time-also" });
    this.heard = made("p", { className: "time-heard" });
    this.spoken = new Spoken(this.heard);
    this.legend = made("ul", { className: "time-legend" });
    this.paper = new PaperLines(say);
    this.cards = made("div", { className: "time-ten" });
    this.tables = made("div", { className: "time-tables" });
    this.handles = this.handled();
    this.stage.append(...Object.values(this.handles).map((handle) => handle.element));
    host.append(...this.parts());
    this.redraw = () => this.soon();
    new ResizeObserver(this.redraw).observe(this.stage);
    window.addEventListener("resize", this.redraw);
    window.addEventListener("dressed", this.redraw);
    // Paper is light: what is drawn has to know before it is printed.
    for (const query of ["print", "(prefers-color-scheme: dark)"]) matchMedia(query).addEventListener("change", () => this.draw());
    this.draw();
  }

  /** Where the handles stand at first: a patient of whom there is much to tell. @returns {TimelinePosition} */
  begun() {
    const { knives, patients, eye } = this.data, knife = Math.floor(knives.length / 2);
    const at = (/** @type {number} */ patient) => ({ patient, knife, drug: 0, mm: roundedMm(eye.mm) });
    const told = patients.map((_, k) => {
      const { operated, left, there, seen, never, cause } = factsOf(this.data, at(k));
      return 8 * Number(!left) + 4 * Number(operated && there > seen) + 2 * Number(cause === 1) + Number(never > 0);
    });
    return at(told.indexOf(Math.max(...told)));
  }

  parts() {
    const { say, data } = this, words = (/** @type {string} */ key) => made("p", { className: "time-small-print" }, say(key));
    const order = made("select", {}, new Option(say("patient.by_number"), "number"), new Option(say("patient.by_outcome"), "outcome"));
    order.addEventListener("change", () => {
      this.byOutcome = order.value === "outcome";
      this.changed();
    });
    this.order = order;
    const details = made("details", { className: "time-numbers" }, made("summary", {}, say("patient.tables")), this.tables);
    this.details = details;
    details.addEventListener("toggle", () => {
      this.tabulate();
      this.host.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
    });
    const share = say.share(data.sheds_more_than);
    return [
      made("h2", {}, say("patient.title")),
      made("p", { className: "time-lead" }, say(data.drug ? "patient.lead_drug" : "patient.lead")),
      made("p", { className: "time-said" }, this.said, " ", this.also), this.paper.element, this.stage, this.legend,
      made("div", { className: "time-ten-head" }, made("h3", {}, say("patient.ten", { n: data.patients.length })),
        made("label", {}, `${say("patient.order")} `, order)),
      this.cards, details,
      made("p", { className: "time-small-print" }, say("patient.same", { share })),
      words("patient.snaps"), words("patient.counted"),
      ...(data.drug ? [this.aboutDrug(data.drug)] : []),
      words("patient.warning"), this.heard,
    ];
  }

  /** @param {import("./timelinecurves.js").TimelineDrug} drug */
  aboutDrug(drug) {
    const values = { drug: this.say.term(drug.name), share: this.say.share(drug.share) };
    const about = [this.say(drug.share < 1 ? "patient.drug_share" : "patient.drug_all", values)];
    if (drug.resistant > 0) about.push(this.say("patient.drug_resistant", { share: this.say.share(drug.resistant) }));
    if (drug.cells_left_out) about.push(this.say("patient.drug_cells"));
    return made("p", { className: "time-small-print" }, about.join(" "));
  }

  /** Lengths among which the drug's may be chosen. */
  lengths() {
    return [...new Set(this.data.drug?.years ?? [])];
  }

  starts() {
    return [...new Set(this.data.drug?.starts ?? [])];
  }

  /** The drug's start and length, as numbers in their lists. @returns {[number, number]} */
  given() {
    const { drug } = this.data, each = this.lengths().length;
    if (!drug || !this.at.drug) return [this.starts().length, this.length ?? 0];
    return [Math.floor((this.at.drug - 1) / each), (this.at.drug - 1) % each];
  }

  /**
   * @param {number} start
   * @param {number} length
   */
  give(start, length) {
    this.length = length;
    this.at.drug = start >= this.starts().length ? 0 : 1 + start * this.lengths().length + length;
  }

  /** The handles, as far as the care of the disease has them. @returns {Record<string, TimelineHandle>} */
  handled() {
    const { say, data } = this, changed = () => this.changed();
    /** @type {Record<string, TimelineHandle>} */
    const all = {};
    if (data.knives.length > 1) {
      all.knife = new TimelineHandle("time-cut", say("patient.knife"), data.knives.length, () => this.at.knife, (k) => {
        this.at.knife = k;
        changed();
      });
    }
    if (data.drug) {
      all.drug = new TimelineHandle("time-start", say("patient.drug"), this.starts().length + 1, () => this.given()[0], (k) => {
        this.give(k, this.given()[1]);
        changed();
      });
      if (this.lengths().length > 1) {
        all.length = new TimelineHandle("time-length", say("patient.length"), this.lengths().length, () => this.given()[1], (k) => {
          this.give(this.given()[0], k);
          changed();
        });
      }
    }
    all.eye = new TimelineHandle("time-eye", say("patient.eye"), null, () => this.at.mm, (mm) => {
      this.at.mm = roundedMm(mm);
      changed();
    });
    all.eye.range(LEAST_MM, MOST_MM, (mm, steps) => {
      let to = mm;
      for (let k = 0; k < Math.abs(steps); k++) to += Math.sign(steps) * (to < 10 || (to === 10 && steps < 0) ? 0.5 : 1);
      return to;
    });
    return all;
  }

  /** Begin or stop what moves: nothing does. @param {boolean} visible */
  shown(visible) {
    if (visible) this.draw();
  }

  state() {
    const { at, first } = this, parts = [];
    if (at.mm !== first.mm) parts.push(`e${at.mm}`);
    if (at.knife !== first.knife) parts.push(`k${at.knife}`);
    if (at.drug !== first.drug) parts.push(`d${at.drug}`);
    if (at.patient !== first.patient) parts.push(`p${this.data.patients[at.patient].number}`);
    // Of a drug that is not given the length waits for it.
    if (!at.drug && this.length) parts.push(`l${this.length}`);
    return [...parts, ...(this.byOutcome ? ["o"] : []), ...(this.details?.open ? ["t"] : [])].join(",");
  }

  /** @param {string} text */
  restore(text) {
    const of = (/** @type {string} */ letter) => Number(new RegExp(`(?:^|,)${letter}([\\d.]+)(?:,|$)`).exec(text)?.[1] ?? NaN);
    const { data, first } = this, patient = data.patients.findIndex(({ number }) => number === of("p"));
    const most = data.drug?.starts.length ?? 0;
    const within = (/** @type {number} */ n, /** @type {number} */ end, /** @type {number} */ before) =>
      Number.isInteger(n) && n >= 0 && n <= end ? n : before;
    this.at = {
      patient: patient < 0 ? first.patient : patient,
      knife: within(of("k"), data.knives.length - 1, first.knife),
      drug: within(of("d"), most, first.drug),
      mm: of("e") > 0 ? roundedMm(of("e")) : first.mm,
    };
    this.length = within(of("l"), this.lengths().length - 1, 0);
    this.byOutcome = /(^|,)o(,|$)/.test(text);
    if (this.details) this.details.open = /(^|,)t(,|$)/.test(text);
    this.draw();
  }

  changed() {
    this.soon();
    this.host.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
    // The sentences are anew with the next picture, which may not have been drawn when it is their turn.
    this.spoken.say(() => {
      if (this.frame) this.draw();
      return `${this.said.textContent} ${this.also.textContent}`;
    });
  }

  soon() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  dark() {
    if (matchMedia("print").matches) return false;
    const [r, g, b] = (getComputedStyle(this.stage).backgroundColor.match(/[\d.]+/g) ?? ["255", "255", "255"]).map(Number);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b < 110;
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { data, at, say, picture } = this, width = this.stage.clientWidth, dark = this.dark();
    if (!width) return;
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const layout = timelineLayout(data, width, root, window.innerHeight, readable(Math.max(12, 0.8 * root)));
    this.layout = layout;
    picture.setAttribute("viewBox", `0 0 ${width} ${layout.height}`);
    picture.style.height = `${layout.height}px`;
    picture.style.fontSize = `${layout.text}px`;
    picture.innerHTML = timelinePicture(data, layout, at, dark, say, this.covered);
    this.place();
    this.tell();
    this.paper.show(this.turned());
    this.key(dark);
    this.card(dark);
    this.tabulate();
    if (this.order) this.order.value = this.byOutcome ? "outcome" : "number";
  }

  /** Handles to where they stand. */
  place() {
    const { handles, layout, say, data, at } = this;
    if (!layout) return;
    const short = layout.narrow ? "_short" : "", none = layout.width, last = data.knives.length - 1;
    const year = (/** @type {number} */ value) => ({ year: decimals(value, say) });
    const steps = (/** @type {number} */ n, /** @type {number} */ all) => say("patient.position", { n: n + 1, all });
    if (handles.knife) {
      const when = data.knives[at.knife];
      const xs = data.knives.map((one) => (one === null ? none : layout.x(one)));
      const text = when === null ? say(`patient.knife_none${short}`) : say(`patient.knife_year${short}`, year(when));
      const heard = when === null ? say("patient.knife_none") : say("patient.knife_heard", year(when));
      handles.knife.to(xs[at.knife], layout.knife, 0.5, layout.width, text, `${heard}, ${steps(at.knife, last + 1)}`, xs);
    }
    if (data.drug) this.placeDrug(data.drug, layout, short, none);
    const mm = decimals(at.mm, say), y = layout.y(cellsOfMm(data, at.mm));
    const text = say(`patient.eye_mm${short}`, { mm });
    handles.eye.to(layout.left + 4, y, 0, layout.width, text, say("patient.eye_heard", { mm }), (_, at_y) => mmOfCells(data, layout.cells(at_y)));
  }

  /**
   * @param {import("./timelinecurves.js").TimelineDrug} drug
   * @param {import("./timelinedrawing.js").TimelineLayout} layout
   * @param {string} short
   * @param {number} none where the handle stands when no drug is given
   */
  placeDrug(drug, layout, short, none) {
    const { handles, say } = this, [start, length] = this.given(), starts = this.starts(), lengths = this.lengths();
    const name = say.term(drug.name), on = start < starts.length, values = { drug: name, year: decimals(starts[start] ?? 0, say) };
    const xs = [...starts.map((one) => layout.x(one)), none];
    const text = on ? say(`patient.drug_year${short}`, values) : say(`patient.drug_none${short}`, values);
    const heard = on ? say("patient.drug_heard", values) : say("patient.drug_none", values);
    const place = say("patient.position", { n: start + 1, all: starts.length + 1 });
    // Its right end is the start, so that the handle of the length has room beside it.
    handles.drug.to(xs[start], layout.drug, 1, layout.width, text, `${heard}, ${place}`, xs);
    if (!handles.length) return;
    handles.length.element.hidden = !on;
    if (!on) return;
    const ends = lengths.map((one) => layout.x(starts[start] + one)), long = { years: decimals(lengths[length], say) };
    const where = say("patient.position", { n: length + 1, all: lengths.length });
    const one = lengths[length] === 1 ? "one" : "years";
    const told = `${say(`patient.heard_${one}`, long)}, ${where}`;
    handles.length.to(ends[length], layout.drug, 0, layout.width, say(`patient.length_${one}`, long), told, ends);
  }

  /** Who is shown, and where what was moved stands. */
  turned() {
    const { at, first, handles, say, data } = this, told = [say("patient.card", { n: data.patients[at.patient].number })];
    if (at.knife !== first.knife) told.push(handles.knife.chip.textContent ?? "");
    if (at.drug) told.push([handles.drug, handles.length].filter(Boolean).map(({ chip }) => chip.textContent).join(", "));
    if (at.mm !== first.mm) told.push(handles.eye.chip.textContent ?? "");
    return told;
  }

  /** What happened, in sentences. */
  tell() {
    const { data, at, say } = this, facts = factsOf(data, at), when = (/** @type {number} */ year) => decimals(year, say);
    const many = (/** @type {string} */ key, /** @type {number} */ n) => say(`patient.${key}_${n === 0 ? "none" : n === 1 ? "one" : "many"}`, { n });
    const ends = (/** @type {number} */ cause, /** @type {number} */ year) =>
      say(["patient.lives", "patient.dies", "patient.dies_other"][cause], { year: when(year) });
    const parts = [];
    if (facts.operated) {
      parts.push(say("patient.at_operation", { year: when(facts.knife ?? 0), seen: facts.seen, there: facts.there }), many("never", facts.never));
      if (facts.left) parts.push(say("patient.left"));
    } else {
      if (facts.knife !== null) parts.push(say("patient.too_late", { year: when(facts.knife) }));
      parts.push(many("born", facts.born), say("patient.at_end", { seen: facts.seen, there: facts.there }));
    }
    const late = data.drug && at.drug && idleFor(data, at) === "late";
    if (at.drug && facts.works && !late) parts.push(many("ended", facts.ended), ...(facts.kept ? [many("kept", facts.kept)] : []));
    parts.push(ends(facts.cause, facts.end));
    this.said.textContent = parts.join(" ");
    const other = (/** @type {string} */ without, /** @type {[number, number]} */ [year, cause]) =>
      say(`patient.${without}_${["lives", "dies", "other"][cause]}`, { year: when(year) });
    const also = facts.operated ? [other("without", [facts.without, facts.of])] : [];
    if (at.drug && data.drug) {
      const why = late ? "late" : facts.works ? idleFor(data, at) : "idle", share = say.share(data.drug.share), drug = say.term(data.drug.name);
      if (facts.works && !late) also.push(other("undrugged", endUnder(data, { ...at, drug: 0 })));
      if (why) also.push(say(`patient.drug_${why}`, { share, drug }));
    }
    this.also.textContent = also.join(" ");
    const number = data.patients[at.patient].number;
    this.picture.setAttribute("aria-label", `${say("patient.picture", { n: number })} ${this.said.textContent}`);
  }

  /** The key: organs, also of lesions that are gone, with their number where the picture has no room for it; and marks. @param {boolean} dark */
  key(dark) {
    const { data, at, say, legend } = this;
    const mark = (/** @type {string} */ drawn, /** @type {string} */ text) => {
      const item = made("li", {});
      item.innerHTML = `<svg viewBox="-10 -6 20 12" aria-hidden="true">${drawn}</svg>`;
      item.append(text);
      return item;
    };
    const organs = organsOf(lesionsUnder(data, at)).map(({ site, number }) =>
      mark(`<path d="M-10 0H10" ${lineOf(site, dark, 0.7)}/>`, organLabel(site.organ, this.layout?.narrow ? number : 1, say)));
    legend.replaceChildren(...organs,
      mark('<circle r="4" class="time-born"/>', say("patient.key_born")),
      mark('<circle r="4.5" class="time-never"/>', say("patient.key_never")),
      mark('<path d="M-4-4L4 4M-4 4L4-4" class="time-ended"/>', say("patient.key_ended")),
      mark('<circle r="2.5" class="time-tick"/>', say("patient.key_tick")));
  }

  /** @param {boolean} dark */
  card(dark) {
    const { data, at, say, cards } = this, rank = [2, 0, 1];
    const ends = data.patients.map((_, patient) => endUnder(data, { ...at, patient }));
    const order = data.patients.map((_, k) => k);
    if (this.byOutcome) order.sort((a, b) => rank[ends[a][1]] - rank[ends[b][1]] || ends[a][0] - ends[b][0] || a - b);
    const focused = cards.contains(document.activeElement) ? Number(/** @type {HTMLElement} */ (document.activeElement).dataset.patient) : -1;
    cards.replaceChildren(...order.map((patient) => {
      const { number } = data.patients[patient], [end, cause] = ends[patient];
      const outcome = say(["patient.card_lives", "patient.card_dies", "patient.card_other"][cause], { year: decimals(end, say) });
      const card = made("button", { type: "button", className: "time-card" });
      card.innerHTML = timelineCard(data, { ...at, patient }, dark);
      card.append(made("b", {}, say("patient.card", { n: number })), made("span", {}, outcome));
      card.dataset.patient = String(patient);
      card.setAttribute("aria-pressed", String(patient === at.patient));
      card.addEventListener("click", () => {
        at.patient = patient;
        this.changed();
      });
      if (patient === focused) queueMicrotask(() => card.focus({ preventScroll: true }));
      return card;
    }));
  }

  /** The same as tables, while they are open. */
  tabulate() {
    if (this.details?.open) this.tables.replaceChildren(...timeTables(this.data, this.at, this.say));
  }
}
