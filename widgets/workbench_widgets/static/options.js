// One control for every kind of option that the catalogue knows.

const FEWEST_LEVELS = 2;
const MOST_LEVELS = 30;

const words = (name) => name.replaceAll("_", " ");
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** A text as the value that it says: a number, true, null, a quoted text, or else itself. */
function said(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Values typed side by side: 0.1, 1, 10. */
function saidList(text) {
  const list = said(`[${text}]`);
  return Array.isArray(list) ? list : text.split(",").map((part) => said(part.trim())).filter((part) => part !== "");
}

const typedList = (values) => values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(", ");

const small = (text, about, onclick, more = {}) => h("button", { type: "button", class: "wb-small", title: about, "aria-label": about, onclick, ...more }, text);

/** What goes by rows: each is told by `row(entry, changed)`, and one can be added and taken away. */
function rowsOf(entries, { row, adder, changed }) {
  const box = h("div", { class: "wb-rows" });
  const draw = () => fill(box, entries.map((entry, at) => h("div", { class: "wb-row-line" }, row(entry, changed), small("×", "Take away", () => (entries.splice(at, 1), changed(), draw())))), adder((entry) => (entries.push(entry), changed(), draw())));
  draw();
  return box;
}

const OPTION_CONTROLS = {
  bool: (option, value, keep) => h("input", { type: "checkbox", checked: value === true, onchange: (event) => keep(event.target.checked) }),

  // By their places: an option's value is a text, and null is none.
  choice: (option, value, keep) => choices(h("select", { onchange: (event) => keep(option.choices[Number(event.target.value)]) }),
    option.choices.map((choice, at) => [String(at), choice === null ? "none" : String(choice)]), String(option.choices.indexOf(value))),

  column: (option, value, keep, { columns }) => choices(h("select", { onchange: (event) => keep(event.target.value || null) }),
    [["", "none"], ...columns.map(({ name }) => [name, name])], value ?? ""),

  columns: (option, value, keep, { columns, claimed }) => {
    const found = () => columns.filter(({ name, kind }) => option.found.includes(kind) && !claimed(option).includes(name)).map(({ name }) => name);
    return tickedOf(option, value, keep, columns.map(({ name, kind }) => ({ value: name, note: kind })), { found });
  },

  parts: (option, value, keep) => tickedOf(option, value, keep, option.choices.map((part) => ({ value: part }))),

  /** Columns of few values, each with these in an order that is the reader's to change. */
  levels: (option, value, keep, { columns, valuesOf }) => {
    const orders = Object.entries(value ?? {});
    const changed = () => keep(orders.length ? Object.fromEntries(orders) : null);
    const row = ([name, levels]) => {
      const list = h("ol", { class: "wb-levels", "aria-label": `Values of ${name}, lowest first` });
      const draw = () => fill(list, levels.map((level, at) => h("li", {}, h("span", {}, String(level)), small("↑", `${level}: lower`, () => move(at, at - 1), { disabled: at === 0 }), small("↓", `${level}: higher`, () => move(at, at + 1), { disabled: at === levels.length - 1 }))));
      const move = (from, to) => {
        levels.splice(to, 0, ...levels.splice(from, 1));
        draw();
        changed();
        const [up, down] = list.children[to].querySelectorAll("button");
        (to < from ? (up.disabled ? down : up) : down.disabled ? up : down).focus();
      };
      draw();
      return h("div", { class: "wb-row-main" }, h("strong", {}, name), h("small", {}, " lowest first"), list);
    };
    const adder = (add) => {
      const left = columns.filter((column) => column.distinct >= FEWEST_LEVELS && column.distinct <= MOST_LEVELS && !orders.some(([name]) => name === column.name));
      const pick = async (event) => {
        const name = event.target.value;
        const values = name && (await valuesOf(name));
        if (values) add([name, values]);
      };
      return h("select", { "aria-label": "Column to order", onchange: pick }, h("option", { value: "" }, left.length ? "add a column…" : "no column of few values"), left.map(({ name }) => h("option", { value: name }, name)));
    };
    return rowsOf(orders, { row, adder, changed });
  },

  groups: (option, value, keep, { columns }) => {
    const groups = Object.entries(value ?? {});
    const changed = () => keep(groups.some(([name, names]) => name && names.length) ? Object.fromEntries(groups.filter(([name, names]) => name && names.length)) : null);
    const row = (group) => [
      h("input", { type: "text", value: group[0], "aria-label": "Name of the group", onchange: (event) => ((group[0] = event.target.value.trim()), changed()) }),
      tickedOf(option, group[1], (next) => ((group[1] = next ?? []), changed()), columns.map(({ name, kind }) => ({ value: name, note: kind })), { nothing: "choose columns" }),
    ];
    return rowsOf(groups, { row, changed, adder: (add) => h("button", { type: "button", class: "wb-pill", onclick: () => add([`group ${groups.length + 1}`, []]) }, "Add a group") });
  },

  mapping: (option, value, keep) => {
    const entries = Object.entries(value ?? {});
    const changed = () => keep(entries.some(([name]) => name) ? Object.fromEntries(entries.filter(([name]) => name)) : null);
    const row = (entry) => [
      h("input", { type: "text", value: entry[0], placeholder: "parameter", "aria-label": "Parameter", onchange: (event) => ((entry[0] = event.target.value.trim()), changed()) }),
      h("input", { type: "text", value: typedList(entry[1]), placeholder: "0.1, 1, 10", "aria-label": "Values to try", onchange: (event) => ((entry[1] = saidList(event.target.value)), changed()) }),
    ];
    return rowsOf(entries, { row, changed, adder: (add) => h("button", { type: "button", class: "wb-pill", onclick: () => add(["", []]) }, "Add a parameter") });
  },
};

/**
 * A list to tick in; what was picked before and is not offered any more can still be taken off.
 * Where nothing is chosen, `found` is what PyCaret finds by itself: ticked, and the beginning of a choice.
 */
function tickedOf(option, value, keep, offered, { nothing = "none", found = () => [] } = {}) {
  let own = value && new Set(value);
  const picked = () => own ?? new Set(found());
  const items = [...offered, ...[...picked()].filter((name) => !offered.some((item) => item.value === name)).map((name) => ({ value: name }))];
  const inOrder = () => items.map((item) => item.value).filter((name) => picked().has(name));
  const pick = (name, isOn) => {
    own = new Set(picked());
    own[isOn ? "add" : "delete"](name);
    if (option.default === null && same(inOrder().sort(), [...found()].sort())) own = null;
    keep(own && inOrder());
  };
  const words = () => (own === null && option.found.length ? "as found" : pickedWords(inOrder(), nothing));
  return picker({ items: () => items, isPicked: (name) => picked().has(name), pick, words, title: option.about }).button;
}

/** What can be typed: the choices are proposals, a number or another word is as good. Some texts name a model. */
function typedControl(option, value, isChosen, keep, { models }) {
  const isModel = option.kind === "text" && models.some((model) => model.id === option.default);
  const proposals = isModel ? models.map((model) => [model.id, model.name]) : option.choices.map((choice) => [choice ?? "none", null]);
  const list = proposals.length ? newId() : null;
  const control = h("input", { type: "text", list, value: isChosen ? String(value) : "", placeholder: option.default === null ? "none" : String(option.default), onchange: (event) => keep(event.target.value.trim()) });
  return [control, list && h("datalist", { id: list }, proposals.map(([id, name]) => h("option", { value: id }, name)))];
}

const WIDE = ["levels", "groups", "mapping"];

/**
 * The control of one option; `chosen` keeps what differs from the option's own default.
 * `about` has what controls offer: the table's columns and their values, the task's models, and whom to tell of a change.
 */
function optionControl(option, chosen, about) {
  // What was chosen may be null, which says "none".
  const isChosen = option.name in chosen;
  const value = isChosen ? chosen[option.name] : option.default;
  const keep = (next) => {
    if (next === "" || same(next, option.default)) delete chosen[option.name];
    else chosen[option.name] = next;
    about.changed();
  };
  const make = OPTION_CONTROLS[option.kind];
  const [control, list = null] = make ? [make(option, value, keep, about)] : typedControl(option, value, isChosen, keep, about);
  const isTicked = option.kind === "bool";
  if (WIDE.includes(option.kind)) for (const [name, said] of [["role", "group"], ["aria-label", words(option.name)]]) control.setAttribute(name, said);
  const whole = isTicked ? h("label", { class: "wb-check" }, control, h("span", {}, words(option.name))) : field(words(option.name), control, { wide: WIDE.includes(option.kind) });
  if (list) whole.append(list);
  whole.title = option.about;
  whole.dataset.option = option.name;
  return whole;
}

/** Controls in a grid, those to be ticked below the others. */
function optionGrid(options, chosen, about) {
  const made = (isTicked) => options.filter((option) => (option.kind === "bool") === isTicked).map((option) => optionControl(option, chosen, about));
  const ticked = made(true);
  return h("div", { class: "wb-option-grid" }, made(false), ticked.length ? h("div", { class: "wb-checks" }, ticked) : null);
}

/** Fill an element with all options of a set-up: the common ones, the others folded up, and a search over both. */
function searchedOptions(root, options, chosen, about) {
  const [common, rest] = [true, false].map((isCommon) => options.filter((option) => option.is_common === isCommon));
  const others = h("details", { class: "wb-more" }, h("summary", {}, `All the others (${rest.length})`), optionGrid(rest, chosen, about));
  const find = (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const node of root.querySelectorAll("[data-option]")) node.hidden = !`${words(node.dataset.option)} ${node.title}`.toLowerCase().includes(wanted);
    others.open = wanted !== "";
  };
  const search = h("input", { type: "search", placeholder: "Find an option", "aria-label": "Find an option", oninput: find });
  search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  fill(root, search, optionGrid(common, chosen, about), others);
}
