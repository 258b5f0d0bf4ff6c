// What an advisor says of a thing, in one line where the thing is shown: how grave, the verdict, and a way to ask (again).

const ADVICE_WAITS = { asking: "looking…", queued: "waiting for a process…", gathering: "gathering evidence…" };
const NO_GOAL = "Say in words what is wanted, such as: predict who will churn, miss as few as possible.";
const isAsked = (status) => status in ADVICE_WAITS;

/** The words that a verdict opens with, without what follows them. */
const openingOf = (verdict) => verdict.split(":")[0];

/** What is to be read of a consultation in one line. */
const adviceWords = ({ status, verdict, why }) => ADVICE_WAITS[status] ?? verdict ?? (status === "failed" ? `No advice: ${why ?? "it failed"}` : "");

/** How a consultation looks: a class that sets the tone. */
const adviceTone = ({ status, tone }) => `wb-says-${isAsked(status) ? "asked" : status === "failed" ? "nothing" : tone ?? "unasked"}`;

/** Ask an advisor about the thing of a card; `asked` has what else it is told. */
const askAdvisor = (link, { advisor, kind, subject }, asked = {}) => link.call("consult", { advisor, kind, subject, ...asked });

/** Launch what an advice suggests; what is refused can be looked at in the form instead. */
async function relaunch(el, link, button, showError, id) {
  const showRefusal = (error) => showError(error, error && link.view.has_form !== false ? { "Look at it in the form": () => applyAdvice(el, link, button, showError, id) } : {});
  if (await act(button, showRefusal, () => link.call("relaunch", { id }))) reveal(el, "Runs");
}

/** Have the form filled in by what an advice suggests. */
async function applyAdvice(el, link, button, showError, id) {
  if ((await act(button, showError, () => link.call("apply", { id }).then(() => true))) && !reveal(el, "Launch")) showError(new Error("This page has no launch panel to fill in."));
}

/**
 * Cards, a line each; a press on one opens the advice in the review panel, where the page has one.
 * `ask(card)` asks an advisor, where `canAsk()`; a brief card leaves out what stands beside it anyway.
 */
function adviceCards(el, link, showError, { ask = (card) => askAdvisor(link, card), canAsk = () => !link.view.read_only, isBrief = false } = {}) {
  const area = h("div", { class: "wb-advice-cards", hidden: true });
  const made = new Map();

  const open = async (card) => {
    const isOpen = await link.call("open_advice", { kind: card.kind, id: card.id }).then(() => true, showError);
    if (isOpen && !reveal(el, "Review")) showError(new Error("This page has no review panel to read it in."));
  };

  const make = () => {
    let card = null;
    const says = h("span", { class: "wb-advice-says" });
    const who = h("small", {});
    const at = h("time", {});
    const words = h("button", { type: "button", class: "wb-advice-words", onclick: () => open(card) }, who, says);
    const verb = h("button", { type: "button", class: "wb-button wb-advice-verb", "data-takes": "advices:write" });
    const again = h("button", { type: "button", class: "wb-button wb-advice-verb wb-accent", "data-takes": "runs:write", title: "Launch what is suggested at once" }, "Relaunch corrected");
    verb.addEventListener("click", () => act(verb, showError, () => ask(card), ADVICE_WAITS.asking));
    again.addEventListener("click", () => relaunch(el, link, again, showError, card.id));
    const node = h("div", { role: "group", "aria-live": "polite" }, h("span", { class: "wb-light", "aria-hidden": "true" }), words, at, again, verb);
    const tell = (next) => {
      card = next;
      node.className = `wb-advice-card ${adviceTone(card)}`;
      node.setAttribute("aria-label", card.title);
      node.dataset.advisor = card.advisor;
      write(who, card.title);
      write(says, adviceWords(card) || (isBrief ? "" : card.about));
      words.title = adviceWords(card) || card.about;
      words.disabled = !card.id || Boolean(link.view.read_only);
      at.hidden = isBrief || !card.created_at || isAsked(card.status);
      if (card.created_at) {
        at.dateTime = card.created_at;
        write(at, when(card.created_at));
      }
      verb.hidden = !canAsk();
      verb.disabled = isAsked(card.status);
      write(verb, card.verb);
      again.hidden = isBrief || !canAsk() || card.advisor !== "failure_debugger" || !card.has_config || isAsked(card.status);
    };
    return { node, tell };
  };

  const draw = (cards) => {
    area.hidden = !cards.length;
    const keys = cards.map(({ advisor, subject }) => `${advisor} ${subject}`);
    keys.forEach((key, place) => {
      if (!made.has(key)) made.set(key, make());
      made.get(key).tell(cards[place]);
    });
    for (const key of made.keys()) if (!keys.includes(key)) made.delete(key);
    arrange(area, keys.map((key) => made.get(key).node));
  };
  return { area, draw };
}
