// The live log: one line an event, filtered and followed in the browser.

const SHOWN_MOST = 2000;
const FILTER_MS = 150;
const NEAR_PX = 60; // A few lines may arrive while somebody scrolls down to the end.
const KINDS = [
  ["", "everything"],
  ["run.", "run"],
  ["unit.", "scores by fold"],
  ["model.", "models"],
  ["failed", "failures"],
];

const isFailure = (event) => /failed|timed_out|cancel/.test(event.kind);
// What is no failure, and yet not as it was asked for.
const isTurn = (event) => /requeued|restarted|resumed|raced_out/.test(event.kind);

function line(event) {
  const isGood = event.kind === "run.succeeded" || event.kind === "model.scored";
  const tone = isFailure(event) ? "bad" : isTurn(event) ? "turn" : isGood ? "good" : "plain";
  return h(
    "div",
    { class: `wb-line wb-tone-${tone}`, role: "listitem" },
    h("span", { class: "wb-seq" }, event.seq),
    h("time", { datetime: event.at }, clock(event.at)),
    h("span", { class: "wb-kind" }, event.kind),
    h("span", { class: "wb-message", title: event.short ? event.message : null }, event.short ?? event.message),
    h("span", { class: "wb-took" }, event.ms === null ? "" : duration(event.ms / 1000)),
  );
}

export default panel((el, link) => {
  const kind = choices(h("select", { "aria-label": "Kind of event" }), KINDS);
  const words = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the log" });
  const follow = h("input", { type: "checkbox", checked: true });
  const count = h("span", { class: "wb-count" });
  const side = [count, kind, words, h("label", { class: "wb-check" }, follow, "Follow")];
  const { body, heading } = frame(el, "Events", { side });
  const log = h("div", { class: "wb-log", role: "list", tabindex: "0", "aria-label": "Log of the run" });
  const told = h("div", { role: "log", "aria-label": "Events as they happen" }, log);
  const empty = h("p", { class: "wb-empty" });
  body.append(told, empty);
  // Number of the last event that was looked at, and how many of those passed the filter.
  let drawn = 0;
  let matched = 0;
  let run = null;
  let top = 0;

  const isWanted = (event) => {
    if (kind.value === "failed" ? !isFailure(event) : !event.kind.startsWith(kind.value)) return false;
    const wanted = words.value.trim().toLowerCase();
    return !wanted || `${event.kind} ${event.message} ${event.short ?? ""}`.toLowerCase().includes(wanted);
  };

  const draw = (view, afresh) => {
    const last = view.events.at(-1);
    if (afresh || view.run !== run || (last?.seq ?? 0) < drawn) {
      log.replaceChildren();
      drawn = matched = top = 0;
      run = view.run;
    }
    const wanted = view.events.slice(view.events.findLastIndex((event) => event.seq <= drawn) + 1).filter(isWanted);
    const fresh = wanted.slice(-SHOWN_MOST).map(line);
    drawn = last?.seq ?? 0;
    matched += wanted.length;
    if (fresh.length) log.append(...fresh);
    while (log.childElementCount > SHOWN_MOST) log.firstElementChild.remove();
    // Kernel and page keep the newest part of a long log.
    const all = kind.value || words.value.trim() ? matched : last?.seq ?? 0;
    const left = log.childElementCount;
    count.textContent = left < all ? `${number(left)} of ${number(all)} shown` : last ? `${last.seq} events` : "";
    heading.title = view.title ?? "";
    empty.hidden = log.childElementCount > 0;
    told.hidden = log.hidden = !empty.hidden;
    // After layout: a log that was drawn before it was put on the page has no height yet.
    if (fresh.length) requestAnimationFrame(() => follow.checked && (log.scrollTop = log.scrollHeight));
    empty.textContent = view.run ? (view.events.length ? "No event matches the filter." : "Waiting for the first event…") : "No run yet. Launch one, and its log appears here while it runs.";
  };

  kind.addEventListener("change", () => draw(link.view, true));
  let typing = 0;
  words.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => draw(link.view, true), FILTER_MS);
  });
  follow.addEventListener("change", () => follow.checked && (log.scrollTop = log.scrollHeight));
  // Who scrolls up wants to read; following goes on at the bottom. Only by hand: a change of theme moves the log too.
  let byHand = 0;
  const takeHand = (ms) => (byHand = performance.now() + ms);
  log.addEventListener("wheel", () => takeHand(500), { passive: true });
  log.addEventListener("touchmove", () => takeHand(500), { passive: true });
  log.addEventListener("pointerdown", () => takeHand(5000));
  log.addEventListener("keydown", (event) => /^(Page|Arrow|Home|End)/.test(event.key) && takeHand(500));
  log.addEventListener("scroll", () => {
    if (performance.now() < byHand) {
      if (log.scrollTop < top) follow.checked = false;
      else if (log.scrollTop + log.clientHeight >= log.scrollHeight - NEAR_PX) follow.checked = true;
    }
    top = log.scrollTop;
  });
  return (view, patch) => touches(patch, "run", "events", "title") && draw(view, patch === null);
});
