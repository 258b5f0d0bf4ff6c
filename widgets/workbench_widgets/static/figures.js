// What is drawn of a profile: each function gives the figure of one part, to be painted in the theme's colours.

/** Two decimals, and no minus before nothing. */
const hundredths = (value) => (Math.abs(value) < 0.005 ? "0.00" : value.toFixed(2));
/** A text as it is: plotly takes some tags for its own. */
const untagged = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const see = (value) => (typeof value === "number" ? short(value) : value);
const rowsWords = (count, whole) => `${plural(count, "row")}${whole ? `, ${share(count / whole)}` : ""}`;

/** Bars of a histogram with a box above them: the middle half, its median, and the most extreme values. */
function histogramFigure({ histogram, quantiles, mean, outliers, minimum, maximum }, { isLog = false } = {}) {
  return (paint) => {
    const { edges, counts } = histogram;
    const whole = counts.reduce((sum, count) => sum + count, 0);
    const isOne = edges.at(-1) === edges[0];
    const bars = {
      type: "bar", x: counts.map((_, at) => (edges[at] + edges[at + 1]) / 2), width: counts.map((_, at) => (isOne ? 1 : edges[at + 1] - edges[at])), y: counts,
      marker: { color: paint.bar, line: { width: 0 } }, hovertemplate: "%{customdata}<extra></extra>",
      customdata: counts.map((count, at) => `${see(edges[at])} … ${see(edges[at + 1])}<br>${rowsWords(count, whole)}`),
    };
    const box = {
      type: "box", orientation: "h", xaxis: "x", yaxis: "y2", y: [0], q1: [quantiles["25"]], median: [quantiles["50"]], q3: [quantiles["75"]], mean: [mean],
      lowerfence: [outliers ? Math.max(outliers.low, minimum) : minimum], upperfence: [outliers ? Math.min(outliers.high, maximum) : maximum],
      line: { color: paint.brand, width: 1.25 }, fillcolor: "rgba(0,0,0,0)", boxmean: true, hoverinfo: "x", width: 0.7,
    };
    const extremes = outliers ? [...outliers.lowest, ...outliers.highest] : [];
    const points = { type: "scatter", mode: "markers", xaxis: "x", yaxis: "y2", x: extremes.map(({ value }) => value), y: extremes.map(() => 0), marker: { color: paint.brand, size: 5, symbol: "circle-open" },
      customdata: extremes.map(({ row, value }) => `${see(value)}<br>in row ${number(row + 1)}`), hovertemplate: "%{customdata}<extra></extra>" };
    const room = isOne ? 1 : (edges.at(-1) - edges[0]) * 0.02;
    return { data: [bars, box, points], layout: plotLayout(paint, { xaxis: { range: [edges[0] - room, edges.at(-1) + room] }, yaxis: { domain: [0, 0.84], type: isLog ? "log" : "linear", nticks: 5 },
      yaxis2: { domain: [0.88, 1], visible: false, fixedrange: true, range: [-0.6, 0.6] } }) };
  };
}

/** Lying bars of values with their rows; `rest` is the rows of all others. */
function barsFigure(values, rest = 0) {
  return (paint) => {
    const whole = values.reduce((sum, { count }) => sum + count, 0) + rest;
    const all = rest ? [...values, { label: "all others", count: rest, isRest: true }] : values;
    const names = all.map(({ label }) => (label.length > 24 ? `${label.slice(0, 23)}…` : label));
    return {
      data: [{ type: "bar", orientation: "h", y: all.map((_, at) => at), x: all.map(({ count }) => count), marker: { color: all.map(({ isRest }) => (isRest ? paint.faint : paint.bar)) },
        customdata: all.map(({ label, count }) => `${untagged(label)}<br>${rowsWords(count, whole)}`), hovertemplate: "%{customdata}<extra></extra>" }],
      layout: plotLayout(paint, { bargap: 0.25, xaxis: { showgrid: true, nticks: 6 }, yaxis: { autorange: "reversed", showgrid: false, tickvals: all.map((_, at) => at), ticktext: names.map(untagged) } }),
    };
  };
}

/** Bars of values a unit of time. */
function timelineFigure({ unit, starts, counts }) {
  return (paint) => ({
    data: [{ type: "bar", x: starts, y: counts, marker: { color: paint.bar }, customdata: starts.map((start, at) => `${unit} from ${start}<br>${rowsWords(counts[at])}`), hovertemplate: "%{customdata}<extra></extra>" }],
    layout: plotLayout(paint, { xaxis: { type: starts.length > 1 ? "date" : "category" }, yaxis: { nticks: 5 } }),
  });
}

/** How strongly columns go together: a cell a pair, white where they do not. */
function associationFigure({ columns, cells }) {
  return (paint) => {
    const isFew = columns.length <= 14;
    const names = columns.map((name) => untagged(name.length > 18 ? `${name.slice(0, 17)}…` : name));
    const places = columns.map((_, at) => at);
    return {
      data: [{
        type: "heatmap", x: places, y: places, z: cells, zmin: -1, zmax: 1, xgap: 1, ygap: 1, hoverongaps: false,
        colorscale: [[0, paint.warn], [0.5, paint.ground], [1, paint.brand]], colorbar: { thickness: 8, outlinewidth: 0, len: 0.9, tickvals: [-1, -0.5, 0, 0.5, 1] },
        customdata: cells.map((row, y) => row.map((value, x) => `${untagged(columns[y])} × ${untagged(columns[x])}<br>${value === null ? "nothing to tell" : hundredths(value)}`)), hovertemplate: "%{customdata}<extra></extra>",
        ...(isFew ? { text: cells.map((row) => row.map((value) => (value === null ? "" : hundredths(value)))), texttemplate: "%{text}", textfont: { size: 10, color: paint.ink } } : {}),
      }],
      layout: plotLayout(paint, { xaxis: { tickvals: places, ticktext: names, tickangle: -40, side: "bottom" }, yaxis: { tickvals: places, ticktext: names, autorange: "reversed", showgrid: false } }),
    };
  };
}

/** How the same column was spread in two versions: shares of the rows, each version as an outline. */
function driftFigure(before, now, names) {
  return (paint) => {
    const outlines = [[before, paint.warn, paint.before], [now, paint.brand, paint.bar]];
    const layout = (own) => plotLayout(paint, { showlegend: true, legend: { orientation: "h", x: 0, y: 1.15, font: { color: paint.ink } }, bargroupgap: 0.05, ...own });
    const sum = (counts) => Math.max(1, counts.reduce((all, count) => all + count, 0));
    if (now.measures.of === "number") {
      // Densities: the two have bins of their own.
      const data = outlines.map(([part, color], place) => {
        const { edges, counts } = part.measures.histogram;
        const whole = sum(counts);
        const dense = counts.map((count, at) => count / whole / (edges[at + 1] - edges[at] || 1));
        return { type: "scatter", mode: "lines", name: names[place], x: edges, y: [...dense, dense.at(-1)], line: { color, width: 1.75, shape: "hv" }, fill: "tozeroy", fillcolor: color.replace("rgb(", "rgba(").replace(")", ", 0.14)"), hoverinfo: "x+name" };
      });
      return { data, layout: layout({ yaxis: { showticklabels: false, title: { text: "density" } } }) };
    }
    const values = (part) => (part.measures.of === "bool" ? [["true", part.measures.true], ["false", part.measures.false]] : part.measures.of === "date" ? part.measures.timeline.starts.map((start, at) => [start, part.measures.timeline.counts[at]]) : part.measures.top.map(({ label, count }) => [untagged(label), count]));
    const labels = [...new Set([...values(now), ...values(before)].map(([label]) => label))];
    const data = outlines.map(([part, , color], place) => {
      const found = new Map(values(part));
      const rows = Math.max(1, part.rows - part.missing);
      return { type: "bar", name: names[place], x: labels, y: labels.map((label) => (found.get(label) ?? 0) / rows), marker: { color }, hovertemplate: "%{x}<br>%{y:.1%}<extra>%{fullData.name}</extra>" };
    });
    return { data, layout: layout({ barmode: "group", xaxis: { type: now.measures.of === "date" ? "date" : "category" }, yaxis: { tickformat: ".0%", nticks: 5 } }) };
  };
}
