// The form that a key is made with: what it is good for, until when, and how often it may ask.

const EXPIRIES = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "1 year"], ["", "never"]];

/** What a key may do, as boxes to be ticked; `picked()` answers the scopes, and `tell(view)` keeps up with what is deployed. */
function scopeChoice(view) {
  const ticked = new Set();
  const { scopes, refusals } = view;
  const boxes = new Map();
  const all = { scope: "*", words: "Everything that you may do here, now and later", takes: null, implies: [] };
  const hint = h("small", { "aria-live": "polite" });

  const implied = () => new Set(scopes.filter(({ scope }) => ticked.has(scope)).flatMap(({ implies }) => implies));
  const isLimited = scopes.some(({ takes }) => takes in refusals);
  const untold = `Tick what the key is for; it cannot do anything else.${isLimited ? " What is grey takes a higher role than yours." : ""}`;
  const refresh = () => {
    const along = implied();
    const hasAll = ticked.has("*");
    for (const [scope, { input, line, refused }] of boxes) {
      const goesAlong = scope !== "*" && (hasAll || along.has(scope) || (scope.startsWith("predict:") && (ticked.has("predict:*") || along.has("predict:*")) && scope !== "predict:*"));
      input.checked = ticked.has(scope) || goesAlong;
      input.disabled = Boolean(refused) || (goesAlong && !ticked.has(scope)) || (hasAll && scope !== "*");
      line.title = refused ?? (goesAlong ? "Goes along with what is ticked" : scope);
    }
    write(hint, ticked.size ? `Scopes: ${picked().join(", ")}` : untold);
  };
  const picked = () => {
    if (ticked.has("*")) return ["*"];
    const along = implied();
    return [...ticked].filter((scope) => !along.has(scope)).filter((scope) => !scope.startsWith("predict:") || scope === "predict:*" || !(ticked.has("predict:*") || along.has("predict:*"))).sort();
  };
  const box = ({ scope, words, takes }) => {
    if (!boxes.has(scope)) {
      const refused = takes && refusals[takes];
      const input = h("input", { type: "checkbox", value: scope, onchange: (event) => {
        if (event.target.checked) ticked.add(scope);
        else ticked.delete(scope);
        refresh();
      } });
      const line = h("label", { class: "wb-check" }, input, h("span", {}, words), refused ? h("small", { class: "wb-sr" }, refused) : null);
      boxes.set(scope, { input, line, refused });
    }
    return boxes.get(scope).line;
  };
  const predicting = h("div", { class: "wb-scopes" });
  const group = (title, lines) => h("div", { class: "wb-group", role: "group", "aria-label": title }, h("h4", {}, title), lines);
  const ofKind = (changes) => h("div", { class: "wb-scopes" }, scopes.filter((one) => one.scope !== "predict:*" && one.changes === changes).map(box));
  const area = h("fieldset", { class: "wb-wide wb-scope-choice" }, h("legend", {}, "It may"), box(all), group("Predict", predicting), group("Read", ofKind(false)), group("Change", ofKind(true)), hint);
  const tell = ({ slugs }) => {
    const wanted = [scopes.find(({ scope }) => scope === "predict:*"), ...slugs.map((slug) => ({ scope: `predict:${slug}`, words: `Predict with ${slug}`, takes: "predict" }))];
    for (const scope of [...boxes.keys()]) if (scope.startsWith("predict:") && !wanted.some((one) => one.scope === scope)) {
      boxes.delete(scope);
      ticked.delete(scope);
    }
    arrange(predicting, wanted.map(box));
    refresh();
  };
  const clear = () => {
    ticked.clear();
    refresh();
  };
  return { area, picked, tell, clear, focus: () => boxes.get("predict:*").input.focus() };
}

/** The whole form; `make(asked)` is called with what was asked for, and the form is emptied once that has gone well. */
function keyForm(view, showError, make) {
  const name = h("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 128, placeholder: "what it is for: ci, shop, nightly" });
  const scopes = scopeChoice(view);
  const expiry = choices(h("select"), [...EXPIRIES, ["other", "another number of days"]], "90");
  const days = h("input", { type: "number", inputmode: "numeric", min: 1, max: 3650, "aria-label": "Days", placeholder: "1 to 3650 days", hidden: true });
  const limit = h("input", { type: "number", inputmode: "numeric", min: 0, placeholder: "as the service has it" });
  const submit = h("button", { type: "submit", class: "wb-button wb-primary" }, "Make the key");
  expiry.addEventListener("change", () => {
    days.hidden = expiry.value !== "other";
    if (!days.hidden) days.focus();
  });
  const expiryField = field("Expires after", expiry);
  expiryField.append(days);
  const form = h("form", { class: "wb-form wb-tool", "aria-label": "New key", novalidate: true }, field("Name", name, { wide: true }), scopes.area, expiryField, field("Requests a minute", limit, { hint: "0: any number" }), h("div", { class: "wb-go" }, h("span"), submit));
  const clear = () => {
    name.value = limit.value = days.value = "";
    scopes.clear();
  };
  const wrong = (control, words) => {
    control.focus();
    throw new Error(words);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(submit, showError, async () => {
      if (!name.value.trim()) wrong(name, "Give the key a name, by which it is told apart.");
      if (!scopes.picked().length) wrong(scopes, "Tick what the key is for: without a scope it could do nothing.");
      const lasts = expiry.value === "other" ? days.value : expiry.value;
      if (expiry.value === "other" && !(days.valueAsNumber >= 1)) wrong(days, "Say after how many days it expires, from 1 to 3650.");
      await make({ name: name.value.trim(), scopes: scopes.picked(), days: lasts === "" ? null : Number(lasts), requests_per_minute: limit.value === "" ? null : Number(limit.value) });
      clear();
    });
  });
  return { form, first: name, tell: scopes.tell, clear };
}
