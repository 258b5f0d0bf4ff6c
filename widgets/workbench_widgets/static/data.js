// Bring a table, look at it, choose it. Files go up in acknowledged chunks, so that no message is ever too large.

const CHUNK = 4 * 1024 * 1024;
const COLUMNS_FIRST = 200;
const KIND_MARKS = { number: "#", text: "Aa", bool: "✓", date: "◷" };

export default panel((el, link) => {
  const { body, showError } = frame(el, "Data");
  const file = h("input", { type: "file", accept: ".csv,.tsv,.txt,.tab,text/csv", class: "wb-file", "aria-label": "Upload a CSV file" });
  const drop = h("label", { class: "wb-drop" }, file, h("span", {}, h("strong", {}, "Drop a CSV here"), " or ", h("u", {}, "browse")));
  const samples = h("div", { class: "wb-samples" });
  const going = h("div", { class: "wb-upload", hidden: true });
  const choose = (id) => link.call("choose", { id }).catch(showError);
  const picks = pickList("Data sources", {
    kind: "wb-tables",
    make: () => ({ what: h("span", { class: "wb-run-what" }), size: h("span", { class: "wb-run-took" }) }),
    tell: ({ what, size }, source) => (write(what, source.name), write(size, `${number(source.rows)} × ${number(source.columns)}`)),
    choose,
  });
  const shown = h("div", { class: "wb-source" });
  body.append(drop, going, samples, picks.list, shown);

  let upload = null;

  const begin = async (chosen) => {
    if (!chosen || upload) return;
    showError(null);
    const mine = { stopped: false };
    upload = mine;
    const bar = h("div", { class: "wb-progress", role: "progressbar", "aria-label": `Upload of ${chosen.name}`, "aria-valuemin": "0", "aria-valuemax": "100" }, h("div"));
    const said = h("span", {});
    const stop = h("button", { class: "wb-button wb-quiet", type: "button", onclick: () => (mine.stopped = true) }, "Cancel");
    fill(going, h("div", { class: "wb-run-line" }, h("span", {}, h("strong", {}, chosen.name), " ", said), stop), bar);
    going.hidden = false;
    const tell = (text, part) => {
      said.textContent = text;
      bar.firstElementChild.style.width = `${100 * part}%`;
      bar.setAttribute("aria-valuenow", Math.round(100 * part));
    };
    tell(bytes(chosen.size), 0);
    let ticket = null;
    const patient = async (promise, text) => {
      const late = setTimeout(() => (said.textContent = text), BUSY_MS);
      try {
        return await promise;
      } finally {
        clearTimeout(late);
      }
    };
    try {
      if (chosen.size > link.view.limit) throw new Refused({ detail: `${chosen.name} is ${bytes(chosen.size)}; the limit is ${bytes(link.view.limit)}.` });
      ({ ticket } = await patient(link.call("begin", { name: chosen.name, size: chosen.size }), WAITING));
      for (let sent = 0; sent < chosen.size && !mine.stopped; sent += CHUNK) {
        const piece = await chosen.slice(sent, sent + CHUNK).arrayBuffer();
        const { received } = await patient(link.call("chunk", { ticket }, [new DataView(piece)]), WAITING);
        tell(`${bytes(received)} of ${bytes(chosen.size)}`, received / chosen.size);
      }
      if (mine.stopped) await link.call("abort", { ticket });
      else await patient(link.call("finish", { ticket }), "reading the table…");
    } catch (error) {
      showError(error instanceof Refused ? error : new Error(`${chosen.name} could not be read: ${error.message}`));
      if (ticket && !(error instanceof Refused)) link.call("abort", { ticket }).catch(() => {});
    } finally {
      upload = null;
      going.hidden = true;
      file.value = "";
    }
  };

  file.addEventListener("change", () => begin(file.files[0]));
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => (event.preventDefault(), drop.classList.add("wb-over")));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("wb-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer.files.length > 1) showError(new Error("One file at a time, please."));
    else begin(event.dataTransfer.files[0]);
  });

  const drawSamples = (view) => {
    const have = new Set(view.sources.filter((source) => source.kind === "sample").map((source) => source.name));
    const left = view.samples.filter((sample) => !have.has(sample.name));
    fill(samples, left.length ? h("span", { class: "wb-faint" }, "Samples:") : null, left.map((sample) => {
      const button = h("button", { class: "wb-pill", type: "button", title: `${sample.title}: ${sample.about} (${number(sample.rows)} rows)`,
        onclick: () => act(button, showError, () => link.call("sample", { name: sample.name })) }, sample.name);
      return button;
    }));
  };

  const columnLine = (column, rows) => {
    const range = column.kind === "number" && column.minimum !== null ? `${short(column.minimum)} … ${short(column.maximum)}`
      : column.top.slice(0, 3).map(([value, count]) => `${value} (${number(count)})`).join(", ");
    const gap = rows ? column.missing / rows : 0;
    const missing = h("td", { class: "wb-number wb-bar wb-gap", title: `${number(column.missing)} missing` }, column.missing ? `${(100 * gap).toFixed(gap < 0.1 ? 1 : 0)}%` : "");
    missing.style.setProperty("--share", gap);
    return h("tr", {}, h("td", { class: "wb-kind-mark", title: column.kind }, KIND_MARKS[column.kind] ?? ""), h("th", { scope: "row", class: "wb-name", title: column.name }, column.name),
      h("td", { class: "wb-number" }, number(column.distinct) + (column.distinct_exact === false ? "+" : "")), missing, h("td", { class: "wb-range", title: range }, range));
  };

  let isWhole = false;
  const tabs = tabList({ columns: "Columns", preview: "First rows" }, () => drawSource(link.view), "What to see of the table");
  const drawSource = (view) => {
    const source = view.source;
    if (!source) {
      fill(shown, h("p", { class: "wb-empty" }, "No table yet. Upload one, or start with a sample."));
      return;
    }
    const gaps = source.columns.reduce((sum, column) => sum + column.missing, 0);
    const kinds = Object.entries(source.columns.reduce((sum, column) => ({ ...sum, [column.kind]: (sum[column.kind] ?? 0) + 1 }), {}));
    const profile = [`${number(source.row_count)} rows`, `${number(source.columns.length)} columns`, kinds.map(([kind, count]) => `${count} ${kind}`).join(", "),
      gaps ? `${number(gaps)} gaps` : "no gaps", bytes(source.size_bytes)].map((part, index) => [index ? " · " : null, h("span", {}, part)]);
    const remove = h("button", { class: "wb-button wb-quiet", type: "button", title: "Delete this data source" }, "Delete");
    confirmed(remove, "Delete for good?", () => act(remove, showError, () => link.call("delete", { id: source.id })));
    const columns = isWhole ? source.columns : source.columns.slice(0, COLUMNS_FIRST);
    const names = columns.map((column) => column.name);
    const all = columns.length === source.columns.length ? null
      : h("button", { class: "wb-pill", type: "button", onclick: () => ((isWhole = true), tabs.turnTo(tabs.current())) }, `Show all ${number(source.columns.length)} columns`);
    const table = tabs.current() === "columns"
      ? h("table", { class: "wb-table wb-columns" }, h("thead", {}, h("tr", {}, ["", "Column", "Distinct", "Missing", "Values"].map((text, index) => h("th", { scope: "col", class: index === 2 || index === 3 ? "wb-number" : "" }, text)))),
          h("tbody", {}, columns.map((column) => columnLine(column, source.row_count))))
      : h("table", { class: "wb-table wb-preview" }, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
          h("tbody", {}, source.preview.map((row) => h("tr", {}, names.map((name) => h("td", { class: typeof row[name] === "number" ? "wb-number" : "" }, row[name] === null ? h("i", { class: "wb-faint" }, "–") : String(row[name])))))));
    fill(shown, h("div", { class: "wb-run-line" }, h("div", { class: "wb-run-title" }, h("strong", {}, source.name)), remove), h("p", { class: "wb-profile" }, profile),
      source.notices.map((notice) => h("p", { class: "wb-notice" }, notice)), tabs.tabs, h("div", { class: "wb-scroll wb-short", ...tabs.pane() }, table),
      all && h("div", { class: "wb-samples" }, h("span", { class: "wb-faint" }, `The first ${number(columns.length)} columns are shown.`), all));
  };

  let described = null;
  return (view, patch) => {
    if (touches(patch, "samples", "sources")) drawSamples(view);
    if (touches(patch, "sources", "source")) picks.draw(view.sources, view.source?.id);
    picks.list.hidden = view.sources.length < 2;
    if (!touches(patch, "source")) return;
    if (view.source?.id !== described) isWhole = false;
    described = view.source?.id;
    drawSource(view);
  };
});
