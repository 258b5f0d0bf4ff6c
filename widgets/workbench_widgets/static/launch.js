// What to run on which table, or from which run. The engine checks the request; this form only helps to say it.

const ESTIMATE_MS = 250;

/** Targets tend to stand last, or first; a name that says so wins, and the one that a sample is made for before all. */
const guessedTarget = (columns, meant) => columns.find(({ name }) => name === meant) ?? columns.find(({ name }) => /^(target|class|label|y|outcome)$/i.test(name)) ?? columns.at(-1);

export default panel((el, link) => {
  const { body, section, showError } = frame(el, "Launch");
  const { defaults, bounds } = link.view;
  const whole = (properties) => h("input", { type: "number", inputmode: "numeric", min: 0, ...properties });
  const start = h("select", { onchange: () => startChosen() });
  const source = h("select", { onchange: () => link.call("choose", { id: source.value }).catch(showError) });
  const target = h("select", { onchange: () => ((isAimed = true), targetChosen()) });
  const task = h("select", { onchange: () => ((byHand = true), taskChosen()) });
  const plan = h("select", { onchange: () => planChosen() });
  const folds = whole({ min: bounds.folds[0], max: bounds.folds[1] });
  const seed = whole({ value: defaults.seed });
  const sort = h("select");
  const models = h("div", { class: "wb-models", role: "group", "aria-label": "Models" });
  const modelsField = folded("Models", models);
  const planOptions = h("div", { class: "wb-wide wb-plan-options", role: "group" });
  const options = h("div", { class: "wb-options" });
  const optionsField = folded("Set-up options", options);
  const limits = launchLimits();
  const estimate = h("span", { class: "wb-estimate", "aria-live": "polite" });
  const launch = h("button", { class: "wb-button wb-primary", type: "submit", "data-takes": "runs:write" }, "Launch");
  const findings = findingsArea({ mend: (changes) => takeMend(changes), canMend: () => !pinned, changed: () => tellLaunch() });
  const startField = field("Start from", start, { wide: true });
  const targetField = field("Target", target);
  const foldsField = field("Folds", folds);
  const tableFields = [field("Data", source), targetField, field("Task", task)];
  const ranking = h("div", { class: "wb-wide wb-beside" }, foldsField, field("Seed", seed), field("Rank by", sort));
  const followed = h("p", { class: "wb-wide wb-faint" });
  const project = projectLine();
  const wished = wishArea(() => ask());
  // An advisor is told no target that was only guessed.
  const goal = goalLine(el, link, showError, () => ({ source: link.view.source?.id ?? "", target: isAimed && taskOf().has_target ? target.value : null }));
  const form = h("form", { class: "wb-form", novalidate: true }, startField, goal.field, wished.area, tableFields, field("Plan", plan), planOptions, ranking, followed, modelsField, optionsField, limits.field, findings.area, project.line, h("div", { class: "wb-go" }, estimate, launch));
  body.append(form);

  // What the reader chose by hand is kept; everything else follows the table.
  const chosen = { field: null, one: null, several: new Set(), setup: {}, plan: {}, followed: new Set() };
  let byHand = false;
  // Whether the target was chosen by the reader.
  let isAimed = false;
  // The run to go on from stays what it was when the reader chose it, whatever run is watched since.
  let pinned = null;
  const taskOf = () => link.view.tasks[pinned?.task ?? task.value];
  const planOf = () => link.view.plans[plan.value];
  // Of the run that is followed only those that the plan can work on, in the order in which they are taken.
  const modelsOf = () => (pinned ? pinned.takes[plan.value].models.map((id) => pinned.models.find((model) => model.id === id)) : taskOf().models);
  const bestOf = () => modelsOf().slice(0, Math.min(takes() === "one" ? 1 : link.view.top, pinned.takes[plan.value].ranked));
  const takes = () => (planOf().most === 1 ? "one" : planOf().least ? "several" : "field");
  const standardOf = () => taskOf().models.filter((model) => model.is_turbo && !model.requires);
  const nameOf = (id) => (pinned ?? taskOf()).models.find((model) => model.id === id)?.name ?? id;

  const picked = () => {
    if (pinned) return chosen.followed;
    if (takes() === "one") return new Set([chosen.one ?? taskOf().models[0].id]);
    return takes() === "several" ? chosen.several : chosen.field ?? new Set(standardOf().map((model) => model.id));
  };

  const pick = (ids) => {
    if (pinned) chosen.followed = ids;
    else if (takes() === "one") [chosen.one] = ids;
    else if (takes() === "several") chosen.several = ids;
    else chosen.field = ids;
    tellModels();
    ask();
  };

  const modelWords = () => {
    const count = picked().size;
    if (takes() === "one") return `Model: ${count ? nameOf([...picked()][0]) : bestOf().length ? `the best, ${bestOf()[0].name}` : "choose one"}`;
    if (pinned && !count) return bestOf().length < planOf().least ? `Models: choose ${planOf().least} or more` : `Models: the best ${bestOf().length}`;
    if (takes() === "several") return count < planOf().least ? `Models: choose ${planOf().least} or more` : `Models: ${count} chosen`;
    const rest = taskOf().models.some((model) => !model.is_turbo) ? " fast ones" : "";
    return chosen.field ? `Models: ${count} chosen` : `Models: all ${standardOf().length}${rest}`;
  };
  const tellModels = () => write(modelsField.firstElementChild, modelWords());

  const drawModels = () => {
    const isOne = takes() === "one";
    const ticked = picked();
    const resets = pinned ? [[isOne ? "The best" : `The best ${bestOf().length}`, new Set()]] : isOne ? [] : takes() === "several" ? [["None", new Set()]] : [["Standard", null], ["None", new Set()]];
    const about = (model) => [model.id, model.requires ? `needs ${model.requires} where training runs` : pinned || model.is_turbo ? null : "slow: left out unless chosen"].filter(Boolean).join(" · ");
    const note = (model) => (pinned ? figure(model.value) : model.requires ?? (model.is_turbo ? null : "slow"));
    const take = () => pick(new Set([...models.querySelectorAll("input:checked")].map((box) => box.value)));
    fill(models, h("div", { class: "wb-samples" }, resets.map(([text, ids]) => h("button", { type: "button", class: "wb-pill", onclick: () => (pick(ids), drawModels()) }, text))),
      modelsOf().map((model) => h("label", { class: "wb-check", title: `${model.full ?? model.name}\n${about(model)}` },
        h("input", { type: isOne ? "radio" : "checkbox", name: isOne ? "wb-model" : null, value: model.id, checked: ticked.has(model.id), onchange: take }),
        h("span", {}, model.name), note(model) ? h("small", {}, note(model)) : null)));
    modelsField.hidden = plan.value === "setup";
    if (!pinned && takes() === "several" && ticked.size < planOf().least) modelsField.open = true;
    tellModels();
  };

  const aboutOptions = () => {
    const columns = (pinned ?? link.view.source ?? { columns: [] }).columns.filter((column) => !taskOf().has_target || column.name !== target.value);
    const valuesOf = (column) => link.call("values", { id: link.view.source.id, column }).catch(showError);
    // Columns that other options say to be something.
    const claimed = (option) => taskOf().options.filter((other) => other.claims && other !== option).flatMap((other) => {
      const value = chosen.setup[other.name] ?? [];
      return Array.isArray(value) ? value : Object.keys(value);
    });
    return { columns, models: taskOf().models, valuesOf, claimed, changed: () => (tellOptions(), ask()) };
  };

  // A table with one column of dates is in their order, where the task asks for one.
  const suggestIndex = () => {
    const dates = (link.view.source?.columns ?? []).filter((column) => column.kind === "date" && column.name !== target.value);
    const isAsked = taskOf().options.some((option) => option.name === "index" && option.kind === "column");
    if (isAsked && dates.length === 1) chosen.setup.index = dates[0].name;
  };

  const drawOptions = () => {
    searchedOptions(options, taskOf().options, chosen.setup, aboutOptions());
    tellOptions();
  };

  const tellOptions = () => write(optionsField.firstElementChild, ["Set-up options", pickedWords(Object.keys(setup()).map(words), "")].filter(Boolean).join(": "));

  const drawPlanOptions = () => {
    // What the run before was to look for holds for the next one too, unless it is told otherwise.
    const own = (taskOf().plans[plan.value] ?? []).map((option) => (pinned && option.name in pinned.options ? { ...option, default: pinned.options[option.name] } : option));
    chosen.plan[plan.value] ??= {};
    fill(planOptions, own.length ? optionGrid(own, chosen.plan[plan.value], aboutOptions()) : null);
    planOptions.setAttribute("aria-label", `Options of ${plan.value}`);
    planOptions.hidden = !own.length;
  };

  const tellLimits = () => limits.tell(pinned !== null);

  const targetChosen = () => {
    const columns = link.view.source?.columns ?? [];
    const column = columns.find((item) => item.name === target.value);
    // A task that no column suggests was meant.
    const isMeant = byHand && !columns.some((item) => item.task === task.value);
    if (column && !isMeant) task.value = column.task;
    if (task.value !== formed) {
      taskChosen();
      return;
    }
    drawOptions();
    drawPlanOptions();
    ask();
  };

  // The task that models and metrics are shown for.
  let formed = null;
  const taskChosen = () => {
    formed = task.value;
    chosen.field = chosen.one = null;
    chosen.several = new Set();
    chosen.plan = {};
    folds.value = taskOf().folds;
    suggestIndex();
    drawPlans();
    drawSorts(true);
    drawOptions();
  };

  // Some metrics are there only where an option names what they need.
  const drawSorts = (afresh) => {
    const given = { ...chosen.setup, ...chosen.plan[plan.value] };
    const there = taskOf().metrics.filter((metric) => !metric.needs || given[metric.needs]).map((metric) => metric.name);
    const isSame = there.join() === [...sort.options].map((option) => option.value).join();
    const best = there.includes(taskOf().sort_by_truth) ? taskOf().sort_by_truth : taskOf().sort;
    if (afresh || !isSame) choices(sort, there.map((name) => [name, name]), best);
  };

  const drawPlans = (wanted = null) => {
    const known = Object.keys(taskOf().plans).filter((name) => !pinned || name in pinned.takes);
    const best = pinned ? known.find((name) => taskOf().plans[name].length) ?? known[0] : "compare";
    choices(plan, known.map((name) => [name, name]), [wanted, plan.value, best].find((name) => known.includes(name)));
    planChosen();
  };

  const planChosen = () => {
    plan.title = opening(planOf()?.about ?? "");
    for (const part of [goal.field, ...tableFields, ranking, optionsField]) part.hidden = pinned !== null;
    followed.hidden = pinned === null;
    if (!pinned) {
      targetField.hidden = !taskOf().has_target;
      foldsField.hidden = taskOf().folds === 1;
    } else followed.textContent = `Data, set-up, ${taskOf().folds === 1 ? "" : "folds, "}seed and metric are those of run ${pinned.short}, ${pinned.title}; its limits and executor hold too, unless others are set.`;
    limits.inherit(pinned?.limits ?? defaults);
    if (pinned) chosen.followed = new Set([...chosen.followed].filter((id) => pinned.takes[plan.value].models.includes(id)));
    if (takes() === "one" && chosen.followed.size > 1) chosen.followed = new Set();
    limits.allowRacing(plan.value !== "setup" && taskOf().folds !== 1);
    drawModels();
    drawPlanOptions();
    tellLimits();
    ask();
  };

  // What was to be done with a table, for when the reader turns back to one.
  let ownPlan = null;
  const pin = (run, wanted = null, models = []) => {
    if (run && !pinned) ownPlan = plan.value;
    pinned = run;
    wished.clear();
    // What was typed for other runs must not stand in for what this one had.
    limits.clear();
    chosen.followed = new Set(models);
    chosen.plan = {};
    drawStarts();
    drawPlans(run ? wanted : ownPlan);
  };

  const startChosen = () => {
    const to = start.value ? [pinned, link.view.follow].find((run) => run?.id === start.value) ?? null : null;
    if (to?.id !== pinned?.id) pin(to);
  };

  const bringForward = () => {
    bringUp(el);
    (planOptions.querySelector("input, select, button") ?? launch).focus({ preventScroll: true });
  };

  const knows = {
    plan: (name) => name in taskOf().plans,
    options: (name) => (taskOf().plans[plan.value] ?? []).some((option) => option.name === name),
    setup: (name) => taskOf().options.some((option) => option.name === name),
    models: (ids) => ids.every((id) => (pinned ? pinned.takes[plan.value].models.includes(id) : taskOf().models.some((model) => model.id === id))),
    isOne: () => takes() === "one",
    folds: () => !foldsField.hidden,
    sort: (name) => sort.value === name,
    target: (name) => taskOf().has_target && target.value === name,
  };

  const showPlanOptions = ({ options = {} }) => {
    chosen.plan = { [plan.value]: knownOf(options, knows.options) };
    drawPlanOptions();
  };

  /** Fill the form in with a request on the chosen table. */
  const fillIn = (request) => {
    const columns = link.view.source.columns;
    if (pinned) pin(null);
    if (columns.some(({ name }) => name === request.target)) target.value = request.target;
    isAimed = byHand = true;
    task.value = request.task ?? columns.find(({ name }) => name === request.target)?.task ?? task.value;
    chosen.setup = {};
    taskChosen();
    chosen.setup = knownOf(request.setup, knows.setup);
    const models = request.model ? [request.model] : request.include ?? null;
    if (models && knows.models(models)) [chosen.one, chosen.several, chosen.field] = [models[0], new Set(models), new Set(models)];
    folds.value = request.folds ?? taskOf().folds;
    seed.value = request.seed ?? defaults.seed;
    drawPlans(request.plan);
    showPlanOptions(request);
    drawSorts(true);
    if (request.sort) choices(sort, [...sort.options].map(({ value, text }) => [value, text]), request.sort);
    drawOptions();
  };

  // Another panel asks for a run: the form shows it, and the reader launches.
  let granted = link.view.wish?.number ?? 0;
  const grant = (wish) => {
    if (!wish || wish.number === granted || (wish.source && wish.source !== link.view.source?.id)) return;
    granted = wish.number;
    showError(wish.problem ? new Error(wish.problem) : null);
    if (!wish.request) return;
    const request = { plan: "compare", ...wish.request };
    if (wish.follow) {
      pin(wish.follow, request.plan, [request.model ?? request.include ?? []].flat());
      showPlanOptions(request);
    } else fillIn(request);
    limits.fill(request);
    tellLimits();
    wished.show(wish.by, leftOver(request, wish.follow !== null, knows));
    ask();
    // From a tab that is turned away it is brought forward by whoever asked.
    if (el.offsetParent) bringForward();
    else section.addEventListener("wb-reveal", () => setTimeout(bringForward), { once: true });
  };

  const drawStarts = () => {
    const runs = [pinned, link.view.follow].filter((run, at, all) => run && all.findIndex((other) => other?.id === run.id) === at);
    choices(start, [["", "a table"], ...runs.map((run) => [run.id, `run ${run.short}, ${run.title}`])], pinned?.id ?? "");
    startField.hidden = !runs.length;
    tellLaunch();
  };

  const tellLaunch = () => {
    const isHeld = findings.isBlocking();
    launch.disabled = (!link.view.source && !pinned) || isHeld;
    launch.title = isHeld ? "Something stands in the way: mend it, or say that the run is to start all the same" : "";
  };

  const numeric = (input) => (input.value === "" ? null : Number(input.value));

  // What was chosen for another task is kept for a way back, and not asked for here.
  const setup = () => Object.fromEntries(taskOf().options.filter((option) => option.name in chosen.setup).map((option) => [option.name, chosen.setup[option.name]]));

  const request = () => wished.merged(shownRequest());

  const shownRequest = () => {
    const asked = { plan: plan.value, options: chosen.plan[plan.value] ?? {}, ...limits.asked() };
    if (pinned) asked.from_run = pinned.id;
    else Object.assign(asked, { data: link.view.source?.id ?? "", target: taskOf().has_target ? target.value : null, task: task.value,
      folds: numeric(folds), seed: numeric(seed), sort: sort.value, setup: setup() });
    if (plan.value === "setup") return asked;
    if (takes() === "one") [asked.model = null] = picked();
    else if (pinned ? picked().size : takes() === "several" || chosen.field) asked.include = [...picked()];
    return asked;
  };

  let asking = 0;
  const ask = () => {
    if (!pinned) drawSorts(false);
    clearTimeout(asking);
    findings.wait();
    asking = setTimeout(async () => {
      if (!pinned && (!link.view.source || (taskOf().has_target && !target.value))) {
        estimate.textContent = "";
        findings.clear();
        return;
      }
      const mine = asking;
      check(mine);
      try {
        const { override: _, ...asked } = request();
        const told = await link.call("estimate", asked);
        if (mine === asking) estimate.textContent = told.words;
      } catch (error) {
        if (mine !== asking) return;
        estimate.textContent = error.message;
        if (pinned && error.code === "run.not_found") pin(null);
      }
    }, ESTIMATE_MS);
  };

  /** Have the table looked at for this request; of several looks under way the newest counts. */
  const check = async (mine) => {
    const asked = request();
    try {
      const found = await link.call("check", { page: link.page, number: mine, request: asked });
      if (mine === asking && found) findings.show(found, JSON.stringify([asked.from_run, asked.data, asked.target, asked.task]));
    } catch {
      // What is wrong with the request itself is said beside the button.
      if (mine === asking) findings.clear();
    }
  };

  /** Put a mend into the form, where it is seen and can be taken back. */
  const takeMend = ({ setup: changes = {}, folds: foldCount, sort: metric }) => {
    chosen.setup = merged(chosen.setup, changes);
    if (foldCount !== undefined) folds.value = foldCount;
    drawOptions();
    if (metric !== undefined) choices(sort, [...sort.options].map(({ value, text }) => [value, text]), metric);
    const stood = findings.area.getBoundingClientRect().top;
    const names = Object.keys(changes);
    const mended = [...options.querySelectorAll("[data-option]")].filter((node) => names.includes(node.dataset.option));
    if (foldCount !== undefined) mended.push(foldsField);
    if (names.length) optionsField.open = true;
    pointOut(mended);
    scrollAlong(findings.area, stood);
    ask();
  };

  for (const control of [folds, seed, sort, ...limits.controls]) control.addEventListener("input", () => (tellLimits(), ask()));

  const launchIt = (asked) => link.call("launch", { ...asked, override: [...new Set([...[asked.override ?? []].flat(), ...findings.overrides()])] });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await act(launch, showError, () => launchIt(request()))) reveal(el, "Runs");
  });

  let table = null;
  const turnToTable = (view) => {
    table = view.source?.id ?? null;
    wished.clear();
    // Who turns to another table is done with the run.
    if (pinned) pin(null);
    const columns = view.source?.columns ?? [];
    choices(target, columns.map((column) => [column.name, column.name]), guessedTarget(columns, view.source?.target)?.name);
    chosen.setup = {};
    chosen.plan = {};
    if (link.view.tasks[task.value].has_target) byHand = false;
    isAimed = false;
    suggestIndex();
    targetChosen();
  };

  return (view, patch) => {
    if (touches(patch, "cards")) goal.draw(view.cards);
    project.tell(view.project);
    if (!touches(patch, "sources", "source", "follow", "wish")) return;
    choices(source, view.sources.length ? view.sources.map((item) => [item.id, item.name]) : [["", "upload a table first"]], view.source?.id ?? "");
    if (!task.options.length) choices(task, Object.entries(view.tasks).map(([name, item]) => [name, item.title]));
    drawStarts();
    if (formed === null || (view.source?.id ?? null) !== table) turnToTable(view);
    grant(view.wish);
  };
});
