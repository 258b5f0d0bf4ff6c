// Lists and tabs of which one thing is chosen, and buttons that ask back or copy.

const ARMED_MS = 10_000;

/**
 * A list of which one line is chosen, by click or by arrow keys. Lines have an id, and keep their nodes while the list changes.
 * `make` makes the elements of a line by name, `tell(parts, line)` writes into them, `choose(id)` takes a choice.
 */
function pickList(label, { make, tell, choose, kind = "wb-runs" }) {
  const list = h("div", { class: kind, role: "listbox", "aria-label": label, tabindex: "0" });
  const items = new Map();
  let shown = [];
  let chosen = null;
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = shown[shown.findIndex((line) => line.id === chosen) + step];
    if (next) choose(next.id);
  });
  const drawItem = (line) => {
    if (!items.has(line.id)) {
      const parts = make();
      const node = h("button", { type: "button", role: "option", class: "wb-run", tabindex: "-1", onclick: () => choose(line.id) }, Object.values(parts));
      items.set(line.id, { node, parts });
    }
    const { node, parts } = items.get(line.id);
    node.setAttribute("aria-selected", line.id === chosen ? "true" : "false");
    tell(parts, line, node);
    return node;
  };
  const draw = (lines, id) => {
    [shown, chosen] = [lines, id];
    arrange(list, lines.map(drawItem));
    const known = new Set(lines.map((line) => line.id));
    for (const item of items.keys()) if (!known.has(item)) items.delete(item);
  };
  return { list, draw, drawItem };
}

/** Let a button ask back before it acts; what is returned takes the question away. */
function confirmed(button, question, go) {
  const words = button.textContent;
  let armed = null;
  const disarm = () => {
    clearTimeout(armed);
    armed = null;
    write(button, words);
    button.classList.remove("wb-danger");
  };
  button.addEventListener("click", () => {
    if (armed) {
      disarm();
      go();
      return;
    }
    button.textContent = question;
    button.classList.add("wb-danger");
    armed = setTimeout(disarm, ARMED_MS);
  });
  return disarm;
}

/** A button that copies an element's text; where the page may not, the text is marked for the reader's own keys. */
function copyButton(words, element) {
  const button = h("button", { type: "button", class: "wb-button wb-quiet" }, words);
  button.addEventListener("click", async () => {
    // The clipboard is for https and this machine only.
    const copied = await navigator.clipboard?.writeText(element.textContent).then(() => true, () => false);
    if (!copied) getSelection().selectAllChildren(element);
    write(button, copied ? "Copied" : "Marked");
    setTimeout(() => write(button, words), BUSY_MS);
  });
  return button;
}

/** Have the browser keep a text, or bytes, as a file. */
function download(name, content, type) {
  const link = h("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Tabs of which one is shown, name → title; `turned(name)` is told of a turn. `pane` says what the element is that shows it. */
function tabList(titles, turned, label) {
  const id = newId();
  const tabs = h("div", { class: "wb-tabs", role: "tablist", "aria-label": label });
  const names = Object.keys(titles);
  let current = names[0];
  const buttons = Object.fromEntries(names.map((name) => [name, h("button", { type: "button", role: "tab", id: `${id}-${name}`, "aria-controls": id, onclick: () => turnTo(name) }, titles[name])]));
  const show = (name) => {
    current = name;
    for (const [each, button] of Object.entries(buttons)) {
      button.setAttribute("aria-selected", each === name ? "true" : "false");
      button.tabIndex = each === name ? 0 : -1;
    }
  };
  const turnTo = (name) => {
    show(name);
    turned(name);
    buttons[name].focus();
  };
  tabs.addEventListener("keydown", (event) => {
    const shownNames = names.filter((name) => !buttons[name].hidden);
    const at = shownNames.indexOf(current);
    const next = { ArrowLeft: shownNames.at(at - 1), ArrowRight: shownNames[(at + 1) % shownNames.length], Home: shownNames[0], End: shownNames.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    turnTo(next);
  });
  tabs.append(...Object.values(buttons));
  show(current);
  const pane = () => ({ role: "tabpanel", id, "aria-labelledby": `${id}-${current}`, tabindex: "0" });
  return { tabs, buttons, show, turnTo, pane, current: () => current };
}
