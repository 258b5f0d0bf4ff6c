// A secret that is told once: it stands on the page until its reader has saved it, and nowhere else.

/** Where secrets stand, one below the other; `show` adds one and takes the reader there, `back` is where they go on from. */
function secretArea() {
  const area = h("div", { class: "wb-secrets", hidden: true });
  const show = ({ title, secret, words, back }) => {
    const text = h("code", { class: "wb-secret-text", tabindex: "0", "aria-label": title }, secret);
    const saved = h("button", { type: "button", class: "wb-button wb-primary" }, "I have saved it");
    const card = h("section", { class: "wb-secret", "aria-label": title, tabindex: "-1" },
      h("strong", {}, title), h("div", { class: "wb-secret-line" }, text, copyButton("Copy", text)),
      h("p", {}, words), h("div", { class: "wb-go" }, h("span", { class: "wb-faint" }, "It is shown only now, and kept nowhere."), saved));
    saved.addEventListener("click", () => {
      card.remove();
      area.hidden = !area.children.length;
      back?.focus();
    });
    area.hidden = false;
    area.append(card);
    card.scrollIntoView({ block: "nearest" });
    card.focus({ preventScroll: true });
  };
  return { area, show };
}

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

/** A day, with its year. */
const dayOf = (iso) => new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
