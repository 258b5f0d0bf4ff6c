// Ask advisors about what is chosen, at the left; read one advice with what shows it, at the right.

const ASKED_FIELDS = {
  target: ["Target", (view) => choices(h("select"), [["", "the likeliest"], ...view.columns.map((name) => [name, name])])],
  task: ["Task", (view) => choices(h("select"), [["", "what the target suggests"], ...view.tasks])],
  goal: ["Goal, in words", () => h("input", { type: "text", maxlength: 2000, placeholder: "what it is for" })],
  minutes: ["Minutes it may take", () => h("input", { type: "number", min: 0, step: "any", inputmode: "decimal", placeholder: "any" })],
  segment: ["Segment", (view) => choices(h("select"), [["", "none"], ...view.columns.map((name) => [name, name])]), "By whose values errors should be alike"],
  on: ["Rows to judge", (view) => choices(h("select"), [["", "kept of what was asked"], ...view.sources.map(({ id, name }) => [id, name])])],
  hours: ["Hours back", () => h("input", { type: "number", min: 0, step: "any", inputmode: "decimal", placeholder: "as far as kept" })],
};
const NUMBERS = ["minutes", "hours"];
const UNASKED = {
  source: "Nobody was asked about this table yet.",
  run: "Nobody was asked about this run yet.",
  pipeline: "Nobody was asked about this pipeline yet.",
  deployment: "Nobody was asked about this deployment yet.",
};

export default panel((el, link) => {
  const { body, showError } = frame(el, "Review");
  const empty = h("p", { class: "wb-empty" }, "There is nothing to ask about yet. Bring a table, launch a run, or deploy a model.");

  // At the left: what is chosen, whom to ask, what was said.
  const topics = pickList("What is chosen", {
    kind: "wb-runs wb-topics",
    make: () => ({ light: h("span"), what: h("span", { class: "wb-two" }) }),
    tell: ({ light, what }, { title, name, note, tone }) => {
      light.className = `wb-light wb-says-${tone ?? "unasked"}`;
      fill(what, h("small", {}, title), h("span", { class: "wb-two-top" }, h("strong", { title: name }, name)), note ? h("small", {}, note) : null);
    },
    choose: (kind) => link.call("turn", { kind }).catch(showError),
  });
  const asking = h("div", { class: "wb-asking" });
  const underWay = h("p", { class: "wb-empty" }, "The run is under way: ask once it has ended.");
  const history = pickList("What was said, newest first", {
    kind: "wb-runs wb-shelf wb-said-before",
    make: () => ({ light: h("span"), what: h("span", { class: "wb-two" }), made: h("time") }),
    tell: ({ light, what, made }, line) => {
      light.className = `wb-light ${adviceTone(line)}`;
      fill(what, h("span", { class: "wb-two-top" }, h("strong", {}, link.view.titles[line.advisor])), h("small", { title: adviceWords(line) }, adviceWords(line)));
      made.dateTime = line.created_at;
      write(made, when(line.created_at));
    },
    choose: (id) => link.call("pick", { id }).catch(showError),
  });
  const before = h("div", { class: "wb-group" }, h("h4", {}, "Said before"), history.list);
  const lists = h("div", { class: "wb-lists" }, topics.list, asking, before);
  const detail = h("div", { class: "wb-detail", "aria-live": "polite" });
  const split = h("div", { class: "wb-split wb-review" }, lists, detail);
  body.append(empty, split);

  // What advisors are told stays typed as long as the same thing is chosen.
  let forms = new Map();
  let formsOf = null;
  const formOf = (card) => {
    const controls = {};
    for (const name of link.view.takes[card.advisor] ?? []) controls[name] = ASKED_FIELDS[name][1](link.view);
    const asked = () => Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value.trim()]).filter(([, value]) => value).map(([name, value]) => [name, NUMBERS.includes(name) ? Number(value) : value]));
    const names = Object.keys(controls);
    const needsGoal = card.advisor === "experiment_designer";
    const cards = adviceCards(el, link, showError, { isBrief: true, ask: (now) => {
      if (needsGoal && !controls.goal.value.trim()) {
        controls.goal.focus();
        throw new Error(NO_GOAL);
      }
      return askAdvisor(link, now, asked());
    } });
    const fields = h("div", { class: "wb-option-grid" }, names.map((name) => field(ASKED_FIELDS[name][0], controls[name], { wide: name === "goal", hint: ASKED_FIELDS[name][2] ?? null })));
    const more = names.length ? h("details", { class: "wb-more", open: needsGoal }, h("summary", {}, "How to ask"), fields) : null;
    const node = h("div", { class: "wb-asked-of", "data-advisor": card.advisor }, cards.area, h("p", { class: "wb-faint" }, `${card.about}.`), more);
    return { node, cards };
  };
  const drawAsking = (view) => {
    const key = JSON.stringify([view.cards.map(({ advisor, subject }) => [advisor, subject]), view.takes, view.columns, view.sources]);
    if (key !== formsOf) {
      formsOf = key;
      forms = new Map(view.cards.map((card) => [card.advisor, formOf(card)]));
      fill(asking, [...forms.values()].map(({ node }) => node), underWay);
    }
    for (const card of view.cards) forms.get(card.advisor).cards.draw([card]);
    underWay.hidden = view.cards.length > 0;
  };

  // At the right: one consultation. What is drawn of an advice stays, with what was opened, while a narration comes.
  let drawn = null;
  let disposals = [];
  let since = null;
  const narrated = h("div", { class: "wb-group" });
  const narrate = h("button", { type: "button", class: "wb-button" });
  narrate.addEventListener("click", () => act(narrate, showError, () => link.call("narrate", { id: link.view.advice.id })));
  const goTo = (id) => {
    const line = detail.querySelector(`[data-finding="${CSS.escape(id)}"]`);
    const evidence = line?.querySelector("details");
    if (evidence) evidence.open = true;
    line?.scrollIntoView({ block: "center", behavior: "smooth" });
    line?.focus({ preventScroll: true });
  };
  const drawNarration = ({ narration_status: status, narration, advice }) => {
    fill(narrated, narrationArea(status, narration, goTo));
    narrated.hidden = !status;
    narrate.hidden = !link.view.has_narrator || !advice;
    narrate.disabled = status === "asked";
    write(narrate, status && status !== "asked" ? "Narrate again" : "Narrate");
    narrate.title = "Have the language model tell it in its own words; what it says is marked as such";
  };

  const written = (button, form, go) => button.addEventListener("click", () => act(button, showError, async () => go(await link.call("written", { id: link.view.advice.id, form }))));
  const keeping = (consultation) => {
    const [copy, markdown, json] = ["Copy", "Markdown", "JSON"].map((words) => h("button", { type: "button", class: "wb-button wb-quiet" }, words));
    copy.title = "Copy it as Markdown";
    markdown.title = "Download it as Markdown";
    json.title = "Download it as JSON, with all that the advisor was shown";
    const name = `${consultation.advisor}-${consultation.id.slice(-8)}`;
    written(copy, "markdown", async (text) => {
      // The clipboard is for https and this machine only.
      const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
      if (!copied) download(`${name}.md`, text, "text/markdown");
      write(copy, copied ? "Copied" : "Downloaded");
      setTimeout(() => write(copy, "Copy"), BUSY_MS);
    });
    written(markdown, "markdown", (text) => download(`${name}.md`, text, "text/markdown"));
    written(json, "json", (text) => download(`${name}.json`, text, "application/json"));
    return h("div", { class: "wb-line-end" }, copy, markdown, json);
  };

  const sourceNames = () => Object.fromEntries(link.view.sources.map(({ id, name }) => [id, name]));
  const askedWords = ({ inputs }) => Object.entries(inputs).map(([name, value]) => `${(ASKED_FIELDS[name]?.[0] ?? name).toLowerCase()}: ${sourceNames()[value] ?? value}`).join(" · ");
  const headOf = (consultation) => h("div", { class: "wb-run-line wb-detail-head" },
    h("div", { class: "wb-said" }, h("span", {}, h("strong", {}, link.view.titles[consultation.advisor]), ` on ${consultation.subject.name}`), h("span", {}, [when(consultation.created_at), `asked by ${consultation.created_by}`, askedWords(consultation)].filter(Boolean).join(" · "))),
    consultation.advice ? keeping(consultation) : null);

  const drawWaiting = (consultation) => {
    const bar = h("div", { class: "wb-progress wb-unknown", role: "progressbar", "aria-label": "The advisor is at work" }, h("div"));
    since = h("span", { class: "wb-faint" });
    fill(detail, headOf(consultation), h("p", { role: "status" }, `${ADVICE_WAITS[consultation.status] ?? consultation.status} `, since), bar, consultation.problem ? h("p", { class: "wb-notice" }, consultation.problem.detail) : null);
    tick();
  };
  const tick = () => {
    const { advice } = link.view;
    if (since && advice) write(since, duration(Math.max(1, Math.round((Date.now() - new Date(advice.created_at)) / 1000))));
  };
  const ticking = setInterval(tick, 1000);

  const drawFailed = (consultation) => fill(detail, headOf(consultation), h("div", { class: "wb-verdict wb-says-nothing" }, h("span", { class: "wb-chip" }, "no advice"), h("p", {}, [consultation.problem?.detail, consultation.problem?.hint].filter(Boolean).join(" "))));

  const drawAdvice = (consultation) => {
    const { advice, tone, advisor, id } = consultation;
    const apply = h("button", { type: "button", class: "wb-button wb-primary", title: "Fill the launch form in; nothing is launched" }, "Apply suggestion");
    apply.addEventListener("click", () => applyAdvice(el, link, apply, showError, id));
    const again = h("button", { type: "button", class: "wb-button wb-accent", title: "Launch what is suggested at once" }, "Relaunch corrected");
    again.addEventListener("click", () => relaunch(el, link, again, showError, id));
    const config = advice.suggested_config;
    const keep = (dispose) => disposals.push(dispose);
    const finding = (each) => findingLine(each, { link, thresholds: link.view.thresholds, keep });
    const opening = openingOf(advice.verdict);
    const rest = advice.verdict.slice(opening.length + 1).trim();
    fill(detail, headOf(consultation),
      h("section", { class: `wb-verdict wb-says-${tone}`, "aria-label": "Verdict" }, h("p", { class: "wb-verdict-words" }, h("strong", {}, opening), rest ? h("span", {}, rest) : null), h("p", {}, advice.reasoning_summary),
        advice.risk_flags.length ? h("div", { class: "wb-samples", role: "group", "aria-label": "Risks" }, advice.risk_flags.map((flag) => h("span", { class: "wb-chip" }, spoken(flag)))) : null),
      advice.suggested_action ? h("p", { class: "wb-next" }, h("b", {}, "Next: "), advice.suggested_action) : null,
      h("div", { class: "wb-actions" }, config && link.view.has_form ? apply : null, config && advisor === "failure_debugger" ? again : null, narrate),
      config ? h("details", { class: "wb-more" }, h("summary", {}, "Suggested configuration"), configLines(config, sourceNames())) : null,
      narrated,
      h("h4", {}, advice.findings.length ? `What was found (${advice.findings.length})` : "Nothing was found that speaks for or against it."),
      h("ul", { class: "wb-findings-list wb-advice-findings" }, advice.findings.map(finding)));
  };

  const drawDetail = (view) => {
    const { advice: consultation } = view;
    const key = JSON.stringify(consultation && [consultation.id, consultation.status, consultation.problem]);
    if (key !== drawn) {
      drawn = key;
      since = null;
      for (const dispose of disposals) dispose();
      disposals = [];
      if (!consultation) fill(detail, h("p", { class: "wb-empty" }, view.kind ? `${UNASKED[view.kind]} Choose at the left whom to ask.` : ""));
      else if (isAsked(consultation.status)) drawWaiting(consultation);
      else if (consultation.advice) drawAdvice(consultation);
      else drawFailed(consultation);
    }
    if (consultation) drawNarration(consultation);
  };

  const update = (view, patch) => {
    empty.hidden = view.topics.length > 0;
    split.hidden = !view.topics.length;
    if (touches(patch, "kind")) showError(null);
    if (touches(patch, "topics", "kind")) topics.draw(view.topics.map((topic) => ({ ...topic, id: topic.kind })), view.kind);
    if (touches(patch, "cards", "takes", "columns", "sources")) drawAsking(view);
    if (touches(patch, "history", "advice")) history.draw(view.history, view.advice?.id);
    before.hidden = !view.history.length;
    if (touches(patch, "advice", "thresholds", "kind")) drawDetail(view);
  };
  update.dispose = () => {
    clearInterval(ticking);
    for (const dispose of disposals) dispose();
  };
  return update;
});
