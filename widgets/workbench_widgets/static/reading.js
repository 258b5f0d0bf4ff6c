// How a table is read: what can be said of it, before it comes and afterwards.

const READING_WORDS = { member: "File in an archive", sheet: "Sheet of a workbook", header_row: "Row of the header", encoding: "Encoding", delimiter: "Delimiter" };
const READ_WORDS = { member: "File", sheet: "Sheet", header_row: "Row of the header", encoding: "Encoding", delimiter: "Delimiter" };
const MEMBERS_OFFERED = 6;

/** An input of an option whose value is found out where nothing is said; what is usual is proposed. */
function readingInput(choices, properties) {
  if (!choices?.length) return [h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...properties }), null];
  const list = newId();
  return [h("input", { type: "text", list, autocomplete: "off", spellcheck: "false", ...properties }), h("datalist", { id: list }, choices.map((value) => h("option", { value: value })))];
}

/** What was said and found out when a table was read, folded away; `pick(option, value)` takes a change, null for what is found out. */
function readingForm(reading, pending, pick) {
  const control = (option) => {
    const now = option.name in pending ? pending[option.name] : option.is_asked ? option.value : null;
    if (option.is_closed) {
      const select = h("select", { disabled: option.choices.length < 2, onchange: () => pick(option, select.value) });
      choices(select, option.choices.map((value) => [value, value]), now ?? option.value);
      return [select, null];
    }
    const found = option.is_asked ? "found out" : `${option.value}, as found`;
    const [input, list] = readingInput(option.choices, { value: now === null ? "" : now, placeholder: found });
    input.addEventListener("change", () => pick(option, input.value.trim() || null));
    return [input, list];
  };
  const fields = reading.map((option) => {
    const [made, list] = control(option);
    const whole = field(READ_WORDS[option.name], made, { wide: option.name === "member" });
    if (list) whole.append(list);
    return whole;
  });
  const words = reading.filter((option) => option.value !== null).map((option) => `${READ_WORDS[option.name].toLowerCase()} ${option.value}`);
  return h("details", { class: "wb-more wb-reading" }, h("summary", {}, "How it was read: ", h("span", {}, words.join(" · "))), h("div", { class: "wb-option-grid" }, fields));
}

/**
 * Ways out of a refusal of a table that comes: its next version, another name, one of the tables of an archive.
 * `go(more)` tries again with what is said besides: `follows`, `called`, or `options`.
 */
function tableWays(link, { code, name, members = [] }, go) {
  const known = link.view.sources.find((source) => source.name === name);
  if (code === "data.name_taken" && known) {
    const names = new Set(link.view.sources.map((source) => source.name));
    let free = 2;
    while (names.has(`${known.name}-${free}`)) free += 1;
    return {
      [`Add as version ${known.version + 1} of ${known.name}`]: () => go({ follows: known.name }),
      [`Add as ${known.name}-${free}`]: () => go({ called: `${known.name}-${free}` }),
    };
  }
  return Object.fromEntries(members.slice(0, MEMBERS_OFFERED).map((member) => [`Take ${member}`, () => go({ options: { member } })]));
}
