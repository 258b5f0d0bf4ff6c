// The field, ranked live: metric bars, the spread over folds, and a reason for whatever has no value.

const SPREAD = { width: 84, height: 18, edge: 4 };
const OUT = ["failed", "timed_out", "raced_out"];
const LIKE = "Not separable from the best: over the folds that both have, the difference is within their noise (corrected paired t-test, 95 %), or they are too few to tell";

const inOrder = (view) => [...view.metrics].sort((a, b) => (b.name === view.sort) - (a.name === view.sort));

const isBounded = (metric) => metric.greater;

/** Half of an interval: how far the mean may be off. */
function reach([low, high]) {
  const half = (high - low) / 2;
  return `±${half < 1 ? half.toFixed(3) : half.toLocaleString("en-US", { minimumSignificantDigits: 2, maximumSignificantDigits: 2 })}`;
}

/** A mean as it is read: what is counted needs no decimals. */
const shown = (value, metric) => (metric.ranks || !Number.isInteger(value) ? figure(value) : short(value));

const trialOf = (row) => row.name.split(" · ")[1];
const numberOf = (row) => row.model.split(":").at(-1);

/** What many names of a board end with alike: said once below it, and by a star in each row. */
const ENDING = / w\/ .+$/;
const FEWEST_ALIKE = 3;
function sharedEnding(rows) {
  const counts = new Map();
  for (const { name } of rows) {
    const [ending] = name.match(ENDING) ?? [];
    if (ending) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  return [...counts.keys()].find((ending) => counts.get(ending) >= FEWEST_ALIKE) ?? null;
}

/** Columns in the order in which they give way where there is no room for all of them. */
function leaving(view) {
  const rest = view.metrics.filter((metric) => metric.name !== view.sort).reverse();
  const names = (isMinor) => rest.filter((metric) => metric.is_minor === isMinor).map((metric) => metric.name);
  return [...names(true), "score_s", "fit_s", ...names(false)];
}

const COLUMN_TITLES = { fit_s: "Fit", score_s: "Score" };

/** Whether nothing shows yet that the best is better: a row without the mark does differ. */
const isLike = (row) => row.rank > 1 && row.folds_total > 1 && row.is_separable !== true;

/** An interval that says something: over two folds it is as wide as the scale. */
const intervalOf = (row, metric) => (row.folds_scored > 2 ? row.interval[metric] : null);

/** The reason without how many folds it is about, which stands beside it. */
const shortReason = (row) => row.reason?.replace(/^(Stopped after )?\d+ of \d+ folds( failed)?: /, "") ?? "";

/** What there is to say of one cell, a line each. */
function cellTitle(row, metric) {
  const [mean, std, interval] = [row.metrics[metric], row.std[metric], intervalOf(row, metric)];
  return [
    mean === null ? null : `${metric} ${mean} over ${row.folds_scored} ${row.folds_scored === 1 ? "fold" : "folds"}${std === null || row.folds_scored < 2 ? "" : `, std ${figure(std)}`}`,
    interval ? `95 % interval of the mean: ${figure(interval[0])} … ${figure(interval[1])}` : null,
    row.remarks[metric],
  ].filter(Boolean).join("\n");
}

/** Share of a cell that its bar fills: of 1 for scores, of the column's largest for errors. */
function share(value, metric, largest) {
  if (value === null || value === undefined || !metric.ranks) return 0;
  if (metric.nearest_zero) value = Math.abs(value);
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

function spread(row, interval, range) {
  const values = row.folds.filter((value) => value !== null);
  if (!values.length || !range) return "";
  const [low, high] = range;
  const { width, height, edge } = SPREAD;
  const at = (value) => edge + ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (width - 2 * edge);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const dots = values.map((value) => svg("circle", { cx: at(value), cy: height / 2, r: 2.4, class: value < low || value > high ? "wb-dot wb-off" : "wb-dot" }));
  const label = svg("title");
  label.textContent = row.folds.map((value, fold) => `fold ${fold + 1}: ${figure(value)}`).join("\n");
  if (interval) label.textContent += `\n95 % interval of the mean: ${figure(interval[0])} … ${figure(interval[1])}`;
  const band = interval ? [svg("line", { x1: at(interval[0]), x2: at(interval[1]), y1: height / 2, y2: height / 2, class: "wb-interval" })] : [];
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `spread over ${values.length} folds` },
    label, svg("line", { x1: edge, x2: width - edge, y1: height / 2, y2: height / 2, class: "wb-axis" }), ...band, ...dots,
    svg("line", { x1: at(mean), x2: at(mean), y1: 2, y2: height - 2, class: "wb-mean" }));
}

function csv(view, rows) {
  const quote = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  // A spreadsheet takes a text that begins so for a formula.
  const text = (value) => (/^[=+\-@]/.test(value ?? "") ? `'${value}` : value ?? "");
  const names = view.metrics.map((metric) => metric.name);
  const head = ["rank", "model", "name", "status", ...names, ...names.map((name) => `${name} std`), ...names.flatMap((name) => [`${name} low`, `${name} high`]),
    ...names.map((name) => `${name} in PyCaret`), "is_separable", "fit_s", "score_s", "folds_scored", "reason", "remarks"];
  const lines = rows.map((row) => [row.rank ?? "", row.model, text(row.name), row.status, ...names.map((name) => row.metrics[name] ?? ""), ...names.map((name) => row.std[name] ?? ""),
    ...names.flatMap((name) => row.interval[name] ?? ["", ""]), ...names.map((name) => row.pycaret[name] ?? ""), row.is_separable ?? "", row.fit_s ?? "", row.score_s ?? "", row.folds_scored,
    text(row.reason), text(Object.values(row.remarks).join(" "))]);
  return [head, ...lines].map((cells) => cells.map((cell) => quote(String(cell))).join(",")).join("\r\n");
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
  // What the reader ticked or unticked; of the rest, what has no room gives way, until the panel's width changes.
  const byHand = new Map();
  const crowded = new Set();
  const isShown = (name) => byHand.get(name) ?? !crowded.has(name);
  const columnsOf = (view) => [...inOrder(view).map((metric) => metric.name), "fit_s", "score_s"];
  const columns = picker({
    items: () => columnsOf(link.view).filter((name) => name !== link.view.sort).map((name) => ({ value: name, text: COLUMN_TITLES[name] ?? name })),
    isPicked: isShown,
    pick: (name, isOn) => (byHand.set(name, isOn), draw(link.view)),
    words: () => (columnsOf(link.view).every(isShown) ? "Columns" : `Columns: ${columnsOf(link.view).filter(isShown).length} of ${columnsOf(link.view).length}`),
    kind: "wb-button wb-quiet",
    title: "Columns to show; those that have no room are left out",
  });
  const { body, showError } = frame(el, "Leaderboard", { side: [status, columns.button, save] });
  const head = h("thead");
  const rows = h("tbody");
  const table = h("table", { class: "wb-table wb-board" }, head, rows);
  const scroll = h("div", { class: "wb-scroll", role: "group", tabindex: "0", "aria-label": "Models and their scores" }, table);
  const legend = h("p", { class: "wb-legend" });
  const empty = h("p", { class: "wb-empty" });
  const cards = adviceCards(el, link, showError);
  body.append(cards.area, scroll, legend, empty);
  const hideTip = tips(scroll);
  const drawn = new Map();
  const forms = deployForms(el, link);
  // Rows are drawn anew: the button that is there now.
  const buttonOf = (model) => () => drawn.get(model)?.querySelector(".wb-act") ?? null;
  let run = null;
  // Null: the store's own ranking. Otherwise a column and a direction that the reader chose.
  let sorting = null;
  let ending = null;
  let fitted = null;

  const value = (row, column) => (column === "name" ? row.name.toLowerCase() : column.endsWith("_s") ? row[column] : row.metrics[column]);

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

  const heading = (text, column, downFirst, isRanking, title = null) => {
    const button = h("button", { type: "button", class: "wb-sort" });
    const kind = column === "name" ? "wb-name" : isRanking ? "wb-number wb-main" : "wb-number";
    // On the cell: columns may move a little between press and release while scores arrive.
    const cell = h("th", { scope: "col", class: kind, title, onclick: () => turn(column, downFirst) }, button);
    headings.push(() => {
      const active = sorting ? sorting[0] === column : isRanking;
      const down = sorting ? sorting[1] : downFirst;
      write(button, `${text}${active ? (down ? " ▾" : " ▴") : ""}`);
      cell.setAttribute("aria-sort", active ? (down ? "descending" : "ascending") : "none");
    });
    return cell;
  };

  const hasFolds = (view) => Object.values(view.rows).some((row) => row.folds_total > 1);

  const shownMetrics = (view) => inOrder(view).filter((metric) => metric.name === view.sort || isShown(metric.name));

  const makeHead = (view) => {
    headings = [];
    fill(head, h("tr", {}, h("th", { scope: "col", class: "wb-rank" }, "#"), heading("Model", "name", false, false),
      // The ranking metric and its spread over folds come first: they are what the order rests on.
      shownMetrics(view).map((metric) => [heading(metric.name, metric.name, metric.greater, metric.name === view.sort, metric.about || null),
        metric.name === view.sort && hasFolds(view) ? h("th", { scope: "col", class: "wb-spread", title: `${view.sort} on each fold; the line is the mean, the bar its 95 % interval` }, "Folds") : null]),
      isShown("fit_s") && heading("Fit", "fit_s", false, false, "Time to fit it on one fold, on average"),
      isShown("score_s") && heading("Score", "score_s", false, false, "Time to score it on one fold, on average"),
      view.actions.length ? h("th", { scope: "col", class: "wb-acts" }, h("span", { class: "wb-sr" }, "Go on")) : null));
  };

  // Made once a run: a button that is replaced ten times a second cannot be pressed.
  const drawHead = (view) => {
    const key = JSON.stringify([view.run, view.sort, view.metrics, hasFolds(view), view.actions.length > 0, columnsOf(view).filter(isShown)]);
    if (key !== headed) makeHead(view);
    headed = key;
    for (const tell of headings) tell();
  };

  // What has options is shown in the form first; what has none is launched at once.
  const goOn = async (button, { plan, asks }, row) => {
    const launched = await act(button, showError, () => link.call(asks ? "prepare" : "launch", { run: link.view.run, plan, model: row.model }));
    if (launched) reveal(el, "Runs");
  };

  const actsCell = (view, row) => {
    const actions = view.actions.filter((action) => row.plans.includes(action.plan))
      .map((action) => ({ title: `${action.title}${action.asks ? "…" : ""}`, about: action.about, takes: "runs:write", pick: () => goOn(button, action, row) }));
    const about = { run: view.run, model: row.model };
    if (row.deploys && !row.no_new_rows) actions.unshift({ title: "Deploy…", about: "Predictions over HTTP, in a moment", takes: "deployments:write", pick: () => forms.deploy(buttonOf(row.model), row.name, about) });
    if (row.deploys) actions.push({ title: "Promote…", about: row.no_new_rows || "Keep it in the registry, as it is", takes: "registry:write", pick: () => forms.promote(buttonOf(row.model), row.name, about) });
    if (!actions.length) return h("td", { class: "wb-acts" });
    const button = h("button", { type: "button", class: "wb-act", "aria-haspopup": "menu", title: "Go on with this model", "aria-label": `Go on with ${row.name}` }, "⋯");
    button.addEventListener("click", () => menu(button, actions));
    return h("td", { class: "wb-acts" }, button);
  };

  const nameCell = (row) => {
    // Trials share the name of the model that is tuned; what tells them apart is what follows it.
    const trial = trialOf(row);
    const isLong = ending !== null && row.name.endsWith(ending);
    const name = trial ? h("span", { class: "wb-trial" }, h("small", {}, `trial ${numberOf(row)}`), " ", trial) : isLong ? [row.name.slice(0, -ending.length), h("sup", { class: "wb-star" }, "*")] : row.name;
    return h("td", { class: "wb-name", title: `${row.name}\n${row.model}` }, name);
  };

  const valueCell = (view, row, metric, largest) => {
    const mean = row.metrics[metric.name];
    const isMain = metric.name === view.sort;
    const isMissing = mean === null && row.folds_scored > 0;
    const told = cellTitle(row, metric.name);
    const isRemarkable = metric.name in row.remarks;
    const cell = h("td", { class: isMain ? "wb-number wb-bar wb-main" : "wb-number wb-bar", title: isRemarkable ? null : told, "data-tip": isRemarkable ? told : null });
    if (isMissing) cell.append("undefined");
    else if (mean !== null) cell.append(isMain ? h("span", { class: "wb-value" }, shown(mean, metric)) : shown(mean, metric));
    if (metric.name in row.pycaret) cell.append(h("button", { type: "button", class: "wb-dagger", "aria-label": row.remarks[metric.name] }, "†"));
    // Its place is kept where there is none, so that the digits of a column stand below each other.
    if (isMain && mean !== null && hasFolds(view)) cell.append(h("small", { class: "wb-reach" }, intervalOf(row, metric.name) ? reach(intervalOf(row, metric.name)) : ""));
    cell.style.setProperty("--share", share(mean, metric, largest[metric.name]));
    if (isMissing) cell.classList.add("wb-undefined");
    return cell;
  };

  const spreadCell = (view, row, range) => {
    const isStopped = row.status !== "scoring" && row.status !== "waiting";
    const done = row.folds_scored < row.folds_total
      ? h("small", { class: isStopped ? "wb-part wb-stopped" : "wb-part", title: isStopped ? "stopped before the other folds" : "folds scored" }, `${row.folds_scored}/${row.folds_total}`) : null;
    return h("td", { class: "wb-spread" }, spread(row, intervalOf(row, view.sort), range), done);
  };

  const drawRow = (view, row, largest, range) => {
    const known = drawn.get(row.model) ?? h("tr");
    drawn.set(row.model, known);
    known.className = `wb-row wb-is-${row.status}`;
    known.dataset.model = row.model;
    known.classList.toggle("wb-best", row.rank === 1);
    const took = ["fit_s", "score_s"].filter(isShown).map((name) => row[name]).map((seconds) => h("td", { class: "wb-number" }, seconds === null ? "" : duration(seconds)));
    const acts = view.actions.length ? actsCell(view, row) : null;
    const cells = shownMetrics(view).map((metric) => [valueCell(view, row, metric, largest), metric.name === view.sort && hasFolds(view) ? spreadCell(view, row, range) : null]).flat().filter(Boolean);
    if (OUT.includes(row.status)) {
      // What it scored before stays beside the reason why there is no more of it.
      const kept = row.folds_scored ? cells.slice(0, hasFolds(view) ? 2 : 1) : [];
      cells.splice(0, cells.length, ...kept, h("td", { class: "wb-reason", colspan: cells.length - kept.length, "data-tip": row.reason }, chip(row.status), shortReason(row)));
    }
    const like = isLike(row) ? h("small", { class: "wb-like", "data-tip": LIKE, role: "img", "aria-label": "not separable from the best" }, "≈") : null;
    fill(known, h("td", { class: "wb-rank" }, like, h("span", {}, row.rank ?? "")), nameCell(row), cells, took, acts);
    return known;
  };

  const drawLegend = (all) => {
    const marks = [
      all.some((row) => Object.keys(row.pycaret).length) && h("span", {}, h("b", {}, "†"), " PyCaret shows another value; point at it to see which and why"),
      all.some(isLike) && h("span", { title: LIKE }, h("b", {}, "≈"), " not separable from the best"),
      all.some((row) => intervalOf(row, link.view.sort)) && h("span", {}, h("b", {}, "±"), " 95 % interval of the mean"),
      ending !== null && h("span", {}, h("b", {}, "*"), ending),
    ].filter(Boolean);
    if (legend.dataset.marks !== String(marks.length && marks.map((mark) => mark.textContent))) fill(legend, marks);
    legend.dataset.marks = String(marks.length && marks.map((mark) => mark.textContent));
    legend.hidden = !marks.length;
  };

  const draw = (view) => {
    if (view.run !== run) {
      drawn.clear();
      rows.replaceChildren();
      run = view.run;
      sorting = null;
    }
    // Another run, or one that is over, has columns of other widths.
    if (fitted !== `${view.run} ${view.status}`) crowded.clear();
    fitted = `${view.run} ${view.status}`;
    const all = ordered(view);
    ending = sharedEnding(all);
    table.classList.toggle("wb-trials", all.some(trialOf));
    table.classList.toggle("wb-over", !["queued", "running"].includes(view.status));
    const largest = Object.fromEntries(view.metrics.map((metric) => [metric.name, Math.max(0, ...all.map((row) => Math.abs(row.metrics[metric.name] ?? 0)))]));
    const range = axis(all);
    const drawTable = () => (drawHead(view), reorder(rows, all.map((row) => drawRow(view, row, largest, range))));
    scroll.hidden = !all.length;
    hideTip();
    drawTable();
    for (const name of leaving(view)) {
      if (scroll.scrollWidth <= scroll.clientWidth + 1) break;
      if (byHand.has(name) || crowded.has(name) || sorting?.[0] === name) continue;
      crowded.add(name);
      drawTable();
    }
    columns.tell();
    columns.button.hidden = !all.length;
    const scored = all.filter((row) => row.status === "scored").length;
    drawLegend(all);
    status.textContent = all.length ? `${view.title} · ${scored} of ${all.length} models complete` : "";
    save.disabled = !all.length;
    empty.hidden = all.length > 0;
    empty.textContent = emptyWords(view);
  };

  const emptyWords = (view) => {
    if (!view.run) return "No run yet. The models appear here with their first score.";
    if (view.plan === "setup") return "A set-up run scores no models.";
    if (view.status === "queued") return "Queued. The models appear as soon as set-up is fitted.";
    if (view.status === "running") return "Setting up… the first scores follow within seconds.";
    return "This run ended before a model was scored. Its log says why.";
  };

  save.addEventListener("click", () => download(`leaderboard-${link.view.run.slice(-8)}.csv`, csv(link.view, ordered(link.view)), "text/csv"));
  let width = 0;
  const resizing = new ResizeObserver(() => {
    if (scroll.clientWidth === width) return;
    width = scroll.clientWidth;
    crowded.clear();
    draw(link.view);
  });
  resizing.observe(body);
  const update = (view, patch) => {
    forms.tell(view);
    if (touches(patch, "cards")) cards.draw(view.cards);
    if (!patch || !(isOnly(patch, "attempts") || isOnly(patch, "cards"))) draw(view);
  };
  update.dispose = () => resizing.disconnect();
  return update;
});
