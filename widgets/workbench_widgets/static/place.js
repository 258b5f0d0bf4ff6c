// A table from where it lies: a path, an address, a database. The kernel fetches it, and remembers the place.

const FILE_SCHEMES = /^(file|https?|ftps?|sftp|s3a?|gs|gcs|az|adl|abfss?|hdfs|webdavs?|github|memory):\/\//i;
const PLACE_OPTIONS = ["endpoint_url", "anon", "key", "secret", "token", "headers", ...Object.keys(READING_WORDS)];

/** Whether an address is a database's, of which a table or a query is read; one that stands in a variable may be. */
const isDatabase = (where) => (/^\$\{[^}]+\}$/.test(where) || /^[a-z][a-z0-9+]*:\/\//i.test(where)) && !FILE_SCHEMES.test(where);

/** The form, folded away; `done()` is called when a table was added. */
function placeForm(link, done) {
  const text = (properties) => h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...properties });
  const where = text({ placeholder: "/path, s3://…, https://…, postgresql://…" });
  const table = text({ placeholder: "schema.table" });
  const query = h("textarea", { rows: 3, spellcheck: "false", placeholder: "SELECT …" });
  const name = text({ placeholder: "that of the file or table" });
  const { error, showError } = errorArea();
  const fine = h("p", { class: "wb-good", role: "status", hidden: true }, "");
  const test = h("button", { class: "wb-button", type: "button", "data-takes": "data:write" }, "Test");
  const add = h("button", { class: "wb-button wb-accent", type: "submit", "data-takes": "data:write" }, "Add");

  const known = newId();
  const given = [];
  const row = (entry) => [
    text({ value: entry[0], list: known, placeholder: "option", "aria-label": "Option", onchange: (event) => (entry[0] = event.target.value.trim()) }),
    text({ value: entry[1], placeholder: "value", "aria-label": "Value of the option", onchange: (event) => (entry[1] = event.target.value.trim()) }),
  ];
  const options = h("div", { class: "wb-wide" });
  const drawOptions = () => fill(options, rowsOf(given, { row, changed: () => {}, adder: (put) => h("button", { type: "button", class: "wb-pill", onclick: () => put(["", ""]) }, "Add an option") }));
  drawOptions();

  const ofDatabase = h("div", { class: "wb-wide wb-place-of" }, field("Table", table), field("or a query", query));
  const hint = h("small", { class: "wb-wide", hidden: true }, "A secret is named, never written: ", h("code", {}, "postgresql://me:${PGPASSWORD}@db/sales"), " takes the kernel’s environment variable, ",
    h("code", {}, "${keyring:SERVICE/USER}"), " an entry of the keyring.");
  const form = h("form", { class: "wb-form wb-place", novalidate: true }, field("Path or address", where, { wide: true }), ofDatabase, field("Name", name, { wide: true }), options, h("datalist", { id: known }, PLACE_OPTIONS.map((value) => h("option", { value }))),
    hint, h("div", { class: "wb-wide wb-place-said" }, error, fine), h("div", { class: "wb-go" }, test, add));
  const whole = h("details", { class: "wb-more" }, h("summary", {}, "From a place"), form);

  const look = () => {
    const place = where.value.trim();
    ofDatabase.hidden = !isDatabase(place);
    hint.hidden = !/:\/\/|^\$/.test(place);
  };
  look();
  const filled = (input) => input.value.trim() || null;
  const request = () => ({
    what: where.value.trim(),
    ...(ofDatabase.hidden ? {} : { table: filled(table), query: filled(query) }),
    options: Object.fromEntries(given.filter(([option]) => option).map(([option, value]) => [option, said(value)])),
  });
  const tell = (words) => {
    fine.hidden = !words;
    write(fine, words);
  };
  const ask = (button, show, command, { options, ...more }, then) => act(button, show, async () => {
    tell("");
    const whole = request();
    then(await link.call(command, { ...whole, ...more, options: { ...whole.options, ...options } }));
  }, "");
  form.addEventListener("input", () => {
    look();
    tell("");
  });
  const take = ({ called, ...more } = {}) => {
    const show = (problem) => showError(problem, problem instanceof Refused ? tableWays(link, problem.problem, (besides) => take({ called, ...more, ...besides })) : {});
    const known = link.view.sources.find((source) => source.name === more.follows);
    return ask(add, show, "add", { work: newId(), name: called ?? filled(name), ...more }, (added) => {
      if (added.cancelled) return;
      done();
      if (added.id === known?.id) {
        tell(`Nothing has changed: it is what version ${added.version} holds.`);
        return;
      }
      whole.open = false;
      form.reset();
      given.length = 0;
      drawOptions();
      look();
    });
  };
  test.addEventListener("click", () => ask(test, showError, "test", {}, () => tell("It can be reached.")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take();
  });
  return whole;
}
