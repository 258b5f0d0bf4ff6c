// The head of the access tab: which workspace the page shows, what else is open, and which project new runs go into.

const NAME_MOST = 100;

export default panel((el, link) => {
  const { error, showError } = errorArea();
  const role = h("span", { class: "wb-chip", title: "What you are in this workspace" });
  const said = h("p", { class: "wb-here-said", role: "status" });
  const ask = (button, title, words, verb, go, { name = null, kind = "wb-primary" } = {}) => {
    const input = name === null ? null : h("input", { type: "text", value: name, maxlength: NAME_MOST, autocomplete: "off", spellcheck: "false" });
    const submit = h("button", { type: "submit", class: `wb-button ${kind}` }, verb);
    const form = h("form", { class: "wb-ask-form", novalidate: true }, h("p", { class: "wb-faint" }, words), input && field("Name", input), h("div", { class: "wb-go" }, h("span"), submit));
    const asked = askBeside(() => button, section, title, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(submit, asked.showError, async () => {
        await go(input?.value.trim());
        if (asked.box.matches(":popover-open")) asked.box.hidePopover();
      });
    });
    (input ?? submit).focus({ preventScroll: true });
    input?.select();
  };

  // What is chosen stands on the button; its menu has the others, and a way to make one more.
  const chooser = (lines, label, choose, more) => {
    const button = h("button", { type: "button", class: "wb-pick wb-here", "aria-haspopup": "menu", "aria-expanded": "false" });
    button.addEventListener("click", () => {
      const items = lines().map(({ id, name, about, isOn }) => ({ title: name, about, isOn, pick: () => isOn || choose(id) }));
      menu(button, [...items, null, { ...more, pick: () => more.pick(button) }], { label, kind: "wb-choices" });
    });
    const tell = (name) => {
      write(button, name);
      button.title = name;
      button.setAttribute("aria-label", `${label}: ${name}`);
    };
    return { button, tell };
  };

  const turn = (go) => turning(el, "workspace", go);
  const spaces = () => link.view.workspaces.map(({ id, name, role: mine }) => ({ id, name, about: mine, isOn: id === link.view.here.id }));
  const workspace = chooser(spaces, "Workspace", (id) => act(workspace.button, showError, () => turn(() => link.call("enter", { workspace: id }))), {
    title: "New workspace…",
    pick: (button) => ask(button, "New workspace", "It begins empty, and you own it: its data, runs, pipelines, deployments and keys are apart from those of others. This page turns to it.", "Make it",
      (name) => turn(() => link.call("create", { name })), { name: "" }),
  });

  const projects = () => link.view.projects.map(({ id, name, runs }) => ({ id, name, about: plural(runs, "run"), isOn: id === link.view.project }));
  const project = chooser(projects, "Project of new runs", (id) => act(project.button, showError, () => link.call("choose_project", { id })), {
    title: "New project…",
    takes: "projects:write",
    pick: (button) => ask(button, "New project", "Runs that are launched on this page from now on go into it.", "Make it", (name) => link.call("create_project", { name }), { name: "" }),
  });

  const leftFor = async (command) => {
    const { is_elsewhere: isElsewhere } = await turn(() => link.call(command));
    if (!isElsewhere) write(said, "No other workspace is open to you: what this page shows stays as it was. An owner of one can invite you.");
  };
  const doing = (words, takes, pick) => {
    const button = h("button", { type: "button", class: "wb-button wb-quiet", "data-takes": takes, "aria-haspopup": "dialog", "aria-expanded": "false" }, words);
    button.addEventListener("click", () => pick(button, link.view.here.name));
    return button;
  };
  const rename = doing("Rename…", "members:write", (button, name) => ask(button, `Rename ${name}`, "Scripts and commands that name the workspace have to be told its new name.", "Rename", (to) => link.call("rename", { name: to }), { name }));
  const leave = doing("Leave…", null, (button, name) => ask(button, `Leave ${name}?`, "You are no member of it any more, and your keys to it are revoked. What you made there stays, for the others.", "Leave", () => leftFor("leave"), { kind: "wb-danger" }));
  const remove = doing("Delete…", "members:write", (button, name) => ask(button, `Delete ${name}?`, "This takes a workspace without data, runs, pipelines and deployments. Its members lose it, and all keys to it end.", "Delete", () => leftFor("delete"), { kind: "wb-danger" }));

  const going = h("div", { class: "wb-here-group", role: "group", "aria-label": "New runs" }, h("span", { class: "wb-faint" }, "Project of new runs"), project.button);
  const section = h("section", { class: "wb-panel", "aria-label": "Workspace" },
    h("header", { class: "wb-head wb-here-head" }, h("div", { class: "wb-here-group" }, h("h3", { class: "wb-title" }, "Workspace"), workspace.button, role), going, h("div", { class: "wb-side wb-here-acts" }, rename, leave, remove)), error, said);
  el.append(section);
  // Who launches nothing has no use for it.
  going.hidden = "runs:write" in link.view.refusals;

  const update = (view, patch) => {
    if (touches(patch, "here")) {
      workspace.tell(view.here.name);
      write(role, view.here.role);
      // The one that was there from the start keeps its name.
      rename.hidden = remove.hidden = view.here.is_fixed;
    }
    if (touches(patch, "project", "projects")) project.tell(view.projects.find(({ id }) => id === view.project)?.name ?? "");
  };
  update.dispose = goesOn(el, "workspace", workspace.button);
  return update;
});
