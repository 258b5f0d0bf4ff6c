// One advice in full: the verdict, what was found with what shows it, and apart from that a language model's words.

const FINDING_MARKS = { blocking: ["×", "Stands in the way"], warning: ["!", "Warning"], note: ["i", "Note"], good: ["✓", "Good"] };
const LABELS_LONG = 28;
const cut = (text, most = LABELS_LONG) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const namesOf = (series) => [...new Set(series.flatMap(({ x }) => x.map(String)))];
const spoken = (name) => name.replaceAll("_", " ");

/** Colours of several series, far enough from each other in both themes. */
const seriesPaints = (paint, count) => (count === 1 ? [paint.bar] : [paint.bar, paint.before, paint.good, paint.bad, paint.faint, paint.brand]);

/** Half-widths of an interval around each value, as plotly takes them. */
const whiskers = ({ y, low, high }, color) => (low.length && high.length ? { type: "data", symmetric: false, array: y.map((value, at) => high[at] - value), arrayminus: y.map((value, at) => value - low[at]), color, thickness: 1.25, width: 3 } : undefined);

const told = (value) => (typeof value === "number" ? figure(value) : untagged(String(value ?? "–")));

/** The figure of a finding's plot. */
function adviceFigure({ kind, series, x_title: xTitle, y_title: yTitle }) {
  const named = (axis, title) => (title ? { ...axis, title: { text: untagged(title), standoff: 8 } } : axis);
  const isSeveral = series.length > 1 && kind !== "matrix";
  const layout = (paint, own) => plotLayout(paint, { ...(isSeveral ? { showlegend: true, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { color: paint.ink } } } : {}), margin: { l: 44, r: 12, t: isSeveral ? 34 : 10, b: 34, pad: 2 }, ...own });
  const hover = (one, at) => `${untagged(String(one.x[at]))}<br>${isSeveral ? `${untagged(one.name)}: ` : ""}${told(one.y[at])}${one.low.length && one.high.length ? ` (${told(one.low[at])} … ${told(one.high[at])})` : ""}`;
  const common = (one) => ({ name: untagged(one.name), customdata: one.x.map((_, at) => hover(one, at)), hovertemplate: "%{customdata}<extra></extra>" });
  if (kind === "matrix") {
    return (paint) => {
      const columns = series[0]?.x.map(String) ?? [];
      const ticks = (names) => ({ tickvals: names.map((_, at) => at), ticktext: names.map((name) => untagged(cut(name, 18))) });
      const rows = series.map(({ name }) => name);
      return {
        data: [{ type: "heatmap", x: columns.map((_, at) => at), y: rows.map((_, at) => at), z: series.map(({ y }) => y), xgap: 1, ygap: 1, hoverongaps: false, showscale: false, colorscale: [[0, paint.ground], [1, paint.bar]],
          text: series.map(({ y }) => y.map((value) => (value === null ? "" : short(value)))), texttemplate: columns.length <= 12 ? "%{text}" : undefined, textfont: { size: 11, color: paint.ink },
          customdata: series.map((one) => one.x.map((x, at) => `${untagged(one.name)} × ${untagged(String(x))}<br>${told(one.y[at])}`)), hovertemplate: "%{customdata}<extra></extra>" }],
        layout: layout(paint, { xaxis: named({ ...ticks(columns), tickangle: columns.length > 6 ? -40 : 0 }, xTitle), yaxis: named({ ...ticks(rows), autorange: "reversed", showgrid: false }, yTitle) }),
      };
    };
  }
  if (kind === "bars" || kind === "columns") {
    // By place, not by name: a name may look like a number or a date.
    const names = namesOf(series);
    const isLying = kind === "bars";
    return (paint) => {
      const colors = seriesPaints(paint, series.length);
      const data = series.map((one, at) => {
        const places = one.x.map((x) => names.indexOf(String(x)));
        const spread = whiskers(one, paint.ink);
        return { type: "bar", ...(isLying ? { orientation: "h", x: one.y, y: places, error_x: spread } : { x: places, y: one.y, error_y: spread }), marker: { color: colors[at % colors.length] }, ...common(one) };
      });
      const labels = { tickvals: names.map((_, at) => at), ticktext: names.map((name) => untagged(cut(name, isLying ? LABELS_LONG : 14))), showgrid: false };
      const values = { showgrid: true, nticks: 6, rangemode: "tozero" };
      return { data, layout: layout(paint, { barmode: "group", bargap: 0.25, ...(isLying ? { xaxis: named(values, xTitle), yaxis: named({ ...labels, autorange: "reversed" }, yTitle) } : { xaxis: named({ ...labels, tickangle: names.length > 8 ? -40 : 0 }, xTitle), yaxis: named(values, yTitle) }) }) };
    };
  }
  const isText = series.some(({ x }) => x.some((value) => typeof value === "string" && Number.isNaN(Date.parse(value))));
  return (paint) => {
    const colors = [paint.brand, paint.warn, paint.good, paint.bad, paint.soft];
    const data = series.map((one, at) => ({ type: "scatter", mode: kind === "lines" ? (one.x.length > 30 ? "lines" : "lines+markers") : "markers", x: one.x.map((x) => (isText ? untagged(String(x)) : x)), y: one.y, error_y: whiskers(one, colors[at % colors.length]), line: { color: colors[at % colors.length], width: 1.75 }, marker: { color: colors[at % colors.length], size: kind === "lines" ? 5 : 6, opacity: kind === "lines" ? 1 : 0.65 }, ...common(one) }));
    return { data, layout: layout(paint, { xaxis: named({ showgrid: true, ...(isText ? { type: "category" } : {}) }, xTitle), yaxis: named({ nticks: 6 }, yTitle) }) };
  };
}

const plotHeight = ({ kind, series }) => (kind === "bars" ? Math.min(520, 70 + namesOf(series).length * (10 + 12 * series.length)) : kind === "matrix" ? Math.min(480, 90 + 30 * series.length) : 250);

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
/** A value as it is read in a table. */
const said = (value) => (typeof value === "string" && INSTANT.test(value) ? when(value) : evidenceWords(value) || "none");

/** Records with the columns that they have: a list of mappings, or lists of values beside their names. */
function recordsOf(measured) {
  const { columns, rows } = measured;
  const isLaid = Array.isArray(columns) && Array.isArray(rows) && rows.length > 0 && rows.every((row) => Array.isArray(row) && row.length === columns.length);
  const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const tables = Object.entries(measured).filter(([, value]) => Array.isArray(value) && value.length > 0 && value.every(isRecord)).map(([name, value]) => {
    const names = [...new Set(value.flatMap(Object.keys))];
    return [name, names, value.map((record) => names.map((column) => record[column]))];
  });
  if (isLaid) tables.unshift(["columns", columns, rows]);
  const taken = [...tables.map(([name]) => name), ...(isLaid ? ["rows"] : [])];
  return [tables, Object.entries(measured).filter(([name]) => !taken.includes(name))];
}

/** What was measured: single values by name, and tables. */
function measuredTables(measured) {
  const [tables, plain] = recordsOf(measured);
  const scrolled = (label, ...content) => h("div", { class: content.length > 1 ? "wb-scroll wb-short" : "wb-scroll", tabindex: "0", role: "group", "aria-label": label }, h("table", { class: "wb-table wb-measured" }, content));
  const cell = (value) => h("td", { class: typeof value === "number" ? "wb-number" : null, title: typeof value === "string" ? value : null }, said(value));
  return [
    plain.length ? scrolled("Measured", h("tbody", {}, plain.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, spoken(name)), h("td", { class: "wb-long" }, said(value)))))) : null,
    tables.map(([name, columns, rows]) => [tables.length > 1 || plain.length ? h("h4", {}, spoken(name)) : null,
      scrolled(spoken(name), h("thead", {}, h("tr", {}, columns.map((column, at) => h("th", { scope: "col", class: typeof rows[0][at] === "number" ? "wb-number" : null }, spoken(column))))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell)))))]),
  ];
}

/** What it was held against, with the reasons. */
function thresholdsTable(names, known) {
  const cited = names.map((name) => known[name]).filter(Boolean);
  if (!cited.length) return null;
  return [h("h4", {}, "Held against"), h("div", { class: "wb-scroll" }, h("table", { class: "wb-table wb-thresholds" }, h("tbody", {}, cited.map(({ name, value, about, reason, source }) => h("tr", { title: name }, h("th", { scope: "row", class: "wb-number" }, short(value)), h("td", { class: "wb-long" }, h("p", {}, `${about}.`), h("p", { class: "wb-faint" }, `${reason} ${source}`)))))))];
}

/** A finding: the claim and what to do, and what shows it where that is opened. `keep` takes what is to be disposed of. */
function findingLine(finding, { link, thresholds, keep }) {
  const { id, severity, evidence, recommendation } = finding;
  const [mark, words] = FINDING_MARKS[severity];
  const { plot, measured, columns } = evidence;
  const inside = h("div", { class: "wb-advice-evidence" });
  const shows = h("details", { class: "wb-evidence" }, h("summary", {}, "Evidence"), inside);
  let isDrawn = false;
  shows.addEventListener("toggle", () => {
    if (!shows.open || isDrawn) return;
    isDrawn = true;
    const place = plot && link.view.has_plots ? plotPlace(link) : null;
    if (place) keep(place.dispose);
    fill(inside, plot ? h("h4", {}, plot.title) : null, place ? place.node : plot ? h("p", { class: "wb-notice" }, NO_PLOTS) : null, measuredTables(measured), thresholdsTable(evidence.thresholds, thresholds),
      columns.length ? h("p", { class: "wb-faint wb-why" }, `About ${columns.join(", ")}.`) : null, h("p", { class: "wb-faint" }, h("code", {}, id)));
    place?.show(plot.title, plotHeight(plot), adviceFigure(plot));
  });
  const hasEvidence = Boolean(plot) || Object.keys(measured).length > 0 || evidence.thresholds.length > 0 || columns.length > 0;
  return h("li", { class: `wb-finding wb-finding-${severity}`, "data-finding": id, tabindex: "-1" }, h("span", { class: "wb-finding-mark", role: "img", "aria-label": words, title: words }, mark),
    h("div", { class: "wb-finding-body" }, h("p", {}, evidence.claim), recommendation ? h("p", { class: "wb-recommended" }, recommendation) : null, hasEvidence ? shows : null));
}

const DROPPED_WORDS = { no_finding: "named no finding", unknown_finding: "named a finding that there is not", unfounded_number: "had a number that is not in what was found", other_verdict: "gave another verdict", link: "held an address" };

/** What a language model said on top; facts are not its business, and what it made up was dropped. */
function narrationArea(status, narration, goTo) {
  if (status === "asked") return h("div", { class: "wb-narration", "aria-busy": "true" }, h("p", { class: "wb-faint" }, "A language model is asked…"));
  if (!status) return null;
  const said = narration ?? {};
  const dropped = Object.entries(said.dropped ?? {});
  const count = dropped.reduce((sum, [, many]) => sum + many, 0);
  const cost = [said.model, said.input_tokens || said.output_tokens ? `${number(said.input_tokens)} + ${number(said.output_tokens)} tokens` : null, said.cost_usd === null || said.cost_usd === undefined ? null : `about $${said.cost_usd.toFixed(said.cost_usd < 0.01 ? 4 : 2)}`, said.seconds ? duration(said.seconds) : null].filter(Boolean).join(" · ");
  const line = ({ text, findings }) => h("li", {}, text, " ", findings.map((id) => h("button", { type: "button", class: "wb-chip wb-link wb-cited", title: `Show the finding ${id}`, onclick: () => goTo(id) }, cut(id))));
  const words = { malformed_response: "The language model did not answer in the form that it was asked for.", failed: "The language model could not be asked." };
  return h("section", { class: "wb-narration", "aria-label": "A language model's words" },
    h("div", { class: "wb-run-line wb-detail-head" }, h("h4", {}, "In a language model's words"), h("small", {}, cost)),
    status === "told" ? null : h("p", { class: "wb-notice" }, [words[status], said.problem?.message, "The advice by rules holds."].filter(Boolean).join(" ")),
    said.summary ? h("p", {}, said.summary) : null,
    said.statements?.length ? h("ul", {}, said.statements.map(line)) : null,
    said.suggestions?.length ? [h("h4", {}, "It suggests"), h("ul", {}, said.suggestions.map(line))] : null,
    count ? h("p", { class: "wb-faint" }, `${plural(count, "line was", "lines were")} dropped: ${dropped.map(([reason, many]) => `${many} ${DROPPED_WORDS[reason] ?? spoken(reason)}`).join(", ")}.`) : null,
    said.withheld ? h("p", { class: "wb-faint" }, `${plural(said.withheld, "value")} of the evidence ${said.withheld === 1 ? "was" : "were"} kept from it.`) : null);
}

/** The arguments of a run, in words. */
const configLines = (config, names = {}) => h("dl", { class: "wb-config" }, Object.entries(config).map(([name, value]) => [h("dt", {}, spoken(name)), h("dd", {}, name === "data" || name === "from_run" ? names[value] ?? String(value).slice(-8) : evidenceWords(value))]));
