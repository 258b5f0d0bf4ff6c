// A table from where it lies: a path, an address, a database. The kernel fetches it, and remembers the place.

const FILE_SCHEMES = /^(file|https?|ftps?|sftp|s3a?|gs|gcs|az|adl|abfss?|hdfs|webdavs?|github|memory):\/\//i;
const PLACE_OPTIONS = ["endpoint_url", "anon", "key", "secret", "token", "headers", "sheet", "member", "delimiter", "encoding"];

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
  const fine = h("p", { class: "wb-good", role: "status", hidden: true }, "It can be reached.");
  const test = h("button", { class: "wb-button", type: "button" }, "Test");
  const add = h("button", { class: "wb-button wb-accent", type: "submit" }, "Add");

  const known = newId();
  const given = [];
  const row = (entry) => [
    text({ value: entry[0], list: known, placeholder: "option", "aria-label": "Option", onchange: (event) => (entry[0] = event.target.value.trim()) }),
    text({ value: entry[1], placeholder: "value", "aria-label": "Value of the option", onchange: (event) => (entry[1] = event.target.value.trim()) }),
  ];
  const options = rowsOf(given, { row, changed: () => {}, adder: (put) => h("button", { type: "button", class: "wb-pill", onclick: () => put(["", ""]) }, "Add an option") });

  const ofDatabase = h("div", { class: "wb-wide wb-place-of" }, field("Table", table), h("span", { class: "wb-faint" }, "or"), field("Query", query));
  const hint = h("small", { class: "wb-wide" }, "A secret is named, never written: ", h("code", {}, "postgresql://me:${PGPASSWORD}@db/sales"), " takes the kernel’s environment variable, ",
    h("code", {}, "${keyring:SERVICE/USER}"), " an entry of the keyring.");
  const form = h("form", { class: "wb-form wb-place", novalidate: true }, field("Path or address", where, { wide: true }), ofDatabase, field("Name", name, { wide: true }), h("div", { class: "wb-wide" }, options), h("datalist", { id: known }, PLACE_OPTIONS.map((value) => h("option", { value }))),
    hint, h("div", { class: "wb-wide wb-place-said" }, error, fine), h("div", { class: "wb-go" }, test, add));
  const whole = h("details", { class: "wb-more" }, h("summary", {}, "From a place"), form);

  const look = () => (ofDatabase.hidden = !isDatabase(where.value.trim()));
  look();
  const filled = (input) => input.value.trim() || null;
  const request = () => ({
    what: where.value.trim(),
    ...(ofDatabase.hidden ? {} : { table: filled(table), query: filled(query) }),
    options: Object.fromEntries(given.filter(([option]) => option).map(([option, value]) => [option, said(value)])),
  });
  const ask = (button, command, more, then) => act(button, showError, async () => {
    fine.hidden = true;
    then(await link.call(command, { ...request(), ...more }));
  }, "");
  form.addEventListener("input", () => {
    look();
    fine.hidden = true;
  });
  test.addEventListener("click", () => ask(test, "test", {}, () => (fine.hidden = false)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(add, "add", { work: newId(), name: filled(name) }, (added) => {
      if (added.cancelled) return;
      whole.open = false;
      done();
    });
  });
  return whole;
}
