// What every panel shares: a replica of the kernel's view, commands that are answered, and small DOM helpers.
// Python joins this file with a panel's own; modules loaded by anywidget cannot import each other.

const ACKNOWLEDGE_MS = 300;
const BUSY_MS = 1500;
const POST_MS = 10000;
const RESYNC_MS = 2000;
const RESYNC_MOST_MS = 600000;
const WAITING = "waiting for the kernel to finish its cell…";

/** A command that the engine refused, with its code, its one sentence, and what else it says of the matter. */
class Refused extends Error {
  constructor(problem) {
    super([problem.detail, problem.hint].filter(Boolean).join(" "));
    this.code = problem.code;
    this.problem = problem;
  }
}

/** The browser's end of one panel: applies numbered patches in order, asks for the whole view when one is missing. */
class Link {
  constructor(model) {
    this.model = model;
    this.waiting = new Map();
    this.calls = 0;
    // An answer reaches every page that shows the panel; each knows its own by this. (randomUUID is for https only.)
    this.page = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");
    this.listeners = new Set();
    this.asking = null;
    this.asked = [];
    this.api = null;
    this.takeWhole(model.get("full"));
    model.on("change:patch", () => this.takePatch(model.get("patch")));
    model.on("change:full", () => this.takeWhole(model.get("full")));
    model.on("msg:custom", (message, buffers) => this.takeMessage(message, buffers));
    const patch = model.get("patch");
    if (patch && patch.number > this.number) this.takePatch(patch);
  }

  takeWhole({ number, view }) {
    this.number = number;
    this.view = { ...view };
    this.tell(null);
  }

  takePatch(patch) {
    if (patch.number === undefined || patch.number <= this.number) return;
    if (patch.number !== this.number + 1) {
      this.resync();
      return;
    }
    this.number = patch.number;
    Object.assign(this.view, patch.set);
    for (const [key, entries] of Object.entries(patch.put)) this.view[key] = { ...this.view[key], ...entries };
    for (const [key, items] of Object.entries(patch.append)) this.view[key] = [...(this.view[key] ?? []), ...items].slice(-LIST_MOST);
    this.tell(patch);
  }

  /** Ask for the whole view until it comes: an answer may be lost, as with a cell that is interrupted. */
  resync() {
    if (this.asking) return;
    // At once with its message, not a turn later: the next patch may stand right behind it.
    const resolve = (whole) => {
      this.stopAsking();
      this.takeWhole(whole);
    };
    const reject = (refused) => {
      if (refused.code === "panel.interrupted") return;
      this.stopAsking();
      console.error(refused);
    };
    const ask = (wait) => {
      this.asking = setTimeout(ask, wait, Math.min(2 * wait, RESYNC_MOST_MS));
      try {
        this.asked.push(this.send("resync", {}, undefined, { resolve, reject }));
      } catch {
        // The kernel was restarted: nobody is there to be asked.
        this.stopAsking();
      }
    };
    ask(RESYNC_MS);
  }

  /** One answer is enough: those to what was asked besides are not waited for. */
  stopAsking() {
    clearTimeout(this.asking);
    this.asking = null;
    for (const call of this.asked.splice(0)) this.waiting.delete(call);
  }

  takeMessage(message, buffers) {
    if ("api" in message) {
      this.api = message.api;
      return;
    }
    const call = this.waiting.get(message.answer);
    if (!call) return;
    this.waiting.delete(message.answer);
    if (message.error) call.reject(new Refused(message.error));
    else call.resolve(buffers?.length ? { ...message.result, buffers } : message.result);
  }

  /** Ask the kernel for something; the promise settles with its answer, which has `buffers` where bytes came with it. */
  call(command, args = {}, buffers = undefined) {
    return new Promise((resolve, reject) => this.send(command, args, buffers, { resolve, reject }));
  }

  send(command, args, buffers, answered) {
    const call = `${this.page}-${++this.calls}`;
    this.model.send({ call, command, arguments: args }, undefined, buffers);
    this.waiting.set(call, answered);
    return call;
  }

  /**
   * Ask the kernel, and where it is too busy to answer, the service itself by HTTP. Only for what may happen twice.
   * Where the service cannot be reached either, `tellWait` is called and the kernel's answer is what counts.
   */
  async callOrPost(command, args, path, tellWait) {
    const answer = this.call(command, args);
    const nothing = Symbol("nothing");
    const first = await Promise.race([answer, pause(ACKNOWLEDGE_MS).then(() => nothing)]);
    if (first !== nothing) return first;
    const second = await Promise.race([answer, this.post(path, nothing)]);
    if (second !== nothing) return second;
    tellWait();
    return answer;
  }

  /** Ask the service by HTTP; `nothing` where it is not the service that answers, or nobody does. */
  async post(path, nothing) {
    if (!this.api) return nothing;
    let response, body;
    try {
      const url = new URL(`proxy/${this.api.port}/api/v1${path}`, baseUrl());
      response = await fetch(url, { method: "POST", headers: { "X-Workbench-Token": this.api.token }, signal: AbortSignal.timeout(POST_MS) });
      body = await response.json();
    } catch {
      return nothing;
    }
    if (response.ok) return body;
    // The proxy's own refusals have no code of ours.
    if (response.status >= 500 || !body?.code) return nothing;
    throw new Refused(body);
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(patch) {
    for (const listener of this.listeners) listener(this.view, patch);
  }
}

/** Make anywidget's export from a function that builds a panel into an element and returns its update function. */
function panel(build) {
  return () => {
    let link;
    return {
      initialize({ model }) {
        link = new Link(model);
        return () => link.stopAsking();
      },
      render({ model, el }) {
        el.classList.add("wb");
        const lost = h("p", { class: "wb-lost", role: "alert", hidden: true }, "The kernel was restarted. Run the cell again.");
        el.append(lost);
        // Whether the comm lives is hidden from the script; the page marks the view, after it tells.
        const look = () => queueMicrotask(() => (lost.hidden = !el.closest(".jupyter-widgets-disconnected")));
        model.on("comm_live_update", look);
        look();
        // JupyterLab's single-key shortcuts must not fire here: on a list or a button, x would cut the cell.
        el.addEventListener("keydown", (event) => event.ctrlKey || event.metaKey || event.altKey || event.stopPropagation());
        const update = build(el, link);
        const release = withhold(el, link.view.refusals);
        update(link.view, null);
        const leave = link.listen(update);
        return () => {
          leave();
          release();
          update.dispose?.();
        };
      },
    };
  };
}

/**
 * What says that it takes a permission (`data-takes="runs:write"`) does nothing where that is refused, and tells why:
 * to who points at it, to who gets there by key, and to who presses it all the same.
 */
function withhold(el, refusals) {
  if (!Object.keys(refusals).length) return () => {};
  const said = h("div", { class: "wb-tip", role: "status", popover: "manual" });
  el.append(said);
  const mark = () => {
    for (const node of el.querySelectorAll("[data-takes]")) {
      const why = refusals[node.dataset.takes];
      if (why && node.title !== why) for (const [name, value] of [["aria-disabled", "true"], ["aria-description", why], ["title", why]]) node.setAttribute(name, value);
    }
  };
  const stop = (event) => {
    const node = event.target.closest?.("[data-takes][aria-disabled]");
    if (!node || (event.key && !["Enter", " "].includes(event.key) && !(node.matches("select") && event.key.startsWith("Arrow")))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    said.textContent = node.getAttribute("aria-description");
    said.showPopover();
    putBeside(node, said);
  };
  const hide = () => said.hidePopover();
  for (const name of ["click", "keydown", "drop"]) el.addEventListener(name, stop, true);
  for (const name of ["focusout", "pointerout"]) el.addEventListener(name, hide);
  // A list would open on its own.
  el.addEventListener("mousedown", (event) => event.target.closest?.("select[data-takes][aria-disabled]") && stop(event), true);
  const watcher = new MutationObserver(mark);
  watcher.observe(el, { childList: true, subtree: true, attributes: true, attributeFilter: ["title"] });
  mark();
  return () => watcher.disconnect();
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function baseUrl() {
  const config = document.getElementById("jupyter-config-data");
  const path = config ? JSON.parse(config.textContent).baseUrl : document.body.dataset.baseUrl;
  return new URL(path ?? "/", location.origin);
}

/** Make an element: h("button", { class: "wb-button", onclick }, "Go"). Null children are left out. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  fill(element, ...children);
  return element;
}

function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Replace an element's children. */
function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Put children in order and leave those alone that stay: a node that is taken out loses its focus and the click under way. */
function arrange(parent, nodes) {
  const hadFocus = parent.contains(document.activeElement);
  const wanted = new Set(nodes);
  for (const node of [...parent.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, index) => parent.children[index] === node || parent.insertBefore(node, parent.children[index] ?? null));
  if (hadFocus && !parent.contains(document.activeElement)) parent.focus();
}

/** Set an element's text where it is another one. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether a patch touches one of these parts of the view; null stands for the whole view. */
const touches = (patch, ...keys) => !patch || keys.some((key) => key in patch.set || key in patch.put || key in patch.append);

/** Whether a patch touches this part of the view and no other. */
const isOnly = (patch, key) => touches(patch, key) && [patch.set, patch.put, patch.append].flatMap(Object.keys).every((name) => name === key);

/**
 * Where an error is shown, and what shows it there until it is dismissed; null takes it away.
 * `ways` out of it, words → what to do, stand beside it.
 */
function errorArea() {
  const error = h("div", { class: "wb-error", role: "alert", hidden: true });
  const showError = (problem, ways = {}) => {
    error.hidden = !problem;
    const dismiss = h("button", { class: "wb-dismiss", type: "button", title: "Dismiss", "aria-label": "Dismiss", onclick: () => showError(null) }, "×");
    if (!problem) return;
    const buttons = Object.entries(ways).map(([words, go]) => h("button", { class: "wb-button", type: "button", onclick: () => (showError(null), go()) }, words));
    fill(error, h("span", {}, problem.message ?? String(problem)), buttons.length ? h("div", { class: "wb-ways" }, buttons) : null, dismiss);
    // Who pressed a button below a long form does not look at the panel's head.
    error.scrollIntoView({ block: "nearest" });
  };
  return { error, showError };
}

/** A panel's frame: title, a place at its right, body, and the area where errors are shown. */
function frame(el, title, { side = [], label = title } = {}) {
  const body = h("div", { class: "wb-body" });
  const { error, showError } = errorArea();
  const heading = h("h3", { class: "wb-title" }, title);
  const section = h("section", { class: "wb-panel", "aria-label": label }, h("header", { class: "wb-head" }, heading, h("div", { class: "wb-side" }, side)), error, body);
  el.append(section);
  return { body, heading, section, showError };
}

/**
 * Bring another panel of the page into sight: in another tab, below or beside a long form, what was launched would go unseen.
 * False where the page has no such panel.
 */
function reveal(el, title) {
  const section = (el.closest(".wb-tabbed") ?? el.closest(".wb-page"))?.querySelector(`.wb-panel[aria-label="${title}"]`);
  if (!section) return false;
  const wasAway = section.offsetParent === null;
  section.dispatchEvent(new CustomEvent("wb-reveal", { bubbles: true }));
  const { top, bottom } = section.getBoundingClientRect();
  if (wasAway) bringUp(section);
  else if (top > innerHeight - 120 || bottom < 120) section.scrollIntoView({ block: "start", behavior: "smooth" });
  return true;
}

/** Bring a panel into sight from wherever the page is, where its head or its end cannot be seen. */
function bringUp(el) {
  const { top, bottom } = el.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) el.scrollIntoView({ block: bottom - top > innerHeight ? "start" : "nearest", behavior: "smooth" });
}

/** Scroll a list so that a line of it is seen, and leave the page where it is: it may be on its way. */
function scrollWithin(list, line) {
  if (!line) return;
  const [outer, inner] = [list.getBoundingClientRect(), line.getBoundingClientRect()];
  list.scrollTop += Math.min(0, inner.top - outer.top) + Math.max(0, inner.bottom - outer.bottom);
}

/** Scroll what an element lies in so that it stands where it stood, after what is above it has grown. */
function scrollAlong(el, top) {
  const moved = () => el.getBoundingClientRect().top - top;
  for (let outer = el.parentElement; outer && Math.abs(moved()) > 1; outer = outer.parentElement) if (outer.scrollHeight > outer.clientHeight) outer.scrollTop += moved();
}

/** Run an action from a button: busy while it lasts, its error shown where the user is looking. */
async function act(button, showError, action, waiting = WAITING) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  const waits = h("span", { class: "wb-waits", "aria-live": "polite" });
  button.after(waits);
  const late = setTimeout(() => (waits.textContent = waiting), BUSY_MS);
  showError(null);
  try {
    return await action();
  } catch (error) {
    showError(error);
    return undefined;
  } finally {
    clearTimeout(late);
    waits.remove();
    button.removeAttribute("aria-busy");
  }
}

const number = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en-US"));

/** A count that changes while it is read: 3.2 M rather than 3,214,772. */
const many = (count) => (count < 1e6 ? number(count) : `${(count / 1e6).toFixed(1)} M`);

const plural = (count, one, several = `${one}s`) => `${number(count)} ${count === 1 ? one : several}`;

/** A value in at most four decimals or four digits, as it is read in a table. */
function figure(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 10000) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 1000 ? 1 : size >= 100 ? 2 : 4);
}

/** A value as short as it can be said: 1,070 rather than 1070.0, 0.5 rather than 0.5000. */
const short = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: Math.abs(value) >= 1000 ? 6 : 4 });

function bytes(size) {
  const units = ["B", "KB", "MB", "GB"];
  let power = 0;
  while (size >= 1000 && power < units.length - 1) {
    size /= 1000;
    power += 1;
  }
  return `${power && size < 100 ? size.toFixed(1) : Math.round(size)} ${units[power]}`;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.round((seconds % 3600) / 60)).padStart(2, "0")} min`;
}

const clock = (iso) => new Date(iso).toLocaleTimeString("en-GB");

function when(iso) {
  const then = new Date(iso);
  const today = new Date().toDateString() === then.toDateString();
  return today ? clock(iso) : then.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

const newId = () => `wb-${Math.random().toString(36).slice(2)}`;

/** A field of a form: label, control, and room for a hint. */
function field(label, control, { hint = null, wide = false } = {}) {
  const id = newId();
  control.id = id;
  return h("div", { class: wide ? "wb-field wb-wide" : "wb-field" }, h("label", { for: id }, label), control, hint ? h("small", {}, hint) : null);
}

/** Fill a select while keeping what is chosen, where it is still among the choices; one that is open stays open. */
function choices(select, options, chosen = select.value) {
  const known = [...select.options].map(({ value, text }) => [value, text]);
  if (JSON.stringify(known) !== JSON.stringify(options)) fill(select, options.map(([value, text]) => h("option", { value }, text)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
  return select;
}

const STATUS_WORDS = { timed_out: "timed out", raced_out: "raced out" };

const chip = (status, text = STATUS_WORDS[status] ?? status) => h("span", { class: `wb-chip wb-${status}` }, text);
