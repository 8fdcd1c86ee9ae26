// The life of one unit by the rule of a visit, as visits.py, switching.py and fragments.py state it.
// @ts-check
/** @import { Clock, Rates, Rules, Told, Unit } from "./types.js" */

import { LEAST_LEFT } from "./constants.js";
import { minusLog } from "./numerics.js";
import { rareExit } from "./rare.js";
import { clockDraws, rareClockWord, rareVisitWord, visitDraws } from "./streams.js";

/**
 * A cell alone, like all others: the rule of a visit and nothing else.
 * @param {Rules} rules
 * @param {number} cell
 * @param {Unit} unit
 * @param {Told | null} each
 */
export function liveAlone(rules, cell, unit, each) {
  const { absorbing, exit_start, exit_target, stage, key } = rules.data, { mean, bound, rare, hazard } = rules.windows[0];
  let { state, time, furthest } = unit;
  for (let visit = 0; !absorbing[state]; visit++) {
    const [u, v, choice] = visitDraws(cell, visit, 0, key);
    const move = minusLog(u) * mean[2 * state], death = minusLog(v) * mean[2 * state + 1];
    const dies = death < move;
    const event = time + (dies ? death : move);
    if (event === Infinity) break;
    const group = 2 * state + (dies ? 1 : 0);
    let exit = exit_start[group];
    if (rare[group]) {
      const word = rareVisitWord(choice, cell, visit, 0, key);
      exit = rareExit(exit, exit_start[group + 1], (e) => hazard[e], word);
    } else while (choice >= bound[exit]) exit++;
    if (each) each(unit, state, time, event, exit);
    time = event;
    if (dies) return Object.assign(unit, { state, time, furthest, exit });
    state = exit_target[exit];
    furthest = Math.max(furthest, stage[state]);
  }
  if (each) each(unit, state, time, Infinity, -1);
  return Object.assign(unit, { state, time, furthest });
}

/**
 * A clock after its rate has changed at time `now`, in place.
 * @param {Clock} clock
 * @param {number} rate
 * @param {number} newRate
 * @param {number} now
 */
function rewind(clock, rate, newRate, now) {
  if (newRate === rate || clock.anchor >= now) return;
  clock.left = Math.max(clock.left - (now - clock.anchor) * rate, LEAST_LEFT);
  clock.anchor = now;
}

/**
 * When a clock is due.
 * @param {Clock} clock
 * @param {number} rate
 */
function dueOf(clock, rate) {
  return clock.anchor + clock.left * (1 / rate);
}

/**
 * Whether a clock is due before another, by what they wait: their moments may be one to the clock of the cell.
 * @param {Clock} clock
 * @param {number} rate
 * @param {Clock} other
 * @param {number} otherRate
 */
function isFirst(clock, rate, other, otherRate) {
  return clock.left * (1 / rate) + (clock.anchor - other.anchor) < other.left * (1 / otherRate);
}

/** A unit with clocks of its own (factors, breaking) and hazards of its own, in an environment that changes. */
export class Life {
  /**
   * @param {Rules} rules
   * @param {number} cell
   * @param {Unit} unit
   * @param {number[]} traits
   * @param {Told | null} each
   * @param {Unit[]} waiting fragments that go apart join these
   */
  constructor(rules, cell, unit, traits, each, waiting) {
    this.rules = rules;
    this.data = rules.data;
    this.cell = cell;
    this.unit = unit;
    this.traits = traits;
    this.each = each;
    this.waiting = waiting;
    this.state = unit.state;
    this.time = unit.time;
    this.window = unit.window;
    this.states = this.data.base.length;
    /** @type {Clock[]} */
    this.clocks = this.data.clocks.map((_, c) => ({ left: this._tick(c, 0)[0], anchor: unit.time }));
    this.drawn = this.data.clocks.map((_, c) => this.data.clock_runs[c * this.states + unit.state]);
    this.move = { left: 0, anchor: 0 };
    this.death = { left: 0, anchor: 0 };
    this.toMove = 0;
    this.toDeath = 0;
    this.choice = 0;
    this.dies = false;
  }

  /** The whole life; the unit at its end. */
  run() {
    for (let visit = 0; !this.data.absorbing[this.state]; visit++) {
      this._begin(visit);
      const event = this._wait();
      if (event < 0) return this._stay(Math.max(this.unit.time, this._rates().end));
      if (event === Infinity) return this._stay(Infinity);
      const exit = this._choose(visit);
      this._tell(event, exit);
      this.time = event;
      if (this.dies) return this._end(exit);
      this._goOn(exit);
    }
    return this._stay(Infinity);
  }

  /** @returns {Rates} */
  _rates() {
    return this.rules.windows[this.window];
  }

  /**
   * @param {number} left
   * @param {number} exit
   */
  _tell(left, exit) {
    if (this.each) this.each(this.unit, this.state, this.time, left, exit);
  }

  /** @param {number} left */
  _stay(left) {
    this._tell(left, -1);
    return this._end(this.unit.exit);
  }

  /** @param {number} exit */
  _end(exit) {
    return Object.assign(this.unit, { state: this.state, time: this.time, exit });
  }

  /**
   * Exponential and share of a draw of a clock.
   * @param {number} clock
   * @param {number} number
   * @returns {[number, number]}
   */
  _tick(clock, number) {
    const [u, , share] = clockDraws(this.cell, number, this.data.clocks[clock], this.unit.member, this.data.key);
    return [minusLog(u), share];
  }

  /** @param {number} visit */
  _begin(visit) {
    const [u, v, choice] = visitDraws(this.cell, visit, this.unit.member, this.data.key);
    this.move.left = minusLog(u);
    this.death.left = minusLog(v);
    this.move.anchor = this.death.anchor = this.time;
    this.choice = choice;
    this.toMove = this._rate(2 * this.state);
    this.toDeath = this._rate(2 * this.state + 1);
  }

  /**
   * Summed hazard of a group of exits.
   * @param {number} group
   */
  _rate(group) {
    const z = this.traits, n = z.length, { parts } = this._rates();
    let total = parts[group * n];
    for (let p = 1; p < n; p++) total += parts[group * n + p] * z[p];
    return total;
  }

  /** Time of the move or death that ends the visit; -1 where the run ends first. */
  _wait() {
    for (;;) {
      const { end } = this._rates();
      this.dies = isFirst(this.death, this.toDeath, this.move, this.toMove);
      const over = this.dies ? dueOf(this.death, this.toDeath) : dueOf(this.move, this.toMove);
      const first = this._firstClock();
      const due = first < 0 ? Infinity : this._dueAt(first);
      if (Math.min(due, over) > end) {
        if (this.window === this.rules.windows.length - 1) return -1;
        this._nextWindow(end);
      } else if (due < over) this._switch(first, due);
      else return over;
    }
  }

  /** @param {number} clock */
  _dueAt(clock) {
    return dueOf(this.clocks[clock], this._rates().ticking[clock * this.states + this.state]);
  }

  /** The clock that is due first; -1: none ever is. */
  _firstClock() {
    let first = -1, due = Infinity;
    for (let c = 0; c < this.clocks.length; c++) {
      const mine = this._dueAt(c);
      if (mine < due) {
        first = c;
        due = mine;
      }
    }
    return first;
  }

  /** @param {number} now */
  _nextWindow(now) {
    const before = this._rates().ticking;
    this.window += 1;
    this._changeRates(before, this.state, -1, now);
  }

  /**
   * A factor switches, or a cluster breaks.
   * @param {number} clock
   * @param {number} now
   */
  _switch(clock, now) {
    const from = this.state, [left, share] = this._tick(clock, this.drawn[clock]);
    const exit = this._chooseSwitch(clock, share);
    this.clocks[clock].left = left;
    this.clocks[clock].anchor = now;
    this.drawn[clock]++;
    this._tell(now, exit);
    this.state = this.data.exit_target[exit];
    this._setApart(exit, now);
    this._changeRates(this._rates().ticking, from, clock, now);
  }

  /**
   * @param {number} clock
   * @param {number} share
   */
  _chooseSwitch(clock, share) {
    const { hazard, ticking, rareSwitch } = this._rates(), slot = clock * this.states + this.state;
    const last = this.data.clock_start[slot + 1] - 1;
    let exit = this.data.clock_start[slot];
    if (rareSwitch[slot]) {
      const { clocks, key } = this.data;
      const word = rareClockWord(this.cell, this.drawn[clock], clocks[clock], this.unit.member, key);
      return rareExit(exit, last + 1, (e) => hazard[e], word);
    }
    for (let total = hazard[exit]; exit < last && share * ticking[slot] >= total; total += hazard[exit]) exit++;
    return exit;
  }

  /**
   * Other rates from now on, for all clocks but one that has just begun anew.
   * @param {Float64Array} before
   * @param {number} from
   * @param {number} begun
   * @param {number} now
   */
  _changeRates(before, from, begun, now) {
    const S = this.states, after = this._rates().ticking;
    for (let c = 0; c < this.clocks.length; c++) {
      if (c !== begun) rewind(this.clocks[c], before[c * S + from], after[c * S + this.state], now);
    }
    const toMove = this._rate(2 * this.state), toDeath = this._rate(2 * this.state + 1);
    rewind(this.move, this.toMove, toMove, now);
    rewind(this.death, this.toDeath, toDeath, now);
    this.toMove = toMove;
    this.toDeath = toDeath;
  }

  /**
   * The exit by which the visit ends.
   * @param {number} visit
   */
  _choose(visit) {
    const group = 2 * this.state + (this.dies ? 1 : 0), { bound, rare } = this._rates();
    if (rare[group]) return this._chooseRare(group, visit);
    if (this.rules.own[group]) return this._chooseOwn(group, this.choice * (this.dies ? this.toDeath : this.toMove));
    let exit = this.data.exit_start[group];
    while (this.choice >= bound[exit]) exit++;
    return exit;
  }

  /**
   * @param {number} group
   * @param {number} part
   */
  _chooseOwn(group, part) {
    const { exit_start, exit_profile } = this.data, { hazard } = this._rates();
    let exit = exit_start[group], total = 0;
    for (let e = exit; e < exit_start[group + 1] - 1; e++) {
      total += hazard[e] * this.traits[exit_profile[e]];
      if (part >= total) exit++;
    }
    return exit;
  }

  /**
   * @param {number} group
   * @param {number} visit
   */
  _chooseRare(group, visit) {
    const { exit_start, exit_profile, key } = this.data, { hazard } = this._rates();
    const rateOf = (/** @type {number} */ e) => hazard[e] * this.traits[exit_profile[e]];
    const word = rareVisitWord(this.choice, this.cell, visit, this.unit.member, key);
    return rareExit(exit_start[group], exit_start[group + 1], rateOf, word);
  }

  /**
   * Into the state behind an exit: some clocks run on, some begin.
   * @param {number} exit
   */
  _goOn(exit) {
    const S = this.states, { clock_runs, exit_target, stage } = this.data, { ticking } = this._rates();
    const from = this.state, to = exit_target[exit];
    for (let c = 0; c < this.clocks.length; c++) {
      if (!clock_runs[c * S + to]) continue;
      if (clock_runs[c * S + from]) rewind(this.clocks[c], ticking[c * S + from], ticking[c * S + to], this.time);
      else this.clocks[c] = { left: this._tick(c, this.drawn[c]++)[0], anchor: this.time };
    }
    this.unit.furthest = Math.max(this.unit.furthest, stage[to]);
    this.state = to;
    this._setApart(exit, this.time);
  }

  /**
   * The fragment that goes apart by an exit, if one does, joins those that wait.
   * @param {number} exit
   * @param {number} now
   */
  _setApart(exit, now) {
    const { exit_apart, size_of, stage } = this.data, state = exit_apart[exit];
    if (state < 0) return;
    const { unit, window } = this;
    unit.size = size_of[this.state];
    const furthest = Math.max(unit.furthest, stage[this.state]);
    this.waiting.push({ member: unit.member + unit.size, state, time: now, window, furthest, size: size_of[state], exit: -1 });
  }
}
