// Who shares the workspace: members with their roles, and invitations, whose code is told once.

const ROLE_WORDS = {
  viewer: "sees everything and predicts",
  editor: "also brings data, launches, promotes and deploys",
  owner: "also invites people, changes roles and reads the audit log",
};
const INVITATION_TONES = { open: "running", accepted: "succeeded", revoked: "", expired: "" };

export default panel((el, link) => {
  const where = h("span", { class: "wb-count" });
  const { body, showError } = frame(el, "People", { side: [where] });
  const { roles, refusals, days } = link.view;
  const why = refusals["members:write"];
  const mayInvite = !why;

  const roleChoice = (label) => choices(h("select", { "aria-label": label }), roles.map((role) => [role, role]));
  const memberLine = (member) => {
    const isMe = member.name === link.view.me.user;
    const said = h("small");
    const role = roleChoice(`Role of ${member.name}`);
    role.disabled = isMe || !mayInvite;
    role.title = why ?? (isMe ? "Another owner can change your role." : "");
    role.addEventListener("change", async () => {
      await act(role, showError, () => link.call("set_role", { user: member.name, role: role.value }));
      tell(link.view.members.find(({ name }) => name === member.name) ?? member);
    });
    const remove = h("button", { type: "button", class: "wb-button wb-quiet", "aria-label": `Remove ${member.name}`, title: "Their keys to this workspace are revoked too" }, "Remove");
    confirmed(remove, "Remove, with their keys?", () => act(remove, showError, () => link.call("remove", { user: member.name })));
    const node = h("li", { class: "wb-person" },
      h("span", { class: "wb-two" }, h("span", { class: "wb-two-top" }, h("strong", {}, member.name), isMe ? h("span", { class: "wb-chip" }, "you") : null, member.is_administrator ? h("span", { class: "wb-chip wb-running", title: "Owner of every workspace" }, "administrator") : null), said),
      h("span", { class: "wb-line-end" }, role, mayInvite && !isMe ? remove : null));
    const tell = (now) => {
      role.value = now.role;
      write(said, [`since ${dayOf(now.created_at)}`, now.created_by && now.created_by !== now.name && `by ${now.created_by}`].filter(Boolean).join(", "));
    };
    return { node, tell };
  };
  const members = h("ul", { class: "wb-people", "aria-label": "Members" });
  const drawMembers = keptLines(members, memberLine, ({ name }) => name);

  // Inviting.
  const user = h("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: "as Jupyter calls them", required: true });
  const role = choices(h("select"), roles.map((name) => [name, name]), "editor");
  const forDays = h("input", { type: "number", inputmode: "numeric", min: 1, max: 365, value: days });
  const submit = h("button", { type: "submit", class: "wb-button wb-primary" }, "Invite");
  const roleSaid = h("small", { "aria-live": "polite" });
  const roleField = field("Role", role);
  roleField.append(roleSaid);
  const tellRole = () => write(roleSaid, `${opened(role.value)} ${ROLE_WORDS[role.value]}.`);
  role.addEventListener("change", tellRole);
  const form = h("form", { class: "wb-form wb-tool", "aria-label": "Invite somebody", novalidate: true }, field("Name", user, { wide: true }), roleField, field("Good for (days)", forDays, { hint: "The code works once." }), h("div", { class: "wb-go" }, h("span"), submit));
  const { toggle, close } = foldedForm("Invite…", form, user, () => (user.value = ""));
  const secrets = secretArea();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(submit, showError, async () => {
      if (!user.value.trim()) {
        user.focus();
        throw new Error("Say whom to invite.");
      }
      const { invitation, code } = await secrets.awaits(link.call("invite", { user: user.value.trim(), role: role.value, days: Number(forDays.value) }));
      user.value = "";
      close();
      secrets.show({ title: `Invitation of ${invitation.user}`, secret: code, back: toggle,
        words: `Give this code to ${invitation.user} and to nobody else: it makes them ${invitation.role === "viewer" ? "a viewer" : `an ${invitation.role}`}, by “Join with a code” in this panel or by workbench workspace accept. It works once, until ${dayOf(invitation.expires_at)}. Where it is lost, revoke the invitation and make another.` });
    });
  });

  // Invitations, open and past.
  const invitationLine = (invitation) => {
    const state = h("span");
    const said = h("small");
    const revoke = h("button", { type: "button", class: "wb-button wb-quiet", "aria-label": `Revoke the invitation of ${invitation.user}` }, "Revoke");
    confirmed(revoke, "Revoke it?", () => act(revoke, showError, () => link.call("revoke_invitation", { id: invitation.id })));
    const tell = (now) => {
      fill(state, h("span", { class: `wb-chip wb-${INVITATION_TONES[now.status]}` }, now.status));
      write(said, `${now.role} · by ${now.created_by}, ${dayOf(now.created_at)} · ${now.accepted_at ? `accepted ${when(now.accepted_at)}` : `until ${dayOf(now.expires_at)}`}`);
      revoke.hidden = now.status !== "open";
    };
    return { node: h("li", { class: "wb-person" }, h("span", { class: "wb-two" }, h("span", { class: "wb-two-top" }, h("strong", {}, invitation.user), state), said), h("span", { class: "wb-line-end" }, revoke)), tell };
  };
  const invitations = openAndPast(invitationLine, {
    isOpen: ({ status }) => status === "open",
    openLabel: "Open invitations",
    pastLabel: "Past invitations",
    words: (gone) => `Past invitations (${gone})`,
  });
  const openGroup = h("div", { class: "wb-group" }, h("h4", {}, "Open invitations"), invitations.open);

  // Joining: what is typed is a secret of somebody's too.
  const code = h("input", { type: "password", autocomplete: "off", spellcheck: "false", placeholder: "inv_…" });
  const join = h("button", { type: "submit", class: "wb-button" }, "Join");
  const joined = h("small", { role: "status" });
  const joinForm = h("form", { class: "wb-join", novalidate: true }, field("Code of an invitation", code), join, joined);
  joinForm.addEventListener("submit", (event) => {
    event.preventDefault();
    act(join, showError, async () => {
      const { workspace } = await link.call("accept", { code: code.value.trim() });
      code.value = "";
      write(joined, `You are a member of ${workspace} now: choose it at the top of the page.`);
    });
  });

  toggle.dataset.takes = "members:write";
  body.append(h("div", { class: "wb-actions" }, toggle), form, secrets.area, members, openGroup, invitations.folded,
    h("details", { class: "wb-more" }, h("summary", {}, "Join with a code"), joinForm));
  tellRole();

  return (view, patch) => {
    write(where, view.me.workspace ? `${plural(view.members.length, "member")} of ${view.me.workspace}` : "");
    if (touches(patch, "members", "me")) drawMembers(view.members);
    if (touches(patch, "invitations")) openGroup.hidden = !invitations.draw(view.invitations);
  };
});

function opened(role) {
  return role === "viewer" ? "A viewer" : `An ${role}`;
}
