// What to run on which table. The engine checks the request; this form only helps to say it.

const ESTIMATE_MS = 250;

export default panel((el, link) => {
  const { body, showError } = frame(el, "Launch");
  const source = h("select", { onchange: () => link.call("choose", { id: source.value }).catch(showError) });
  const target = h("select", { onchange: () => targetChosen() });
  const task = h("select", { onchange: () => taskChosen() });
  const plan = h("select", { onchange: () => planChosen() });
  const folds = h("input", { type: "number", inputmode: "numeric", value: link.view.defaults.folds, min: link.view.bounds.folds[0], max: link.view.bounds.folds[1] });
  const seed = h("input", { type: "number", inputmode: "numeric", value: link.view.defaults.seed, min: 0 });
  const sort = h("select");
  const limit = h("input", { type: "number", min: 0, placeholder: "none", inputmode: "numeric" });
  const models = h("div", { class: "wb-models", role: "group", "aria-label": "Models" });
  const options = h("div", { class: "wb-options" });
  const estimate = h("span", { class: "wb-estimate", "aria-live": "polite" });
  const launch = h("button", { class: "wb-button wb-primary", type: "submit" }, "Launch");
  const modelsField = h("details", { class: "wb-more" }, h("summary", {}, "Models"), models);
  const form = h("form", { class: "wb-form", novalidate: true },
    field("Data", source), field("Target", target), field("Task", task), field("Plan", plan), field("Folds", folds), field("Seed", seed), field("Rank by", sort),
    field("Limit a model (s)", limit), modelsField, h("details", { class: "wb-more" }, h("summary", {}, "Set-up options"), options), h("div", { class: "wb-go" }, estimate, launch));
  body.append(form);

  // What the reader chose by hand is kept; everything else follows the table.
  const chosen = { models: null, model: null, options: {} };
  const taskOf = () => link.view.tasks[task.value];

  const modelBoxes = () => [...models.querySelectorAll("input")];

  const modelsChosen = () => {
    const all = taskOf().models;
    const one = plan.value === "create";
    const standard = new Set(all.filter((model) => model.is_turbo && !model.requires).map((model) => model.id));
    const wanted = one ? new Set([chosen.model ?? all[0].id]) : chosen.models ?? standard;
    fill(models, h("div", { class: "wb-samples" }, one ? null : [["All fast ones", null], ["None", new Set()]].map(([text, set]) =>
      h("button", { type: "button", class: "wb-pill", onclick: () => ((chosen.models = set), modelsChosen(), ask()) }, text))),
      all.map((model) => h("label", { class: "wb-check", title: [model.id, model.requires ? `needs ${model.requires} where training runs` : model.is_turbo ? null : "slow: left out unless chosen"].filter(Boolean).join(" · ") },
        h("input", { type: one ? "radio" : "checkbox", name: one ? "wb-model" : null, value: model.id, checked: wanted.has(model.id), onchange: () => pick() }),
        h("span", {}, model.name), model.is_turbo && !model.requires ? null : h("small", {}, model.requires ?? "slow"))));
    modelsField.firstElementChild.textContent = modelWords(wanted, standard, one);
    modelsField.hidden = plan.value === "setup";
  };

  const modelWords = (wanted, standard, one) => {
    if (one) return `Model: ${taskOf().models.find((model) => model.id === [...wanted][0])?.name ?? "choose one"}`;
    return chosen.models === null ? `Models: all ${standard.size} fast ones` : `Models: ${wanted.size} chosen`;
  };

  const pick = () => {
    const one = plan.value === "create";
    const wanted = new Set(modelBoxes().filter((box) => box.checked).map((box) => box.value));
    if (one) [chosen.model] = wanted;
    else chosen.models = wanted;
    modelsField.firstElementChild.textContent = modelWords(wanted, new Set(), one);
    ask();
  };

  const optionControl = (option) => {
    // What was chosen may be null, which says "none".
    const isChosen = option.name in chosen.options;
    const value = isChosen ? chosen.options[option.name] : option.default;
    const keep = (next) => {
      if (next === option.default || next === "") delete chosen.options[option.name];
      else chosen.options[option.name] = next;
      ask();
    };
    if (option.kind === "bool") return h("label", { class: "wb-check", title: option.about }, h("input", { type: "checkbox", checked: value === true, onchange: (event) => keep(event.target.checked) }), h("span", {}, option.name.replaceAll("_", " ")));
    let control;
    if (option.kind === "choice") {
      // By their places: an option's value is a text, and null is none.
      const pick = (event) => keep(option.choices[Number(event.target.value)]);
      control = choices(h("select", { title: option.about, onchange: pick }), option.choices.map((choice, at) => [String(at), choice === null ? "none" : String(choice)]), String(option.choices.indexOf(value)));
    } else if (option.kind === "columns") {
      const names = (link.view.source?.columns ?? []).map((column) => column.name).filter((name) => name !== target.value);
      const picked = new Set(chosen.options[option.name] ?? []);
      control = h("select", { multiple: true, size: Math.min(4, Math.max(2, names.length)), title: `${option.about} Ctrl-click for several.`, onchange: (event) => {
        const now = [...event.target.selectedOptions].map((item) => item.value);
        keep(now.length ? now : "");
      } }, names.map((name) => h("option", { value: name, selected: picked.has(name) }, name)));
    } else {
      // The choices of a text are proposals: a number or another word can be typed.
      const list = option.choices.length ? `wb-${Math.random().toString(36).slice(2)}` : null;
      control = h("input", { type: "text", list, value: isChosen ? String(value) : "", placeholder: option.default === null ? "none" : String(option.default), title: option.about, onchange: (event) => keep(event.target.value.trim()) });
      const whole = field(option.name.replaceAll("_", " "), control);
      if (list) whole.append(h("datalist", { id: list }, option.choices.map((choice) => h("option", { value: choice ?? "none" }))));
      return whole;
    }
    return field(option.name.replaceAll("_", " "), control);
  };

  const drawOptions = () => {
    const known = taskOf().options;
    const common = known.filter((option) => option.is_common);
    const rest = known.filter((option) => !option.is_common && option.kind !== "mapping" && option.kind !== "columns");
    const group = (list) => h("div", { class: "wb-option-grid" }, list.filter((option) => option.kind !== "bool").map(optionControl), h("div", { class: "wb-checks" }, list.filter((option) => option.kind === "bool").map(optionControl)));
    fill(options, group(common), h("details", { class: "wb-more" }, h("summary", {}, `All the others (${rest.length})`), group(rest)));
  };

  const targetChosen = () => {
    const column = link.view.source?.columns.find((item) => item.name === target.value);
    if (column) task.value = column.task;
    if (task.value !== formed) {
      taskChosen();
      return;
    }
    drawOptions();
    ask();
  };

  // The task that models and metrics are shown for.
  let formed = null;
  const taskChosen = () => {
    formed = task.value;
    chosen.models = chosen.model = null;
    choices(sort, taskOf().metrics.map((name) => [name, name]), taskOf().sort);
    planChosen();
    drawOptions();
  };

  const planChosen = () => {
    plan.title = link.view.plans.find((item) => item.name === plan.value)?.about ?? "";
    modelsChosen();
    ask();
  };

  const request = () => {
    const asked = { data: link.view.source?.id ?? "", target: target.value, task: task.value, plan: plan.value, folds: folds.value === "" ? null : Number(folds.value), seed: seed.value === "" ? null : Number(seed.value), sort: sort.value, setup: chosen.options };
    if (limit.value !== "") asked.model_timeout_s = Number(limit.value);
    if (plan.value === "create") asked.model = chosen.model ?? taskOf().models[0].id;
    else if (plan.value === "compare" && chosen.models) asked.include = [...chosen.models];
    return asked;
  };

  let asking = 0;
  const ask = () => {
    clearTimeout(asking);
    asking = setTimeout(async () => {
      if (!link.view.source || !target.value) {
        estimate.textContent = "";
        return;
      }
      const mine = asking;
      try {
        const { words } = await link.call("estimate", request());
        if (mine === asking) estimate.textContent = words;
      } catch (error) {
        if (mine === asking) estimate.textContent = error.message;
      }
    }, ESTIMATE_MS);
  };
  for (const control of [folds, seed, sort, limit]) control.addEventListener("input", ask);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await act(launch, showError, () => link.call("launch", request()))) reveal(el, "Runs");
  });

  let table = null;
  return (view, patch) => {
    if (!touches(patch, "sources", "source")) return;
    choices(source, view.sources.length ? view.sources.map((item) => [item.id, item.name]) : [["", "upload a table first"]], view.source?.id ?? "");
    launch.disabled = !view.source;
    if (!task.options.length) {
      choices(task, Object.entries(view.tasks).map(([name, item]) => [name, item.title]));
      choices(plan, view.plans.map((item) => [item.name, item.name]), "compare");
    }
    if (view.source?.id === table && table !== null) return;
    table = view.source?.id ?? null;
    const columns = view.source?.columns ?? [];
    // Targets tend to stand last, or first; a name that says so wins.
    const guess = columns.find((column) => /^(target|class|label|y|outcome)$/i.test(column.name)) ?? columns.at(-1);
    choices(target, columns.map((column) => [column.name, column.name]), guess?.name);
    chosen.options = {};
    targetChosen();
  };
});
