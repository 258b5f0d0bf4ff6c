// What is known of a table beyond its single columns: how they go together, what goes with the target, what changed.

const PAIRS_SHOWN = 15;
const BANDS = { stable: "none", shifted: "cancelled", changed: "failed" };

/** A column's name that leads to all that is known of it. */
const leading = (name, open) => h("button", { type: "button", class: "wb-link wb-to-column", title: name, onclick: () => open(name) }, name);

const sampledNote = (rows, what) => (rows ? h("p", { class: "wb-faint" }, `${what} ${number(rows)} rows drawn at random.`) : null);

/** A cell with a bar from 0 to 1. */
function strengthCell(value, words = hundredths(value)) {
  const cell = h("td", { class: "wb-number wb-bar wb-main" }, words);
  cell.style.setProperty("--share", Math.min(1, Math.abs(value)));
  return cell;
}

function associationView(association, { place, open, kinds }) {
  const { columns, cells, measures, left_out: left, beyond, lumped } = association;
  if (columns.length < 2) return [h("p", { class: "wb-empty" }, "There are no two columns to compare.")];
  const measureOf = (one, other) => {
    const texts = [one, other].filter((name) => kinds[name] === "text").length;
    return measures[texts === 2 || (texts === 1 && [one, other].some((name) => kinds[name] === "bool")) ? 1 : texts === 1 ? 2 : 0]?.name ?? "";
  };
  const pairs = columns.flatMap((one, y) => columns.slice(y + 1).map((other, step) => ({ one, other, value: cells[y][y + 1 + step] })))
    .filter(({ value }) => value !== null).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, PAIRS_SHOWN);
  if (place) place.show("How strongly columns go together", Math.max(280, Math.min(760, 130 + 26 * columns.length)), associationFigure(association));
  const table = h("table", { class: "wb-table" }, h("thead", {}, h("tr", {}, ["Strongest pairs", "", "Measure"].map((words, at) => h("th", { scope: "col", class: at === 1 ? "wb-number" : "" }, words)))),
    h("tbody", {}, pairs.map(({ one, other, value }) => h("tr", {}, h("td", { class: "wb-pair" }, leading(one, open), h("span", { class: "wb-faint" }, " × "), leading(other, open)), strengthCell(value), h("td", { class: "wb-faint" }, measureOf(one, other))))));
  return [
    h("div", { class: place ? "wb-aspects" : "" }, place && h("div", { class: "wb-drawn" }, place.node), h("div", { class: "wb-scroll" }, table)),
    h("ul", { class: "wb-odd wb-faint" }, measures.map(({ name, between, source, low, high }) => h("li", {}, h("b", {}, name), ` between ${between}, from ${low} to ${high}. ${source}.`)),
      left.length ? h("li", {}, `Left out, as always the same or nearly always another text: ${left.join(", ")}.`) : null,
      lumped.length ? h("li", {}, `All but the most frequent values were taken as one in: ${lumped.join(", ")}.`) : null,
      beyond ? h("li", {}, `The last ${plural(beyond, "column is", "columns are")} not compared: there are too many.`) : null),
    sampledNote(association.sampled_rows, "Computed on"),
  ];
}

function targetView(target, { place, open }) {
  const { is_classes: isClasses, classes, class_count: count, evenness, imbalance, measures, features, unrated } = target;
  const tiles = [
    ...(isClasses ? [tile("Classes", number(count)), tile("Evenness", evenness === null ? "–" : hundredths(evenness), "1: all classes have as many rows; 0: one has them all"), tile("Imbalance", imbalance === null ? "–" : `${short(imbalance)} : 1`, "Rows of the most frequent class for one of the rarest")]
      : measures?.of === "number" ? [tile("Mean", figure(measures.mean)), tile("Median", figure(measures.quantiles["50"])), tile("Skewness", measures.skew === null ? "–" : hundredths(measures.skew))] : []),
    tile("Missing", target.missing ? share(target.missing / target.rows) : "none", `${number(target.missing)} of ${number(target.rows)} rows`),
  ];
  const asColumn = { ...target, measures: isClasses ? { of: "text", top: classes, sampled_rows: null } : measures };
  const drawn = place && figureOf(asColumn, false);
  if (drawn) place.show(`How the values of ${target.name} are spread`, drawn.height, drawn.figure);
  const table = features.length ? h("table", { class: "wb-table wb-features" }, h("thead", {}, h("tr", {}, ["What goes with it", "Strength", "Measure"].map((words, at) => h("th", { scope: "col", class: at === 1 ? "wb-number" : "" }, words)))),
    h("tbody", {}, features.map(({ name, strength, measure }) => h("tr", {}, h("td", {}, leading(name, open)), strengthCell(strength), h("td", { class: "wb-faint" }, measure))))) : null;
  return [
    h("dl", { class: "wb-figures wb-tiles" }, tiles),
    h("div", { class: "wb-aspects" }, h("div", { class: "wb-drawn" }, drawn ? place.node : isClasses ? valuesTable(classes, { head: "Classes" }) : null), table && h("div", { class: "wb-scroll wb-tall" }, table)),
    unrated.length ? h("p", { class: "wb-faint" }, `Nothing can be said of ${unrated.join(", ")}: always the same, or nearly always another text.`) : null,
    sampledNote(target.sampled_rows, "Strengths are of"),
  ];
}

function driftView(drift, { open, compare }) {
  const { added, removed, kinds, columns, measure, bands } = drift;
  const ranked = [...columns].sort((a, b) => (b.psi ?? -1) - (a.psi ?? -1));
  const count = (band) => columns.filter((column) => column.band === band).length;
  const said = (words, names) => (names.length ? h("li", {}, h("b", {}, words), ` ${names.join(", ")}.`) : null);
  const values = (found) => (found === null ? h("span", { class: "wb-faint", title: "There are too many values to tell" }, "–") : found.length ? listedShares(found) : h("span", { class: "wb-faint" }, "none"));
  const line = (column) => h("tr", {}, h("td", {}, leading(column.name, open)), column.psi === null ? h("td", { class: "wb-number wb-faint" }, "–") : strengthCell(Math.min(1, column.psi), column.psi.toFixed(3)),
    h("td", {}, column.band ? chip(BANDS[column.band], column.band) : null),
    h("td", { class: "wb-number" }, column.missing_before === column.missing ? (column.missing ? share(column.missing) : "") : `${share(column.missing_before)} → ${share(column.missing)}`),
    h("td", { class: "wb-long" }, values(column.appeared)), h("td", { class: "wb-long" }, values(column.vanished)),
    h("td", {}, h("button", { type: "button", class: "wb-pill", onclick: () => compare(column.name) }, "Look")));
  return [
    h("dl", { class: "wb-figures wb-tiles" }, tile("Rows before", number(drift.rows_before)), tile("Rows now", number(drift.rows)), tile("Changed", number(count("changed"))), tile("Shifted", number(count("shifted"))), tile("Stable", number(count("stable")))),
    h("ul", { class: "wb-odd" }, said("New columns:", added), said("Columns that are gone:", removed), said("Other kinds:", kinds.map(([name, before, now]) => `${name} (${before} → ${now})`))),
    h("div", { class: "wb-scroll wb-tall" }, h("table", { class: "wb-table wb-drift" }, h("thead", {}, h("tr", {}, ["Column", "Index", "", "Missing", "Appeared", "Gone", ""].map((words, at) => h("th", { scope: "col", class: at === 1 || at === 3 ? "wb-number" : "" }, words)))), h("tbody", {}, ranked.map(line)))),
    h("p", { class: "wb-faint" }, `${measure}. Bands: ${bands}; what chance alone may give counts as stable.`),
    sampledNote(drift.sampled_rows, "Indices are of"),
  ];
}

const listedShares = (values) => values.map(({ label, share: part }) => `${label} (${share(part)})`).join(", ");
