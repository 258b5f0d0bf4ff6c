// What each column holds and how the table is read, to be changed: changes are gathered, and it is read again with all at once.

const KIND_CHOICES = [["number", "Number"], ["text", "Text"], ["date", "Date, as it is found out"], ["date:%d/%m/%Y", "Date: 31/12/2024"], ["date:%m/%d/%Y", "Date: 12/31/2024"], ["date:%d.%m.%Y", "Date: 31.12.2024"]];
const kindOf = (said) => said.split(":")[0];

/** Changes of kinds and of options; `retold()` is called where one was chosen or taken back. */
function readingChanges(link, retold) {
  let id = null;
  let chosen = {};
  let options = {};
  const { error, showError } = errorArea();
  const said = h("span", {});
  const again = h("button", { class: "wb-button wb-accent", type: "button", "data-takes": "data:write", title: "Read the table again, as its next version" }, "Read again");
  const undo = h("button", { class: "wb-button wb-quiet", type: "button", onclick: () => clear() }, "Undo");
  const bar = h("div", { class: "wb-kinds", hidden: true }, h("div", { class: "wb-run-line" }, said, h("div", { class: "wb-line-end" }, again, undo)), error);

  const tell = () => {
    const changes = [...Object.entries(options).map(([name, value]) => `${READ_WORDS[name].toLowerCase()}: ${value === null ? "as found out" : value}`), ...Object.entries(chosen).map(([name, kind]) => `${name}: ${kind}`)];
    bar.hidden = !changes.length;
    write(said, changes.join(" · "));
  };
  const drop = () => {
    chosen = {};
    options = {};
    showError(null);
    tell();
  };
  const clear = () => {
    drop();
    retold();
  };
  const pick = (column, kind) => {
    showError(null);
    if (kind === column.kind) delete chosen[column.name];
    else chosen[column.name] = kind;
    tell();
    retold();
  };
  /** Take how an option is to be; null for what is found out. */
  const pickOption = (option, value) => {
    showError(null);
    if (value === (option.is_asked || option.is_closed ? String(option.value) : null)) delete options[option.name];
    else options[option.name] = value;
    tell();
  };
  again.addEventListener("click", () => act(again, showError, async () => {
    const read = await link.call("retype", { work: newId(), id, kinds: chosen, options });
    if (!read.cancelled) clear();
  }, ""));

  /** A button that says what a column holds, and opens what it can be made. */
  const mark = (column) => {
    const now = chosen[column.name] ?? column.kind;
    const words = `${column.name} holds ${now}`;
    const button = h("button", { type: "button", class: column.name in chosen ? "wb-holds wb-is-changed" : "wb-holds", title: `${words}: read it as something else`, "aria-label": words, "aria-haspopup": "menu", "aria-expanded": "false" }, KIND_MARKS[kindOf(now)] ?? "");
    const item = ([kind, text]) => h("button", { type: "button", role: "menuitemradio", "aria-checked": kind === now ? "true" : "false", onclick: (event) => {
      event.currentTarget.closest("[popover]").hidePopover();
      pick(column, kind);
    } }, text);
    const pattern = h("input", { type: "text", spellcheck: "false", value: now.startsWith("date:") ? now.slice(5) : "", placeholder: "%d %b %Y", "aria-label": "How its dates are written" });
    pattern.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !pattern.value.trim()) return;
      event.preventDefault();
      event.currentTarget.closest("[popover]").hidePopover();
      pick(column, `date:${pattern.value.trim()}`);
    });
    button.addEventListener("click", () => {
      const example = column.top[0]?.[0];
      const menu = h("div", { class: "wb-menu wb-kind-menu", popover: "auto", role: "menu", "aria-label": `What ${column.name} holds` },
        h("p", { class: "wb-faint" }, h("b", {}, column.name), example === undefined ? "" : `, such as ${example}`), KIND_CHOICES.map(item), h("label", {}, h("span", {}, "Date: "), pattern));
      openBeside(button, menu);
      (menu.querySelector('[aria-checked="true"]') ?? menu.querySelector("button")).focus({ preventScroll: true });
    });
    return button;
  };

  /** Turn to another table: what was chosen for the one before is void. */
  const turnTo = (other) => {
    if (other === id) return;
    id = other;
    drop();
  };
  const form = (reading) => readingForm(reading, options, pickOption);
  return { bar, mark, form, turnTo };
}
