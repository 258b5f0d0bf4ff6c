// A form for one row, built from what the pipeline takes: numbers, choices, true or false, dates; empty is missing.

const FIELDS_FIRST = 40;
const STEPS_FIRST = 12;
const STEPS_MOST = 500;
const BOOLS = [["", "missing"], ["true", "true"], ["false", "false"]];

const plainly = (value) => (typeof value === "number" ? short(value) : String(value));
const isDay = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);

/** The control of one column and how it is read and written. */
function columnControl(column, sample) {
  if (column.kind === "bool") {
    const control = choices(h("select"), BOOLS);
    return { control, read: () => (control.value === "" ? null : control.value === "true"), write: (value) => (control.value = value === null || value === undefined ? "" : String(value)) };
  }
  const control = h("input", { type: column.kind === "date" && sample.every(isDay) && sample.length ? "date" : "text", inputmode: column.kind === "number" ? "decimal" : null, placeholder: "missing", spellcheck: "false", autocomplete: "off" });
  const write = (value) => (control.value = value === null || value === undefined ? "" : String(value));
  if (column.kind !== "number") return { control, read: () => (control.value === "" ? null : control.value), write };
  // What is no number goes as it was typed: the answer says at the field what is wrong with it.
  const read = () => (control.value.trim() === "" ? null : Number.isFinite(Number(control.value)) ? Number(control.value) : control.value);
  return { control, read, write };
}

function rangeOf(column) {
  if (column.low === null || column.low === undefined || column.kind === "bool") return null;
  return `${plainly(column.low)} … ${plainly(column.high)}`;
}

/**
 * The form of a deployment. `ask(rows)` answers with predictions; `show(view)` builds it anew where another schema is
 * served. A forecast is asked for so many steps ahead, unless the series has other columns: then for one.
 */
function tryIt(ask) {
  const { error, showError } = errorArea();
  const fields = h("div", { class: "wb-try-fields" });
  const filter = h("input", { type: "search", placeholder: "Filter the columns", "aria-label": "Filter the columns", class: "wb-inline" });
  const next = h("button", { type: "button", class: "wb-button" }, "Next sample row");
  const predict = h("button", { type: "submit", class: "wb-button wb-primary" }, "Predict");
  const from = h("span", { class: "wb-faint" });
  const answer = h("div", { class: "wb-answer", role: "status" });
  const cannot = h("span", { class: "wb-faint" });
  const form = h("form", { class: "wb-try", novalidate: true, "aria-label": "Try it" }, error, h("div", { class: "wb-actions" }, next, from, filter), fields, h("div", { class: "wb-go" }, answer, h("div", { class: "wb-side" }, cannot, predict)));
  let shown = null;
  let controls = new Map();
  let row = {};
  let at = 0;
  let isWhole = false;
  let before = null;
  const steps = h("input", { type: "number", inputmode: "numeric", min: 1, max: STEPS_MOST, value: STEPS_FIRST });

  // A series that has no other columns goes by its own past: what is asked is how far.
  const isForecast = () => shown.task === "time_series" && !shown.columns.length;
  const rows = () => {
    for (const [name, { read }] of controls) row[name] = read();
    if (!isForecast()) return [row];
    const count = Math.max(1, Math.min(STEPS_MOST, Math.round(Number(steps.value)) || 1));
    return Array.from({ length: count }, () => ({}));
  };

  const tellRow = () => controls.forEach(({ write }, name) => write(row[name]));
  const take = (place) => {
    at = place;
    row = Object.fromEntries(shown.columns.map(({ name }) => [name, shown.sample[at]?.[name] ?? null]));
    clearProblems();
    tellRow();
    write(from, shown.sample.length ? `sample row ${at + 1} of ${shown.sample.length}` : "");
  };
  next.addEventListener("click", () => take((at + 1) % shown.sample.length));

  const clearProblems = () => {
    showError(null);
    for (const { control, problem } of controls.values()) {
      control.removeAttribute("aria-invalid");
      problem.textContent = "";
    }
  };

  const build = () => {
    const wanted = filter.value.trim().toLowerCase();
    const found = shown.columns.filter(({ name }) => name.toLowerCase().includes(wanted));
    const columns = isWhole ? found : found.slice(0, FIELDS_FIRST);
    controls = new Map();
    const nodes = columns.map((column) => {
      const made = columnControl(column, shown.sample.map((one) => one[column.name]).filter((value) => value !== null && value !== undefined));
      const problem = h("small", { class: "wb-bad wb-problem", role: "alert" });
      const range = rangeOf(column);
      const node = field(h("span", { class: "wb-fit" }, column.name), made.control);
      node.dataset.column = column.name;
      node.firstElementChild.title = column.name;
      if (range) node.firstElementChild.append(h("small", {}, range));
      if (column.values.length && column.kind === "text") {
        const list = newId();
        made.control.setAttribute("list", list);
        node.append(h("datalist", { id: list }, column.values.map((value) => h("option", { value: String(value) }))));
      }
      node.append(problem);
      made.control.addEventListener("input", () => {
        made.control.removeAttribute("aria-invalid");
        problem.textContent = "";
        write(from, "");
      });
      controls.set(column.name, { ...made, problem });
      return node;
    });
    const all = columns.length < found.length && h("div", { class: "wb-wide wb-samples" }, h("span", { class: "wb-faint" }, `${number(columns.length)} of ${number(found.length)} columns are shown; the others stay as they are.`),
      h("button", { type: "button", class: "wb-pill", onclick: () => ((isWhole = true), rebuild()) }, `Show all ${number(found.length)} columns`));
    const oneStep = shown.task === "time_series" && !isForecast() && h("p", { class: "wb-wide wb-faint" }, "The first step after the series. Of more steps ask the API, a row each.");
    fill(fields, isForecast() ? field("Steps ahead", steps) : nodes, all, oneStep);
    filter.hidden = shown.columns.length <= FILTERED_FROM;
    next.hidden = shown.sample.length < 2 || isForecast();
    tellRow();
  };
  // What is typed goes along.
  const rebuild = () => (rows(), build());
  filter.addEventListener("input", rebuild);
  filter.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());

  const tellProblems = (refused) => {
    const problems = refused.problem?.problems ?? [];
    const own = problems.filter(({ column }) => controls.has(column));
    for (const { column, problem } of own) {
      controls.get(column).control.setAttribute("aria-invalid", "true");
      write(controls.get(column).problem, `It ${problem}.`);
    }
    if (own.length < problems.length || !own.length) showError(refused);
    if (own.length) controls.get(own[0].column).control.focus();
  };

  const score = (value) => (value === null || value === undefined ? null : h("span", { class: "wb-score", title: String(value) }, `score ${figure(value)}`));
  const tellAnswer = (told) => {
    const [first] = told.predictions;
    const words = [`${ms(told.latency_ms)}`, before && !isForecast() ? `before: ${before}` : null].filter(Boolean).join(" · ");
    if (told.predictions.length === 1) fill(answer, h("strong", { class: "wb-said-value" }, plainly(first.prediction)), score(first.score), h("small", {}, words));
    else fill(answer, h("ol", { class: "wb-forecast", "aria-label": "Predictions" }, told.predictions.map(({ prediction }) => h("li", {}, plainly(prediction)))), h("small", {}, words));
    before = plainly(first.prediction);
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblems();
    fill(answer);
    const told = await act(predict, (problem) => problem && tellProblems(problem), () => ask(rows()), "waiting for an answer…");
    if (told) tellAnswer(told);
  });

  const show = (schema, status) => {
    predict.disabled = status !== "ready";
    write(cannot, status === "ready" ? "" : `It is ${status}: it answers once it is ready.`);
    if (!schema || schema === shown) return;
    const isNew = shown?.pipeline_id !== schema.pipeline_id;
    shown = schema;
    if (schema.problem) {
      fill(fields);
      showError(new Error(schema.problem));
      return;
    }
    if (!isNew) return;
    isWhole = false;
    filter.value = "";
    build();
    take(0);
  };
  const clear = () => {
    before = null;
    fill(answer);
  };
  return { form, show, clear };
}
