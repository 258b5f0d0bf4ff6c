// Who may ask a deployment: a choice of three, with a line that says what the chosen one means.

const ACCESSES = {
  workspace: ["this workspace", "Its members ask: by Jupyter's login, the service's token, or a key of theirs."],
  "api-key": ["keys only", "Whoever sends a key that is good for it: make one in the Access tab. Only the home's owner asks without one."],
  public: ["everybody", "Whoever reaches the API asks, and shows nothing."],
};

/** The field, with `select` to listen to; `show(access)` chooses. */
function accessField() {
  const select = choices(h("select"), Object.entries(ACCESSES).map(([value, [words]]) => [value, words]));
  const said = h("small", { id: newId(), "aria-live": "polite" });
  const area = field("Open to", select);
  area.append(said);
  select.setAttribute("aria-describedby", said.id);
  const tell = () => {
    write(said, ACCESSES[select.value][1]);
    said.classList.toggle("wb-notice", select.value === "public");
  };
  select.addEventListener("change", tell);
  const show = (access) => {
    select.value = access;
    tell();
  };
  tell();
  return { field: area, select, show };
}
