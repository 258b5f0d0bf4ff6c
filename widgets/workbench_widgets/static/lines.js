// What lists of people and of keys are made of: a form that folds out, lines that keep their nodes, and what is past.

/**
 * A button that folds a form out and in again; `close()` folds it in and goes back to the button.
 * The escape key does too, and `clear()` empties it then.
 */
function foldedForm(words, form, first, clear = () => form.reset()) {
  const toggle = h("button", { type: "button", class: "wb-button wb-accent", "aria-expanded": "false" }, words);
  const turn = (isOpen) => {
    form.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", isOpen ? "true" : "false");
  };
  toggle.addEventListener("click", () => {
    turn(form.hidden);
    if (!form.hidden) first.focus();
  });
  turn(false);
  const close = () => {
    turn(false);
    toggle.focus();
  };
  form.addEventListener("keydown", (event) => event.key === "Escape" && (clear(), close()));
  return { toggle, close };
}

/** Lines that keep their nodes while the list changes: `make(line)` answers `{ node, tell(line) }`. */
function keptLines(list, make, idOf) {
  const kept = new Map();
  return (lines) => {
    const nodes = lines.map((line) => {
      if (!kept.has(idOf(line))) kept.set(idOf(line), make(line));
      const { node, tell } = kept.get(idOf(line));
      tell(line);
      return node;
    });
    arrange(list, nodes);
    const known = new Set(lines.map(idOf));
    for (const id of kept.keys()) if (!known.has(id)) kept.delete(id);
  };
}

/**
 * Two lists of lines by their status: those of which `isOpen` holds, and below them, folded up, those that are past.
 * `words(count)` says how many these are; `draw(lines)` answers how many are open.
 */
function openAndPast(make, { isOpen, openLabel, pastLabel, words }) {
  const [open, past] = [openLabel, pastLabel].map((label) => h("ul", { class: "wb-people", "aria-label": label }));
  const [drawOpen, drawPast] = [open, past].map((list) => keptLines(list, make, ({ id }) => id));
  const title = h("summary");
  const folded = h("details", { class: "wb-more" }, title, past);
  const draw = (lines) => {
    const openLines = lines.filter(isOpen);
    const goneCount = lines.length - openLines.length;
    drawOpen(openLines);
    drawPast(lines.filter((line) => !isOpen(line)));
    folded.hidden = !goneCount;
    write(title, words(goneCount));
    return openLines.length;
  };
  return { open, folded, draw };
}

/** A day, with its year. */
const dayOf = (iso) => new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
