// Pipelines, aliases and promotions: one list each at the left, the one that is chosen in detail at the right.

const GATES = ["artifact", "metric", "schema"];
const PROMOTION_TONES = { queued: "running", evaluating: "running", waiting: "cancelled", promoted: "succeeded", refused: "failed", failed: "failed", cancelled: "" };

const metricWords = ({ sort, mean, std }) => (mean === null ? "" : `${sort} ${figure(mean)}${std === null ? "" : ` ± ${figure(std)}`}`);
const aliasChip = (name) => h("span", { class: "wb-chip wb-alias" }, name);
const promotionChip = (promotion) => h("span", { class: `wb-chip wb-${PROMOTION_TONES[promotion.status]}` }, PROMOTION_WORDS[promotion.status]);
const optionText = (value) => (value === null || value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));

export default panel((el, link) => {
  const count = h("span", { class: "wb-count" });
  const { body, showError } = frame(el, "Registry", { side: [count] });
  const { read_only: readOnly, user, tasks } = link.view;
  const forms = deployForms(el, link);
  const choose = (kind) => (id) => link.call("choose", { kind, id }).catch(showError);

  const pipelines = pickList("Pipelines, newest first", {
    kind: "wb-runs wb-shelf",
    make: () => ({ what: h("span", { class: "wb-two" }), value: h("span", { class: "wb-run-took" }) }),
    tell: ({ what, value }, line) => {
      fill(what, h("span", { class: "wb-two-top" }, h("strong", {}, line.name), line.aliases.map(aliasChip)), h("small", {}, `${line.model_name} · ${line.target ? `${line.target} on ` : ""}${line.source}`));
      fill(value, line.mean === null ? "" : figure(line.mean), h("small", {}, line.mean === null ? "" : line.sort));
    },
    choose: choose("pipeline"),
  });
  const aliases = pickList("Aliases", {
    make: () => ({ name: h("span", { class: "wb-chip wb-alias" }), what: h("span", { class: "wb-run-what" }), at: h("time") }),
    tell: ({ name, what, at }, line) => (write(name, line.name), write(what, line.pipeline_name), write(at, when(line.updated_at))),
    choose: choose("alias"),
  });
  const promotions = pickList("Promotions, newest first", {
    make: () => ({ what: h("span", { class: "wb-run-what" }), state: h("span") }),
    tell: ({ what, state }, line) => (write(what, `${line.challenger.name} → ${line.alias}`), fill(state, promotionChip(line))),
    choose: choose("promotion"),
  });
  const groups = [["Pipelines", pipelines], ["Aliases", aliases], ["Promotions", promotions]].map(([title, { list }]) => h("div", { class: "wb-group" }, h("h4", {}, title), list));
  const empty = h("p", { class: "wb-empty" }, "Nothing is promoted yet. Promote or deploy a row of a leaderboard.");
  const detail = h("div", { class: "wb-detail" });
  const split = h("div", { class: "wb-split" }, h("div", { class: "wb-lists" }, groups), detail);
  const attempts = attemptsArea(link, "promote");
  body.append(attempts.area, empty, split);

  const button = (text, onclick, kind = "", takes = null) => h("button", { type: "button", class: `wb-button ${kind}`, onclick, "data-takes": takes }, text);
  const pipelineOf = (id) => link.view.pipelines.find((line) => line.id === id);
  const othersOf = (id) => link.view.pipelines.filter((line) => line.id !== id);

  // What is asked for in detail; another choice closes it.
  let tool = null;
  const card = tabList({ ...CARD_TABS }, () => drawDetail(link.view), "What to see of the pipeline");

  const toolForm = (fields, submitText, go) => {
    const submit = h("button", { type: "submit", class: "wb-button wb-primary", "data-takes": submitText === "Compare" ? null : "registry:write" }, submitText);
    const form = h("form", { class: "wb-form wb-tool", novalidate: true }, fields, h("div", { class: "wb-go" }, button("Close", () => turnTool(null), "wb-quiet"), submit));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(submit, showError, () => go(submit));
    });
    return form;
  };
  const turnTool = (name) => {
    tool = tool?.name === name ? null : name && { name, node: TOOLS[name](pipelineOf(link.view.detail.id)) };
    drawDetail(link.view);
    tool?.node.querySelector("input, select")?.focus();
  };
  const done = (result) => {
    tool = null;
    drawDetail(link.view);
    return result;
  };

  const knownAliases = () => h("datalist", { id: listId }, [...new Set(["champion", "challenger", ...link.view.aliases.map((alias) => alias.name)])].map((name) => h("option", { value: name })));
  const listId = newId();

  const TOOLS = {
    alias: (line) => {
      const name = h("input", { type: "text", list: listId, placeholder: "champion", spellcheck: "false" });
      const why = h("input", { type: "text", placeholder: "kept in its history" });
      return toolForm([field("Alias", name), field("Reason", why), knownAliases(), h("p", { class: "wb-wide wb-faint" }, "It names this pipeline from then on, without any comparison; what follows it is swapped by a promotion only.")],
        "Set the alias", async () => done(await link.call("set_alias", { name: name.value.trim(), pipeline: line.id, why: why.value.trim() })));
    },

    promotion: (line) => {
      const comparable = link.view.aliases.filter((one) => one.pipeline_id !== line.id && pipelineOf(one.pipeline_id)?.task === line.task && pipelineOf(one.pipeline_id)?.target === line.target);
      const likely = comparable.find((one) => one.name === "champion") ?? comparable[0];
      const alias = h("input", { type: "text", list: listId, placeholder: "champion", value: likely?.name ?? "", spellcheck: "false" });
      const task = tasks[line.task];
      const metric = choices(h("select"), [["", `as the task has it: ${task.sort}`], ...task.metrics.map((name) => [name, name])]);
      const rows = choices(h("select"), [["", "rows that both were not fitted on"], ...link.view.sources.map((source) => [source.id, `all rows of ${source.name}`])]);
      const segment = choices(h("select"), [["", "none"]]);
      const why = h("input", { type: "text", placeholder: "kept in the alias's history" });
      const columns = async () => {
        const names = await link.call("columns", { source: rows.value || line.source_id }).catch(() => []);
        choices(segment, [["", "none"], ...names.filter((name) => name !== line.target).map((name) => [name, name])]);
      };
      rows.addEventListener("change", columns);
      columns();
      return toolForm([field("Alias to take over", alias), field("Judge by", metric), field("On", rows), field("Tell the difference by", segment), field("Reason", why, { wide: true }), knownAliases()],
        "Compare with its champion", async () => done(await link.call("propose", { pipeline: line.id, alias: alias.value.trim(), metric: metric.value || null, on: rows.value || null, segment: segment.value || null, why: why.value.trim() })));
    },

    comparison: (line) => {
      const other = choices(h("select"), othersOf(line.id).map((one) => [one.id, `${one.name} · ${one.model_name}`]));
      const shown = h("div", { class: "wb-wide wb-compared" });
      const form = toolForm([field("Compare with", other, { wide: true }), shown], "Compare", async () => fill(shown, comparisonOf(await link.call("compare", { a: line.id, b: other.value }))) && null);
      if (!other.options.length) fill(shown, h("p", { class: "wb-faint" }, "There is no other pipeline yet."));
      return form;
    },
  };

  const comparisonOf = (told) => {
    const table = (title, rows) => rows.length > 0 && h("div", { class: "wb-scroll", role: "group", tabindex: "0", "aria-label": title }, h("table", { class: "wb-table wb-sides" },
      h("thead", {}, h("tr", {}, [title, told.a.name, told.b.name, ""].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, rows.map(([name, a, b, more, kind]) => h("tr", { class: kind }, h("th", { scope: "row" }, name), h("td", { title: a }, a), h("td", { title: b }, b), h("td", {}, more))))));
    const spread = (mean, std) => (mean === null ? "–" : `${figure(mean)}${std === null ? "" : ` ± ${figure(std)}`}`);
    const metrics = told.metrics.map((one) => [one.metric, spread(one.a, one.a_std), spread(one.b, one.b_std),
      one.delta === null ? "" : `${signed(one.delta)}${one.is_separable === false ? ", within noise" : one.is_separable ? ", beyond noise" : ""}`, one.better ? `wb-better-${one.better}` : null]);
    const same = [told.same_data ? "the same data" : "other data", told.same_folds ? "the same folds" : "other folds", told.same_schema === null ? null : told.same_schema ? "the same input" : "another input"].filter(Boolean).join(" · ");
    return [h("p", { class: "wb-faint" }, same), told.notes.map((note) => h("p", { class: "wb-notice" }, note)), table("Metric", metrics),
      told.configuration.length ? table("Configuration", told.configuration.map((one) => [one.option, optionText(one.a), optionText(one.b), ""])) : h("p", { class: "wb-faint" }, "They were asked for alike."),
      table("Input column", told.columns.map((one) => [one.column, optionText(one.a), optionText(one.b), ""]))];
  };

  const toDeployment = (slug) => h("button", { type: "button", class: "wb-chip wb-succeeded wb-link", title: "Show the deployment", onclick: () => link.call("show_deployment", { slug }).then(() => reveal(el, "Deploy"), showError) }, `serves ${slug}`);

  const pipelineDetail = (view, line) => {
    const remove = button("Delete", null, "wb-quiet", "registry:write");
    confirmed(remove, "Delete for good?", () => act(remove, showError, () => link.call("delete", { id: line.id })));
    const deploy = button("Deploy…", () => forms.deploy(() => (deploy.isConnected ? deploy : detail), line.name, { pipeline: line.id }), "wb-accent", "deployments:write");
    const toggles = [["alias", "Set an alias…"], ["promotion", "Promote safely…"], ["comparison", "Compare…"]].map(([name, text]) => {
      const toggle = button(text, () => turnTool(name));
      toggle.setAttribute("aria-expanded", tool?.name === name ? "true" : "false");
      return toggle;
    });
    const facts = [`${line.model_name}`, line.target ? `predicts ${line.target}` : tasks[line.task].title, `from ${line.source}`, metricWords(line), `promoted by ${line.by}, ${when(line.at)}`, bytes(line.size)];
    const parts = view.detail.card ? cardParts(view.detail.card) : null;
    return [
      h("div", { class: "wb-run-line wb-detail-head" }, h("div", { class: "wb-run-title" }, h("strong", { class: "wb-big" }, line.name), line.aliases.map(aliasChip), line.served.map((slug) => toDeployment(slug)), h("code", { title: line.id }, line.short))),
      h("p", { class: "wb-faint" }, facts.filter(Boolean).join(" · ")),
      readOnly ? null : h("div", { class: "wb-actions" }, deploy, toggles, remove),
      tool?.node,
      view.detail.problem ? h("p", { class: "wb-why wb-bad" }, view.detail.problem) : null,
      parts && [card.tabs, h("div", { class: "wb-card", ...card.pane() }, parts[card.current()].length ? parts[card.current()] : h("p", { class: "wb-empty" }, "No alias has named it yet."))],
    ];
  };

  // What is typed must outlive the next look.
  const aliasTools = new Map();
  const aliasTool = (name) => {
    const why = h("input", { type: "text", placeholder: "reason", "aria-label": "Reason", class: "wb-inline" });
    const move = async (pressed, command) => {
      if ((await act(pressed, showError, () => link.call(command, { name, why: why.value.trim() }))) !== undefined) why.value = "";
    };
    const back = button("Roll back", null, "", "registry:write");
    confirmed(back, "Go back to the one before?", () => move(back, "rollback"));
    const unset = button("Take away", null, "wb-quiet", "registry:write");
    confirmed(unset, "Take the name away?", () => move(unset, "unset_alias"));
    return { why, back, unset };
  };

  const aliasDetail = (view) => {
    const { id: name, moves = [] } = view.detail;
    const now = view.aliases.find((alias) => alias.name === name);
    if (!aliasTools.has(name)) aliasTools.set(name, aliasTool(name));
    const { why, back, unset } = aliasTools.get(name);
    const to = (side) => side?.name ?? h("i", { class: "wb-faint" }, "none");
    return [
      h("div", { class: "wb-run-line wb-detail-head" }, h("div", { class: "wb-run-title" }, h("strong", { class: "wb-big" }, name), h("span", {}, now ? `names ${now.pipeline_name}` : "names no pipeline any more"))),
      readOnly ? null : h("div", { class: "wb-actions" }, why, back, now ? unset : null),
      view.detail.problem ? h("p", { class: "wb-why wb-bad" }, view.detail.problem) : null,
      h("div", { class: "wb-scroll wb-short", role: "group", tabindex: "0", "aria-label": `History of ${name}` }, h("table", { class: "wb-table" },
        h("thead", {}, h("tr", {}, ["#", "When", "Who", "From", "To", "Reason"].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, moves.map((move) => h("tr", {}, h("td", { class: "wb-number" }, move.seq), h("td", {}, when(move.at)), h("td", {}, move.by), h("td", {}, to(move.from)), h("td", {}, to(move.to)),
          h("td", { title: move.why }, [move.undoes === null ? null : `takes move ${move.undoes} back`, move.why].filter(Boolean).join(": "))))))),
    ];
  };

  const acknowledgements = new Map();
  const acknowledgeForm = (promotion) => (gate) => {
    const key = `${promotion.id} ${gate.name}`;
    if (!acknowledgements.has(key)) {
      const by = h("input", { type: "text", value: user });
      const why = h("input", { type: "text", placeholder: "why it may stay so" });
      const submit = h("button", { type: "submit", class: "wb-button", "data-takes": "registry:write" }, "Acknowledge");
      const form = h("form", { class: "wb-acknowledge", novalidate: true }, field("Your name", by), field("Reason", why), submit);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        act(submit, showError, async () => {
          if (!why.value.trim()) throw new Error("Say why the gate may stay open: the reason is kept with the promotion.");
          await link.call("acknowledge", { id: promotion.id, gate: gate.name, by: by.value.trim(), why: why.value.trim() });
        });
      });
      acknowledgements.set(key, form);
    }
    return acknowledgements.get(key);
  };

  const promotionDetail = (promotion) => {
    const complete = h("button", { type: "button", class: "wb-button wb-primary", "data-takes": "registry:write", disabled: promotion.status !== "waiting" || promotion.open_gates.length > 0 }, `Let it be ${promotion.alias}`);
    complete.addEventListener("click", () => act(complete, showError, () => link.call("complete", { id: promotion.id }), "swapping what follows the alias…"));
    const cancel = button("Cancel the promotion", () => act(cancel, showError, () => link.call("cancel", { id: promotion.id })), "wb-quiet", "registry:write");
    const champion = promotion.champion ? `now ${promotion.champion.name}` : "which names none yet";
    const words = { queued: "It waits for the service.", evaluating: "Both are being judged on the same rows…", waiting: promotion.open_gates.length ? "Open gates want a person's word." : "All gates are passed or acknowledged." }[promotion.status];
    return [
      h("div", { class: "wb-run-line wb-detail-head" }, h("div", { class: "wb-run-title" }, promotionChip(promotion), h("strong", { class: "wb-big" }, promotion.challenger.name), h("span", {}, "→ "), aliasChip(promotion.alias), h("span", { class: "wb-faint" }, champion), h("code", { title: promotion.id }, promotion.short))),
      h("p", { class: "wb-faint" }, [`proposed by ${promotion.created_by}, ${when(promotion.created_at)}`, promotion.why, promotion.ended_at && `ended by ${promotion.ended_by}, ${when(promotion.ended_at)}`].filter(Boolean).join(" · ")),
      promotion.error ? h("p", { class: "wb-why wb-bad" }, promotion.error) : null,
      h("ul", { class: "wb-gates", "aria-label": "Gates" }, GATES.map((name) => gateLine(promotion, name, readOnly ? null : acknowledgeForm(promotion)))),
      readOnly || promotion.is_ended ? null : h("div", { class: "wb-actions" }, complete, cancel, h("span", { class: "wb-faint", role: "status" }, words)),
      promotion.comparison ? comparisonTables(promotion) : null,
    ];
  };

  let drawn = "";
  const drawDetail = (view) => {
    const found = view.detail;
    const line = found?.kind === "pipeline" ? pipelineOf(found.id) : found?.kind === "promotion" ? view.promotions.find((one) => one.id === found.id) : found;
    if (!line) {
      fill(detail);
      return;
    }
    const focused = detail.contains(document.activeElement) ? document.activeElement : null;
    fill(detail, found.kind === "pipeline" ? pipelineDetail(view, line) : found.kind === "alias" ? aliasDetail(view) : promotionDetail(line));
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  };

  return (view, patch) => {
    forms.tell(view);
    if (touches(patch, "attempts")) attempts.tell(view);
    if (patch && isOnly(patch, "attempts")) return;
    const key = `${view.detail?.kind} ${view.detail?.id}`;
    if (key !== drawn) {
      showError(null);
      tool = null;
      drawn = key;
    }
    empty.hidden = view.pipelines.length + view.promotions.length + view.aliases.length > 0;
    split.hidden = !empty.hidden;
    const chosen = (kind) => (view.detail?.kind === kind ? view.detail.id : null);
    pipelines.draw(view.pipelines, chosen("pipeline"));
    aliases.draw(view.aliases.map((alias) => ({ id: alias.name, ...alias })), chosen("alias"));
    promotions.draw(view.promotions, chosen("promotion"));
    [view.pipelines, view.aliases, view.promotions].forEach((lines, place) => (groups[place].hidden = !lines.length));
    write(count, [plural(view.pipelines.length, "pipeline"), view.aliases.length ? plural(view.aliases.length, "alias", "aliases") : null].filter(Boolean).join(" · "));
    // A list of sources that changed must not close what is being filled in.
    if (touches(patch, "detail", "pipelines", "aliases", "promotions")) drawDetail(view);
  };
});
