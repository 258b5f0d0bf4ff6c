// Keys: what each is good for, when it was used last, and what is to become of it. A new one is told once.

const KEY_TONES = { active: "succeeded", revoked: "", expired: "" };
const GRACES = [["0", "at once"], ["15", "15 minutes from now"], ["60", "1 hour from now"], ["1440", "1 day from now"], ["10080", "7 days from now"]];
const SOON_MS = 7 * 86_400_000;

export default panel((el, link) => {
  const count = h("span", { class: "wb-count" });
  const { body, section, showError } = frame(el, "Keys", { side: [count] });
  const { user, sees_all: seesAll } = link.view;
  const secrets = secretArea();
  const kept = (key) => `Send it as the header X-Workbench-Key, or as a bearer's token. Keep it where secrets are kept, such as the environment variable WORKBENCH_KEY. Where it is lost, rotate the key “${key.name}”: nobody can look it up.`;

  const { form, first, tell, clear } = keyForm(link.view, showError, async (asked) => {
    const { key, secret } = await secrets.awaits(link.call("create", asked));
    close();
    secrets.show({ title: `Key ${key.name}`, secret, words: kept(key), back: toggle });
  });
  const { toggle, close } = foldedForm("New key…", form, first, clear);
  toggle.dataset.takes = "keys:write";
  const everybody = h("input", { type: "checkbox", onchange: () => act(everybody, showError, () => link.call("everybody", { is_on: everybody.checked })) });

  const rotate = (button, key) => {
    const grace = choices(h("select"), GRACES);
    const submit = h("button", { type: "submit", class: "wb-button wb-primary" }, "Rotate");
    const asking = h("form", { class: "wb-ask-form", novalidate: true }, h("p", { class: "wb-faint" }, "A new key takes its place, with the same name, scopes and limit."), field("The old one stops working", grace), h("div", { class: "wb-go" }, h("span"), submit));
    asking.addEventListener("submit", (event) => {
      event.preventDefault();
      act(submit, asked.showError, async () => {
        const made = await secrets.awaits(link.call("rotate", { id: key.id, grace_minutes: Number(grace.value) }));
        asked.box.hidePopover();
        secrets.show({ title: `Key ${made.key.name}, rotated`, secret: made.secret, words: kept(made.key), back: toggle });
      });
    });
    const asked = askBeside(() => (button.isConnected ? button : section), section, `Rotate ${key.name}`, asking);
    grace.focus({ preventScroll: true });
  };

  const keyLine = (key) => {
    const chips = h("span", { class: "wb-two-top wb-key-head" });
    const said = h("small", { class: "wb-key-said" });
    const isMine = key.user === user;
    const rotating = h("button", { type: "button", class: "wb-button", "data-takes": "keys:write", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": `Rotate ${key.name}` }, "Rotate…");
    rotating.addEventListener("click", () => rotate(rotating, key));
    const revoke = h("button", { type: "button", class: "wb-button wb-quiet", "data-takes": "keys:write", "aria-label": `Revoke ${key.name}` }, "Revoke");
    confirmed(revoke, "Revoke for good?", () => act(revoke, showError, () => link.call("revoke", { id: key.id })));
    const actions = h("span", { class: "wb-line-end" }, isMine ? rotating : null, revoke);
    const node = h("li", { class: "wb-person wb-key-line" },
      h("span", { class: "wb-two" }, chips, h("span", { class: "wb-samples" }, key.scopes.map((scope) => h("code", { class: "wb-scope" }, scope))), said), actions);
    const tellLine = (now) => {
      fill(chips, h("strong", {}, now.name), h("code", { title: "The first characters of the key" }, `${now.prefix}…`), h("span", { class: `wb-chip wb-${KEY_TONES[now.status]}` }, now.status), isMine ? null : h("span", { class: "wb-chip" }, now.user));
      const used = now.last_used_at ? `used ${when(now.last_used_at)}${now.last_used_from ? ` from ${now.last_used_from}` : ""}` : "never used";
      const isEnding = now.status === "active" && now.expires_at && new Date(now.expires_at) - Date.now() < SOON_MS;
      const end = now.status === "revoked" ? `revoked ${when(now.revoked_at)}${now.revoked_by ? ` by ${now.revoked_by}` : ""}` : now.expires_at ? `${now.status === "expired" ? "expired" : "expires"} ${isEnding ? when(now.expires_at) : dayOf(now.expires_at)}` : "never expires";
      fill(said, `${used} · `, h("span", { class: isEnding ? "wb-notice" : null }, end), ` · made ${dayOf(now.created_at)}${now.created_by === now.user ? "" : ` by ${now.created_by}`}`, now.requests_per_minute === null ? "" : now.requests_per_minute ? ` · ${plural(now.requests_per_minute, "request")} a minute` : " · any number of requests");
      actions.hidden = now.status !== "active";
    };
    return { node, tell: tellLine };
  };
  const lists = openAndPast(keyLine, {
    isOpen: ({ status }) => status === "active",
    openLabel: "Keys that work",
    pastLabel: "Keys that work no more",
    words: (gone) => `Revoked and expired (${gone})`,
  });
  const empty = h("p", { class: "wb-empty" }, "No keys yet. A script, a service or a colleague's tool calls the API with one.");
  body.append(h("div", { class: "wb-actions" }, toggle, seesAll ? h("label", { class: "wb-check" }, everybody, h("span", {}, "Keys of everybody")) : null), form, secrets.area, empty, lists.open, lists.folded);

  return (view, patch) => {
    if (touches(patch, "slugs")) tell(view);
    if (!touches(patch, "keys", "everybody")) return;
    everybody.checked = view.everybody;
    const works = lists.draw(view.keys);
    empty.hidden = view.keys.length > 0;
    write(count, works ? `${works} active` : "");
  };
});
