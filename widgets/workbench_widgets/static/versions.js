// A table's name, which version of it is shown, where it came from, and what can be done with it as a whole.

const CAME = { upload: "uploaded", inline: "from memory", sample: "a sample", file: "from", sql: "from", object: "from" };

/** A button that names the version shown and opens a list of all. */
function versionPicker(source, choose) {
  if (source.versions.length < 2) return null;
  const button = h("button", { type: "button", class: "wb-chip wb-link wb-version", "aria-haspopup": "menu", "aria-expanded": "false", title: "Other versions of this table" }, `version ${source.version} ▾`);
  const line = (each) => h("button", { type: "button", role: "menuitemradio", "aria-checked": each.id === source.id ? "true" : "false", onclick: (event) => {
    event.currentTarget.closest("[popover]").hidePopover();
    if (each.id !== source.id) choose(each.id);
  } }, h("span", {}, `Version ${each.version}`), h("small", {}, `${when(each.created)} · ${number(each.rows)} × ${number(each.columns)} · ${bytes(each.size)}`));
  button.addEventListener("click", () => {
    const menu = h("div", { class: "wb-menu wb-versions", popover: "auto", role: "menu", "aria-label": `Versions of ${source.name}` }, source.versions.map(line));
    openBeside(button, menu);
    menu.querySelector('[aria-checked="true"]')?.focus({ preventScroll: true });
  });
  return button;
}

/** The head of the table that is shown; `choose(id)` turns to another version. */
function tableHead(link, source, showError, choose) {
  const newest = source.versions[0];
  const isOld = newest.id !== source.id;
  const several = source.versions.length > 1;
  const remove = h("button", { class: "wb-button wb-quiet", type: "button", "data-takes": "data:write", title: isOld ? "Delete this version" : several ? "Delete this data source with all its versions" : "Delete this data source" }, "Delete");
  confirmed(remove, isOld ? "Delete this version?" : several ? `Delete all ${source.versions.length} versions?` : "Delete for good?", () => act(remove, showError, () => link.call("delete", { id: source.id })));
  const changed = h("span", { class: "wb-chip wb-cancelled", hidden: true, title: "What is there now is not what was read: refresh to take it in" }, "has changed");
  const told = h("small", { role: "status" });
  const refresh = source.place && h("button", { class: "wb-button wb-quiet", type: "button", "data-takes": "data:write", title: `Read ${source.place} again` }, "Refresh");
  refresh?.addEventListener("click", () => act(refresh, showError, async () => {
    const taken = await link.call("refresh", { work: newId(), id: source.id });
    if (taken.is_same) write(told, "Nothing has changed there.");
    changed.hidden = true;
  }, ""));
  // Whether it changed is asked once for each table that is shown; a place that does not answer is no news.
  if (source.place && !isOld) link.call("has_changed", { id: source.id }).then((has) => (changed.hidden = !has), () => {});
  const older = isOld && h("p", { class: "wb-notice" }, "This is not the newest version. ", h("button", { type: "button", class: "wb-link", onclick: () => choose(newest.id) }, `Show version ${newest.version}`));
  return [
    h("div", { class: "wb-run-line" }, h("div", { class: "wb-run-title" }, h("strong", {}, source.name), versionPicker(source, choose), changed), h("div", { class: "wb-line-end" }, refresh, remove)),
    h("p", { class: "wb-came", title: source.place }, h("span", {}, [CAME[source.kind] ?? source.kind, source.place].filter(Boolean).join(" ")), h("span", {}, ` · ${when(source.created_at)} · ${bytes(source.size_bytes)}`), " ", told),
    older,
  ];
}
