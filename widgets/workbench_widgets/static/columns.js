// A column at a glance: a mark for what it holds, and a few bars for how that is spread.

const KIND_MARKS = { number: "#", text: "Aa", bool: "✓", date: "◷" };
const SPARK = { width: 64, height: 16 };

const share = (part) => (part > 0 && part < 0.0005 ? "<0.1%" : `${(100 * part).toFixed(part && part < 0.1 ? 1 : 0)}%`);

/** Bars of counts, or one bar of the shares of its most frequent values with the rest of the rows behind them. */
function spark({ bars, shares }) {
  const { width, height } = SPARK;
  const drawing = (marks, words) => svg("svg", { class: "wb-spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": words }, ...marks);
  if (bars) {
    const most = Math.max(...bars, 1);
    const step = width / bars.length;
    return drawing(bars.map((count, at) => {
      // Even a single row is seen.
      const tall = count ? Math.max(1, (count / most) * height) : 0;
      return svg("rect", { x: (at * step).toFixed(2), width: Math.max(0.5, step - 0.6).toFixed(2), y: (height - tall).toFixed(2), height: tall.toFixed(2) });
    }), "How its values are spread");
  }
  let from = 0;
  const parts = (shares ?? []).map((part, at) => {
    const bar = svg("rect", { x: (from * width).toFixed(2), width: Math.max(0.5, part * width - 0.6).toFixed(2), y: 3, height: height - 6, "fill-opacity": (0.85 - 0.15 * at).toFixed(2) });
    from += part;
    return bar;
  });
  if (from < 0.999) parts.push(svg("rect", { class: "wb-spark-rest", x: (from * width).toFixed(2), width: ((1 - from) * width).toFixed(2), y: 3, height: height - 6 }));
  return drawing(parts, "How many rows its most frequent values have");
}
