// The patients of a time line: which lesions there are under a knife and a drug, how large, and what that adds up to.
// Sizes are pieces of own time on the one curve of growth, as cascade/web/timeline.py sends them.
// @ts-check

/**
 * @typedef {object} TimelineGrowth
 * @property {string} law
 * @property {number} rate a day
 * @property {number | null} most cells that are never reached
 * @property {number} power
 * @property {[number, number][]} points days and cells
 *
 * @typedef {object} TimelineSite
 * @property {string} site
 * @property {string} organ
 * @property {string} light
 * @property {string} dark
 * @property {string} dash
 *
 * @typedef {object} TimelinePatient
 * @property {number} number
 * @property {number} age at the first cell
 * @property {boolean} works whether the drug does anything in this patient
 * @property {number[][]} ends thousandths of a year, by knife and drug
 * @property {string[]} causes a digit for each drug, by knife: 0 alive, 1 the tumour, 2 other causes
 * @property {number[][]} lesions site, and cells at the end of the early phase
 * @property {number[][]} tracks
 *
 * @typedef {object} TimelineDrug
 * @property {string} name
 * @property {number[]} starts
 * @property {number[]} years
 * @property {number} share of the patients
 * @property {number} resistant share of the metastases
 * @property {boolean} cells_left_out
 *
 * @typedef {object} TimelineData
 * @property {string} disease
 * @property {string} seed
 * @property {number} years
 * @property {number} cells_per_cm3
 * @property {TimelineGrowth} growth
 * @property {number} early_days
 * @property {number} burden
 * @property {number} sheds_more_than
 * @property {{ name: string, mm: number }} eye
 * @property {(number | null)[]} knives
 * @property {TimelineDrug | null} drug
 * @property {TimelineSite[]} sites
 * @property {number[]} paces
 * @property {number[][]} masks
 * @property {TimelinePatient[]} patients
 *
 * @typedef {object} TimelineLesion
 * @property {number} id among the patient's; 0 is the primary
 * @property {TimelineSite} site
 * @property {number} begin year
 * @property {number} end year until which it is there
 * @property {"" | "taken" | "drug"} fate what ended it
 * @property {number[]} turns years at which it changes its pace
 * @property {(year: number) => number} cells
 *
 * @typedef {object} TimelinePosition where the handles stand
 * @property {number} patient
 * @property {number} knife
 * @property {number} drug
 * @property {number} mm that the eye sees
 */

/** Tenths of days in a year. */
const TENTHS_A_YEAR = 3652.5;
const DIES_OF_TUMOUR = 1;
// Days are sent in tenths: so much before an operation it has certainly not been.
const JUST_BEFORE = 2 / TENTHS_A_YEAR;

/**
 * Cells after so many days of own time.
 * @param {TimelineGrowth} growth
 * @param {number} days
 */
function grownFor(growth, days) {
  const t = Math.max(0, days), { rate, power } = growth, most = growth.most ?? Infinity;
  if (growth.law === "exponential") return Math.exp(rate * t);
  if (growth.law === "gompertz") return Math.exp(-Math.log(most) * Math.expm1((-rate / Math.log(most)) * t));
  if (growth.law === "logistic") return most * (1 + (most ** power - 1) * Math.exp(-power * rate * t)) ** (-1 / power);
  if (growth.law === "power") return (1 + (1 - power) * rate * t) ** (1 / (1 - power));
  const points = [[0, 1], ...growth.points];
  let k = points.findIndex(([day]) => day > t) - 1;
  if (k < 0) k = points.length - 2;
  const [[a, from], [b, to]] = [points[k], points[k + 1]];
  return Math.exp(Math.log(from) + ((Math.log(to) - Math.log(from)) * (t - a)) / (b - a));
}

/**
 * Diameter in millimetres of a ball of cells.
 * @param {TimelineData} data
 * @param {number} cells
 */
export function mmOfCells(data, cells) {
  return 10 * Math.cbrt((6 * cells) / (Math.PI * data.cells_per_cm3));
}

/**
 * Cells of a ball of so many millimetres.
 * @param {TimelineData} data
 * @param {number} mm
 */
export function cellsOfMm(data, mm) {
  return (Math.PI / 6) * (mm / 10) ** 3 * data.cells_per_cm3;
}

/**
 * Year in which a patient's years end, and of what: 0 alive, 1 the tumour, 2 other causes.
 * @param {TimelineData} data
 * @param {TimelinePosition} at
 * @returns {[number, number]}
 */
export function endUnder(data, { patient, knife, drug }) {
  const { ends, causes } = data.patients[patient];
  return [ends[knife][drug] / 1000, Number(causes[knife][drug])];
}

/**
 * A lesion as it is sent, under one knife.
 * @param {TimelineData} data
 * @param {number[]} track
 * @param {number[][]} lesions of the patient
 * @param {number | null} knife
 * @param {number} last year
 * @returns {TimelineLesion}
 */
function lesionOf(data, track, lesions, knife, last) {
  const [id, until, gone] = track, pieces = track.slice(3, -1), [site, early] = lesions[id];
  const day = pieces.filter((_, k) => k % 3 === 0), own = pieces.filter((_, k) => k % 3 === 1);
  const pace = pieces.filter((_, k) => k % 3 === 2).map((k) => data.paces[k]);
  const old = until === 0 ? Infinity : until < 0 ? day[0] + (10 * data.early_days) / pace[0] : until;
  const taken = gone < 0 && knife !== null, ended = taken ? knife * TENTHS_A_YEAR : gone === 0 ? Infinity : gone;
  const cells = (/** @type {number} */ year) => {
    const now = year * TENTHS_A_YEAR;
    if (now < day[0] || now >= ended) return 0;
    let k = day.length - 1;
    while (k > 0 && day[k] > now) k -= 1;
    const there = (own[k] + pace[k] * (now - day[k])) / 10;
    if (id === 0 || now >= old) return grownFor(data.growth, there);
    return early ** Math.min(1, Math.max(0, (there - own[0] / 10) / data.early_days));
  };
  const gives = ended / TENTHS_A_YEAR <= last;
  return {
    id,
    site: data.sites[site],
    begin: day[0] / TENTHS_A_YEAR,
    end: Math.min(last, ended / TENTHS_A_YEAR),
    fate: !gives ? "" : taken ? "taken" : "drug",
    turns: [...day, old].map((t) => t / TENTHS_A_YEAR),
    cells,
  };
}

/**
 * The primary and all metastases of a patient that grow, in the order of their birth.
 * @param {TimelineData} data
 * @param {TimelinePosition} at
 * @returns {TimelineLesion[]}
 */
export function lesionsUnder(data, at) {
  const [last] = endUnder(data, at), knife = data.knives[at.knife];
  const there = data.patients[at.patient].tracks.filter(
    (track) => (data.masks[track[track.length - 1]][at.drug] >> at.knife) & 1,
  );
  const { lesions } = data.patients[at.patient];
  return there
    .map((track) => lesionOf(data, track, lesions, knife, last))
    .sort((a, b) => a.begin - b.begin || a.id - b.id);
}

/**
 * How many lesions are there in a year, and how many of them the eye sees.
 * @param {TimelineData} data
 * @param {TimelineLesion[]} lesions
 * @param {number} year
 * @param {number} mm
 */
export function countedIn(data, lesions, year, mm) {
  const least = cellsOfMm(data, mm), sizes = lesions.map((lesion) => lesion.cells(year));
  return { there: sizes.filter((n) => n > 0).length, seen: sizes.filter((n) => n >= least).length };
}

/**
 * The most that are seen, and that are there, within some years: in the middle of one of them, or just before the operation.
 * @param {TimelineData} data
 * @param {TimelineLesion[]} lesions
 * @param {TimelinePosition} at
 * @param {number} from
 * @param {number} to
 * @param {number} end of the patient's years
 */
export function mostIn(data, lesions, at, from, to, end) {
  const knife = data.knives[at.knife], when = [];
  for (let year = from + 0.5; year < Math.min(to, end); year += 1) when.push(year);
  if (knife !== null && knife > from && knife <= to && knife < end) when.push(knife - 1e-4);
  const found = when.map((year) => countedIn(data, lesions, year, at.mm));
  return { seen: Math.max(0, ...found.map(({ seen }) => seen)), there: Math.max(0, ...found.map(({ there }) => there)), known: when.length > 0 };
}

/**
 * Metastases that are born without the operation, and never are with it.
 * @param {TimelineData} data
 * @param {TimelinePosition} at
 * @returns {TimelineLesion[]}
 */
export function neverBorn(data, at) {
  return data.knives[at.knife] === null ? [] : unborn(data, at, { knife: data.knives.length - 1 });
}

/**
 * Metastases that do not begin because of the drug.
 * @param {TimelineData} data
 * @param {TimelinePosition} at
 * @returns {TimelineLesion[]} as they are without it
 */
export function keptBy(data, at) {
  return at.drug ? unborn(data, at, { drug: 0 }) : [];
}

/**
 * Lesions that are there under another care alone.
 * @param {TimelineData} data
 * @param {TimelinePosition} at
 * @param {Partial<TimelinePosition>} other what is otherwise there
 */
function unborn(data, at, other) {
  const born = new Set(lesionsUnder(data, at).map((lesion) => lesion.id));
  return lesionsUnder(data, { ...at, ...other }).filter((lesion) => !born.has(lesion.id));
}

/**
 * All numbers of the sentences under a time line.
 * @param {TimelineData} data
 * @param {TimelinePosition} at
 */
export function factsOf(data, at) {
  const lesions = lesionsUnder(data, at), knife = data.knives[at.knife];
  const [end, cause] = endUnder(data, at), operated = knife !== null && knife < end;
  const [without, of] = endUnder(data, { ...at, knife: data.knives.length - 1 });
  const when = operated ? knife - JUST_BEFORE : end - JUST_BEFORE, counted = countedIn(data, lesions, when, at.mm);
  return {
    knife, operated, end, cause, without, of,
    left: operated && lesions.some(({ id, cells }) => id === 0 && cells(knife + JUST_BEFORE) > 0),
    seen: counted.seen,
    there: counted.there,
    born: lesions.length - 1,
    never: neverBorn(data, at).length,
    ended: lesions.filter((lesion) => lesion.fate === "drug").length,
    kept: keptBy(data, at).length,
    works: data.patients[at.patient].works,
  };
}

/**
 * Why a drug that works in a patient changes nothing of how the course ends; "": it changes it, or no reason is known.
 * @param {TimelineData} data
 * @param {TimelinePosition} at under a drug
 * @returns {"" | "late" | "alone" | "spared"} dead before; no metastasis is there, or would begin, while it is given; no death of the tumour
 */
export function idleFor(data, at) {
  const [end, cause] = endUnder(data, at), [without, of] = endUnder(data, { ...at, drug: 0 });
  const given = data.drug ? [data.drug.starts[at.drug - 1], data.drug.years[at.drug - 1]] : [0, 0];
  if (end <= given[0]) return "late";
  if (end !== without || cause !== of) return "";
  const lesions = [...lesionsUnder(data, at), ...keptBy(data, at)];
  const met = lesions.some(({ id, begin, end: gone }) => id !== 0 && begin < given[0] + given[1] && gone > given[0]);
  return met ? (cause === DIES_OF_TUMOUR ? "" : "spared") : "alone";
}

/**
 * The first year in which an eye sees a lesion; infinity: never.
 * @param {TimelineData} data
 * @param {TimelineLesion} lesion
 * @param {number} mm
 */
export function seenFrom(data, lesion, mm) {
  const least = cellsOfMm(data, mm), steps = 400, span = lesion.end - lesion.begin;
  for (let k = 0; k <= steps; k++) {
    let high = lesion.begin + (span * k) / steps - (k === steps ? JUST_BEFORE : 0);
    if (lesion.cells(high) < least) continue;
    let low = Math.max(lesion.begin, high - span / steps);
    for (let i = 0; i < 30; i++) {
      const middle = (low + high) / 2;
      if (lesion.cells(middle) < least) low = middle;
      else high = middle;
    }
    return high;
  }
  return Infinity;
}
