// Traffic of the last hour, minute by minute: how fast it answered, how much was asked, and what went wrong.

const PLOT = { width: 600, height: 96, top: 8, bottom: 4 };
const MINUTE_MS = 60_000;

const ms = (value) => (value === null || value === undefined ? "–" : `${value < 10 ? value.toFixed(value < 1 ? 2 : 1) : Math.round(value).toLocaleString("en-US")} ms`);

/** A round number at or above a value: 1, 2 or 5 times a power of ten. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

/** A plot's frame: what it shows in words, its largest value, the hour below it. */
function plot(title, most, legend, marks, window) {
  const { width, height } = PLOT;
  return h("figure", { class: "wb-plot" },
    h("figcaption", {}, h("span", {}, title), h("span", { class: "wb-plot-legend" }, legend)),
    h("div", { class: "wb-plot-area" }, h("small", { class: "wb-plot-most" }, most),
      svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": title }, ...marks)),
    h("div", { class: "wb-plot-axis" }, h("small", {}, `${window} min ago`), h("small", {}, "now")));
}

/** Two plots over the last `window` minutes: latency, and requests with the errors among them. */
function trafficPlots(minutes, window) {
  const { width, height, top, bottom } = PLOT;
  const began = Math.floor(Date.now() / MINUTE_MS) - window + 1;
  const step = width / window;
  const placed = minutes.map((minute) => ({ ...minute, place: Math.round(new Date(minute.at) / MINUTE_MS) - began })).filter(({ place }) => place >= 0 && place < window);
  const x = (place) => (place + 0.5) * step;
  const scale = (most) => (value) => height - bottom - (value / most) * (height - top - bottom);
  const told = ({ at, requests, rows, errors, p50, p95 }) => `${clock(at).slice(0, 5)}: ${plural(requests, "request")}, ${plural(rows, "row")}${errors ? `, ${plural(errors, "error")}` : ""}\np50 ${ms(p50)} · p95 ${ms(p95)}`;
  const hits = () => placed.map((minute) => svg("rect", { x: minute.place * step, y: 0, width: step, height, class: "wb-plot-hit", "data-tip": told(minute) }));

  const timed = placed.filter(({ p50 }) => p50 !== null && p50 !== undefined);
  const slowest = roundUp(Math.max(...timed.map(({ p95 }) => p95), 0));
  const y = scale(slowest);
  // A line joins minutes that follow each other; where nothing was asked there is a gap.
  const line = (key, kind) => {
    const path = timed.map(({ place, [key]: value }, at) => `${at && timed[at - 1].place === place - 1 ? "L" : "M"}${x(place).toFixed(1)},${y(value).toFixed(1)}`).join("");
    const dots = timed.map((minute) => svg("line", { x1: x(minute.place) - 0.01, x2: x(minute.place) + 0.01, y1: y(minute[key]), y2: y(minute[key]), class: `${kind} wb-plot-dot` }));
    return [svg("path", { d: path || "M0,0", class: kind }), ...dots];
  };
  const latency = plot("Latency", ms(slowest), [h("i", { class: "wb-key wb-p50" }), "p50", h("i", { class: "wb-key wb-p95" }), "p95"], timed.length ? [...line("p95", "wb-p95"), ...line("p50", "wb-p50"), ...hits()] : [], window);

  const busiest = roundUp(Math.max(...placed.map(({ requests }) => requests), 0));
  const tall = scale(busiest);
  const bars = placed.flatMap(({ place, requests, errors }) => {
    const bar = (value, kind) => svg("rect", { x: place * step + 1, width: Math.max(1, step - 2), y: tall(value), height: height - bottom - tall(value), class: kind });
    return errors ? [bar(requests, "wb-asked"), bar(errors, "wb-errors")] : [bar(requests, "wb-asked")];
  });
  const requests = plot("Requests a minute", number(busiest), [h("i", { class: "wb-key wb-asked" }), "asked", h("i", { class: "wb-key wb-errors" }), "errors"], [...bars, ...hits()], window);
  return [latency, requests];
}
