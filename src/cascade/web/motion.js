// Moving cells: replayed lives on a canvas.  Of a model with a body the cells ride its vessels
// from bed to bed and stay where they die.  Of any model there are steps: a column for each, a
// band for each state in it; a cell waits in its band, goes on, or turns the colour of its cause
// of death and sinks.
// Each stay is shown for as long as the logarithm of its length: seconds stand beside months.
"use strict";

(function (root) {
  const INK = "#222222", QUIET = "#666666", LINE = "#dddddd", ALIVE = "#332288", GONE = "#222222";
  const SINK = 0.9, RIDE = 0.33, TOP = 0.5;
  const VESSELS = { artery: "#EDCBC9", vein: "#CBD5E8", portal: "#D9CFE8" };

  // How long a stay is shown, in seconds.
  function shown(hours) {
    return Number.isFinite(hours) ? 0.35 + 0.22 * Math.log10(1 + hours * 3600) : Infinity;
  }

  function duration(hours) {
    if (!Number.isFinite(hours)) return "for good";
    const units = [["s", 1 / 3600], ["min", 1 / 60], ["h", 1], ["d", 24], ["months", 730.5], ["years", 8766]];
    let best = units[0];
    for (const unit of units) if (hours >= 1.5 * unit[1]) best = unit;
    return `${Number((hours / best[1]).toPrecision(3))} ${best[0]}`;
  }

  const spaced = (name) => name.replaceAll("_", " ");
  const LONGEST = 14;

  // A cell's story in words; of a very long one the begin and the end.
  function story(life) {
    const parts = life.stays.map((s) => {
      const here = `${spaced(s.state)}${s.level ? ` (${s.level})` : ""} ${duration(s.left - s.entered)}`;
      return s.died ? `${here}, died of ${s.ended_by}` : here;
    });
    const half = LONGEST / 2, more = parts.length - LONGEST;
    if (more > 1) parts.splice(half, more, `(${more} more)`);
    const size = life.size > 1 ? `, a cluster of ${life.size},` : "";
    return `Cell ${life.cell}${size}: ${parts.join(" → ")}.`;
  }

  class Motion {
    // `about`: {stages, states: [{name, stage}], causes: {name: colour}, goal, map}; `map` as in bodymap.py, or null.
    constructor(host, about) {
      this.about = about;
      this.columns = [...about.stages, about.goal];
      this.map = about.map || null;
      this.speed = 1;
      this.clock = 0;
      this.playing = false;
      this.lives = [];
      this.still = root.matchMedia ? root.matchMedia("(prefers-reduced-motion: reduce)").matches : false;
      this._build(host);
      if (root.ResizeObserver) new ResizeObserver(() => this._fit()).observe(this.canvas);
      this._fit();
    }

    _build(host) {
      host.classList.add("cascade-motion");
      host.innerHTML = `<div class="controls">
        <button type="button" data-do="play">Play</button>
        <button type="button" data-do="step">One event</button>
        <button type="button" data-do="again">From the start</button>
        <label>Speed <input type="range" min="-2" max="3" step="0.5" value="0" data-do="speed"></label></div>
        <canvas tabindex="0" role="img"></canvas><ul class="legend"></ul>
        <p class="quiet">Space: play or pause. →: one event. Point at a cell, or press N for the next, to hear its story.
        Each stay is shown for as long as the logarithm of its length.</p>
        <p class="story" aria-live="polite"></p>`;
      this.canvas = host.querySelector("canvas");
      this.canvas.setAttribute("aria-label", "Cells moving from place to place; the counts stand below");
      this.story = host.querySelector(".story");
      this.button = host.querySelector('[data-do="play"]');
      const act = { play: () => this.toggle(), step: () => this.step(), again: () => this.show(this.lives) };
      for (const name in act) host.querySelector(`[data-do="${name}"]`).addEventListener("click", act[name]);
      host.querySelector('[data-do="speed"]').addEventListener("input", (e) => { this.speed = 2 ** Number(e.target.value); });
      this.canvas.addEventListener("keydown", (e) => {
        const keys = { " ": act.play, ArrowRight: act.step, n: () => this.next(), N: () => this.next() };
        if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
      });
      this.canvas.addEventListener("pointermove", (e) => this._point(e));
      this.canvas.addEventListener("pointerdown", (e) => this._point(e));
      if (this.map) {
        const label = document.createElement("label"), view = document.createElement("select");
        view.append(new Option("the body", "body"), new Option("the steps", "steps"));
        view.addEventListener("change", () => { this.map = view.value === "body" ? this.about.map : null; this._fit(); });
        label.append("Look at ", view);
        host.querySelector(".controls").append(label);
      }
      const legend = host.querySelector(".legend");
      const entries = [["alive", ALIVE], ...Object.entries(this.about.causes), [this.about.goal, GONE]];
      for (const [name, colour] of entries) {
        const item = document.createElement("li");
        item.innerHTML = `<i style="background:${colour}"></i>`;
        item.append(name);
        legend.append(item);
      }
    }

    // Show these lives, [{cell, stays}], from the start.
    show(lives) {
      // What is never left has no time of leaving in JSON.
      for (const life of lives) for (const stay of life.stays) if (stay.left === null) stay.left = Infinity;
      this.lives = lives;
      this.clock = 0;
      this.tracks = lives.map((life, i) => {
        let at = (i / Math.max(1, lives.length)) * Math.min(20, lives.length / 6);
        const stops = life.stays.map((stay) => {
          const stop = { from: at, to: at + shown(stay.left - stay.entered), stay };
          at = stop.to;
          return stop;
        });
        return { life, stops, x: 0, y: 0, jitter: [((i * 0.7548776662) % 1) - 0.5, ((i * 0.5698402910) % 1) - 0.5] };
      });
      this.length = SINK;
      const piles = this.columns.map(() => 0);
      for (const t of this.tracks) {
        for (const s of t.stops) if (Number.isFinite(s.to)) this.length = Math.max(this.length, s.to + SINK);
        const { stay } = t.stops[t.stops.length - 1];
        if (stay.died) piles[stay.stage] += 1;
      }
      this.highest = Math.max(1, ...piles);
      this.chosen = null;
      this.story.textContent = "";
      this._draw();
    }

    toggle() { if (this.playing) this.pause(); else this.play(); }

    play() {
      if (this.clock >= this.length) this.clock = 0;
      this.playing = true;
      this.button.textContent = "Pause";
      let last = null;
      const frame = (now) => {
        if (!this.playing) return;
        if (last !== null) this.clock += Math.min(0.1, (now - last) / 1000) * this.speed;
        last = now;
        this._draw();
        if (this.clock >= this.length) this.pause(); else requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    }

    pause() {
      this.playing = false;
      this.button.textContent = "Play";
    }

    // On to the next event of any cell.
    step() {
      this.pause();
      let next = Infinity;
      for (const t of this.tracks) for (const s of t.stops) if (s.to > this.clock + 1e-9) next = Math.min(next, s.to);
      this.clock = Number.isFinite(next) ? next + 1e-6 : this.length;
      this._draw();
    }

    // The end of all lives.
    finish() { this.pause(); this.clock = this.length; this._draw(); }

    // Choose the next cell under way.
    next() {
      const alive = this.tracks.filter((t) => !t.over && t.begun);
      if (!alive.length) return;
      const at = alive.indexOf(this.chosen);
      this._choose(alive[(at + 1) % alive.length]);
    }

    // Distinct cells by where they are now: yet to come, under way by column, dead by column and cause.
    counts() {
      const alive = this.columns.map(() => 0), dead = this.columns.map(() => Object.create(null));
      let waiting = 0;
      for (const t of this.tracks) {
        const stop = this._stop(t);
        if (stop.from > this.clock) waiting += 1;
        else if (stop.stay.died && this.clock >= stop.to) {
          const d = dead[stop.stay.stage];
          d[stop.stay.ended_by] = (d[stop.stay.ended_by] || 0) + 1;
        } else alive[stop.stay.stage] += 1;
      }
      return { waiting, alive, dead, cells: this.tracks.length };
    }

    _stop(track) {
      let stop = track.stops[0];
      for (const s of track.stops) if (s.from <= this.clock) stop = s;
      return stop;
    }

    _fit() {
      const width = this.canvas.clientWidth || 800, ratio = root.devicePixelRatio || 1;
      this.width = width;
      this.narrow = width < 620;
      this.height = this.map ? Math.max(520, Math.min(0.66 * width, 760)) : this.narrow ? 420 : 380;
      this.canvas.style.height = `${this.height}px`;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(this.height * ratio);
      this.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
      if (this.tracks) this._draw();
    }

    // Middle of the band of a state.
    _place(name, stage) {
      const bands = this.about.states.filter((s) => s.stage === stage);
      const at = Math.max(0, bands.findIndex((s) => s.name === name));
      const column = this.width / this.columns.length;
      const top = this.narrow ? 106 : 46, room = this.height - top - 128;
      return [column * (stage + 0.5), top + (room * (at + 0.5)) / Math.max(1, bands.length), column, room / Math.max(1, bands.length)];
    }

    _draw() {
      const g = this.canvas.getContext("2d");
      g.clearRect(0, 0, this.width, this.height);
      if (this.map) this._drawBody(g); else this._drawColumns(g);
      const piles = this.columns.map(() => 0);
      for (const t of this.tracks || []) {
        t.begun = t.stops[0].from <= this.clock;
        t.over = false;
        if (!t.begun) continue;
        const stop = this._stop(t), { stay } = stop;
        const before = t.stops[t.stops.indexOf(stop) - 1];
        let [x, y] = this._way(t, before && before.stay, stay, (this.clock - stop.from) / RIDE);
        const settled = stay.stage === this.columns.length - 1;
        let colour = settled ? GONE : ALIVE;
        if (stay.died && this.clock >= stop.to) {
          t.over = true;
          colour = this.about.causes[stay.ended_by] || QUIET;
          if (!this.map) [x, y] = this._sink(x, y, piles[stay.stage]++, stay.stage, this.clock - stop.to);
        }
        t.x = x; t.y = y;
        g.fillStyle = colour;
        g.globalAlpha = t.over && this.map && t !== this.chosen ? 0.75 : 1;
        g.beginPath();
        const [live, dead] = !this.map ? [this.narrow ? 3.4 : 4.2, 0.43 * this._apart()] : this.narrow ? [2.4, 1.8] : [3.4, 2.2];
        // A cluster has the volume of its cells.
        const grown = Math.cbrt(t.life.size || 1);
        g.arc(x, y, t === this.chosen || (settled && !t.over) ? 6.5 : grown * (t.over ? dead : live), 0, 2 * Math.PI);
        g.fill();
        g.globalAlpha = 1;
        if (t === this.chosen) { g.strokeStyle = INK; g.lineWidth = 2; g.stroke(); g.lineWidth = 1; }
      }
      if (this.tracks && this.tracks.length) this._drawCounts(g, this.counts());
    }

    // Where a cell is: on the way from one place to the next, or there.
    _way(track, from, to, gone) {
      const end = this._spot(track, to);
      if (!from || gone >= 1) return end;
      const begin = this._spot(track, from), f = gone * gone * (3 - 2 * gone), points = [begin];
      if (this.map) {
        // Along the vessels: across at the height of the bed, up or down in the trunk.
        const inBed = (stay) => this.map.places[stay.state][0] === this.map.beds[0];
        if (inBed(from) && !inBed(to)) points.push([end[0], begin[1]]);
        else if (inBed(to) && !inBed(from)) points.push([begin[0], end[1]]);
      }
      points.push(end);
      const lengths = points.slice(1).map((p, i) => Math.hypot(p[0] - points[i][0], p[1] - points[i][1]));
      let left = f * lengths.reduce((a, b) => a + b, 0);
      for (let i = 0; i < lengths.length; i++) {
        if (left <= lengths[i] && lengths[i] > 0) {
          const part = left / lengths[i];
          return [points[i][0] * (1 - part) + points[i + 1][0] * part, points[i][1] * (1 - part) + points[i + 1][1] * part];
        }
        left -= lengths[i];
      }
      return end;
    }

    // Where a cell stays.
    _spot(track, stay) {
      const [jx, jy] = track.jitter;
      if (this.map) {
        const [px, py] = this.map.places[stay.state], [x, y] = this._at(px, py);
        const room = px < 1 ? 0.6 : 0.26;
        return [x + jx * room * this.unit, y + jy * Math.min(room, px < 1 ? 0.55 : 0.2) * this.unit];
      }
      const [x, y, w, h] = this._place(stay.state, stay.stage);
      return [x + jx * w * 0.78, y + 6 + jy * Math.min(h * 0.6, 150)];
    }

    // Pixels between the dead of a pile, so that the highest has room.
    _apart() { return Math.min(7, Math.sqrt(((this.width / this.columns.length - 10) * 64) / this.highest)); }

    // A dead cell sinks to the pile below its column.
    _sink(x, y, n, stage, gone) {
      const column = this.width / this.columns.length;
      const apart = this._apart(), across = Math.max(1, Math.floor((column - 10) / apart));
      const tx = stage * column + 8 + (n % across) * apart, ty = this.height - 96 + Math.floor(n / across) * apart;
      const f = this.still ? 1 : Math.min(1, gone / SINK);
      return [x + (tx - x) * f, y + (Math.min(ty, this.height - 26) - y) * f * f];
    }

    // Inches of the map on the canvas.
    _at(x, y) {
      const sx = this.width / this.map.width, sy = (this.height - 28) / (this.map.height - TOP);
      this.unit = Math.min(sx, sy);
      return [x * sx, (y - TOP) * sy];
    }

    _drawBody(g) {
      const { lines, names, more, beds, hearts } = this.map;
      g.lineCap = g.lineJoin = "round";
      for (const [points, flow, kind] of lines) {
        g.strokeStyle = VESSELS[kind];
        g.beginPath();
        for (let i = 0; i < points.length; i += 2) {
          const [x, y] = this._at(points[i], points[i + 1]);
          if (i) g.lineTo(x, y); else g.moveTo(x, y);
        }
        g.lineWidth = Math.max(0.8, 0.28 * flow * this.unit);
        g.stroke();
      }
      g.lineWidth = 1;
      for (const height of beds.slice(1)) {
        const [x, y] = this._at(beds[0], height);
        g.strokeStyle = QUIET;
        g.fillStyle = "#ffffff";
        g.beginPath();
        g.arc(x, y, this.narrow ? 2.5 : 5, 0, 2 * Math.PI);
        g.fill();
        g.stroke();
      }
      for (let i = 0; i < 4; i += 2) {
        const [x, y] = this._at(hearts[i] - (i ? 0.24 : 0), hearts[i + 1] + (i ? 0.05 : 0));
        g.fillStyle = i ? "#A63A37" : "#35538F";
        g.fillRect(x - 0.2 * this.unit, y - 0.2 * this.unit, 0.4 * this.unit, 0.4 * this.unit);
      }
      g.font = `${this.narrow ? 8.5 : 11.5}px system-ui, sans-serif`;
      g.textBaseline = "middle";
      g.strokeStyle = "#ffffff";
      g.lineWidth = 3;
      for (const [name, nx, ny, align] of this.narrow ? names : names.concat(more)) {
        const [x, y] = this._at(nx, ny);
        g.textAlign = align;
        const space = align === "left" ? this.width - x - 4 : undefined;
        g.strokeText(name, x, y, space);
        g.fillStyle = QUIET;
        g.fillText(name, x, y, space);
      }
      g.lineWidth = 1;
      g.textBaseline = "alphabetic";
    }

    _drawColumns(g) {
      const column = this.width / this.columns.length, floor = this.height - 104;
      g.font = `${this.narrow ? 10 : 12.5}px system-ui, sans-serif`;
      g.textAlign = "center";
      this.columns.forEach((name, k) => {
        if (k) { g.strokeStyle = LINE; g.beginPath(); g.moveTo(k * column, 0); g.lineTo(k * column, this.height); g.stroke(); }
        g.fillStyle = INK;
        if (this.narrow) {
          g.save(); g.translate(column * (k + 0.5) + 4, 100); g.rotate(-Math.PI / 2); g.textAlign = "left";
          g.fillText(name, 0, 0, 96); g.restore();
        } else g.fillText(name, column * (k + 0.5), 18, column - 6);
        const bands = this.about.states.filter((s) => s.stage === k);
        if (!this.narrow && bands.length > 1 && bands.length <= 5) {
          g.fillStyle = QUIET;
          g.font = "10.5px system-ui, sans-serif";
          for (const s of bands) { const [x, y, , h] = this._place(s.name, k); g.fillText(spaced(s.name), x, y - Math.min(h / 2, 30) + 9, column - 6); }
          g.font = "12.5px system-ui, sans-serif";
        }
      });
      g.strokeStyle = LINE; g.beginPath(); g.moveTo(0, floor); g.lineTo(this.width, floor); g.stroke();
    }

    _drawCounts(g, now) {
      const dead = now.dead.map((d) => Object.values(d).reduce((a, b) => a + b, 0)), last = this.columns.length - 1;
      const sum = (list) => list.reduce((a, b) => a + b, 0);
      g.fillStyle = INK;
      g.font = `${this.narrow ? 10 : 12.5}px system-ui, sans-serif`;
      if (this.map) {
        const text = `${now.waiting} to come, ${sum(now.alive.slice(0, last))} under way, ${sum(dead)} dead, ${now.alive[last]} colonies`;
        g.textAlign = "center";
        g.fillText(text, this.width / 2, this.height - 9, this.width - 12);
        return;
      }
      const column = this.width / this.columns.length;
      g.textAlign = "center";
      this.columns.forEach((_, k) => {
        const text = k === last ? `${now.alive[k]}` : this.narrow ? `${now.alive[k]} | ${dead[k]}` : `${now.alive[k]} here, ${dead[k]} dead`;
        g.fillText(text, column * (k + 0.5), this.height - 8, column - 4);
      });
    }

    _point(event) {
      if (!this.tracks) return;
      const box = this.canvas.getBoundingClientRect();
      const x = event.clientX - box.left, y = event.clientY - box.top;
      let best = null, distance = 14;
      for (const t of this.tracks) {
        const d = t.begun ? Math.hypot(t.x - x, t.y - y) : Infinity;
        if (d < distance) { best = t; distance = d; }
      }
      if (best && best !== this.chosen) this._choose(best);
    }

    _choose(track) {
      this.chosen = track;
      this.story.textContent = story(track.life);
      if (!this.playing) this._draw();
    }
  }

  root.cascade = Object.assign(root.cascade || {}, { Motion, story, duration });
})(typeof globalThis !== "undefined" ? globalThis : this);
