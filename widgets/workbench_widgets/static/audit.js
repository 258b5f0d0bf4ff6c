// The audit log: a page of it by filters, each line in detail, whether it is whole, and the whole of it as a file.

const OUTCOME_TONES = { failed: "failed", denied: "cancelled" };
const TYPING_MS = 300;
const AGAIN_MS = 1000;
const EXPORTS = { jsonl: ["JSON lines", "application/jsonl"], csv: ["CSV", "text/csv"] };

export default panel((el, link) => {
  const verify = h("button", { type: "button", class: "wb-button", title: "Compute the chain of hashes anew" }, "Verify");
  const fileButtons = Object.entries(EXPORTS).map(([format, [words]]) => h("button", { type: "button", class: "wb-button", title: "Download the lines that the filters leave, oldest first", onclick: (event) => act(event.currentTarget, showError, () => fetchLog(format)) }, words));
  const why = link.view.refusals["audit:read"];
  const { body, section, showError } = frame(el, "Audit log", { side: why ? [] : [verify, fileButtons] });
  if (why) {
    // The question itself would be a line of the log.
    body.append(h("p", { class: "wb-empty" }, `The audit log is for owners. ${why}`));
    return () => {};
  }

  const known = { people: new Set(), action: new Set(), subject: new Set() };
  const lists = Object.fromEntries(Object.keys(known).map((name) => [name, h("datalist", { id: newId() })]));
  const words = (list, placeholder) => h("input", { type: "text", list: lists[list].id, autocomplete: "off", spellcheck: "false", placeholder });
  const filters = {
    by: words("people", "anybody"),
    action: words("action", "any, such as key.issued"),
    subject: words("subject", "anything"),
    outcome: choices(h("select"), [["", "any"], ["done", "done"], ["failed", "failed"], ["denied", "denied"]]),
    since: h("input", { type: "datetime-local" }),
    until: h("input", { type: "datetime-local" }),
  };
  const everywhere = h("input", { type: "checkbox" });
  const everywhereLine = h("label", { class: "wb-check", hidden: true }, everywhere, h("span", {}, "All workspaces"));
  const clear = h("button", { type: "button", class: "wb-button wb-quiet", hidden: true }, "Clear the filters");
  const one = h("span", { class: "wb-chip wb-alias", hidden: true });
  const form = h("form", { class: "wb-filters", role: "search", "aria-label": "Filter the audit log" }, field("Who", filters.by), field("Action", filters.action), field("On", filters.subject), field("Outcome", filters.outcome), field("From", filters.since), field("Until", filters.until), Object.values(lists));
  let oneId = null;

  const asked = () => {
    const iso = ({ value }) => (value ? new Date(value).toISOString() : null);
    const typed = Object.fromEntries(["by", "action", "subject", "outcome"].map((name) => [name, filters[name].value.trim() || null]));
    return { ...typed, subject_id: oneId, since: iso(filters.since), until: iso(filters.until), everywhere: everywhere.checked };
  };
  const isFiltered = () => Object.values(asked()).some(Boolean);

  // Lines, newest first.
  let lines = [];
  let hasMore = false;
  let asking = 0;
  let isStale = true;
  const opened = new Set();
  const rows = h("tbody");
  const table = h("table", { class: "wb-table wb-audit" }, h("thead", {}, h("tr", {}, ["When", "Who", "Action", "What"].map((text) => h("th", { scope: "col" }, text)))), rows);
  const scroll = h("div", { class: "wb-scroll wb-audit-lines", role: "group", tabindex: "0", "aria-label": "Lines of the audit log, newest first" }, table);
  const said = h("span", { class: "wb-faint", role: "status" });
  const older = h("button", { type: "button", class: "wb-button", hidden: true }, "Older lines");
  const newer = h("button", { type: "button", class: "wb-pill", hidden: true }, "There are newer lines: show them");
  const empty = h("p", { class: "wb-empty", hidden: true });

  const detailOf = (line) => {
    const details = Object.entries(line.details).map(([name, value]) => [name.replaceAll("_", " "), typeof value === "string" ? value : JSON.stringify(value)]);
    const told = [["Line", number(line.seq)], ["Time", line.at], ["From", line.origin || "unknown"], ["Key", line.key_id ?? "none"], ["On", `${line.subject} ${line.subject_id}`], everywhere.checked && ["Workspace", line.workspace_id ?? "none"],
      ["Outcome", line.outcome], ...details, ["Hash", line.sha256], ["Hash of the line before", line.previous]].filter(Boolean);
    const only = (text, go) => h("button", { type: "button", class: "wb-pill", onclick: go }, text);
    return h("td", { colspan: 4 }, h("div", { class: "wb-audit-detail" },
      h("dl", { class: "wb-config" }, told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, h("code", {}, value))])),
      h("div", { class: "wb-samples" }, only(`Only what ${line.by} did`, () => narrow({ by: line.by })), only(`Only ${line.action}`, () => narrow({ action: line.action })), only(`All on this ${line.subject}`, () => narrow({ subject: line.subject, id: line.subject_id })))));
  };
  const rowOf = (line) => {
    const detail = h("tr", { class: "wb-audit-more", hidden: !opened.has(line.seq) }, opened.has(line.seq) ? detailOf(line) : null);
    const turn = h("button", { type: "button", class: "wb-turn", "aria-expanded": opened.has(line.seq) ? "true" : "false", "aria-label": `${when(line.at)}: details of line ${line.seq}`, title: line.at }, when(line.at));
    const toggle = () => {
      const isOpen = detail.hidden;
      if (isOpen) opened.add(line.seq);
      else opened.delete(line.seq);
      fill(detail, isOpen ? detailOf(line) : null);
      detail.hidden = !isOpen;
      turn.setAttribute("aria-expanded", isOpen ? "true" : "false");
    };
    const row = h("tr", { class: "wb-audit-line", onclick: toggle }, h("td", {}, turn), h("td", {}, line.by), h("td", {}, h("code", {}, line.action)), h("td", { class: "wb-long" }, line.outcome === "done" ? null : [h("span", { class: `wb-chip wb-${OUTCOME_TONES[line.outcome]}` }, line.outcome), " "], line.message));
    return [row, detail];
  };
  const draw = () => {
    fill(rows, lines.map(rowOf));
    for (const line of lines) {
      known.people.add(line.by);
      known.action.add(line.action);
      known.subject.add(line.subject);
    }
    for (const [name, list] of Object.entries(lists)) fill(list, [...known[name]].sort().map((value) => h("option", { value })));
    older.hidden = !hasMore;
    scroll.hidden = !lines.length;
    empty.hidden = lines.length > 0;
    write(empty, isFiltered() ? "No line is as you ask." : "Nothing was done yet.");
    clear.hidden = !isFiltered();
    write(said, lines.length ? `${plural(lines.length, "line")}${hasMore ? "" : ", all that there are"}` : "");
  };

  const load = async (isMore = false) => {
    const mine = ++asking;
    isStale = false;
    const told = await link.call("lines", { ...asked(), before: isMore ? lines.at(-1).seq : null });
    // Another question was asked meanwhile.
    if (mine !== asking) return;
    lines = isMore ? [...lines, ...told.lines] : told.lines;
    hasMore = told.has_more;
    newer.hidden = true;
    draw();
  };
  const reload = () => load().catch(showError);
  let typing = 0;
  const changed = () => {
    clearTimeout(typing);
    typing = setTimeout(() => (showError(null), opened.clear(), reload()), TYPING_MS);
  };
  const narrow = ({ by, action, subject, id = null }) => {
    if (by) filters.by.value = by;
    if (action) filters.action.value = action;
    if (subject) filters.subject.value = subject;
    if (id) oneId = id;
    one.hidden = !oneId;
    write(one, oneId ? `only ${filters.subject.value} ${oneId.slice(-12)}` : "");
    opened.clear();
    reload();
    form.scrollIntoView({ block: "nearest" });
  };
  form.addEventListener("input", (event) => {
    if (event.target === filters.subject) [oneId, one.hidden] = [null, true];
    changed();
  });
  form.addEventListener("submit", (event) => (event.preventDefault(), changed()));
  everywhere.addEventListener("change", changed);
  clear.addEventListener("click", () => {
    for (const control of Object.values(filters)) control.value = "";
    [oneId, one.hidden, everywhere.checked] = [null, true, false];
    opened.clear();
    reload();
    filters.by.focus();
  });
  older.addEventListener("click", () => act(older, showError, () => load(true)));
  newer.addEventListener("click", () => (reload(), scroll.scrollTo({ top: 0 })));

  // Whether no line is missing or changed.
  const verdict = h("div", { class: "wb-verdict", role: "status", hidden: true });
  verify.addEventListener("click", () => act(verify, showError, async () => {
    verdict.hidden = true;
    const told = await link.call("verify");
    verdict.hidden = false;
    verdict.className = `wb-verdict wb-says-${told.is_whole ? "success" : "danger"}`;
    const show = h("button", { type: "button", class: "wb-button", onclick: () => showAround(told.first_bad_seq) }, "Show the lines around it");
    const close = h("button", { type: "button", class: "wb-dismiss", title: "Dismiss", "aria-label": "Dismiss", onclick: () => (verdict.hidden = true) }, "×");
    fill(verdict, h("div", { class: "wb-run-line" }, h("p", { class: "wb-verdict-words" }, h("strong", {}, told.is_whole ? "Whole" : "Broken"), h("span", {}, told.is_whole ? `${plural(told.lines, "line")}, none missing, none changed.` : told.problem)), close),
      told.is_whole ? h("p", { class: "wb-faint wb-head-hash" }, `Line ${number(told.head_seq)} has the hash `, h("code", {}, told.head_sha256), ". Noted elsewhere, it shows later that nothing before it was rewritten.") : told.first_bad_seq === null ? null : h("div", { class: "wb-actions" }, h("span", {}, `First bad line: ${number(told.first_bad_seq)}`), show));
  }, "reading the whole log…"));
  const showAround = async (seq) => {
    for (const control of Object.values(filters)) control.value = "";
    [oneId, one.hidden] = [null, true];
    asking += 1;
    const told = await link.call("lines", { ...asked(), before: seq + 5 }).catch(showError);
    if (!told) return;
    opened.add(seq);
    [lines, hasMore] = [told.lines, told.has_more];
    newer.hidden = false;
    draw();
  };

  // By Jupyter's own login, as it is read from the store: a log may be larger than what a kernel can send.
  const fetchLog = async (format) => {
    const wanted = Object.entries(asked()).filter(([, value]) => value);
    const url = new URL(`workbench/api/v1/audit/export?${new URLSearchParams([["format", format], ...wanted])}`, baseUrl());
    // A header is ASCII; a name need not be.
    const answer = await fetch(url, { headers: { "X-Workbench-Workspace": encodeURIComponent(link.view.me.workspace) } }).catch(() => null);
    if (!answer?.ok) {
      const problem = await answer?.json().catch(() => null);
      throw problem?.code ? new Refused(problem) : new Error("The log could not be fetched by way of Jupyter. On a command line, workbench audit export writes it to a file.");
    }
    download(`audit-${link.view.me.workspace}-${new Date().toISOString().slice(0, 10)}.${format}`, await answer.blob(), EXPORTS[format][1]);
  };

  body.append(form, h("div", { class: "wb-actions" }, everywhereLine, one, clear, newer), verdict, empty, scroll, h("div", { class: "wb-run-line" }, said, older));

  // Nothing is fetched for a page that nobody looks at.
  const isSeen = () => section.offsetParent !== null;
  let again = 0;
  const lookAgain = () => {
    isStale = true;
    if (again || !isSeen()) return;
    again = setTimeout(() => {
      again = 0;
      // Who reads further down stays there.
      if (lines.length > 50 || scroll.scrollTop > 0 || opened.size) newer.hidden = false;
      else reload();
    }, lines.length ? AGAIN_MS : 0);
  };
  const watcher = new IntersectionObserver(() => isStale && isSeen() && lookAgain());
  watcher.observe(section);

  const update = (view, patch) => {
    for (const name of view.people) known.people.add(name);
    everywhereLine.hidden = !view.is_administrator || (view.me.workspaces ?? []).length < 2;
    if (touches(patch, "mark")) lookAgain();
  };
  update.dispose = () => {
    watcher.disconnect();
    clearTimeout(again);
  };
  return update;
});
