"use strict";

// Everything is relative to this page, which stands beside the operations: .../api/v1/docs.
const root = new URL(".", document.baseURI).href.replace(/\/$/, "");
const METHODS = ["get", "post", "put", "patch", "delete"];
const ROLES = { public: "everybody", home: "the home’s owner", member: "any member", predict: "as the deployment says" };

const byId = (id) => document.getElementById(id);

/** Make an element; what is given as text stays text. */
function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/** A block of code with a button that copies it. */
function copyable(text) {
  const button = made("button", { type: "button" }, "Copy");
  const code = made("pre", { tabindex: "0" }, text);
  button.addEventListener("click", async () => {
    button.textContent = (await copy(text, code)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return made("div", { class: "copied" }, code, button);
}

async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers have a clipboard for secure addresses alone: elsewhere it is selected for the reader.
    const range = document.createRange();
    range.selectNodeContents(shown);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  }
}

// ---- who asks

let isLetIn = false;

function credential(secret) {
  if (!secret) return {};
  return secret.startsWith("pck_") ? { "X-Workbench-Key": secret } : { "X-Workbench-Token": secret };
}

async function showWho(secret = "") {
  const who = byId("who");
  let answer, told;
  try {
    answer = await fetch(`${root}/me`, { headers: credential(secret), cache: "no-store" });
    told = await answer.json();
  } catch (error) {
    who.replaceChildren(made("p", { class: "bad" }, `The API does not answer: ${error.message}`));
    return;
  }
  if (!secret) {
    isLetIn = answer.ok;
    byId("credential").hidden = answer.ok;
    showSnippet("python");
  }
  if (answer.ok) who.replaceChildren(describedWho(told));
  else if (secret || answer.status !== 401) who.replaceChildren(made("p", { class: "bad" }, told.detail ?? answer.statusText));
  else who.replaceChildren(made("p", {}, "Nobody yet: this API wants to know who asks."));
}

function describedWho(me) {
  const facts = {
    Name: me.name,
    Role: me.is_administrator ? `${me.role}, administrator of all workspaces` : me.role,
    Workspace: me.workspace.name,
    Project: me.project.name,
    Key: me.key && `${me.key}…`,
    Scopes: me.scopes ? me.scopes.join(" ") : "all that the role allows",
    "Asks by": me.origin,
  };
  const list = made("dl");
  for (const [name, value] of Object.entries(facts)) {
    if (value) list.append(made("dt", {}, name), made("dd", {}, value));
  }
  return list;
}

// ---- how to ask

/** Headers of a line for a shell: at Jupyter its own token opens the door, elsewhere a key. */
const header = () => (isLetIn ? "Authorization: token $JUPYTER_TOKEN" : "X-Workbench-Key: $WORKBENCH_KEY");

const SNIPPETS = {
  python: () =>
    isLetIn
      ? 'import workbench\n\nwb = workbench.connect()  # in a notebook here\nwb.runs.list()\n\nwb.keys.create("ci", ["runs:write"]).secret  # shown once'
      : `import workbench\n\nwb = workbench.connect("${root.replace(/\/api\/v1$/, "")}", key="pck_…")\nwb.runs.list()`,
  curl: () => `curl -H "${header()}" \\\n  "${root}/runs?limit=10"`,
};
const NOTES = {
  python: () => (isLetIn ? "Jupyter’s login is all it takes here." : "The same names as in a notebook. Without key=, WORKBENCH_KEY is taken."),
  curl: () =>
    isLetIn
      ? "From outside, Jupyter asks for its own token (jupyter server list)."
      : 'A key is made in the panel Access, by `workbench key create`, or with wb.keys.create("name", scopes=[…]).',
};

function showSnippet(name) {
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const isShown = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", isShown);
    tab.tabIndex = isShown ? 0 : -1;
  }
  byId("snippet").setAttribute("aria-labelledby", `tab-${name}`);
  byId("snippet").replaceChildren(copyable(SNIPPETS[name]()));
  byId("ask-note").textContent = NOTES[name]();
}

function curlOf({ method, path, operation }) {
  const parts = [`curl -X ${method.toUpperCase()}`, `-H "${header()}"`];
  const [kind, body] = Object.entries(resolved(operation.requestBody)?.content ?? {})[0] ?? [];
  if (kind) parts.push(`-H "Content-Type: ${kind}"`);
  if (kind === "application/json") {
    // A quote in it would end the shell's own.
    parts.push(`-d '${JSON.stringify(body.example).replaceAll("'", "'\\''")}'`);
  } else if (kind) parts.push("--data-binary @FILE");
  return `${parts.join(" \\\n  ")} \\\n  "${root}${path}"`;
}

// ---- operations

let description = {};

/** What a part of the description stands for, where it refers to another. */
function resolved(part) {
  if (!part?.$ref) return part;
  return resolved(part.$ref.split("/").slice(1).reduce((within, name) => within?.[name], description));
}

function* listed() {
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const shown = path.replace(/^\/api\/v1(?=\/)/, "");
      yield { path: shown, method, operation, tag: operation.tags?.[0] ?? "other" };
    }
  }
}

/** What an operation takes: the least role, and the scope of a key. */
function needed(operation) {
  const permission = operation["x-permission"];
  const role = operation["x-role"];
  if (permission === undefined && role === undefined) return [];
  const words = ROLES[permission] ?? (role && role !== "owner" ? `${role} and above` : role);
  const isScope = permission && !(permission in ROLES && permission !== "predict");
  return [words && made("span", {}, words), isScope && made("code", {}, permission)].filter(Boolean);
}

function drawn(entry) {
  const { method, path, operation } = entry;
  const details = made(
    "details",
    {},
    made(
      "summary",
      {},
      made("span", { class: `method ${method}` }, method.toUpperCase()),
      made("code", {}, path),
      made("span", {}, operation.summary ?? ""),
      made("span", { class: "needs" }, ...needed(operation)),
    ),
  );
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(more(entry));
  });
  return details;
}

function more(entry) {
  const { operation } = entry;
  const body = made("div", { class: "more" });
  if (operation.description) body.append(made("p", {}, operation.description));
  const parameters = (operation.parameters ?? []).map(resolved);
  if (parameters.length) body.append(tableOf(parameters));
  body.append(copyable(curlOf(entry)));
  const statuses = Object.keys(operation.responses ?? {});
  const said = statuses
    .filter((status) => status < "400")
    .map((status) => `${status}: ${resolved(operation.responses[status]).description}`);
  const refused = statuses.filter((status) => status >= "400");
  if (refused.length) said.push(`Refuses with ${refused.join(", ")}, as problem details with a code.`);
  if (said.length) body.append(made("p", { class: "soft" }, said.join("\n")));
  return body;
}

function tableOf(parameters) {
  const rows = parameters.map((parameter) =>
    made(
      "tr",
      {},
      made("td", {}, made("code", {}, parameter.name)),
      made("td", { class: "soft" }, parameter.in + (parameter.required ? ", required" : "")),
      made("td", {}, parameter.description ?? ""),
    ),
  );
  const heads = ["Parameter", "In", "Meaning"].map((name) => made("th", { scope: "col" }, name));
  return made("table", {}, made("thead", {}, made("tr", {}, ...heads)), made("tbody", {}, ...rows));
}

function showOperations() {
  byId("version").textContent = description.info.version;
  const byTag = new Map();
  for (const entry of listed()) {
    if (!byTag.has(entry.tag)) byTag.set(entry.tag, []);
    byTag.get(entry.tag).push({ ...entry, element: drawn(entry) });
  }
  const all = [...byTag.values()].flat();
  const resources = [...byTag].map(([tag, entries]) => {
    const id = `resource-${tag.replace(/\W+/g, "-")}`;
    byId("resources").append(made("a", { href: `#${id}` }, tag));
    const list = made("div", { class: "operations" }, ...entries.map((entry) => entry.element));
    const element = made("section", { class: "resource", id, "aria-label": tag }, made("h3", {}, tag), list);
    byId("operations").append(element);
    return { element, entries };
  });
  const narrow = () => {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { element, method, path, operation, tag } of all) {
      const text = `${method} ${path} ${tag} ${operation.summary ?? ""} ${operation["x-permission"] ?? ""} ${operation["x-role"] ?? ""}`;
      element.hidden = !words.every((word) => text.toLowerCase().includes(word));
    }
    for (const { element, entries } of resources) element.hidden = entries.every((entry) => entry.element.hidden);
    const count = all.filter((entry) => !entry.element.hidden).length;
    byId("count").value = count === all.length ? `${count} operations` : `${count} of ${all.length}`;
  };
  byId("filter").addEventListener("input", narrow);
  narrow();
}

async function readDescription() {
  try {
    const answer = await fetch(`${root}/openapi.json`);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    description = await answer.json();
    showOperations();
  } catch (error) {
    byId("operations").replaceChildren(made("p", { class: "notice bad" }, `The API’s description cannot be read: ${error.message}`));
  }
}

byId("base").textContent = root;
byId("credential").addEventListener("submit", (event) => {
  event.preventDefault();
  showWho(byId("secret").value.trim());
});
for (const tab of document.querySelectorAll('[role="tab"]')) {
  const name = tab.id.replace("tab-", "");
  tab.addEventListener("click", () => showSnippet(name));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = name === "python" ? "curl" : "python";
    showSnippet(other);
    byId(`tab-${other}`).focus();
  });
}
showSnippet("python");
showWho();
readDescription();
