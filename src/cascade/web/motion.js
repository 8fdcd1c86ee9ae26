// Moving cells: replayed lives on a canvas.  A column for each step, a band for each state in
// it; a cell waits in its band, goes on, or turns the colour of its cause of death and sinks.
// Each stay is shown for as long as the logarithm of its length: seconds stand beside months.
"use strict";

(function (root) {
  const INK = "#222222", QUIET = "#666666", LINE = "#dddddd", ALIVE = "#332288", GONE = "#222222";
  const SINK = 0.9;

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

  // A cell's story in words.
  function story(life) {
    const parts = life.stays.map((s) => {
      const here = `${s.state}${s.level ? ` (${s.level})` : ""} ${duration(s.left - s.entered)}`;
      return s.died ? `${here}, died of ${s.ended_by}` : here;
    });
    return `Cell ${life.cell}: ${parts.join(" → ")}.`;
  }

  class Motion {
    // `about`: {stages, states: [{name, stage}], causes: {name: colour}, goal}.
    constructor(host, about) {
      this.about = about;
      this.columns = [...about.stages, about.goal];
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
      this.canvas.setAttribute("aria-label", "Cells moving from step to step; the counts stand below each column");
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
      const ends = this.tracks.flatMap((t) => t.stops.map((s) => s.to)).filter(Number.isFinite);
      this.length = (ends.length ? Math.max(...ends) : 0) + SINK;
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
      const alive = this.columns.map(() => 0), dead = this.columns.map(() => ({}));
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
      this.height = this.narrow ? 420 : 380;
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
      const g = this.canvas.getContext("2d"), column = this.width / this.columns.length;
      const floor = this.height - 104;
      g.clearRect(0, 0, this.width, this.height);
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
          for (const s of bands) { const [x, y, , h] = this._place(s.name, k); g.fillText(s.name, x, y - Math.min(h / 2, 30) + 9, column - 6); }
          g.font = "12.5px system-ui, sans-serif";
        }
      });
      g.strokeStyle = LINE; g.beginPath(); g.moveTo(0, floor); g.lineTo(this.width, floor); g.stroke();
      const piles = this.columns.map(() => 0);
      for (const t of this.tracks || []) {
        t.begun = t.stops[0].from <= this.clock;
        t.over = false;
        if (!t.begun) continue;
        const stop = this._stop(t), { stay } = stop;
        const [x, y, w, h] = this._place(stay.state, stay.stage);
        let px = x + t.jitter[0] * w * 0.78, py = y + 6 + t.jitter[1] * Math.min(h * 0.6, 150), colour = ALIVE;
        const before = t.stops[t.stops.indexOf(stop) - 1];
        const gone = this.clock - stop.from;
        if (before && gone < 0.3) {
          const [bx, by, bw, bh] = this._place(before.stay.state, before.stay.stage);
          const f = gone / 0.3, ease = f * f * (3 - 2 * f);
          px = (bx + t.jitter[0] * bw * 0.78) * (1 - ease) + px * ease;
          py = (by + 6 + t.jitter[1] * Math.min(bh * 0.6, 150)) * (1 - ease) + py * ease;
        }
        if (stay.died && this.clock >= stop.to) {
          t.over = true;
          colour = this.about.causes[stay.ended_by] || QUIET;
          const across = Math.max(1, Math.floor((column - 10) / 7)), n = piles[stay.stage]++;
          const tx = stay.stage * column + 8 + (n % across) * 7, ty = floor + 8 + Math.floor(n / across) * 7;
          const f = this.still ? 1 : Math.min(1, (this.clock - stop.to) / SINK);
          px += (tx - px) * f;
          py += (Math.min(ty, this.height - 26) - py) * f * f;
        } else if (stay.stage === this.columns.length - 1) colour = GONE;
        t.x = px; t.y = py;
        g.fillStyle = colour;
        g.beginPath();
        const settled = !t.over && stay.stage === this.columns.length - 1;
        g.arc(px, py, t === this.chosen || settled ? 6.5 : t.over ? 3 : 4.2, 0, 2 * Math.PI);
        g.fill();
        if (t === this.chosen) { g.strokeStyle = INK; g.lineWidth = 2; g.stroke(); g.lineWidth = 1; }
      }
      const now = this.tracks && this.tracks.length ? this.counts() : null;
      g.fillStyle = INK;
      g.textAlign = "center";
      if (now) this.columns.forEach((_, k) => {
        const dead = Object.values(now.dead[k]).reduce((a, b) => a + b, 0);
        const text = k === this.columns.length - 1 ? `${now.alive[k]}` : this.narrow ? `${now.alive[k]} | ${dead}` : `${now.alive[k]} here, ${dead} dead`;
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
