// The page: sliders change the hazards of death; the funnel is solved at once, counted behind it.
"use strict";

(function () {
  const data = cascade.data, model = new cascade.Model(data);
  const at = (id) => document.getElementById(id);
  const SHOWN = 240, CHUNK = model.plain ? 20000 : 2000, LOWEST = 1e-9;
  at("title").textContent = data.title;
  at("about").textContent = data.description;
  const averaged = data.nodes.length > 1 ? `Exact: the mean over ${data.nodes.length.toLocaleString("en")} points of the frailties` +
    (data.random_nodes ? ", drawn at random: good to some per cent. " : ". ") : "";
  at("made").textContent = averaged + `${data.limits} Made by cascade ${data.version}; seed ${data.seed}, streams ${data.stream}. ` +
    "Every number on this page is computed in it, by the rules and with the draws of the package.";

  function share(p) {
    if (p === 0) return "0";
    if (p >= 0.001) return `${Number((100 * p).toPrecision(3))} %`;
    return `1 in ${Number((1 / p).toPrecision(2)).toLocaleString("en")}`;
  }

  const sliders = data.stages.map((name, k) => {
    const label = document.createElement("label");
    label.className = "slider";
    label.innerHTML = "<span></span><output>×1</output>";
    label.firstChild.textContent = `Deaths at ${name}`;
    const input = Object.assign(document.createElement("input"), { type: "range", min: "-2", max: "2", step: "0.05", value: "0" });
    input.setAttribute("aria-label", `Deaths at ${name}, as a factor, logarithmic`);
    input.addEventListener("input", () => {
      const factor = 10 ** Number(input.value);
      label.querySelector("output").textContent = `×${Number(factor.toPrecision(2))}`;
      input.setAttribute("aria-valuetext", `times ${Number(factor.toPrecision(2))}`);
      model.scaleDeaths(k, factor);
      update();
    });
    label.append(input);
    at("sliders").append(label);
    return input;
  });
  at("reset").addEventListener("click", () => sliders.forEach((input) => {
    if (input.value !== "0") { input.value = "0"; input.dispatchEvent(new Event("input")); }
  }));

  const head = document.createElement("div");
  head.className = "row head";
  head.setAttribute("role", "row");
  for (const [text, kind] of [["passed", ""], ["(width: logarithm of the share)", ""], ["exact", ""], ["counted", "counted"]]) {
    const cell = Object.assign(document.createElement("span"), { textContent: text, className: kind });
    cell.setAttribute("role", "columnheader");
    head.append(cell);
  }
  at("funnel").append(head);
  const rows = data.stages.map((name) => {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "row");
    row.innerHTML = '<span role="rowheader"></span><div class="bar" role="presentation"><div></div></div>' +
      '<span role="cell" class="exact"></span><span role="cell" class="counted"></span><span role="cell" class="why"></span>';
    row.firstChild.textContent = name;
    row.querySelector(".bar > div").style.background = data.stage_colours[name];
    at("funnel").append(row);
    return row;
  });

  function why(lost, still) {
    const parts = Object.entries(lost).filter((p) => p[1] > 0).sort((a, b) => b[1] - a[1]);
    const total = parts.reduce((sum, p) => sum + p[1], 0);
    const words = parts.length ? ["lost to " + parts.slice(0, 3).map(([c, n]) => `${c} ${Math.round((100 * n) / total)} %`).join(", ")] : [];
    if (still > 1e-12) words.push(`still there: ${share(still)} of all`);
    return words.join("; ");
  }

  const motion = new cascade.Motion(at("motion"), data.cast);
  const only = document.createElement("label");
  only.append("Show ");
  const choice = document.createElement("select");
  choice.append(new Option("the first cells", "0"), ...data.stages.slice(0, -1).map((s, k) => new Option(`cells that passed ${s}`, String(k + 1))),
    new Option("cells that founded a colony", String(data.stages.length)));
  only.append(choice);
  at("motion").querySelector(".controls").append(only);
  choice.addEventListener("change", pick);

  // The first cells that passed the chosen step, looked for piece by piece: colonies are rare.
  let search = 0;
  function pick() {
    const least = Number(choice.value), found = [], mine = ++search, end = data.first + data.cells;
    let cell = data.first;
    const go = () => {
      if (mine !== search) return;
      for (const stop = Math.min(end, cell + CHUNK); cell < stop && found.length < SHOWN; cell++) {
        if (least > 0 && !model.run(cell, null).some((unit) => unit.furthest >= least)) continue;
        for (const life of model.lives(cell)) {
          const name = life.member || life.size > 1 ? `${cell}, member ${life.member}` : cell;
          if (life.stays.some((stay) => stay.stage >= least)) found.push({ cell: name, size: life.size, stays: life.stays });
        }
      }
      if (cell < end && found.length < SHOWN) {
        motion.story.textContent = `Looking for them: ${(cell - data.first).toLocaleString("en")} cells so far.`;
        setTimeout(go, 0);
        return;
      }
      motion.show(found);
      motion.story.textContent = found.length ? "" : `None of the ${data.cells.toLocaleString("en")} cells of this page came so far.`;
    };
    go();
  }

  let job = 0;
  function update() {
    const exact = model.exact();
    rows.forEach((row, k) => {
      const p = exact.passed[k];
      row.querySelector(".exact").textContent = share(p);
      row.querySelector(".exact").dataset.value = p;
      row.querySelector(".bar > div").style.width = `${100 * Math.max(0, 1 - Math.log10(Math.max(p, LOWEST)) / Math.log10(LOWEST))}%`;
      row.querySelector(".why").textContent = why(exact.lost[k], exact.still[k]);
    });
    const mine = ++job;
    at("progress").dataset.done = false;
    const counts = model.simulate(0, 0);
    const go = () => {
      if (mine !== job) return;
      const number = Math.min(CHUNK, data.cells - counts.founders);
      model.simulate(data.first + counts.founders, number, counts);
      rows.forEach((row, k) => {
        row.querySelector(".counted").textContent = counts.passed[k].toLocaleString("en");
        row.querySelector(".counted").dataset.value = counts.passed[k];
      });
      const done = counts.founders === data.cells;
      const what = data.largest > 1 ? `founders, ${counts.cells.toLocaleString("en")} cells,` : "cells,";
      at("progress").textContent = `Counted: ${counts.founders.toLocaleString("en")} of ${data.cells.toLocaleString("en")} ${what} one by one${data.until === null ? "" : `, for ${cascade.duration(data.until)}`}.`;
      at("progress").dataset.done = done;
      if (!done) setTimeout(go, 0);
      else { motion.pause(); pick(); }
    };
    setTimeout(go, 30);
  }

  cascade.page = { model, motion, sliders };
  update();
  pick();
})();
