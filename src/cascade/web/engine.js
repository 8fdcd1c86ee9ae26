// The cascade in a browser: the lowered arrays of a model, a small exact solver and the very
// draws of the package.  Same seed, same cell, same life, bit for bit (see streams.py and
// visits.py, which state the rules); same funnel as cascade.exact to rounding.
//
// Plain script, no dependency: everything hangs on the global `cascade`.
"use strict";

(function (root) {
  const TWO_32 = 4294967296;

  // High and low 32 bits of a product of two 32-bit words.
  function highOf(a, b) {
    const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
    const middle = a1 * b0 + ((a0 * b0) >>> 16);
    const other = a0 * b1 + (middle % 65536);
    return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(other / 65536)) >>> 0;
  }

  // Philox4x32-10 (Salmon et al., SC'11).
  function philox(c0, c1, c2, c3, k0, k1) {
    for (let round = 0; round < 10; round++) {
      const h0 = highOf(0xd2511f53, c0), l0 = Math.imul(0xd2511f53, c0) >>> 0;
      const h1 = highOf(0xcd9e8d57, c2), l1 = Math.imul(0xcd9e8d57, c2) >>> 0;
      c0 = (h1 ^ c1 ^ k0) >>> 0;
      c1 = l1;
      c2 = (h0 ^ c3 ^ k1) >>> 0;
      c3 = l0;
      k0 = (k0 + 0x9e3779b9) >>> 0;
      k1 = (k1 + 0xbb67ae85) >>> 0;
    }
    return [c0, c1, c2, c3];
  }

  // (k + 1/2) / 2^48 of 48 bits: never 0 or 1.
  function uniform48(word, half) {
    return (half * TWO_32 + word + 0.5) / 281474976710656;
  }

  // Draws of one address: two uniforms of 48 bits and one of 32.
  function draws(cell, visit, purpose, key) {
    const w = philox(cell >>> 0, Math.floor(cell / TWO_32) >>> 0, visit, purpose, key[0], key[1]);
    return [uniform48(w[0], w[1] & 0xffff), uniform48(w[2], w[1] >>> 16), (w[3] + 0.5) / TWO_32];
  }

  const START = 1 << 24, FRAILTY = 2 << 24, CLOCK = 3 * (1 << 24), MEMBER = 256;

  // Minus the natural logarithm, in the operations and the order of numerics.py.
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  function minusLog(x) {
    double[0] = x;
    // The bits plus those of 1 less those of sqrt(1/2): low words are 0, but for x itself.
    const shifted = words[1] + (0x3ff00000 - 0x3fe6a09e);
    const k = (shifted >>> 20) - 1023;
    words[1] = (shifted & 0xfffff) + 0x3fe6a09e;
    const f = double[0] - 1.0;
    const s = f / (2.0 + f);
    const z = s * s;
    let r = 1.531383769920937332e-1 + z * 1.479819860511658591e-1;
    r = 2.222219843214978396e-1 + z * (1.818357216161805012e-1 + z * r);
    r = 3.999999999940941908e-1 + z * (2.857142874366239149e-1 + z * r);
    r = z * (6.66666666666673513e-1 + z * r);
    return s * (f - r) - f - k * 0.6931471805599453;
  }

  // Exponential, likewise.
  function exp(x) {
    x = Math.min(Math.max(x, -700), 700);
    const k = Math.floor(x * 1.442695040888963387 + 0.5);
    const high = x - k * 6.93147180369123816490e-1, low = k * 1.90821492927058770002e-10, r = high - low;
    const t = r * r;
    const c = r - t * (1.66666666666666019037e-1 + t * (-2.77777777770155933842e-3 +
      t * (6.61375632143793436117e-5 + t * (-1.65339022054652515390e-6 + t * 4.13813679705723846039e-8))));
    double[0] = 0;
    words[1] = (k + 1023) << 20;
    return (1.0 - ((low - (r * c) / (2.0 - c)) - high)) * double[0];
  }

  // Rational approximations of AS 241 (Wichura, Appl Stat 1988): numerator and denominator.
  const CENTRE = [[2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0],
  [5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0]];
  const TAIL = [[7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0],
  [1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0]];
  const FAR = [[2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0],
  [2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0]];
  function ratio(c, x) {
    let top = 0, bottom = 0;
    for (const a of c[0]) top = top * x + a;
    for (const a of c[1]) bottom = bottom * x + a;
    return top / bottom;
  }
  function normalQuantile(p) {
    const q = p - 0.5;
    if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
    const r = Math.sqrt(minusLog(Math.min(p, 1.0 - p)));
    const z = r <= 5 ? ratio(TAIL, r - 1.6) : ratio(FAR, r - 5.0);
    return p > 0.5 ? z : -z;
  }

  // Logarithm of a gamma frailty of mean 1 (Marsaglia & Tsang, ACM Trans Math Softw 2000).
  function logGamma(shape, f, cell, key) {
    const boosted = shape >= 1 ? shape : shape + 1, d = boosted - 1.0 / 3.0, c = 1.0 / Math.sqrt(9.0 * d);
    const boost = shape < 1 ? -minusLog(draws(cell, 0xffffffff, FRAILTY | f, key)[0]) / shape : 0;
    for (let attempt = 0; ; attempt++) {
      const [u, accept] = draws(cell, attempt, FRAILTY | f, key), x = normalQuantile(u);
      const v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
      if (v > 0 && -minusLog(accept) < 0.5 * x * x + d - d * v + d * -minusLog(v)) {
        return -minusLog(d * v) + boost - -minusLog(shape);
      }
    }
  }

  // A clock [left, anchor] after its rate has changed at time `now`, in place.
  function rewind(clock, rate, newRate, now) {
    if (newRate === rate || clock[1] >= now) return;
    clock[0] = Math.max(clock[0] - (now - clock[1]) * rate, 1e-300);
    clock[1] = now;
  }

  // One model.  `data` is what cascade.handout.payload writes; names as in lower.Lowered.
  class Model {
    constructor(data) {
      Object.assign(this, data);
      this.size = data.base.length;
      this.exits = data.exit_source.length;
      this.goal = data.stages.length;
      this.factors = data.stages.map(() => 1);
      // Windows of the environment, each with its end; the last lasts until the end of the run.
      this.until = data.until === null ? Infinity : data.until;
      this.ends = [...data.window_start.slice(1).filter((t) => t < this.until), this.until];
      this.plain = data.profiles.length === 1 && data.clocks.length === 0 && data.largest === 1 &&
        this.ends.length === 1 && this.until === Infinity;
      // What one cell of a unit goes through on average: of cells alone, the exits themselves.
      this.chain = data.chain || this;
      this._prepare();
    }

    // Multiply the hazards of death of one step.
    scaleDeaths(step, factor) {
      this.factors[step] = factor;
      this._prepare();
    }

    // Hazards of the exits of a chain in a window.
    _scaled(chain, window) {
      const changed = this.multipliers[window];
      return Float64Array.from(chain.exit_hazard, (hazard, e) => {
        const deaths = chain.exit_target[e] < 0 ? this.factors[this.stage[chain.exit_source[e]]] : 1;
        return (deaths === 1 ? hazard : hazard * deaths) * changed[chain.exit_transition[e]];
      });
    }

    _prepare() {
      this.own = Uint8Array.from({ length: this.exit_start.length - 1 }, (_, g) =>
        Number(this.exit_profile.slice(this.exit_start[g], this.exit_start[g + 1]).some((p) => p > 0)));
      this.windows = this.ends.map((end, w) => this._window(this._scaled(this, w), end));
      Object.assign(this, this.windows[0]);
    }

    // Summed hazards of each group by profile, cumulative shares, rates of clocks; summed in order.
    _window(hazard, end) {
      const groups = this.exit_start.length - 1, profiles = this.profiles.length, clocks = this.clocks.length;
      const parts = new Float64Array(groups * profiles), mean = new Float64Array(groups);
      const bound = new Float64Array(this.exits).fill(2), ticking = new Float64Array(clocks * this.size);
      for (let g = 0; g < groups; g++) {
        const begin = this.exit_start[g], last = this.exit_start[g + 1];
        let total = 0;
        for (let e = begin; e < last; e++) {
          total += hazard[e];
          parts[g * profiles + this.exit_profile[e]] += hazard[e];
        }
        mean[g] = 1 / total;
        let sum = 0;
        for (let e = begin; total > 0 && e < last - 1; e++) {
          sum += hazard[e];
          bound[e] = sum / total;
        }
      }
      for (let c = 0; c < clocks * this.size; c++) {
        for (let e = this.clock_start[c]; e < this.clock_start[c + 1]; e++) ticking[c] += hazard[e];
      }
      return { hazard, parts, mean, bound, ticking, end };
    }

    // State (after expansion) and time in which a cell starts.
    start(cell) {
      const [low, high] = this.entry_hours;
      if (this.start_state.length === 1 && high === low) return [this.start_state[0], low];
      const [which, when] = draws(cell, 0, START, this.key);
      let k = 0;
      while (k < this.start_cumulative.length - 1 && which >= this.start_cumulative[k]) k++;
      return [this.start_state[k], low + when * (high - low)];
    }

    // What the frailties of a cell multiply its hazards by, for each profile.
    traits(cell) {
      const logs = this.profiles.map(() => 0);
      this.frailty_spread.forEach((spread, f) => {
        let value;
        if (this.frailty_gamma[f]) value = logGamma(spread, f, cell, this.key);
        else value = spread * normalQuantile(draws(cell, 0, FRAILTY | f, this.key)[0]) - 0.5 * spread * spread;
        for (let p = 1; p < logs.length; p++) if (this.profiles[p][f] !== 0) logs[p] += this.profiles[p][f] * value;
      });
      return logs.map((x, p) => (p === 0 ? 1 : exp(x)));
    }

    // Run a founder and all fragments that go apart from it; `each(unit, state, entered, left, exit)`
    // for every event, exit -1: still there.  A list of the units at their ends.
    run(cell, each) {
      const [state, time] = this.start(cell);
      const unit = { member: 0, state, time, furthest: this.stage[state], size: this.size_of[state], exit: -1, window: 0 };
      if (this.plain) return [this._alone(cell, unit, each)];
      const z = this.traits(cell), waiting = [unit], ended = [];
      while (waiting.length) ended.push(this._life(cell, waiting.pop(), z, each, waiting));
      return ended;
    }

    // A cell alone, like all others: the rule of a visit and nothing else.
    _alone(cell, unit, each) {
      let { state, time, furthest } = unit;
      for (let visit = 0; !this.absorbing[state]; visit++) {
        const [u, v, choice] = draws(cell, visit, 0, this.key);
        const move = time + minusLog(u) * this.mean[2 * state];
        const death = time + minusLog(v) * this.mean[2 * state + 1];
        const dies = death < move;
        const event = dies ? death : move;
        if (event === Infinity) break;
        let exit = this.exit_start[2 * state + (dies ? 1 : 0)];
        while (choice >= this.bound[exit]) exit++;
        if (each) each(unit, state, time, event, exit);
        time = event;
        if (dies) return Object.assign(unit, { state, time, furthest, exit });
        state = this.exit_target[exit];
        furthest = Math.max(furthest, this.stage[state]);
      }
      if (each) each(unit, state, time, Infinity, -1);
      return Object.assign(unit, { state, time, furthest });
    }

    // Summed hazard of a group of exits in a window.
    _rate(window, group, z) {
      const n = z.length, { parts } = this.windows[window];
      let total = parts[group * n];
      for (let p = 1; p < n; p++) total += parts[group * n + p] * z[p];
      return total;
    }

    _tick(cell, unit, clock, number) {
      const [u, , share] = draws(cell, number, CLOCK + this.clocks[clock] + MEMBER * unit.member, this.key);
      return [minusLog(u), share];
    }

    // A unit with clocks of its own (factors, breaking) and hazards of its own, in an environment
    // that changes, by the whole rule.  Fragments join those that wait.
    _life(cell, unit, z, each, waiting) {
      const all = this.clocks.length, S = this.size, lastWindow = this.ends.length - 1;
      const clocks = this.clocks.map((_, c) => [this._tick(cell, unit, c, 0)[0], unit.time]);
      const drawn = this.clocks.map((_, c) => this.clock_runs[c * S + unit.state]);
      let s = unit.state, time = unit.time, w = unit.window;
      const apart = (exit, to, now) => {
        const other = this.exit_apart[exit];
        if (other < 0) return;
        unit.size = this.size_of[to];
        waiting.push({ member: unit.member + this.size_of[to], state: other, time: now, window: w,
          furthest: Math.max(unit.furthest, this.stage[to]), size: this.size_of[other], exit: -1 });
      };
      for (let visit = 0; !this.absorbing[s]; visit++) {
        const [u, v, choice] = draws(cell, visit, MEMBER * unit.member, this.key);
        const move = [minusLog(u), time], death = [minusLog(v), time];
        let toMove = this._rate(w, 2 * s, z), toDeath = this._rate(w, 2 * s + 1, z);
        for (;;) {
          const { hazard, bound, ticking, end } = this.windows[w];
          const moves = move[1] + move[0] * (1 / toMove), dies = death[1] + death[0] * (1 / toDeath);
          const over = dies < moves ? dies : moves;
          let first = -1, due = Infinity;
          for (let c = 0; c < all; c++) {
            const mine = clocks[c][1] + clocks[c][0] * (1 / ticking[c * S + s]);
            if (mine < due) { first = c; due = mine; }
          }
          const late = Math.min(due, over) > end;
          if ((late && w < lastWindow) || (!late && due < over)) {
            // A window ends, or a factor switches: other rates from now on.
            const now = late ? end : due, before = ticking, from = s;
            if (late) {
              w += 1;
              first = -1;
            } else {
              const slot = first * S + s, [left, share] = this._tick(cell, unit, first, drawn[first]);
              let e = this.clock_start[slot];
              const last = this.clock_start[slot + 1] - 1;
              for (let total = hazard[e]; e < last && share * ticking[slot] >= total; total += hazard[e]) e++;
              clocks[first] = [left, due];
              drawn[first]++;
              if (each) each(unit, s, time, due, e);
              s = this.exit_target[e];
              apart(e, s, due);
            }
            const after = this.windows[w].ticking;
            for (let c = 0; c < all; c++) if (c !== first) rewind(clocks[c], before[c * S + from], after[c * S + s], now);
            const newMove = this._rate(w, 2 * s, z), newDeath = this._rate(w, 2 * s + 1, z);
            rewind(move, toMove, newMove, now);
            rewind(death, toDeath, newDeath, now);
            toMove = newMove; toDeath = newDeath;
            continue;
          }
          if (late || over === Infinity) {
            if (each) each(unit, s, time, late ? Math.max(unit.time, end) : Infinity, -1);
            return Object.assign(unit, { state: s, time });
          }
          const group = 2 * s + (dies < moves ? 1 : 0), rate = dies < moves ? toDeath : toMove;
          let exit = this.exit_start[group];
          if (this.own[group]) {
            const part = choice * rate;
            let total = 0;
            for (let e = exit; e < this.exit_start[group + 1] - 1; e++) {
              total += hazard[e] * z[this.exit_profile[e]];
              if (part >= total) exit++;
            }
          } else while (choice >= bound[exit]) exit++;
          if (each) each(unit, s, time, over, exit);
          time = over;
          if (dies < moves) return Object.assign(unit, { state: s, time, exit });
          const to = this.exit_target[exit];
          for (let c = 0; c < all; c++) {
            if (!this.clock_runs[c * S + to]) continue;
            if (this.clock_runs[c * S + s]) rewind(clocks[c], ticking[c * S + s], ticking[c * S + to], time);
            else clocks[c] = [this._tick(cell, unit, c, drawn[c]++)[0], time];
          }
          unit.furthest = Math.max(unit.furthest, this.stage[to]);
          apart(exit, to, time);
          s = to;
          break;
        }
      }
      if (each) each(unit, s, time, Infinity, -1);
      return Object.assign(unit, { state: s, time });
    }

    // The lives of a founder and its fragments, by lowest member, as histories.py tells them:
    // phases of a state are one stay.
    lives(cell) {
      const found = new Map();
      this.run(cell, (unit, state, from, left, exit) => {
        if (!found.has(unit.member)) found.set(unit.member, { member: unit.member, size: this.size_of[state], stays: [], entered: unit.time });
        const life = found.get(unit.member);
        if (exit >= 0 && this.exit_inner[exit]) return;
        const way = exit < 0 ? null : this.transitions[this.exit_transition[exit]];
        life.stays.push({
          state: this.states[this.base[state]],
          stage: this.stage[state],
          entered: life.entered,
          left,
          ended_by: way ? way.way : "",
          died: exit >= 0 && this.exit_target[exit] < 0,
          level: this.levels.length ? this.levels[state] : "",
        });
        life.entered = left;
      });
      return [...found.values()].sort((a, b) => a.member - b.member);
    }

    // The stays of a founder.
    replay(cell) { return this.lives(cell)[0].stays; }

    // Founders first to first + number, counted: distinct cells that passed each step, and
    // deaths by furthest step and cause.  A unit counts as its cells.
    simulate(first, number, into) {
      const counts = into || { founders: 0, cells: 0, passed: new Array(this.goal).fill(0), lost: this.stages.map(() => Object.create(null)) };
      for (let cell = first; cell < first + number; cell++) {
        for (const { furthest, exit, size } of this.run(cell, null)) {
          counts.cells += size;
          for (let k = 0; k < furthest; k++) counts.passed[k] += size;
          if (exit >= 0) {
            const cause = this.transitions[this.exit_transition[exit]].way;
            const lost = counts.lost[Math.min(furthest, this.goal - 1)];
            lost[cause] = (lost[cause] || 0) + size;
          }
        }
      }
      counts.founders += number;
      return counts;
    }

    // Exact shares of cells: passed (stages), lost by furthest step and cause, still (stages);
    // the mean over the nodes of the frailties.
    exact() {
      const answer = { passed: new Array(this.goal).fill(0), lost: this.stages.map(() => Object.create(null)), still: new Array(this.goal).fill(0) };
      const { exit_profile } = this.chain, scaled = this.ends.map((_, w) => this._scaled(this.chain, w));
      for (const [weight, ...z] of this.nodes) {
        const hazards = scaled.map((list) => list.map((hazard, e) => hazard * z[exit_profile[e]]));
        const there = this._begin(weight, answer);
        let now = this.entry_hours[0];
        hazards.forEach((hazard, w) => {
          if (this.ends[w] <= now) return;
          if (this.ends[w] === Infinity) this._funnel(hazard, weight, answer, there);
          else this._march(hazard, weight, answer, there, this.ends[w] - now);
          now = this.ends[w];
        });
        if (this.until < Infinity) there.slice(0, this.goal).forEach((f, level) => { for (const p of f) answer.still[level] += weight * p; });
      }
      return answer;
    }

    // Shares of cells at the start by furthest stage and state.
    _begin(weight, answer) {
      const there = Array.from({ length: this.goal + 1 }, () => new Float64Array(this.size));
      let before = 0;
      this.chain.start_state.forEach((s, k) => {
        there[this.stage[s]][s] += this.chain.start_cumulative[k] - before;
        for (let j = 0; j < this.stage[s]; j++) answer.passed[j] += weight * (this.chain.start_cumulative[k] - before);
        before = this.chain.start_cumulative[k];
      });
      return there;
    }

    // Hazards that stay for some hours: what is there afterwards, in place, and what happened.
    // Of E = exp(A h) and F, its integral, every term is positive: A + q I has no negative entry.
    // The dead are a place, too: nobody is lost, and sums are kept at 1 and h against rounding.
    _march(hazard, weight, answer, there, hours) {
      const { size, chain, goal } = this, { exit_source, exit_target, exit_transition } = chain;
      // Pairs of furthest stage and state that cells can be in.
      const index = new Map(), pairs = [];
      const add = (level, s) => { if (!index.has(level * size + s)) { index.set(level * size + s, pairs.length); pairs.push([level, s]); } };
      there.forEach((f, level) => f.forEach((p, s) => { if (p > 0) add(level, s); }));
      const leaving = Array.from({ length: size }, () => []);
      for (let e = 0; e < hazard.length; e++) if (hazard[e] > 0) leaving[exit_source[e]].push(e);
      for (let i = 0; i < pairs.length; i++) {
        const [level, s] = pairs[i];
        for (const e of leaving[s]) if (exit_target[e] >= 0) add(Math.max(level, this.stage[exit_target[e]]), exit_target[e]);
      }
      const n = pairs.length + 1, at = (level, s) => index.get(level * size + s);
      const total = pairs.map(([, s]) => leaving[s].reduce((sum, e) => sum + hazard[e], 0));
      const q = Math.max(1e-300, ...total), halvings = Math.max(0, Math.ceil(Math.log2(q * hours)) + 1), h = hours / 2 ** halvings;
      // Column i of B: where cells of pair i are after a jump of the uniform chain, times h.
      const B = new Float64Array(n * n);
      pairs.forEach(([level, s], i) => {
        B[i * n + i] += (q - total[i]) * h;
        for (const e of leaving[s]) {
          const to = exit_target[e];
          B[(to < 0 ? n - 1 : at(Math.max(level, this.stage[to]), to)) * n + i] += hazard[e] * h;
        }
      });
      B[n * n - 1] = q * h;
      const times = (X, Y) => {
        const Z = new Float64Array(n * n);
        for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) {
          const x = X[i * n + k];
          if (x !== 0) for (let j = 0; j < n; j++) Z[i * n + j] += x * Y[k * n + j];
        }
        return Z;
      };
      const keep = (X, sum) => {
        for (let j = 0; j < n; j++) {
          let found = 0;
          for (let i = 0; i < n; i++) found += X[i * n + j];
          for (let i = 0; i < n; i++) X[i * n + j] *= sum / found;
        }
      };
      // exp(-q h) times the series; the integral of exp(-q t) (q t)^m / m! up to h is what is left of the Poisson sum / q.
      let term = new Float64Array(n * n), E = new Float64Array(n * n), F = new Float64Array(n * n);
      for (let i = 0; i < n; i++) term[i * n + i] = 1;
      let poisson = Math.exp(-q * h);
      const tails = [];
      for (let m = 0, p = poisson; m < 40; m++, p *= (q * h) / m) tails.push(p);
      for (let m = 38; m >= 0; m--) tails[m] += tails[m + 1];
      for (let m = 0, scale = poisson; m < 30; m++) {
        // term: (B / (q h))^m; scale: the Poisson weight.
        for (let k = 0; k < n * n; k++) { E[k] += scale * term[k]; F[k] += (tails[m + 1] / q) * term[k]; }
        term = times(B, term);
        for (let k = 0; k < n * n; k++) term[k] /= q * h;
        scale *= (q * h) / (m + 1);
      }
      for (let d = 0; d < halvings; d++) {
        const more = times(E, F);
        for (let k = 0; k < n * n; k++) F[k] += more[k];
        E = times(E, E);
        keep(E, 1);
        keep(F, hours / 2 ** (halvings - d - 1));
      }
      const was = [...pairs.map(([level, s]) => there[level][s]), 0];
      const apply = (X) => pairs.map((_, i) => { let sum = 0; for (let j = 0; j < n; j++) sum += X[i * n + j] * was[j]; return sum; });
      const spent = apply(F), left = apply(E);
      pairs.forEach(([level, s], i) => {
        for (const e of leaving[s]) {
          const flow = weight * hazard[e] * spent[i], to = exit_target[e];
          if (to < 0) {
            const cause = this.transitions[exit_transition[e]].way, lost = answer.lost[Math.min(level, goal - 1)];
            lost[cause] = (lost[cause] || 0) + flow;
          } else for (let k = level; k < this.stage[to]; k++) answer.passed[k] += flow;
        }
        there[level][s] = left[i];
      });
    }

    // At level k (no stage beyond k reached) the times x in the states solve (D - R)^T x = inflow.
    _funnel(hazard, weight, answer, inflow) {
      const { size, goal, chain } = this, { exit_source, exit_target, exit_transition } = chain;
      const { passed, lost, still } = answer;
      const enter = (state, flow, from) => {
        inflow[this.stage[state]][state] += flow;
        for (let k = from + 1; k <= this.stage[state]; k++) passed[k - 1] += weight * flow;
      };
      const total = new Float64Array(size);
      for (let e = 0; e < hazard.length; e++) total[exit_source[e]] += hazard[e];
      for (let level = 0; level < goal; level++) {
        const here = [];
        for (let s = 0; s < size; s++) {
          if (this.stage[s] <= level && total[s] > 0) here.push(s);
          else if (this.stage[s] <= level) still[level] += weight * inflow[level][s];
        }
        const x = this._solve(here, hazard, total, inflow[level]);
        for (let e = 0; e < hazard.length; e++) {
          const flow = x[exit_source[e]] * hazard[e];
          if (!flow) continue;
          const to = exit_target[e];
          if (to < 0) {
            const cause = this.transitions[exit_transition[e]].way;
            lost[level][cause] = (lost[level][cause] || 0) + weight * flow;
          } else if (this.stage[to] > level) enter(to, flow, level);
          else if (total[to] === 0) still[level] += weight * flow;
        }
      }
    }

    // Times in the states `here` by Gaussian elimination; 0 elsewhere.
    _solve(here, hazard, total, inflow) {
      const n = here.length;
      const index = new Int32Array(this.size).fill(-1);
      here.forEach((s, i) => { index[s] = i; });
      const a = Array.from({ length: n }, () => new Float64Array(n + 1));
      here.forEach((s, i) => { a[i][i] = total[s]; a[i][n] = inflow[s]; });
      const { exit_source, exit_target } = this.chain;
      for (let e = 0; e < hazard.length; e++) {
        const from = index[exit_source[e]], to = exit_target[e] < 0 ? -1 : index[exit_target[e]];
        if (from >= 0 && to >= 0) a[to][from] -= hazard[e];
      }
      // The columns are diagonally dominant: no pivoting is needed.
      for (let i = 0; i < n; i++) {
        for (let j = i + 1; j < n; j++) {
          if (a[j][i] === 0) continue;
          const f = a[j][i] / a[i][i];
          for (let k = i; k <= n; k++) if (a[i][k] !== 0) a[j][k] -= f * a[i][k];
        }
      }
      const x = new Float64Array(this.size);
      for (let i = n - 1; i >= 0; i--) {
        let sum = a[i][n];
        for (let k = i + 1; k < n; k++) sum -= a[i][k] * x[here[k]];
        x[here[i]] = sum / a[i][i];
      }
      return x;
    }
  }

  root.cascade = Object.assign(root.cascade || {}, { Model, philox, draws, minusLog, exp, normalQuantile });
})(typeof globalThis !== "undefined" ? globalThis : this);
