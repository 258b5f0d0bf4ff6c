// The field, ranked live: metric bars, the spread over folds, and a reason for whatever has no value.

const SPREAD = { width: 96, height: 18, edge: 4 };

const inOrder = (view) => [...view.metrics].sort((a, b) => (b.name === view.sort) - (a.name === view.sort));

const isBounded = (metric) => metric.greater;

/** Share of a cell that its bar fills: of 1 for scores, of the column's largest for errors. */
function share(value, metric, largest) {
  if (value === null || value === undefined) return 0;
  const whole = isBounded(metric) ? Math.max(1, largest) : largest;
  return whole > 0 ? Math.max(0, Math.min(1, value / whole)) : 0;
}

/** The axis that all rows share; one bad model must not squeeze the others together, so the lowest twentieth is cut. */
function axis(rows) {
  const values = rows.flatMap((row) => row.folds).filter((value) => value !== null).sort((a, b) => a - b);
  if (!values.length) return null;
  const low = values[Math.floor(values.length * 0.05)];
  const high = values[Math.ceil(values.length * 0.95) - 1];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

function spread(row, range) {
  const values = row.folds.filter((value) => value !== null);
  if (!values.length || !range) return "";
  const [low, high] = range;
  const { width, height, edge } = SPREAD;
  const at = (value) => edge + ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (width - 2 * edge);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const dots = values.map((value) => svg("circle", { cx: at(value), cy: height / 2, r: 2.4, class: value < low || value > high ? "wb-dot wb-off" : "wb-dot" }));
  const label = svg("title");
  label.textContent = row.folds.map((value, fold) => `fold ${fold + 1}: ${figure(value)}`).join("\n");
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `spread over ${values.length} folds` },
    label, svg("line", { x1: edge, x2: width - edge, y1: height / 2, y2: height / 2, class: "wb-axis" }), ...dots,
    svg("line", { x1: at(mean), x2: at(mean), y1: 2, y2: height - 2, class: "wb-mean" }));
}

function csv(view, rows) {
  const quote = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  // A spreadsheet takes a text that begins so for a formula.
  const text = (value) => (/^[=+\-@]/.test(value ?? "") ? `'${value}` : value ?? "");
  const names = view.metrics.map((metric) => metric.name);
  const head = ["rank", "model", "name", "status", ...names, ...names.map((name) => `${name} std`), "fit_s", "folds_scored", "reason"];
  const lines = rows.map((row) => [row.rank ?? "", row.model, text(row.name), row.status, ...names.map((name) => row.metrics[name] ?? ""),
    ...names.map((name) => row.std[name] ?? ""), row.fit_s ?? "", row.folds_scored, text(row.reason)]);
  return [head, ...lines].map((cells) => cells.map((cell) => quote(String(cell))).join(",")).join("\r\n");
}

function download(name, text) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Move rows to their new places so that the eye can follow them. */
function reorder(body, rows) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const before = new Map([...body.children].map((row) => [row, row.offsetTop]));
  if (rows.length === body.children.length && rows.every((row, index) => row === body.children[index])) return;
  body.replaceChildren(...rows);
  if (calm) return;
  for (const row of rows) {
    const moved = before.has(row) ? before.get(row) - row.offsetTop : 0;
    if (moved) row.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: 260, easing: "ease-out" });
  }
}

export default panel((el, link) => {
  const save = h("button", { class: "wb-button wb-quiet", type: "button" }, "Export CSV");
  const status = h("span", { class: "wb-count" });
  const { body } = frame(el, "Leaderboard", { side: [status, save] });
  const head = h("thead");
  const rows = h("tbody");
  const table = h("table", { class: "wb-table wb-board" }, head, rows);
  const scroll = h("div", { class: "wb-scroll", role: "group", tabindex: "0", "aria-label": "Models and their scores" }, table);
  const empty = h("p", { class: "wb-empty" });
  body.append(scroll, empty);
  const drawn = new Map();
  let run = null;
  // Null: the store's own ranking. Otherwise a column and a direction that the reader chose.
  let sorting = null;

  const value = (row, column) => (column === "name" ? row.name.toLowerCase() : column === "fit_s" ? row.fit_s : row.metrics[column]);

  const ordered = (view) => {
    const all = view.order.map((model) => view.rows[model]).filter(Boolean);
    if (!sorting) return all;
    const [column, down] = sorting;
    const known = all.filter((row) => value(row, column) !== null);
    known.sort((a, b) => (value(a, column) < value(b, column) ? -1 : value(a, column) > value(b, column) ? 1 : 0) * (down ? -1 : 1));
    return [...known, ...all.filter((row) => value(row, column) === null)];
  };

  const turn = (column, downFirst) => {
    if (sorting?.[0] !== column) sorting = [column, downFirst];
    else if (sorting[1] === downFirst) sorting = [column, !downFirst];
    else sorting = null;
    draw(link.view);
  };

  let headings = [];
  let headed = null;

  const heading = (text, column, downFirst, isRanking) => {
    const button = h("button", { type: "button", class: "wb-sort" });
    const kind = column === "name" ? "wb-name" : isRanking ? "wb-number wb-main" : "wb-number";
    // On the cell: columns may move a little between press and release while scores arrive.
    const cell = h("th", { scope: "col", class: kind, onclick: () => turn(column, downFirst) }, button);
    headings.push(() => {
      const active = sorting ? sorting[0] === column : isRanking;
      const down = sorting ? sorting[1] : downFirst;
      write(button, `${text}${active ? (down ? " ▾" : " ▴") : ""}`);
      cell.setAttribute("aria-sort", active ? (down ? "descending" : "ascending") : "none");
    });
    return cell;
  };

  const makeHead = (view) => {
    headings = [];
    fill(head, h("tr", {}, h("th", { scope: "col", class: "wb-rank" }, "#"), heading("Model", "name", false, false),
      // The ranking metric and its spread over folds come first: they are what the order rests on.
      inOrder(view).map((metric) => [heading(metric.name, metric.name, metric.greater, metric.name === view.sort),
        metric.name === view.sort ? h("th", { scope: "col", class: "wb-spread", title: `${view.sort} on each fold; the line is the mean` }, "Folds") : null]),
      heading("Fit", "fit_s", false, false)));
  };

  // Made once a run: a button that is replaced ten times a second cannot be pressed.
  const drawHead = (view) => {
    const key = JSON.stringify([view.run, view.sort, view.metrics]);
    if (key !== headed) makeHead(view);
    headed = key;
    for (const tell of headings) tell();
  };

  const drawRow = (view, row, largest, range) => {
    const isOut = row.status === "failed" || row.status === "timed_out";
    const known = drawn.get(row.model) ?? h("tr");
    drawn.set(row.model, known);
    known.className = `wb-row wb-is-${row.status}`;
    known.dataset.model = row.model;
    known.classList.toggle("wb-best", row.rank === 1);
    const name = h("td", { class: "wb-name", title: row.model }, row.name);
    const rank = h("td", { class: "wb-rank" }, h("span", {}, row.rank ?? ""));
    const fit = h("td", { class: "wb-number" }, row.fit_s === null ? "" : duration(row.fit_s));
    if (isOut) {
      fill(known, rank, name, h("td", { class: "wb-reason", colspan: view.metrics.length + 1, title: row.reason }, chip(row.status), row.reason), fit);
      return known;
    }
    const isStopped = row.status === "stopped";
    const done = row.folds_scored < row.folds_total
      ? h("small", { class: isStopped ? "wb-part wb-stopped" : "wb-part", title: isStopped ? "stopped before the other folds" : "folds scored" }, `${row.folds_scored}/${row.folds_total}`) : null;
    const cells = inOrder(view).map((metric) => {
      const mean = row.metrics[metric.name];
      const std = row.std[metric.name];
      const isMissing = mean === null && row.folds_scored > 0;
      const title = isMissing ? row.reason : mean === null ? "" : `${metric.name} ${mean}${std === null ? "" : ` ± ${figure(std)}`} over ${row.folds_scored} folds`;
      const cell = h("td", { class: metric.name === view.sort ? "wb-number wb-bar wb-main" : "wb-number wb-bar", title }, isMissing ? "undefined" : mean === null ? "" : figure(mean));
      cell.style.setProperty("--share", share(mean, metric, largest[metric.name]));
      if (isMissing) cell.classList.add("wb-undefined");
      return metric.name === view.sort ? [cell, h("td", { class: "wb-spread" }, spread(row, range), done)] : cell;
    });
    fill(known, rank, name, cells, fit);
    return known;
  };

  const draw = (view) => {
    if (view.run !== run) {
      drawn.clear();
      rows.replaceChildren();
      run = view.run;
      sorting = null;
    }
    const shown = ordered(view);
    const largest = Object.fromEntries(view.metrics.map((metric) => [metric.name, Math.max(0, ...shown.map((row) => row.metrics[metric.name] ?? 0))]));
    drawHead(view);
    const range = axis(shown);
    reorder(rows, shown.map((row) => drawRow(view, row, largest, range)));
    const scored = shown.filter((row) => row.status === "scored").length;
    status.textContent = shown.length ? `${view.title} · ${scored} of ${shown.length} models complete` : "";
    save.disabled = !shown.length;
    scroll.hidden = !shown.length;
    empty.hidden = shown.length > 0;
    empty.textContent = emptyWords(view);
  };

  const emptyWords = (view) => {
    if (!view.run) return "No run yet. The models appear here with their first score.";
    if (view.plan === "setup") return "A set-up run scores no models.";
    if (view.status === "queued") return "Queued. The models appear as soon as set-up is fitted.";
    if (view.status === "running") return "Setting up… the first scores follow within seconds.";
    return "This run ended before a model was scored. Its log says why.";
  };

  save.addEventListener("click", () => download(`leaderboard-${link.view.run.slice(-8)}.csv`, csv(link.view, ordered(link.view))));
  return (view) => draw(view);
});
