// What pre-flight found of a request: how grave it is, what shows it, what would mend it; nothing is changed unless it is pressed.

const MARKS = { blocking: ["×", "Stands in the way"], warning: ["!", "Warning"], note: ["i", "Note"] };

/** Evidence as it is read: numbers short, lists side by side. */
function evidenceWords(value) {
  if (value === null || value === undefined) return "–";
  // Of a chance of one in a billion nobody wants to count the zeros.
  if (typeof value === "number") return Number.isInteger(value) ? number(value) : Math.abs(value) < 1e-4 ? value.toExponential(1) : short(value);
  if (Array.isArray(value)) return value.map((item) => (Array.isArray(item) ? item.map(evidenceWords).join(": ") : evidenceWords(item))).join(" · ");
  if (typeof value === "object") return Object.entries(value).map(([name, item]) => `${name}: ${evidenceWords(item)}`).join(", ");
  return String(value);
}

/** What was chosen with a mend in it: lists and mappings grow. */
function merged(given, change) {
  if (Array.isArray(change)) return [...new Set([...(given ?? []), ...change])];
  if (change !== null && typeof change === "object") return { ...given, ...Object.fromEntries(Object.entries(change).map(([name, value]) => [name, merged(given?.[name], value)])) };
  return change;
}

const MENDED_MS = 4000;

/** Open what controls lie in, and mark them for a moment. */
function pointOut(nodes) {
  for (const node of nodes) {
    for (let folded = node.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
    node.classList.add("wb-is-mended");
    setTimeout(() => node.classList.remove("wb-is-mended"), MENDED_MS);
  }
}

/**
 * The findings above a button that they may hold back. `mend(changes)` puts a mend into the form, where `canMend()`;
 * `changed()` is told of a tick.
 */
function findingsArea({ mend, canMend, changed }) {
  const head = h("div", { class: "wb-run-line wb-findings-head" });
  const list = h("ul", { class: "wb-findings-list" });
  const notes = h("details", { class: "wb-more" }, h("summary", {}), h("ul", { class: "wb-findings-list" }));
  const area = h("section", { class: "wb-wide wb-findings", "aria-label": "Pre-flight", hidden: true }, head, list, notes);
  let shown = null;
  let about = null;
  // Findings that the reader lets pass, each by itself.
  const passed = new Set();
  const keyOf = ({ code, columns }) => JSON.stringify([code, columns]);
  const blocking = () => (shown?.findings ?? []).filter((finding) => finding.severity === "blocking" && !shown.overridden.includes(finding.code));

  const lineOf = (finding) => {
    const { severity, message, evidence, mend: way } = finding;
    const [mark, words] = MARKS[severity];
    const known = Object.entries(evidence);
    const tick = blocking().includes(finding)
      ? h("label", { class: "wb-check" }, h("input", { type: "checkbox", checked: passed.has(keyOf(finding)), onchange: (event) => (passed[event.target.checked ? "add" : "delete"](keyOf(finding)), changed()) }), h("span", {}, "Run all the same"))
      : severity === "blocking" ? h("small", {}, "let pass before") : null;
    const button = way && canMend() ? h("button", { type: "button", class: "wb-button wb-mend", title: "Puts it into the set-up options below, where it can be taken back", onclick: () => mend(way.changes) }, way.label) : null;
    const shows = known.length ? h("details", { class: "wb-evidence" }, h("summary", {}, "Evidence"), h("dl", {}, known.map(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, evidenceWords(value))]))) : null;
    return h("li", { class: `wb-finding wb-finding-${severity}`, "data-code": finding.code }, h("span", { class: "wb-finding-mark", role: "img", "aria-label": words, title: words }, mark),
      h("div", { class: "wb-finding-body" }, h("p", {}, message), button || tick ? h("div", { class: "wb-actions" }, button, tick) : null, shows));
  };

  const headWords = () => {
    const counts = [["blocking", "in the way", "in the way"], ["warning", "warning", "warnings"], ["note", "note", "notes"]]
      .map(([severity, one, several]) => [shown.findings.filter((finding) => finding.severity === severity).length, one, several]).filter(([count]) => count);
    return counts.length ? counts.map(([count, one, several]) => plural(count, one, several)).join(", ") : "nothing found";
  };

  // A finding that stays keeps its place on the page, with what was opened of it.
  let lines = new Map();
  const drawn = (findings) => findings.map((finding) => {
    const key = JSON.stringify(finding);
    if (!lines.has(key)) lines.set(key, lineOf(finding));
    return lines.get(key);
  });

  let late = 0;
  /** Say that the answer to a new request is awaited, as soon as it takes long enough to be asked for. */
  const wait = () => {
    area.setAttribute("aria-busy", "true");
    clearTimeout(late);
    late = setTimeout(() => {
      area.hidden = false;
      if (!shown) fill(head, h("h4", {}, "Pre-flight: looking at the table…"));
    }, BUSY_MS);
  };

  /** Show what was found of a request about which `what` says so much that, where it is another, no tick holds. */
  const show = (found, what) => {
    clearTimeout(late);
    if (what !== about) {
      passed.clear();
      lines = new Map();
    }
    about = what;
    shown = found;
    area.hidden = false;
    area.removeAttribute("aria-busy");
    fill(head, h("h4", {}, `Pre-flight: ${headWords()}`), h("small", {}, [found.looked_at, found.forecast.words].filter(Boolean).join(" ")));
    const slight = found.findings.filter(({ severity }) => severity === "note");
    arrange(list, drawn(found.findings.filter(({ severity }) => severity !== "note")));
    arrange(notes.lastElementChild, drawn(slight));
    notes.hidden = !slight.length;
    notes.firstElementChild.textContent = plural(slight.length, "note");
    const known = new Set(found.findings.map((finding) => JSON.stringify(finding)));
    for (const key of lines.keys()) if (!known.has(key)) lines.delete(key);
    changed();
  };

  const clear = () => {
    clearTimeout(late);
    shown = null;
    fill(head);
    fill(list);
    notes.hidden = true;
    lines = new Map();
    area.hidden = true;
    changed();
  };
  return {
    area, show, clear, wait,
    isBlocking: () => blocking().some((finding) => !passed.has(keyOf(finding))),
    overrides: () => [...new Set(blocking().filter((finding) => passed.has(keyOf(finding))).map(({ code }) => code))],
  };
}
