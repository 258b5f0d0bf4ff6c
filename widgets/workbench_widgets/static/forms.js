// Controls that forms are made of: lists to tick in, and a run's limits.

const PICKED_SHOWN = 3;
const FILTERED_FROM = 12;
const opening = (text) => text[0].toUpperCase() + text.slice(1);
const folded = (title, ...content) => h("details", { class: "wb-more" }, h("summary", {}, title), ...content);

/**
 * A button that opens a list of items to be ticked: `items` and `isPicked` are asked anew each time.
 * `words` says on the button what is picked; `pick(value, isOn)` takes a tick.
 */
function picker({ items, isPicked, pick, words, kind = "wb-pick", title = null, foot = () => null }) {
  const button = h("button", { type: "button", class: kind, title, "aria-haspopup": "dialog", "aria-expanded": "false" }, words());
  // Its label names it; what is picked describes it.
  const tell = () => {
    write(button, words());
    button.setAttribute("aria-description", words());
  };
  tell();
  const line = ({ value, text = value, note = null }) =>
    h("label", { class: "wb-check" }, h("input", { type: "checkbox", value, checked: isPicked(value), onchange: (event) => (pick(value, event.target.checked), tell()) }),
      h("span", {}, text), note && h("small", {}, note));
  button.addEventListener("click", () => {
    const all = items().map((item) => [item.text ?? item.value, line(item)]);
    const filter = (event) => all.forEach(([text, node]) => (node.hidden = !text.toLowerCase().includes(event.target.value.trim().toLowerCase())));
    const search = all.length > FILTERED_FROM ? h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter", oninput: filter }) : null;
    const list = h("div", { class: "wb-menu wb-picker", popover: "auto", role: "dialog", "aria-label": title ?? "Pick" }, search, h("div", { class: "wb-picker-list" }, all.map(([, node]) => node)), foot(tell));
    // Within a form, the key that ends a word must not launch a run.
    list.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    openBeside(button, list);
    (search ?? list.querySelector("input"))?.focus({ preventScroll: true });
  });
  return { button, tell };
}

/** What is picked, in few words. */
const pickedWords = (picked, nothing = "none") => (picked.length > PICKED_SHOWN ? `${picked.length} chosen` : picked.join(", ") || nothing);

/** Bytes as they are typed: 2 GiB rather than 2147483648. */
function memoryWords(size) {
  const unit = ["GiB", "MiB", "KiB"].find((_, at) => size % 2 ** (30 - 10 * at) === 0);
  return unit ? `${size / { GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10 }[unit]} ${unit}` : String(size);
}

/**
 * Inputs of a run's limits and of where it runs; what is left empty is `own`, which `inherit` names.
 * `asked` answers what a request says of them, `words` what holds, in few words,
 * `fill(limits)` puts some in.
 */
function limitInputs() {
  const seconds = (title) => h("input", { type: "number", inputmode: "numeric", min: 0, title: `${title} 0: no limit.` });
  const model = seconds("Longest a model may take over all its folds.");
  const run = seconds("Longest the whole run may take.");
  const memory = h("input", { type: "text", title: "Most memory that a model may take on one fold: 2GiB, 500MB, or bytes. 0: an even share of what is free." });
  const executor = h("input", { type: "text", title: "Where models are fitted: local, or dask://HOST:PORT." });
  const numeric = (input) => (input.value === "" ? null : Number(input.value));
  let own = {};
  const inherit = (limits) => {
    own = limits;
    model.placeholder = limits.model_timeout_s || "none";
    run.placeholder = limits.run_timeout_s || "none";
    memory.placeholder = limits.unit_memory ? memoryWords(limits.unit_memory) : "an even share";
    executor.placeholder = limits.executor;
  };
  const words = (withOwn) => {
    const held = (input, value) => input.value || (withOwn && value ? String(value) : "");
    const [modelTime, runTime] = [held(model, own.model_timeout_s), held(run, own.run_timeout_s)];
    const where = held(executor, own.executor === "local" ? null : own.executor);
    return [modelTime && `model ${modelTime} s`, runTime && `run ${runTime} s`, held(memory, own.unit_memory && memoryWords(own.unit_memory)), where].filter(Boolean);
  };
  return {
    controls: [model, run, memory, executor],
    fields: [field("Time a model (s)", model), field("Time a run (s)", run), field("Memory a unit", memory), field("Executor", executor)],
    inherit,
    asked: () => ({ model_timeout_s: numeric(model), run_timeout_s: numeric(run), unit_memory: memory.value.trim() || null, executor: executor.value.trim() || null }),
    words,
    fill: (limits) => {
      for (const [input, value] of [[model, limits.model_timeout_s], [run, limits.run_timeout_s], [executor, limits.executor]]) input.value = value ?? "";
      memory.value = typeof limits.unit_memory === "number" ? memoryWords(limits.unit_memory) : limits.unit_memory ?? "";
    },
    clear: () => [model, run, memory, executor].forEach((input) => (input.value = "")),
  };
}

/** The limits of a run that is to be launched, folded up, with what else may end a model early. */
function launchLimits() {
  const limits = limitInputs();
  const racing = h("input", { type: "checkbox" });
  const racingField = h("div", { class: "wb-wide" }, h("label", { class: "wb-check" }, racing, "Racing"),
    h("small", {}, "Models that cannot catch the leader stop early. This changes what is computed: they keep no full score."));
  const summary = h("summary", {}, "Limits and more");
  const isRaced = () => racing.checked && !racingField.hidden;
  return {
    ...limits,
    field: h("details", { class: "wb-more" }, summary, h("div", { class: "wb-option-grid" }, limits.fields, racingField)),
    controls: [...limits.controls, racing],
    allowRacing: (isAllowed) => (racingField.hidden = !isAllowed),
    asked: () => ({ ...limits.asked(), racing: isRaced() }),
    fill: (request) => {
      limits.fill(request);
      racing.checked = Boolean(request.racing);
    },
    tell: (withOwn) => {
      const set = [...limits.words(withOwn), isRaced() && "racing"].filter(Boolean);
      write(summary, ["Limits and more", set.join(" · ")].filter(Boolean).join(": "));
    },
  };
}

/** A line that says into which project a run goes, where that was chosen; `tell(name)` takes null where it was not. */
function projectLine() {
  const line = h("p", { class: "wb-wide wb-faint", hidden: true });
  const tell = (name) => {
    line.hidden = name === null;
    write(line, `The run goes into the project ${name}, as chosen in the Access tab.`);
  };
  return { line, tell };
}
