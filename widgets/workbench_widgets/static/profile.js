// What is in the table: its columns, one in detail; how they go together; what goes with the target; what changed.

const FILTER_FROM = 12;

export default panel((el, link) => {
  const about = h("span", { class: "wb-count" });
  const { body, section, showError } = frame(el, "Profile", { side: [about] });
  const place = link.view.has_plots ? plotPlace(link) : null;
  const overlay = link.view.has_plots ? plotPlace(link) : null;
  const empty = h("p", { class: "wb-empty" }, "No table yet. Bring one, and what is in it is shown here.");
  const trouble = h("div", {});
  const unplotted = link.view.has_plots ? null : h("p", { class: "wb-notice" }, NO_PLOTS);
  const bar = h("div", { class: "wb-progress", role: "progressbar", "aria-label": "Progress of the profile", "aria-valuemin": "0", "aria-valuemax": "100" }, h("div"));
  const tabs = tabList({ columns: "Columns", association: "Associations", target: "Target", drift: "Changes" }, () => draw(), "What to see of the profile");
  const pane = h("div", { class: "wb-pane" });
  const foot = h("p", { class: "wb-faint" });
  const whole = h("div", { class: "wb-profiled" }, bar, tabs.tabs, pane, foot);
  body.append(trouble, ...(unplotted ? [unplotted] : []), empty, whole);

  let chosen = null;
  let detailed = null;
  // Another panel asks for a column, perhaps of a table that is to be shown next.
  let wished = null;
  const kindsOf = (view) => Object.fromEntries(view.source.columns);

  // Columns: a list at the left, one of them at the right.
  const search = h("input", { type: "search", placeholder: "Find a column", "aria-label": "Find a column", oninput: () => drawList(link.view) });
  const picks = pickList("Columns of the table", {
    kind: "wb-runs wb-shelf wb-column-list",
    make: () => ({ mark: h("span", { class: "wb-mark" }), what: h("span", { class: "wb-run-what" }), gaps: h("small", {}), drawn: h("span", { class: "wb-spark-cell" }) }),
    tell: ({ mark, what, gaps, drawn }, { id, kind, line }) => {
      write(mark, KIND_MARKS[kind] ?? "");
      mark.title = kind;
      write(what, id);
      what.title = id;
      write(gaps, line?.missing ? `${share(line.missing)} missing` : "");
      if (line && !drawn.firstChild) drawn.append(spark(line));
    },
    choose: (name) => {
      wished = null;
      chosen = name;
      drawList(link.view);
      drawDetail();
    },
  });
  const detail = h("div", { class: "wb-detail", "aria-live": "polite" });
  const split = h("div", { class: "wb-split" }, h("div", { class: "wb-lists" }, search, picks.list), detail);

  const drawList = (view) => {
    const wanted = search.value.trim().toLowerCase();
    search.hidden = view.source.columns.length < FILTER_FROM;
    const lines = view.source.columns.filter(([name]) => name.toLowerCase().includes(wanted));
    picks.draw(lines.map(([name, kind]) => ({ id: name, kind, line: view.lines[name] })), chosen);
  };

  const drawDetail = async () => {
    const { source, lines } = link.view;
    const key = `${source.id} ${chosen}`;
    if (detailed === key) return;
    if (!lines[chosen]) {
      detailed = null;
      fill(detail, h("p", { class: "wb-empty" }, "It is being computed…"));
      return;
    }
    detailed = key;
    try {
      const part = await link.call("column", { source: source.id, name: chosen });
      if (detailed !== key) return;
      if (part) fill(detail, columnDetail(part, place));
      else detailed = null;
    } catch (error) {
      detailed = null;
      showError(error);
    }
  };

  const open = (name) => {
    chosen = name;
    tabs.show("columns");
    draw();
    scrollWithin(picks.list, picks.list.querySelector('[aria-selected="true"]'));
    bringUp(section);
  };
  const grant = () => {
    if (!wished || wished.source !== link.view.source?.id) return;
    const { column } = wished;
    wished = null;
    open(column);
  };
  section.addEventListener("wb-open-column", (event) => {
    wished = event.detail;
    grant();
  });

  /** Ask for another target or version; what is shown of the one before is void at once. */
  const ask = (command, what, value, voided) => {
    if (value === link.view.asked[what]) return;
    Object.assign(link.view, { asked: { ...link.view.asked, [what]: value }, [voided]: null });
    draw();
    link.call(command, { source: link.view.source.id, [what]: value }).catch(showError);
  };
  const targets = h("select", { onchange: () => ask("aim", "target", targets.value || null, "target") });
  const targetField = h("div", { class: "wb-asked-for" }, field("Target", targets));
  const befores = h("select", { onchange: () => ask("compare", "against", befores.value || null, "drift") });
  const beforeField = h("div", { class: "wb-asked-for" }, field("Compared with", befores));
  const waiting = (part) => h("p", { class: "wb-empty" }, part);

  /** All of a column; the version before may have to be computed first. */
  const known = async (source, name, isWanted) => {
    for (;;) {
      const part = await link.call("column", { source, name });
      if (part || !isWanted()) return part;
      await pause(BUSY_MS / 4);
    }
  };

  /** Lay the column of both versions over each other. */
  let compared = null;
  const compare = async (name) => {
    const { source, asked } = link.view;
    compared = name;
    const isWanted = () => compared === name && link.view.source?.id === source.id && tabs.current() === "drift";
    fill(laid, waiting("It is being computed…"));
    try {
      const [now, before] = await Promise.all([known(source.id, name, isWanted), known(asked.against, name, isWanted)]);
      if (!isWanted()) return;
      if (!now?.measures || !before?.measures || now.measures.of !== before.measures.of || !overlay) {
        fill(laid, h("p", { class: "wb-faint" }, overlay ? `${name} cannot be laid over what it was.` : NO_PLOTS));
        return;
      }
      const versionOf = (id) => `version ${source.versions.find((each) => each.id === id)?.version ?? "?"}`;
      fill(laid, h("div", { class: "wb-run-title" }, h("span", { class: "wb-big" }, name)), overlay.node);
      overlay.show(`How ${name} was spread in both versions`, 260, driftFigure(before, now, [versionOf(asked.against), versionOf(source.id)]));
      laid.scrollIntoView({ block: "nearest", behavior: "smooth" });
    } catch (error) {
      showError(error);
    }
  };
  const laid = h("div", { class: "wb-laid" });

  const views = {
    columns: (view) => {
      if (!view.source.columns.some(([name]) => name === chosen)) chosen = view.source.columns[0]?.[0] ?? null;
      drawList(view);
      drawDetail();
      return [split];
    },
    association: (view) => (view.association ? associationView(view.association, { place, open, kinds: kindsOf(view) }) : [waiting("It is being computed: it comes after the columns.")]),
    target: (view) => {
      choices(targets, [["", "none"], ...view.source.columns.map(([name]) => [name, name])], view.asked.target ?? "");
      return [targetField, ...(view.target ? targetView(view.target, { place, open }) : [waiting(view.asked.target ? "It is being computed…" : "Choose the column that is to be predicted.")])];
    },
    drift: (view) => {
      choices(befores, [["", "nothing"], ...view.source.versions.filter(({ id }) => id !== view.source.id).map(({ id, version, created }) => [id, `version ${version}, ${when(created)}`])], view.asked.against ?? "");
      return [beforeField, ...(view.drift ? [...driftView(view.drift, { open, compare }), laid] : [waiting(view.asked.against ? "It is being computed…" : "Choose another version of the table.")])];
    },
  };

  const draw = () => {
    const { view } = link;
    const name = tabs.current();
    for (const [attribute, value] of Object.entries(tabs.pane())) pane.setAttribute(attribute, value);
    // A plot belongs to the part that is shown: the column draws its own again.
    if (name !== "columns") detailed = null;
    arrange(pane, views[name](view).filter(Boolean));
  };

  let drawn = null;
  const update = (view, patch) => {
    const { source } = view;
    empty.hidden = source !== null;
    whole.hidden = !source;
    trouble.hidden = !view.trouble.length;
    fill(trouble, view.trouble.map((sentence) => h("p", { class: "wb-notice" }, sentence)));
    if (!source) {
      write(about, "");
      return;
    }
    const done = Object.keys(view.lines).length;
    const all = source.columns.length;
    write(about, `${source.name}${source.versions.length > 1 ? ` version ${source.version}` : ""} · ${view.is_over ? `${number(source.rows)} rows` : done < all ? `${number(done)} of ${number(all)} columns` : "columns compared…"}`);
    bar.hidden = view.is_over;
    bar.firstElementChild.style.width = `${(100 * done) / Math.max(1, all)}%`;
    write(foot, [view.head?.drawn, view.seconds === null ? null : `Computed in ${duration(view.seconds)}.`].filter(Boolean).join(" "));
    const hasVersions = source.versions.length > 1;
    tabs.buttons.drift.hidden = !hasVersions;
    const isOther = drawn !== source.id;
    if (isOther) {
      drawn = source.id;
      detailed = null;
      if (wished?.source !== source.id) wished = null;
      search.value = "";
      fill(laid);
      // The list keeps a line's bars as long as it has a line of its name.
      picks.draw([], null);
      if (!hasVersions && tabs.current() === "drift") tabs.show("columns");
    }
    const shows = { columns: ["lines", "source"], association: ["association", "source"], target: ["target", "asked", "source"], drift: ["drift", "asked", "source"] }[tabs.current()];
    if (isOther || touches(patch, ...shows)) draw();
    grant();
  };
  update.dispose = () => {
    place?.dispose();
    overlay?.dispose();
  };
  return update;
});
