// Types of what the package writes into a page, and of what the modules hand to each other.

import type { Edit } from "./edits.js";

/** Factors on the hazards of a chain of states; one list each, by exit. */
export interface Chain {
  exit_source: number[];
  /** -1: a death. */
  exit_target: number[];
  exit_hazard: number[];
  exit_transition: number[];
  exit_profile: number[];
  start_state: number[];
  start_share: number[];
}

/** A model as `cascade.web.page.payload` writes it; names as in `lowered.Lowered`. */
export interface Payload extends Chain {
  name: string;
  key: [number, number];
  stages: string[];
  /** Steps in whose states cells die. */
  sliders: number[];
  /** Share of the cells that the first bed holds; by transition 0: in as one of these, 1: in as another, 2: not in. */
  held: { share: number; entry: number[] } | null;
  cast: Cast;
  states: string[];
  base: number[];
  stage: number[];
  absorbing: number[];
  exit_start: number[];
  exit_inner: number[];
  exit_apart: number[];
  transitions: { way: string; target: number }[];
  /** What colonies of each kind are called, distant metastases first; none without sites. */
  kinds: string[];
  /** Kind of each state; -1: no colony. */
  kind_of: number[];
  start_cumulative: number[];
  /** Cumulative shares of the start in parts of 2^64, where one is rare; else empty. */
  start_below: string[];
  entry_hours: [number, number];
  until: number | null;
  window_start: number[];
  multipliers: number[][];
  profiles: number[][];
  frailty_gamma: number[];
  frailty_spread: number[];
  /** Weight and factor of each profile. */
  nodes: number[][];
  random_nodes: boolean;
  clocks: number[];
  clock_start: number[];
  clock_runs: number[];
  size_of: number[];
  largest: number;
  levels: string[];
  /** What one cell of a unit goes through on average; null: the exits themselves. */
  chain: Chain | null;
}

/** What holds in one window of the environment, sliders included. */
export interface Rates {
  hazard: Float64Array;
  /** Summed hazards of each group of exits, by profile. */
  parts: Float64Array;
  /** Mean time to an event of each group. */
  mean: Float64Array;
  /** Cumulative shares of the exits of a group. */
  bound: Float64Array;
  /** Whether a group of exits holds a rare way. */
  rare: Uint8Array;
  /** Summed hazards of the switches of each clock, by state. */
  ticking: Float64Array;
  /** Whether one of these switches is rare. */
  rareSwitch: Uint8Array;
  end: number;
}

/** What the rule of a visit needs of a model. */
export interface Rules {
  data: Payload;
  windows: Rates[];
  /** Whether hazards of a group are a cell's own. */
  own: Uint8Array;
}

/** What the exact answer needs of a model. */
export interface Solvable {
  data: Payload;
  chain: Chain;
  ends: number[];
  until: number;
  factors: number[];
  /** Factors on the ways into the blood, by class of cells and for all other ways; none as in the model. */
  entering: number[];
}

/** A cell or a cluster: where it begins and, after its life, where it ended; exit -1: still there. */
export interface Unit {
  member: number;
  state: number;
  time: number;
  furthest: number;
  size: number;
  exit: number;
  window: number;
}

/** Exponential left at the anchor. */
export interface Clock {
  left: number;
  anchor: number;
}

/** Told of every event; exit -1: still there. */
export type Told = (unit: Unit, state: number, entered: number, left: number, exit: number) => void;

/** A stay in a state, as `histories.Stay`. */
export interface Stay {
  state: string;
  stage: number;
  entered: number;
  left: number;
  ended_by: string;
  died: boolean;
  level: string;
}

export interface Life {
  member: number;
  size: number;
  stays: Stay[];
}

/** Counted cells; `lost` by furthest step and cause, `kinds` by kind of their colony. */
export interface Counts {
  founders: number;
  cells: number;
  passed: number[];
  lost: Record<string, number>[];
  kinds: number[];
}

/** Shares of cells by furthest step. */
export interface Exact {
  passed: number[];
  lost: Record<string, number>[];
  still: number[];
  kinds: number[];
  /** Of each state that is a colony; of others 0. */
  founded: number[];
}

/** Where the cells of a model may be and of what they may die. */
export interface Cast {
  stages: string[];
  states: { name: string; stage: number }[];
  /** Colours. */
  causes: Record<string, string>;
  goal: string;
  map: BodyMap | null;
}

export type Kind = "artery" | "vein" | "portal";
export type Name = [text: string, x: number, y: number, align: CanvasTextAlign];
export type Point = [x: number, y: number];

/** The picture of a body in inches, as `bodymap.py` states it. */
export interface BodyMap {
  width: number;
  height: number;
  lines: [points: number[], flow: number, kind: Kind][];
  names: Name[];
  more: Name[];
  places: Record<string, Point>;
  beds: number[];
  hearts: number[];
}

/** A stay in JSON, which has no infinity: null where nobody leaves. */
export type SentStay = Omit<Stay, "left"> & { left: number | null };

/** A life to be shown. */
export interface SentLife {
  cell: string | number;
  size: number;
  stays: SentStay[];
}

export interface ShownLife {
  cell: string | number;
  size: number;
  stays: Stay[];
}

/** A stay on the clock of the animation. */
export interface Stop {
  from: number;
  to: number;
  stay: Stay;
}

/** A life on the clock of the animation, and where its cell is now. */
export interface Track {
  life: ShownLife;
  stops: Stop[];
  x: number;
  y: number;
  jitter: Point;
  begun: boolean;
  over: boolean;
}

/** Cells by where they are at a moment of the animation. */
export interface Census {
  waiting: number;
  alive: number[];
  dead: Record<string, number>[];
  cells: number;
}

/** A picture in which cells move. */
export interface View {
  narrow: boolean;
  height: number;
  /** Radius of the living and of the dead. */
  radii: [number, number];
  /** How solid the dead are. */
  solid: number;
  fit(width: number): void;
  /** Room for the highest pile of dead. */
  stack(tracks: Track[]): void;
  draw(g: CanvasRenderingContext2D): void;
  /** Where a cell is that has gone this part of the way. */
  way(track: Track, from: Stay | null, to: Stay, gone: number): Point;
  /** Where the n-th dead of a step goes from where it died, so many seconds ago. */
  rest(at: Point, n: number, stage: number, ago: number): Point;
  drawCounts(g: CanvasRenderingContext2D, now: Census): void;
}

/** Says texts and numbers in the language of a page. */
export interface Say {
  (key: string, values?: Record<string, string | number>): string;
  lang: string;
  has(section: string, name: string): boolean;
  term(name: string): string;
  share(share: number): string;
  whole(number: number): string;
  factor(factor: number): string;
  figures(number: number, places: number): string;
  time(hours: number): string;
}

export interface Texts {
  lang: string;
  texts: Record<string, Record<string, string>>;
  terms: Record<string, string>;
}

/** A stay in a row of the film: hours of the cell, seconds of the film; a cause where it died. */
export interface FilmRow {
  row: number;
  entered: number;
  left: number;
  cause: string;
  from: number;
  to: number;
}

/** A dot: a cell or cluster with its rows, from a moment of the film on. */
export interface FilmTrack {
  cell: number;
  member: number;
  size: number;
  begin: number;
  rows: FilmRow[];
}

/** Dots from a row on: so many cells were looked at, a dot is `each` of them; `weight` cells in all. */
export interface Film {
  row: number;
  cells: number;
  each: number;
  tracks: FilmTrack[];
  weight: number;
  ready: boolean;
}

/** A rectangle of the canvas, in pixels. */
export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Colours of a canvas, as the style of the page has them. */
export type Look = Record<string, string>;

/** A step of a lesson. */
export interface LessonStage {
  name: string;
  ground: string;
  seconds: number;
}

/** A position of a knob: what is other in the payload, in the factors of treatments and in the body; hazards by name. */
export interface KnobStop {
  label: string;
  patch: Edit | null;
  factors: Record<string, Edit | null>;
  anatomy?: Edit | null;
  hazards?: [state: string, way: string, hazard: number][];
}

/** A knob of a model: positions, each with what is other in the payload. */
export interface Knob {
  id: string;
  at: number;
  /** The organ whose soil is turned, or "". */
  organ: string;
  stops: KnobStop[];
}

/** A treatment: factors on the transitions, for a time. */
export interface LessonTreatment {
  name: string;
  title: string;
  about: string;
  factors: number[];
}

/** Another arm: cells of which so many found a colony, who is lost there and who is saved. */
export interface LessonArm {
  name: string;
  /** Of a model beside; a treatment has none. */
  title: string | null;
  /** From when until when it acts; null: for ever. */
  hours: [number, number | null];
  about: string;
  patch: Edit | null;
  beside: Payload | null;
  cells: number;
  founders: number;
  lost: number[];
  saved: number[];
}

/** What a lesson page is made of. */
export interface Lesson extends Texts {
  model: Payload;
  name: string;
  first: number;
  founder: number;
  looked: number;
  stages: LessonStage[];
  goal: LessonStage;
  /** Whether hazards that change with time are solved at once. */
  windows: boolean;
  headline: string;
  /** Of the model, in its own words. */
  about: string;
  limits: string;
  version: string;
  seed: string;
  marks: Record<string, string>;
  colours: Record<string, [light: string, dark: string]>;
  knobs: Knob[];
  treatments: LessonTreatment[];
  arms: LessonArm[];
  anatomy: unknown;
  patient: any;
}

declare global {
  /** What a page has at first: its data.  The page adds what can be asked of it. */
  var cascade: { data: unknown; [name: string]: unknown };
}
