// All that is known of one column: its figures, a plot, its most frequent values, and what is odd about it.

const tile = (words, value, about = null) => h("div", { title: about ?? value }, h("dt", {}, words), h("dd", {}, value));
const dayOf = (iso) => iso.replace("T", " ");
const listed = (values) => values.map(({ label, count }) => `${label} (${number(count)})`).join(", ");

/** Values with their rows, and a bar for their share. */
function valuesTable(values, { head = values[0]?.count === 1 ? "Some of its values, each in one row" : "Most frequent values" } = {}) {
  return h("table", { class: "wb-table wb-values" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, head), h("th", { scope: "col", class: "wb-number" }, "Rows"), h("th", { scope: "col", class: "wb-number" }, "Share"))),
    h("tbody", {}, values.map(({ label, count, share: part }) => {
      const bar = h("td", { class: "wb-number wb-bar" }, share(part));
      bar.style.setProperty("--share", part);
      return h("tr", {}, h("td", { title: label }, label === "" ? h("i", { class: "wb-faint" }, "empty") : label), h("td", { class: "wb-number" }, number(count)), bar);
    })));
}

function tilesOf(part) {
  const { distinct, measures, rows, missing } = part;
  const count = tile("Distinct", `${distinct.error ? "about " : ""}${number(distinct.count)}`, distinct.error ? `Estimated; its standard error is ${share(distinct.error)}` : null);
  const gaps = tile("Missing", missing ? share(missing / rows) : "none", `${number(missing)} of ${number(rows)} rows`);
  if (!measures) return [count, gaps];
  const own = {
    number: () => [tile("Mean", figure(measures.mean)), tile("Std. deviation", figure(measures.std)), tile("Median", figure(measures.quantiles["50"])), tile("Least", see(measures.minimum ?? "–")), tile("Most", see(measures.maximum ?? "–")),
      tile("Skewness", measures.skew === null ? "–" : hundredths(measures.skew))],
    text: () => [tile("Shortest", short(measures.shortest), "In characters"), tile("Median length", short(measures.median_length), "In characters"), tile("Longest", short(measures.longest), "In characters"), ...(measures.rarest === null ? [] : [tile("Rarest value", plural(measures.rarest, "row"))])],
    date: () => [tile("First", dayOf(measures.first)), tile("Last", dayOf(measures.last)), tile("Order of rows", { ascending: "rising", descending: "falling", constant: "one date", none: "none" }[measures.order])],
    bool: () => [tile("True", number(measures.true)), tile("False", number(measures.false))],
  }[measures.of]();
  return [...own, count, gaps];
}

/** What is odd about a column, a sentence each. */
function oddities(part) {
  const { measures } = part;
  if (!measures) return ["No row has a value."];
  const told = [];
  const suspects = (measures.suspects ?? []).map(({ label, count, share: rows, why }) => `${label === "" ? "An empty text" : label} stands in ${plural(count, "row")} (${share(rows)}) and may mean a gap: ${why.replace(/\.$/, "")}.`);
  const outside = (words, { row, value }) => `${words} ${see(value)} in row ${number(row + 1)}`;
  if (measures.of === "number") {
    const { zeros, negatives, infinite, heaped, outliers, histogram } = measures;
    const rows = part.rows - part.missing;
    if (infinite) told.push(`${plural(infinite, "value is", "values are")} infinite.`);
    if (heaped) told.push(`${heaped.label} alone stands in ${share(heaped.share)} of the rows.`);
    if (zeros || negatives) told.push([zeros && `${plural(zeros, "zero")} (${share(zeros / rows)})`, negatives && `${plural(negatives, "negative value")} (${share(negatives / rows)})`].filter(Boolean).join(", ") + ".");
    if (outliers?.share) {
      const ends = [outliers.lowest[0] && outside("the lowest is", outliers.lowest[0]), outliers.highest[0] && outside("the highest is", outliers.highest[0])].filter(Boolean).join(", ");
      told.push(`${share(outliers.share)} of the values lie beyond 1.5 interquartile ranges (${see(outliers.low)} … ${see(outliers.high)})${outliers.far_share ? `, ${share(outliers.far_share)} beyond 3` : ""}${ends ? `; ${ends}` : ""}.`);
    }
    const beyond = (histogram?.below ?? 0) + (histogram?.above ?? 0);
    if (beyond) told.push(`${plural(beyond, "value lies", "values lie")} beyond what is drawn.`);
  }
  if (measures.of === "text") {
    const { padded, variants, variant_groups: groups, numbers, dates } = measures;
    if (numbers) told.push(`${share(numbers.share)} of the texts are numbers${numbers.others.length ? `; the others: ${listed(numbers.others)}` : ""}.`);
    if (dates) told.push(`${share(dates.share)} of the texts are dates${dates.others.length ? `; the others: ${listed(dates.others)}` : ""}.`);
    if (padded) told.push(`${plural(padded, "row has", "rows have")} blanks before or after the text.`);
    if (groups) told.push(`${plural(groups, "value is", "values are")} written in several ways: ${variants.map(listed).join("; ")}.`);
  }
  if (measures.of === "date") {
    const { unread, gap, at_midnight: midnight } = measures;
    if (unread) told.push(`${plural(unread, "text is", "texts are")} no date.`);
    if (midnight !== null && midnight > 0.9) told.push(`${share(midnight)} of the times are midnight.`);
    if (gap && gap.days > 0) told.push(`The longest time without a value is ${gap.days < 2 ? duration(gap.days * 86400) : plural(Math.round(gap.days), "day")}, from ${dayOf(gap.after)} to ${dayOf(gap.until)}.`);
  }
  return [...told, ...suspects];
}

/** The figure of a column, with its height and whether its counts may be put on a logarithmic scale; null where there is none. */
function figureOf(part, isLog) {
  const { measures } = part;
  if (!measures) return null;
  const ofValues = (values) => ({ height: Math.min(420, 56 + 26 * (values.length + 1)), figure: barsFigure(values, Math.max(0, (measures.sampled_rows ?? part.rows - part.missing) - values.reduce((sum, { count }) => sum + count, 0))) });
  if (measures.of === "number") return measures.histogram && { height: 270, figure: histogramFigure(measures, { isLog }), canLog: true };
  if (measures.of === "date") return { height: 240, figure: timelineFigure(measures.timeline) };
  if (measures.of === "bool") return ofValues([{ label: "true", count: measures.true }, { label: "false", count: measures.false }]);
  // A sample's counts stand for themselves; where every text is another, bars say nothing.
  return measures.top.length && measures.top[0].count > 1 ? ofValues(measures.top) : null;
}

/** The whole of a column. `place` is where its plot goes; null where none can be drawn. */
function columnDetail(part, place) {
  const { measures } = part;
  const quantiles = measures?.of === "number" && Object.keys(measures.quantiles).length ? h("div", { class: "wb-scroll" }, h("table", { class: "wb-table wb-quantiles" },
    h("thead", {}, h("tr", {}, ["Least", ...Object.keys(measures.quantiles).map((name) => (name === "50" ? "median" : `${name}%`)), "Most"].map((name) => h("th", { scope: "col", class: "wb-number" }, name)))),
    h("tbody", {}, h("tr", {}, [measures.minimum, ...Object.values(measures.quantiles), measures.maximum].map((value) => h("td", { class: "wb-number" }, see(value ?? "–"))))))) : null;
  const top = measures?.top?.length ? valuesTable(measures.top) : null;
  const log = h("input", { type: "checkbox" });
  const scale = h("label", { class: "wb-check wb-scale" }, log, h("span", {}, "logarithmic"));
  const draw = () => {
    const drawn = place && figureOf(part, log.checked);
    scale.hidden = !drawn?.canLog;
    if (drawn) place.show(`How the values of ${part.name} are spread`, drawn.height, drawn.figure);
    return drawn;
  };
  log.addEventListener("change", draw);
  const drawn = draw();
  const odd = oddities(part);
  return [
    h("div", { class: "wb-run-title" }, h("span", { class: "wb-big" }, part.name), h("span", { class: "wb-chip" }, part.kind)),
    h("dl", { class: "wb-figures wb-tiles" }, tilesOf(part)),
    odd.length ? h("ul", { class: "wb-odd" }, odd.map((sentence) => h("li", {}, sentence))) : null,
    h("div", { class: drawn && top ? "wb-aspects" : "" }, drawn ? h("div", { class: "wb-drawn" }, place.node, scale) : null, top && h("div", { class: "wb-scroll wb-tops" }, top)),
    quantiles,
    measures?.sampled_rows ? h("p", { class: "wb-faint" }, `Quantiles, plot and most frequent values are of ${number(measures.sampled_rows)} rows drawn at random; counts, bounds and mean are of all.`) : null,
  ];
}
