// Bring a table, look at it, choose it.

const COLUMNS_FIRST = 200;

export default panel((el, link) => {
  const { body, section, showError } = frame(el, "Data");
  const drawWorks = () => {
    const own = way.own();
    const told = link.view.works;
    // The kernel tells of an upload as soon as it hears of it; what is sent next only this page knows.
    works.draw([...(own ? [{ ...(told.find((work) => work.id === own.id) ?? own), ...(own.stage === "sending" ? own : { stop: own.stop, stopped: own.stopped }) }] : []), ...told.filter((work) => work.id !== own?.id)]);
  };
  const works = worksArea(link);
  const way = fileWay(section, link, showError, drawWorks);
  const samples = h("div", { class: "wb-samples" });
  const choose = (id) => link.call("choose", { id }).catch(showError);
  const picks = pickList("Data sources", {
    kind: "wb-tables",
    make: () => ({ what: h("span", { class: "wb-run-what" }), version: h("small", {}), size: h("span", { class: "wb-run-took" }) }),
    tell: ({ what, version, size }, source) => (write(what, source.name), write(version, source.version > 1 ? `v${source.version}` : ""), write(size, `${number(source.rows)} × ${number(source.columns)}`)),
    choose,
  });
  const shown = h("div", { class: "wb-source" });
  const cards = adviceCards(el, link, showError);
  body.append(way.drop, works.area, samples, h("div", { class: "wb-ways-in" }, placeForm(link, () => showError(null)), way.options), picks.list, cards.area, shown);

  const drawSamples = (view) => {
    const have = new Set(view.sources.filter((source) => source.kind === "sample").map((source) => source.name));
    const left = view.samples.filter((sample) => !have.has(sample.name));
    fill(samples, left.length ? h("span", { class: "wb-faint" }, "Samples:") : null, left.map((sample) => {
      const button = h("button", { class: "wb-pill", type: "button", "data-takes": "data:write", title: `${sample.title}: ${sample.about} (${number(sample.rows)} rows)`,
        onclick: () => act(button, showError, () => link.call("sample", { name: sample.name })) }, sample.name);
      return button;
    }));
  };

  /** Turn to what is known of a column, where the page has a panel that shows it. */
  const profileOf = (name) => {
    const profile = reveal(el, "Profile") && (el.closest(".wb-tabbed") ?? el.closest(".wb-page")).querySelector('.wb-panel[aria-label="Profile"]');
    profile?.dispatchEvent(new CustomEvent("wb-open-column", { detail: { source: link.view.source.id, column: name } }));
  };

  const kinds = readingChanges(link, () => {
    drawReading(link.view.source);
    drawSource(link.view);
  });
  const drawSpark = (cell, name) => {
    const told = link.view.sparks[name];
    if (told && !cell.firstChild) cell.append(spark(told));
  };

  const columnLine = (column, rows) => {
    const range = column.kind === "number" && column.minimum !== null ? `${short(column.minimum)} … ${short(column.maximum)}`
      : column.top.slice(0, 3).map(([value, count]) => `${value} (${number(count)})`).join(", ");
    const gap = rows ? column.missing / rows : 0;
    const missing = h("td", { class: "wb-number wb-bar wb-gap", title: `${number(column.missing)} missing` }, column.missing ? `${(100 * gap).toFixed(gap < 0.1 ? 1 : 0)}%` : "");
    missing.style.setProperty("--share", gap);
    const drawn = h("td", { class: "wb-spark-cell", "data-column": column.name });
    drawSpark(drawn, column.name);
    return h("tr", {}, h("td", { class: "wb-kind-mark" }, kinds.mark(column)), h("th", { scope: "row", class: "wb-name", title: column.name }, h("button", { type: "button", class: "wb-to-column", onclick: () => profileOf(column.name) }, column.name)), drawn,
      h("td", { class: "wb-number" }, number(column.distinct) + (column.distinct_exact === false ? "+" : "")), missing, h("td", { class: "wb-range", title: range }, range));
  };

  let isWhole = false;
  let head = [];
  let reading = null;
  /** An older version is not read again: what is changed, is so of the newest. */
  const drawReading = (source) => {
    const wasOpen = reading?.open;
    const isNewest = source?.versions[0].id === source?.id;
    reading = source?.reading.length && isNewest ? kinds.form(source.reading) : null;
    if (reading) reading.open = wasOpen;
  };
  const tabs = tabList({ columns: "Columns", preview: "First rows" }, () => drawSource(link.view), "What to see of the table");
  const drawSource = (view) => {
    const source = view.source;
    if (!source) {
      fill(shown, h("p", { class: "wb-empty" }, "No table yet. Upload one, or start with a sample."));
      return;
    }
    const gaps = source.columns.reduce((sum, column) => sum + column.missing, 0);
    const kindCounts = Object.entries(source.columns.reduce((sum, column) => ({ ...sum, [column.kind]: (sum[column.kind] ?? 0) + 1 }), {}));
    const profile = [plural(source.row_count, "row"), plural(source.columns.length, "column"), kindCounts.map(([kind, count]) => `${count} ${kind}`).join(", "),
      gaps ? plural(gaps, "gap") : "no gaps"].map((part, index) => [index ? " · " : null, h("span", {}, part)]);
    const columns = isWhole ? source.columns : source.columns.slice(0, COLUMNS_FIRST);
    const names = columns.map((column) => column.name);
    const all = columns.length === source.columns.length ? null
      : h("button", { class: "wb-pill", type: "button", onclick: () => ((isWhole = true), tabs.turnTo(tabs.current())) }, `Show all ${number(source.columns.length)} columns`);
    const headings = [["", ""], ["Column", ""], ["", ""], ["Distinct", "wb-number"], ["Missing", "wb-number"], ["Values", ""]];
    const table = tabs.current() === "columns"
      ? h("table", { class: "wb-table wb-columns" }, h("thead", {}, h("tr", {}, headings.map(([text, kind]) => h("th", { scope: "col", class: kind }, text)))),
          h("tbody", {}, columns.map((column) => columnLine(column, source.row_count))))
      : h("table", { class: "wb-table wb-preview" }, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
          h("tbody", {}, source.preview.map((row) => h("tr", {}, names.map((name) => h("td", { class: typeof row[name] === "number" ? "wb-number" : "" }, row[name] === null ? h("i", { class: "wb-faint" }, "–") : String(row[name])))))));
    const scrolled = shown.querySelector(".wb-scroll")?.scrollTop ?? 0;
    fill(shown, head, h("p", { class: "wb-profile" }, profile),
      source.notices.map((notice) => h("p", { class: "wb-notice" }, notice)), reading, kinds.bar, tabs.tabs, h("div", { class: "wb-scroll wb-short", ...tabs.pane() }, table),
      all && h("div", { class: "wb-samples" }, h("span", { class: "wb-faint" }, `The first ${number(columns.length)} columns are shown.`), all));
    shown.querySelector(".wb-scroll").scrollTop = scrolled;
  };

  let described = null;
  return (view, patch) => {
    if (touches(patch, "samples", "sources")) drawSamples(view);
    if (touches(patch, "works")) drawWorks();
    if (touches(patch, "cards")) cards.draw(view.cards);
    if (touches(patch, "sources", "source")) picks.draw(view.sources, view.source?.id);
    picks.list.hidden = view.sources.length < 2;
    if (touches(patch, "source")) {
      if (view.source?.id !== described) isWhole = false;
      described = view.source?.id;
      kinds.turnTo(described);
      drawReading(view.source);
      head = view.source ? tableHead(link, view.source, showError, choose) : [];
      drawSource(view);
    } else if (touches(patch, "sparks")) for (const cell of shown.querySelectorAll(".wb-spark-cell")) drawSpark(cell, cell.dataset.column);
  };
});
