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

  const START = 1 << 24;

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

  // One model.  `data` is what cascade.handout.payload writes; names as in lower.Lowered.
  class Model {
    constructor(data) {
      Object.assign(this, data);
      this.size = data.base.length;
      this.exits = data.exit_source.length;
      this.goal = data.stages.length;
      this.base_hazard = Float64Array.from(data.exit_hazard);
      this.hazard = Float64Array.from(data.exit_hazard);
      this.factors = data.stages.map(() => 1);
      this._prepare();
    }

    // Multiply the hazards of death of one step.
    scaleDeaths(step, factor) {
      this.factors[step] = factor;
      for (let e = 0; e < this.exits; e++) {
        const deaths = this.exit_target[e] < 0 ? this.factors[this.stage[this.exit_source[e]]] : 1;
        this.hazard[e] = deaths === 1 ? this.base_hazard[e] : this.base_hazard[e] * deaths;
      }
      this._prepare();
    }

    // Summed hazards and cumulative shares of each group, summed in order.
    _prepare() {
      const groups = this.exit_start.length - 1;
      this.mean = new Float64Array(groups);
      this.bound = new Float64Array(this.exits).fill(2);
      for (let g = 0; g < groups; g++) {
        const begin = this.exit_start[g], end = this.exit_start[g + 1];
        let total = 0;
        for (let e = begin; e < end; e++) total += this.hazard[e];
        this.mean[g] = 1 / total;
        let sum = 0;
        for (let e = begin; total > 0 && e < end - 1; e++) {
          sum += this.hazard[e];
          this.bound[e] = sum / total;
        }
      }
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

    // Run a cell; `each(state, entered, left, exit)` for every visit; exit -1: still there.
    // The last state, the time, and the furthest stage.
    run(cell, each) {
      let [state, time] = this.start(cell);
      let furthest = this.stage[state];
      for (let visit = 0; !this.absorbing[state]; visit++) {
        const [u, v, choice] = draws(cell, visit, 0, this.key);
        const move = time + minusLog(u) * this.mean[2 * state];
        const death = time + minusLog(v) * this.mean[2 * state + 1];
        const dies = death < move;
        const event = dies ? death : move;
        if (event === Infinity) {
          if (each) each(state, time, event, -1);
          return [state, time, furthest, -1];
        }
        let exit = this.exit_start[2 * state + (dies ? 1 : 0)];
        while (choice >= this.bound[exit]) exit++;
        if (each) each(state, time, event, exit);
        time = event;
        if (dies) return [state, time, furthest, exit];
        state = this.exit_target[exit];
        furthest = Math.max(furthest, this.stage[state]);
      }
      if (each) each(state, time, Infinity, -1);
      return [state, time, furthest, -1];
    }

    // The stays of a cell as histories.py tells them: phases of a state are one stay.
    replay(cell) {
      const stays = [];
      let entered = null;
      this.run(cell, (state, from, left, exit) => {
        if (entered === null) entered = from;
        if (exit >= 0 && this.exit_inner[exit]) return;
        const way = exit < 0 ? null : this.transitions[this.exit_transition[exit]];
        stays.push({
          state: this.states[this.base[state]],
          stage: this.stage[state],
          entered,
          left,
          ended_by: way ? way.way : "",
          died: exit >= 0 && this.exit_target[exit] < 0,
        });
        entered = null;
      });
      return stays;
    }

    // Cells first to first + number, counted: distinct cells that passed each step, and
    // deaths by furthest step and cause.
    simulate(first, number, into) {
      const counts = into || { cells: 0, passed: new Array(this.goal).fill(0), lost: this.stages.map(() => ({})) };
      for (let cell = first; cell < first + number; cell++) {
        const [, , furthest, exit] = this.run(cell, null);
        for (let k = 0; k < furthest; k++) counts.passed[k]++;
        if (exit >= 0) {
          const cause = this.transitions[this.exit_transition[exit]].way;
          const lost = counts.lost[Math.min(furthest, this.goal - 1)];
          lost[cause] = (lost[cause] || 0) + 1;
        }
      }
      counts.cells += number;
      return counts;
    }

    // Exact shares of cells: passed (stages), lost by furthest step and cause, still (stages).
    // At level k (no stage beyond k reached) the times x in the states solve (D - R)^T x = inflow.
    exact() {
      const { size, goal, exits } = this;
      const inflow = Array.from({ length: goal + 1 }, () => new Float64Array(size));
      const entered = new Float64Array(goal + 1);
      let before = 0;
      this.start_state.forEach((s, k) => {
        inflow[this.stage[s]][s] += this.start_cumulative[k] - before;
        before = this.start_cumulative[k];
      });
      const total = new Float64Array(size);
      for (let e = 0; e < exits; e++) total[this.exit_source[e]] += this.hazard[e];
      for (let k = 0; k <= goal; k++) entered[k] = inflow.slice(k).reduce((sum, f) => sum + f.reduce((a, b) => a + b, 0), 0);
      const lost = this.stages.map(() => ({}));
      const still = new Array(goal).fill(0);
      for (let level = 0; level < goal; level++) {
        const here = [];
        for (let s = 0; s < size; s++) {
          if (this.stage[s] <= level && total[s] > 0) here.push(s);
          else if (this.stage[s] <= level) still[level] += inflow[level][s];
        }
        const x = this._solve(here, total, inflow[level]);
        for (let e = 0; e < exits; e++) {
          const flow = x[this.exit_source[e]] * this.hazard[e];
          if (!flow) continue;
          const to = this.exit_target[e];
          if (to < 0) {
            const cause = this.transitions[this.exit_transition[e]].way;
            lost[level][cause] = (lost[level][cause] || 0) + flow;
          } else if (this.stage[to] > level) {
            inflow[this.stage[to]][to] += flow;
            for (let k = level + 1; k <= this.stage[to]; k++) entered[k] += flow;
          } else if (total[to] === 0) still[level] += flow;
        }
      }
      return { passed: Array.from(entered.slice(1)), lost, still };
    }

    // Times in the states `here` by Gaussian elimination; 0 elsewhere.
    _solve(here, total, inflow) {
      const n = here.length;
      const index = new Int32Array(this.size).fill(-1);
      here.forEach((s, i) => { index[s] = i; });
      const a = Array.from({ length: n }, () => new Float64Array(n + 1));
      here.forEach((s, i) => { a[i][i] = total[s]; a[i][n] = inflow[s]; });
      for (let e = 0; e < this.exits; e++) {
        const from = index[this.exit_source[e]], to = this.exit_target[e] < 0 ? -1 : index[this.exit_target[e]];
        if (from >= 0 && to >= 0) a[to][from] -= this.hazard[e];
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

  root.cascade = Object.assign(root.cascade || {}, { Model, philox, draws, minusLog });
})(typeof globalThis !== "undefined" ? globalThis : this);
