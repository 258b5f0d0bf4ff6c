// A run that somebody else proposes, put into the form. What the form has no control for is kept, named, and can be left out.

const WISH_WORDS = { data: "another table", exclude: "left-out models", override: "let pass", include: "models", model: "model", setup: "set-up", options: "options of the plan", sort: "rank by", from_run: "from run" };

const SHOWN_ALWAYS = ["executor", "model_timeout_s", "run_timeout_s", "unit_memory", "racing"];

const knownOf = (mapping, isKnown) => Object.fromEntries(Object.entries(mapping ?? {}).filter(([name]) => isKnown(name)));

/** The entries of a mapping whose names are not known; undefined where all are. */
function unknownOf(mapping, isKnown) {
  const rest = knownOf(mapping, (name) => !isKnown(name));
  return Object.keys(rest).length ? rest : undefined;
}

/**
 * What a form does not show of a request that it was filled in with: of a run that goes on from another, or of one on a table.
 * `knows` answers whether it has a control for a value, field by field.
 */
function leftOver(request, isOfRun, knows) {
  const shows = {
    [isOfRun ? "from_run" : "data"]: () => undefined,
    plan: (value) => (knows.plan(value) ? undefined : value),
    options: (value) => unknownOf(value, knows.options),
    model: (value) => (knows.models([value]) ? undefined : value),
    include: (value) => (knows.models(value) && (!knows.isOne() || value.length === 1) ? undefined : value),
    ...(isOfRun ? {} : {
      task: () => undefined,
      seed: () => undefined,
      target: (value) => (knows.target(value) ? undefined : value),
      setup: (value) => unknownOf(value, knows.setup),
      folds: (value) => (knows.folds() ? undefined : value),
      sort: (value) => (knows.sort(value) ? undefined : value),
    }),
  };
  const left = Object.entries(request).filter(([name, value]) => value !== null && value !== undefined && !SHOWN_ALWAYS.includes(name))
    .map(([name, value]) => [name, name in shows ? shows[name](value) : value]);
  return Object.fromEntries(left.filter(([, value]) => value !== undefined));
}

/** Where what is proposed, and not shown by the form, is named; `changed()` is told when something is left out. */
function wishArea(changed) {
  const by = h("p", {});
  const list = h("ul", {});
  const area = h("section", { class: "wb-wide wb-wished", "aria-label": "What is proposed", hidden: true });
  let kept = {};
  const draw = () => fill(list, Object.entries(kept).map(([name, value]) => h("li", {}, h("span", {}, h("b", {}, `${WISH_WORDS[name] ?? name.replaceAll("_", " ")}: `), evidenceWords(value)),
    h("button", { type: "button", class: "wb-small", title: "Leave it out", "aria-label": `Leave out ${WISH_WORDS[name] ?? name}`, onclick: () => {
      delete kept[name];
      draw();
      changed();
    } }, "×"))));
  const show = (who, left) => {
    kept = left;
    area.hidden = !who && !Object.keys(left).length;
    write(by, [who ? `Filled in as ${who} suggests: look it over, then launch.` : "", Object.keys(left).length ? "The form has no field for this, and the run will have it too:" : ""].filter(Boolean).join(" "));
    fill(area, by, list);
    draw();
  };
  const merged = (asked) => {
    const whole = { ...asked, ...kept };
    for (const name of ["setup", "options"]) if (kept[name]) whole[name] = { ...asked[name], ...kept[name] };
    return whole;
  };
  return { area, show, clear: () => show("", {}), merged };
}

/** A line for a goal in words, which an advisor makes a run of; `about()` has the table, and the target where it was chosen. */
function goalLine(el, link, showError, about) {
  const goal = h("input", { type: "text", maxlength: 2000, placeholder: "Describe your goal…", "aria-label": "Describe your goal", title: "Such as: predict who will churn, miss as few as possible" });
  const design = h("button", { type: "button", class: "wb-button", "data-takes": "advices:write", title: "Have a run designed; nothing is launched" }, "Design");
  const cards = adviceCards(el, link, showError, { canAsk: () => false });
  design.addEventListener("click", () => act(design, showError, async () => {
    if (!goal.value.trim()) {
      goal.focus();
      throw new Error(NO_GOAL);
    }
    const designed = await link.call("design", { ...about(), goal: goal.value });
    if (!designed.fills) throw new Error("The goal does not say enough for a run to be designed: open the advice to see what is missing.");
  }, ADVICE_WAITS.asking));
  goal.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    design.click();
  });
  const draw = (all) => cards.draw(all.filter(({ status }) => status));
  return { field: h("div", { class: "wb-wide wb-group" }, h("div", { class: "wb-goal" }, goal, design), cards.area), draw };
}
