// What is served: a list at the left, the one that is chosen at the right, with its traffic and a form to try it.

const DEPLOY_TABS = { try: "Try it", batch: "Batch", settings: "Settings", engine: "Engine", history: "History" };
const REDRAW_MS = 15_000;
const DEPLOYMENT_TONES = { created: "", warming: "running", ready: "succeeded", stopped: "cancelled", failed: "failed" };
const ENGINE_WORDS = {
  compiled: "Compiled: rows are prepared and predicted on matrices, from end to end.",
  "partly compiled": "Partly compiled: one part of it is the pipeline's own.",
  original: "The pipeline itself answers.",
};

export default panel((el, link) => {
  const count = h("span", { class: "wb-count" });
  const { body, showError } = frame(el, "Deploy", { side: [count] });
  const { read_only: readOnly } = link.view;
  const attempts = attemptsArea(link, "deploy");
  const empty = h("p", { class: "wb-empty" }, "Nothing is deployed yet. Deploy a row of a leaderboard, or a pipeline of the registry.");
  const picks = pickList("Deployments, newest first", {
    kind: "wb-runs wb-shelf",
    make: () => ({ light: h("span"), what: h("span", { class: "wb-two" }), value: h("span", { class: "wb-run-took" }) }),
    tell: ({ light, what, value }, line) => {
      light.className = `wb-light wb-${DEPLOYMENT_TONES[line.status]}`;
      light.title = line.status;
      fill(what, h("span", { class: "wb-two-top" }, h("strong", {}, line.slug), line.access === "workspace" ? null : h("span", { class: `wb-chip ${line.access === "public" ? "wb-cancelled" : ""}`, title: ACCESSES[line.access][1] }, line.access === "public" ? "public" : "keys only"), line.warned.map((verdict) => h("span", { class: "wb-chip wb-failed", title: verdict }, openingOf(verdict))), h("span", { class: "wb-sr" }, line.status)), h("small", {}, `${line.pipeline} · ${line.model ?? ""}`));
      fill(value, line.p50_ms === null ? "" : ms(line.p50_ms), h("small", {}, line.request_count ? plural(line.request_count, "request") : line.status === "ready" ? "" : line.status));
    },
    choose: (id) => link.call("watch", { id }).catch(showError),
  });

  const current = () => link.view.deployments.find((line) => line.id === link.view.watched);
  const ask = (command, args = {}) => link.call(command, { id: link.view.watched, ...args });
  const button = (text, kind = "") => h("button", { type: "button", class: `wb-button ${kind}`, "data-takes": "deployments:write" }, text);
  const onPress = (pressed, command) => pressed.addEventListener("click", () => act(pressed, showError, () => ask(command)));

  const title = h("div", { class: "wb-run-title" });
  const why = h("p", { class: "wb-why wb-bad", hidden: true });
  const [warm, stop, back, remove] = [button("Warm"), button("Stop"), button("Roll back"), button("Delete", "wb-quiet")];
  onPress(warm, "warm");
  onPress(back, "rollback");
  const questions = [confirmed(stop, "Stop answering?", () => act(stop, showError, () => ask("stop"))), confirmed(remove, "Delete for good?", () => act(remove, showError, () => ask("delete")))];
  const swapTo = h("select", { "aria-label": "Pipeline to swap in" });
  const swap = button("Swap");
  // One that takes other input columns is swapped in once that has been read.
  let warned = null;
  const drawSwap = () => (swap.textContent = warned === swapTo.value ? "Swap all the same?" : "Swap");
  swapTo.addEventListener("change", drawSwap);
  const swapIn = async (pipeline) => {
    try {
      await ask("swap", { pipeline, other_columns: warned === pipeline });
      warned = null;
    } catch (refused) {
      warned = refused.code === "deployment.other_columns" ? pipeline : null;
      throw refused;
    } finally {
      drawSwap();
    }
  };
  swap.addEventListener("click", () => act(swap, showError, () => swapIn(swapTo.value)));
  const swapping = h("span", { class: "wb-swap" }, swapTo, swap);
  const figures = h("dl", { class: "wb-figures" });
  const plots = h("div", { class: "wb-plots" });
  tips(plots);
  const cards = adviceCards(el, link, showError);
  const pane = h("div", { class: "wb-pane" });
  const tabs = tabList(DEPLOY_TABS, () => drawPane(link.view), "What to see of the deployment");
  for (const name of readOnly ? ["try", "batch", "settings"] : []) tabs.buttons[name].hidden = true;
  if (readOnly) tabs.show("engine");
  const actions = h("div", { class: "wb-actions" }, swapping, back, warm, stop, remove);
  const detail = h("div", { class: "wb-detail" }, h("div", { class: "wb-run-line wb-detail-head" }, title, readOnly ? null : actions), why, cards.area, figures, plots, tabs.tabs, pane);
  const split = h("div", { class: "wb-split" }, h("div", { class: "wb-lists" }, picks.list), detail);
  body.append(attempts.area, empty, split);

  // Try it, and the line for a shell.
  let asked = null;
  const trying = tryIt((rows) => {
    asked = rows;
    drawCurl(current());
    return ask("predict", { rows });
  });
  const curl = h("pre", { class: "wb-curl", tabindex: "0", "aria-label": "A line for a shell" });
  const curlArea = h("div", { class: "wb-curl-area" }, h("div", { class: "wb-run-line" }, h("span", { class: "wb-faint" }, "From a shell"), copyButton("Copy", curl)), curl);
  const tryPane = h("div", {}, trying.form, curlArea);
  let curled = null;
  const drawCurl = async (line) => {
    const key = JSON.stringify([line.id, line.pipeline_id, line.access, line.status, asked]);
    curlArea.hidden = line.status !== "ready";
    if (key === curled || line.status !== "ready") return;
    curled = key;
    const text = await ask("curl", { rows: asked }).catch((error) => error.message);
    if (curled === key) write(curl, text);
  };

  // A data source, predicted whole.
  const source = h("select");
  const predictAll = h("button", { type: "submit", class: "wb-button wb-primary", "data-takes": "deployments:write" }, "Predict the table");
  const batches = h("div", { class: "wb-batches" });
  const batchForm = h("form", { class: "wb-form wb-tool", novalidate: true }, field("Data", source, { wide: true, hint: "Each row of it, in a process of its own, into a CSV file beside its columns." }), h("div", { class: "wb-go" }, h("span"), predictAll));
  batchForm.addEventListener("submit", (event) => {
    event.preventDefault();
    act(predictAll, showError, () => ask("batch", { source: source.value }));
  });
  const batchPane = h("div", {}, batchForm, batches);
  const batchLine = (batch) => {
    const part = batch.rows_total ? batch.rows_done / batch.rows_total : 0;
    const bar = h("div", { class: "wb-progress", role: "progressbar", "aria-label": `Prediction of ${batch.source}`, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": Math.round(100 * part), "data-status": batch.status }, h("div"));
    bar.firstElementChild.style.width = `${(100 * part).toFixed(1)}%`;
    const cancel = button("Cancel", "wb-quiet");
    cancel.addEventListener("click", () => act(cancel, showError, () => link.call("cancel_batch", { id: batch.id })));
    const forget = button("Delete", "wb-quiet");
    confirmed(forget, "Delete with its file?", () => act(forget, showError, () => link.call("delete_batch", { id: batch.id })));
    const took = batch.started_at && batch.finished_at ? (new Date(batch.finished_at) - new Date(batch.started_at)) / 1000 : null;
    const path = batch.path && h("code", {}, batch.path);
    // By Jupyter's own login, from the disk to the disk: a file may be larger than what a kernel can send.
    const fetched = path && h("a", { class: "wb-button wb-quiet", href: new URL(`workbench/api/v1/batches/${batch.id}/file`, baseUrl()), download: "" }, "Download");
    return h("div", { class: "wb-batch" },
      h("div", { class: "wb-run-line" }, h("div", { class: "wb-run-title" }, chip(batch.status), h("strong", {}, batch.source), h("span", { class: "wb-faint" }, [`${number(batch.rows_done)} of ${number(batch.rows_total)} rows`, `by ${batch.pipeline}`, took !== null && duration(took)].filter(Boolean).join(" · "))), batch.is_over ? h("span", { class: "wb-line-end" }, fetched, path && copyButton("Copy its path", path), forget) : cancel),
      batch.is_over ? null : bar, path, batch.error ? h("p", { class: "wb-why wb-bad" }, batch.error) : null);
  };

  // Who may ask, what it goes along with, what answers in its shadow.
  const access = accessField();
  const follow = h("select");
  const shadow = h("select");
  const settle = (control, command, name) => {
    control.dataset.takes = "deployments:write";
    control.addEventListener("change", () => act(control, showError, () => ask(command, { [name]: control.value || null })).then(() => drawPane(link.view)));
  };
  settle(access.select, "access", "access");
  settle(follow, "follow", "alias");
  settle(shadow, "shadow", "pipeline");
  const shadowSaid = h("p", { class: "wb-wide wb-shadow" });
  const settingsPane = h("div", { class: "wb-form" }, access.field, field("Goes along with an alias", follow, { hint: "Where a promotion moves it, this deployment is swapped too." }),
    field("In its shadow", shadow, { wide: true, hint: "It answers each request too; its answers are compared and given to nobody." }), shadowSaid);

  const enginePane = h("div", { class: "wb-engine" });
  const historyPane = h("div", {});
  const PANES = { try: tryPane, batch: batchPane, settings: settingsPane, engine: enginePane, history: historyPane };
  const SHOWN = { try: ["form", "deployments"], batch: ["batches", "sources"], settings: ["deployments", "pipelines", "aliases", "inside"], engine: ["inside"], history: ["history"] };

  const percent = (share) => `${(100 * share).toFixed(share > 0.9995 && share < 1 ? 3 : 1)} %`;
  const shadowWords = (line, report) => {
    if (!line.shadow) return "";
    if (!report?.compared) return `${line.shadow} answers too; no row was compared yet.`;
    const gap = report.gap ? `; numbers differ by ${figure(report.gap)} on average` : "";
    return `${line.shadow} said the same on ${percent(report.agreement)} of ${number(report.compared)} rows${gap}${report.errors ? `; ${number(report.errors)} of its answers were errors` : ""}.`;
  };

  const drawEngine = (engine) => {
    if (!engine) {
      fill(enginePane, h("p", { class: "wb-empty" }, "Nothing answers at the moment."));
      return;
    }
    const steps = Object.entries(engine.steps ?? {});
    fill(enginePane, h("p", {}, h("strong", {}, ENGINE_WORDS[engine.path] ?? engine.path)), engine.why ? h("p", { class: "wb-notice" }, engine.why) : null,
      engine.rows ? h("p", { class: "wb-faint" }, `Proven equal to the pipeline itself on ${number(engine.rows)} rows when it was loaded; largest difference of a number: ${engine.difference ? engine.difference.toExponential(1) : "none"}.`) : null,
      h("div", { class: "wb-scroll", role: "group", tabindex: "0", "aria-label": "Parts of the pipeline" }, h("table", { class: "wb-table" }, h("tbody", {}, [...steps, ["estimator", engine.estimator]].map(([name, told]) => h("tr", {}, h("th", { scope: "row" }, name.replaceAll("_", " ")), h("td", { class: "wb-long" }, told)))))));
  };

  const drawHistory = (entries) => fill(historyPane, h("div", { class: "wb-scroll wb-short", role: "group", tabindex: "0", "aria-label": "History" }, h("table", { class: "wb-table" },
    h("tbody", {}, entries.map((entry) => h("tr", {}, h("td", {}, when(entry.at)), h("td", {}, entry.by), h("td", { class: "wb-long" }, entry.message)))))));

  const drawPane = (view) => {
    const line = current();
    if (!line) return;
    const name = tabs.current();
    arrange(pane, [PANES[name]]);
    for (const [key, value] of Object.entries(tabs.pane())) pane.setAttribute(key, value);
    if (name === "try") {
      trying.show(view.form, line.status);
      drawCurl(line);
    } else if (name === "batch") {
      choices(source, view.sources.length ? view.sources.map((one) => [one.id, `${one.name} (${number(one.rows)} rows)`]) : [["", "upload a table first"]]);
      predictAll.disabled = !view.sources.length;
      fill(batches, view.batches.map(batchLine));
    } else if (name === "settings") {
      access.show(line.access);
      choices(follow, [["", "none"], ...view.aliases.map((alias) => [alias.name, `${alias.name}, now ${alias.pipeline_name}`])], line.alias ?? "");
      choices(shadow, [["", "none"], ...swappable(view, line).map((one) => [one.id, `${one.name} · ${one.model}`])], line.shadow_pipeline_id ?? "");
      write(shadowSaid, shadowWords(line, view.inside?.shadow));
    } else if (name === "engine") drawEngine(view.inside?.engine);
    else drawHistory(view.history);
  };

  /** Pipelines that could stand in: of the same task and target, and not the one that answers. */
  const swappable = (view, line) => view.pipelines.filter((one) => one.id !== line.pipeline_id && one.task === line.task && one.target === line.target);

  const drawFigures = (line, engine) => {
    const told = [["Requests", number(line.request_count)], ["Rows", number(line.row_count)], ["Errors", number(line.error_count), line.error_count > 0 && "wb-bad"], ["p50", ms(line.p50_ms)], ["p95", ms(line.p95_ms)], ["Engine", engine?.path ?? "–"]];
    fill(figures, told.map(([name, value, kind]) => h("div", { class: kind || null, title: name.startsWith("p") ? "Over the last 100 requests" : null }, h("dt", {}, name), h("dd", {}, value))));
  };

  const drawHead = (view, line) => {
    fill(title, h("span", { class: `wb-chip wb-${DEPLOYMENT_TONES[line.status]}` }, line.status), h("strong", { class: "wb-big" }, line.slug),
      h("button", { type: "button", class: "wb-link", title: "Show it in the registry", onclick: () => link.call("show_pipeline", { pipeline: line.pipeline_id }).then(() => reveal(el, "Registry"), showError) }, line.pipeline),
      line.next ? h("span", { class: "wb-chip wb-running" }, `swapping in ${line.next}`) : null,
      line.shadow ? h("span", { class: "wb-chip" }, `shadow: ${line.shadow}`) : null,
      line.alias ? h("span", { class: "wb-chip wb-alias" }, `follows ${line.alias}`) : null,
      h("span", { class: "wb-faint", title: ACCESSES[line.access][1] }, `open to ${ACCESSES[line.access][0]}`));
    why.hidden = !line.error;
    write(why, line.error ?? "");
    const others = swappable(view, line);
    swapping.hidden = !others.length;
    choices(swapTo, others.map((one) => [one.id, one.name]));
    swap.disabled = Boolean(line.next);
    back.hidden = !line.previous;
    back.title = line.previous ? `To ${line.previous}` : "";
    warm.hidden = line.is_served;
    stop.hidden = !line.is_served;
  };

  const drawPlots = (view) => fill(plots, trafficPlots(view.minutes, view.window_min));
  // The hour moves on also where nothing is asked.
  const ticking = setInterval(() => current() && drawPlots(link.view), REDRAW_MS);

  let shown = null;
  const update = (view, patch) => {
    if (touches(patch, "attempts")) attempts.tell(view);
    if (view.watched !== shown) {
      showError(null);
      questions.forEach((disarm) => disarm());
      trying.clear();
      curled = asked = null;
      shown = view.watched;
    }
    // Another pipeline may take other rows.
    if (patch && touches(patch, "form")) asked = null;
    const line = current();
    empty.hidden = view.deployments.length > 0;
    split.hidden = !line;
    const answering = view.deployments.filter((one) => one.status === "ready").length;
    write(count, view.deployments.length ? `${answering} of ${view.deployments.length} answering` : "");
    if (touches(patch, "deployments", "watched")) picks.draw(view.deployments, view.watched);
    if (!line) return;
    if (touches(patch, "deployments", "watched", "pipelines")) drawHead(view, line);
    if (touches(patch, "deployments", "watched", "inside")) drawFigures(line, view.inside?.engine);
    if (touches(patch, "cards")) cards.draw(view.cards);
    if (touches(patch, "minutes", "watched")) drawPlots(view);
    if (touches(patch, "watched", ...SHOWN[tabs.current()])) drawPane(view);
  };
  update.dispose = () => clearInterval(ticking);
  return update;
});
