// What is being deployed and promoted: its steps, and why it failed until that is dismissed.

const STEP_WORDS = {
  fit: "Fit the model; its scores are taken over",
  promote: "Promote it to the registry",
  create: "Create the deployment",
  warm: "Load it in a process of its own",
  check: "Ask it for sample rows",
};
const VERBS = { deploy: ["Deploying", "Not deployed"], promote: ["Promoting", "Not promoted"] };

/** The steps of an attempt, a line each: done, under way, to come. */
function stepLines(attempt) {
  const at = Math.max(0, attempt.steps.indexOf(attempt.step));
  return attempt.steps.map((step, place) => {
    const state = place < at ? "done" : place > at ? "coming" : attempt.error ? "failed" : "now";
    return h("li", { class: `wb-step wb-step-${state}`, "aria-current": state === "now" ? "step" : null }, STEP_WORDS[step] ?? step);
  });
}

/** The attempts of one kind, a line each. */
function attemptsArea(link, verb) {
  const area = h("div", { class: "wb-attempts", "aria-live": "polite", hidden: true });
  const lineOf = (attempt) => {
    const [going, failed] = VERBS[verb];
    if (!attempt.error) return h("div", { class: "wb-attempt" }, h("span", { class: "wb-light wb-running" }), h("span", {}, h("strong", {}, `${going} ${attempt.what}`), attempt.step ? `: ${STEP_WORDS[attempt.step].toLowerCase()}…` : "…"));
    const dismiss = h("button", { class: "wb-dismiss", type: "button", title: "Dismiss", "aria-label": "Dismiss", onclick: () => link.call("dismiss", { id: attempt.id }) }, "×");
    return h("div", { class: "wb-attempt wb-bad", role: "alert" }, h("span", {}, h("strong", {}, `${failed}: ${attempt.what}. `), attempt.error), dismiss);
  };
  const tell = (view) => {
    const mine = view.attempts.filter((attempt) => attempt.verb === verb);
    area.hidden = !mine.length;
    fill(area, mine.map(lineOf));
  };
  return { area, tell };
}
