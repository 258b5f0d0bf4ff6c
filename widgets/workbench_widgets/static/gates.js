// A promotion: its gates, the difference with its interval, and what a person can say to an open one.

const DIFFERENCE = { width: 320, height: 34, edge: 12 };
const GATE_TITLES = { artifact: "The same bytes", metric: "Not worse", schema: "The same input" };
const GATE_WAITS = { metric: "Both are being judged on the same rows…" };
const PROMOTION_WORDS = { queued: "queued", evaluating: "evaluating", waiting: "waits for you", promoted: "promoted", refused: "refused", cancelled: "cancelled", failed: "failed" };

const signed = (value) => (value === null || value === undefined ? "unknown" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${figure(Math.abs(value))}`);

/** A difference and its interval on an axis whose right side is better for the challenger. */
function difference({ delta, low, high, greater, reach: span, wide = true }) {
  if (delta === null || low === null || high === null) return h("span", { class: "wb-faint" }, "unknown");
  const { height, edge } = DIFFERENCE;
  const width = wide ? DIFFERENCE.width : 140;
  const most = span || Math.max(Math.abs(low), Math.abs(high), Math.abs(delta)) || 1;
  const at = (value) => width / 2 + ((greater ? value : -value) / most) * (width / 2 - edge);
  const [left, right] = [at(low), at(high)].sort((a, b) => a - b);
  const tone = left > width / 2 ? "better" : right < width / 2 ? "worse" : "alike";
  const middle = wide ? 12 : height / 4;
  const words = `difference ${signed(delta)}, 95 % interval ${signed(low)} to ${signed(high)}`;
  const label = svg("title");
  label.textContent = words;
  const side = (x, anchor, text) => {
    const node = svg("text", { x, y: height - 2, "text-anchor": anchor });
    node.textContent = text;
    return node;
  };
  return svg("svg", { width, height: wide ? height : height / 2, viewBox: `0 0 ${width} ${wide ? height : height / 2}`, role: "img", "aria-label": words, class: `wb-difference wb-${tone}` },
    label,
    svg("line", { x1: edge / 2, x2: width - edge / 2, y1: middle, y2: middle, class: "wb-axis" }),
    svg("line", { x1: width / 2, x2: width / 2, y1: middle - 8, y2: middle + 8, class: "wb-zero" }),
    svg("line", { x1: left, x2: Math.max(right, left + 1), y1: middle, y2: middle, class: "wb-band" }),
    svg("circle", { cx: at(delta), cy: middle, r: 3.5, class: "wb-point" }),
    ...(wide ? [side(edge / 2, "start", "◂ worse"), side(width / 2, "middle", "equal"), side(width - edge / 2, "end", "better ▸")] : []));
}

/** How the two did: each metric side by side, and the segments below each other. */
function comparisonTables(promotion) {
  const told = promotion.comparison;
  const names = [told.metric, ...Object.keys(told.challenger).filter((name) => name !== told.metric)];
  const value = (side, name) => h("td", { class: "wb-number" }, figure(side[name]));
  const metrics = names.length > 0 && h("table", { class: "wb-table wb-fitted" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Metric"), h("th", { scope: "col", class: "wb-number" }, promotion.challenger.name), h("th", { scope: "col", class: "wb-number" }, promotion.champion?.name ?? "champion"))),
    h("tbody", {}, names.map((name) => h("tr", { class: name === told.metric ? "wb-deciding" : null }, h("th", { scope: "row" }, name), value(told.challenger, name), value(told.champion, name)))));
  const reach = Math.max(...told.segments.flatMap((one) => [one.low, one.high, one.delta]).filter((one) => one !== null && one !== undefined).map(Math.abs), 0);
  const segments = told.segments.length > 0 && h("table", { class: "wb-table wb-fitted" },
    h("thead", {}, h("tr", {}, [promotion.segment ?? "Segment", "Rows", "Challenger", "Champion", "Difference", ""].map((text, place) => h("th", { scope: "col", class: place > 0 && place < 5 ? "wb-number" : null }, text)))),
    h("tbody", {}, told.segments.map((one) => h("tr", {}, h("th", { scope: "row" }, one.value === null ? "missing" : String(one.value)), h("td", { class: "wb-number" }, number(one.rows)),
      h("td", { class: "wb-number" }, figure(one.challenger)), h("td", { class: "wb-number" }, figure(one.champion)), h("td", { class: "wb-number" }, signed(one.delta)),
      h("td", {}, one.low === null || one.low === undefined ? h("small", {}, "too few rows") : difference({ ...one, greater: told.greater_is_better, reach, wide: false }))))));
  return [
    h("p", { class: "wb-faint" }, [`${number(told.rows)} rows`, told.rows_from, told.method].filter(Boolean).join(" · ")),
    told.notes.map((note) => h("p", { class: "wb-notice" }, note)),
    metrics && h("div", { class: "wb-scroll", role: "group", tabindex: "0", "aria-label": "Metrics of both" }, metrics),
    segments && h("div", { class: "wb-scroll", role: "group", tabindex: "0", "aria-label": "Difference by segment" }, segments),
  ];
}

/** One gate: passed, acknowledged by somebody, open, or not evaluated yet; an open one can be acknowledged. */
function gateLine(promotion, name, acknowledge) {
  const gate = promotion.gates.find((one) => one.name === name);
  const word = promotion.acknowledgements.find((one) => one.gate === name);
  const state = !gate ? (promotion.is_ended ? "unknown" : "coming") : gate.passed ? "passed" : word ? "acknowledged" : "open";
  const marks = { coming: "…", unknown: "–", passed: "✓", acknowledged: "✓", open: "!" };
  const canSay = state === "open" && gate.overridable && promotion.status === "waiting" && acknowledge;
  return h("li", { class: `wb-gate wb-gate-${state}` },
    h("span", { class: "wb-gate-mark", "aria-hidden": "true" }, marks[state]),
    h("div", { class: "wb-gate-body" },
      h("div", { class: "wb-gate-head" }, h("strong", {}, GATE_TITLES[name]), h("span", { class: "wb-chip" }, state === "coming" ? PROMOTION_WORDS[promotion.status] : state === "unknown" ? "not evaluated" : state)),
      h("p", {}, gate?.message ?? (promotion.is_ended ? "" : GATE_WAITS[name] ?? "")),
      gate && name === "metric" && promotion.comparison && promotion.comparison.low !== null ? difference({ ...promotion.comparison, greater: promotion.comparison.greater_is_better }) : null,
      word ? h("p", { class: "wb-faint" }, `${word.by} on ${when(word.at)}: ${word.why || "no reason given"}`) : null,
      state === "open" && gate && !gate.overridable ? h("p", { class: "wb-faint" }, "Nobody can override this gate.") : null,
      canSay ? acknowledge(gate) : null));
}
