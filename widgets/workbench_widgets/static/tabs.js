// The tabs of the page. Turning is the page's own affair: it works while the kernel is busy.

export default panel((el, link) => {
  // The panels below say it when the kernel is lost; turning needs none.
  el.classList.add("wb-bar");
  const root = () => el.closest(".wb-tabbed");
  const pageOf = (name) => root()?.querySelector(`.wb-tab-${name}`);
  const counts = {};
  const turn = (name) => {
    for (const { name: each } of link.view.tabs) pageOf(each)?.classList.toggle("wb-away", each !== name);
  };
  const bar = tabList(Object.fromEntries(link.view.tabs.map(({ name, title }) => [name, title])), turn, "Workbench");
  bar.tabs.classList.add("wb-page-tabs");
  for (const { name } of link.view.tabs) {
    counts[name] = h("span", { class: "wb-tab-count", hidden: true });
    bar.buttons[name].append(counts[name]);
  }
  bar.show(link.view.start);

  // Who sits here, and where: of no account where one person has one workspace.
  const { error, showError } = errorArea();
  const who = h("span");
  const workspace = h("select", { "aria-label": "Workspace", title: "Show another workspace" });
  workspace.addEventListener("change", async () => {
    await act(workspace, showError, () => turning(el, "bar", () => link.call("enter", { workspace: workspace.value, tab: bar.current() })));
    workspace.value = link.view.me.workspace;
  });
  const me = h("div", { class: "wb-me", role: "group", "aria-label": "Who you are here" }, who, workspace);
  el.append(h("div", { class: "wb-bar-line" }, bar.tabs, me), error);
  const tellMe = ({ user, role, workspace: here, workspaces }) => {
    me.hidden = workspaces.length < 2 && role === "owner";
    write(who, `${user} · ${role}`);
    workspace.hidden = workspaces.length < 2 || !link.view.can_enter;
    choices(workspace, workspaces.map((name) => [name, name]), here);
  };

  // What another panel brings into sight may lie in a tab that is turned away.
  const follow = (event) => {
    const page = event.target.closest(".wb-page");
    if (!root() || !root().contains(event.target)) return;
    const found = link.view.tabs.find(({ name }) => page?.classList.contains(`wb-tab-${name}`));
    if (!found) return;
    bar.show(found.name);
    turn(found.name);
  };
  document.addEventListener("wb-reveal", follow);

  const update = (view, patch) => {
    if (touches(patch, "me")) tellMe(view.me);
    for (const [name, { count, trouble }] of Object.entries(view.counts)) {
      counts[name].hidden = !count;
      counts[name].classList.toggle("wb-failed", Boolean(trouble));
      counts[name].title = trouble ?? "";
      write(counts[name], String(count));
    }
  };
  const release = goesOn(el, "bar", workspace);
  update.dispose = () => {
    release();
    document.removeEventListener("wb-reveal", follow);
  };
  return update;
});
