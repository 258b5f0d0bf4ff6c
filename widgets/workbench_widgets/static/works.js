// Bringing a table: a file goes up in acknowledged chunks, so that no message is ever too large, and what is under way is seen.

const CHUNK = 4 * 1024 * 1024;
const ENDINGS = ".csv,.tsv,.tab,.txt,.parquet,.feather,.arrow,.jsonl,.ndjson,.json,.xlsx,.xlsm,.xls,.ods,.gz,.zip,.bz2,.xz,.zst,text/csv";
const VERB_WORDS = { upload: "", add: "Adding ", refresh: "Refreshing ", retype: "Reading again: " };
const STAGE_WORDS = { upload: "reading the table…", add: "looking for it…", refresh: "looking for it…", retype: "reading…" };

/** How far a work is: bytes of bytes, then rows. */
function workWords({ verb, stage, done, total }) {
  if (stage === "reading" && done) return `reading: ${many(done)} rows`;
  if (stage && done) return total ? `${bytes(done)} of ${bytes(total)}` : bytes(done);
  return stage === "sending" ? `0 B of ${bytes(total)}` : STAGE_WORDS[verb];
}

/** What is under way, a line and a bar each, with a button that ends it. */
function worksArea(link) {
  const area = h("div", { class: "wb-works", hidden: true });
  const items = new Map();
  const make = ({ id, verb, name }) => {
    const bar = h("div", { class: "wb-progress", role: "progressbar", "aria-label": `${VERB_WORDS[verb] || "Upload of "}${name}`, "aria-valuemin": "0", "aria-valuemax": "100" }, h("div"));
    const said = h("span", { class: "wb-work-said" });
    const stop = h("button", { class: "wb-button wb-quiet", type: "button", onclick: () => items.get(id)?.stop() }, "Cancel");
    const node = h("div", { class: "wb-upload" }, h("div", { class: "wb-run-line" }, h("span", { class: "wb-work-name" }, VERB_WORDS[verb], h("strong", { title: name }, name)), stop), bar, said);
    return { node, bar, said, button: stop, stop: () => link.call("cancel", { id }) };
  };
  const tell = (work) => {
    if (!items.has(work.id)) items.set(work.id, make(work));
    const item = items.get(work.id);
    const { node, bar, said, button } = item;
    if (work.stop) item.stop = work.stop;
    const part = work.stage !== "reading" && work.total ? work.done / work.total : null;
    write(said, work.waits ?? workWords(work));
    bar.classList.toggle("wb-unknown", part === null);
    bar.firstElementChild.style.width = part === null ? "" : `${100 * part}%`;
    if (part === null) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", Math.round(100 * part));
    button.disabled = Boolean(work.stopped);
    return node;
  };
  const draw = (works) => {
    arrange(area, works.map(tell));
    area.hidden = !works.length;
    const known = new Set(works.map((work) => work.id));
    for (const id of items.keys()) if (!known.has(id)) items.delete(id);
  };
  return { area, draw };
}

/**
 * The way in for a file: dropped anywhere on `el`, or chosen.
 * `redraw` is called where what only this page knows of its own upload changes; `own()` is that upload, or null.
 */
function fileWay(el, link, showError, redraw) {
  const file = h("input", { type: "file", accept: ENDINGS, class: "wb-file", "data-takes": "data:write", "aria-label": "Upload a table" });
  const drop = h("label", { class: "wb-drop" }, file, h("span", { class: "wb-drop-words" }, h("span", {}, h("strong", {}, "Drop a table here"), " or ", h("u", {}, "browse")),
    h("small", {}, `CSV, Parquet, Excel, JSON lines, Feather, zipped too · up to ${bytes(link.view.limit)}`)));
  const asked = Object.fromEntries(Object.keys(READING_WORDS).map((name) => [name, h("input", { type: "text", placeholder: "found out" })]));
  const options = h("details", { class: "wb-more" }, h("summary", {}, "How to read it"), h("div", { class: "wb-option-grid" }, Object.entries(READING_WORDS).map(([name, words]) => field(words, asked[name], { wide: name === "member" }))));
  let own = null;

  const tell = (changes) => {
    if (own) Object.assign(own, changes);
    redraw();
  };

  /** Wait for the kernel, and say so where it is busy with a cell. */
  const patient = async (promise) => {
    const late = setTimeout(() => tell({ waits: WAITING }), BUSY_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      tell({ waits: undefined });
    }
  };

  const send = async (chosen, { options, ...more }) => {
    const { id, total } = own;
    if (total > link.view.limit) throw new Refused({ detail: `${chosen.name} is ${bytes(total)}; the limit is ${bytes(link.view.limit)}.` });
    const given = Object.fromEntries(Object.entries(asked).map(([name, input]) => [name, input.value.trim()]).filter(([, value]) => value));
    await patient(link.call("begin", { work: id, name: chosen.name, size: total, options: { ...given, ...options }, ...more }));
    for (let sent = 0; sent < total && !own.stopped; sent += CHUNK) {
      const piece = await chosen.slice(sent, sent + CHUNK).arrayBuffer();
      const { received } = await patient(link.call("chunk", { work: id }, [new DataView(piece)]));
      // Somebody ended it on another page.
      if (received === null) return;
      tell({ done: received });
    }
    if (own.stopped) await link.call("cancel", { id });
    else {
      tell({ stage: null, done: 0, total: null });
      await link.call("finish", { work: id });
    }
  };

  const begin = async (chosen, more = {}) => {
    if (!chosen) return;
    if (own) {
      showError(new Error("One file at a time, please."));
      return;
    }
    showError(null);
    own = { id: newId(), verb: "upload", name: chosen.name, stage: "sending", done: 0, total: chosen.size };
    own.stop = () => {
      if (own) own.stopped = true;
      // While it is read nobody asks for the next chunk.
      if (own && own.stage === null) link.call("cancel", { id: own.id });
      redraw();
    };
    redraw();
    try {
      await send(chosen, more);
    } catch (error) {
      if (error instanceof Refused) showError(error, tableWays(link, error.problem, (besides) => begin(chosen, { ...more, ...besides })));
      else {
        showError(new Error(`${chosen.name} could not be read: ${error.message}`));
        link.call("cancel", { id: own.id }).catch(() => {});
      }
    } finally {
      own = null;
      file.value = "";
      redraw();
    }
  };

  file.addEventListener("change", () => begin(file.files[0]));
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  let over = 0;
  const mark = (by) => {
    over = by ? Math.max(0, over + by) : 0;
    drop.classList.toggle("wb-over", over > 0);
  };
  // Wherever on the panel: beside a target, the browser would open the file instead of the page.
  el.addEventListener("dragenter", (event) => isFiles(event) && (event.preventDefault(), mark(1)));
  el.addEventListener("dragover", (event) => isFiles(event) && event.preventDefault());
  el.addEventListener("dragleave", (event) => isFiles(event) && mark(-1));
  el.addEventListener("drop", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    mark(0);
    const { items, files } = event.dataTransfer;
    if (files.length > 1) showError(new Error("One file at a time, please."));
    else if (items[0]?.webkitGetAsEntry?.()?.isDirectory) showError(new Error(`${files[0].name} is a folder: name its path under “From a place”, or drop a file of it.`));
    else begin(files[0]);
  });

  return { drop, options, own: () => own };
}
