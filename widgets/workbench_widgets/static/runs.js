// What is under way and what was. Cancel goes around a busy kernel: straight to the service.

export default panel((el, link) => {
  const service = h("span", { class: "wb-count" });
  const { body, showError } = frame(el, "Runs", { side: [service] });
  const watched = h("div", { class: "wb-watched" });
  const picks = pickList("Runs, newest first", {
    make: () => ({ light: h("span"), hidden: h("span", { class: "wb-sr" }), what: h("span", { class: "wb-run-what" }), best: h("span", { class: "wb-run-best" }), took: h("span", { class: "wb-run-took" }), made: h("time") }),
    tell: (parts, run) => tellItem(parts, run),
    choose: (id) => link.call("watch", { id }).catch(showError),
  });
  const empty = h("p", { class: "wb-empty" }, "No runs yet. Choose a table and a target, and launch one.");
  body.append(watched, picks.list, empty);

  const cards = adviceCards(el, link, showError);
  const title = h("div", { class: "wb-run-title" });
  const bar = h("div", { class: "wb-progress", role: "progressbar", "aria-label": "Progress of the run", "aria-valuemin": "0", "aria-valuemax": "100" }, h("div"));
  const said = h("div", { class: "wb-said" });
  const cancel = h("button", { class: "wb-button wb-danger", type: "button", "data-takes": "runs:write" }, "Cancel");
  const resume = h("button", { class: "wb-button", type: "button", title: "Start a run that keeps what is scored and goes on with the rest", "data-takes": "runs:write" }, "Resume");
  const reproduce = h("button", { class: "wb-button wb-quiet", type: "button", title: "Write the run as a notebook of plain PyCaret calls, beside this one" }, "Reproduce");
  // A run that its own limit ended needs another one to get further.
  const limits = limitInputs();
  const again = h("button", { class: "wb-button", type: "submit", "data-takes": "runs:write" }, "Resume");
  const otherLimits = h("details", { class: "wb-more" }, h("summary", {}, "Resume with other limits"),
    h("form", { class: "wb-limits", novalidate: true }, limits.fields, again));
  const written = h("p", { class: "wb-why", role: "status", hidden: true });
  const remove = h("button", { class: "wb-button wb-quiet", type: "button", "data-takes": "runs:write" }, "Delete");
  watched.append(h("div", { class: "wb-run-line" }, title, h("div", { class: "wb-side" }, cancel, resume, reproduce, remove)), bar, said, cards.area, otherLimits, written);

  const current = () => link.view.runs.find((run) => run.id === link.view.watched);
  const isOver = (run) => !["queued", "running"].includes(run.status);

  cancel.addEventListener("click", () => {
    const run = current();
    const tellWait = () => showError(new Error("The kernel is busy and the service cannot be reached from here: cancel waits for the kernel to finish its cell."));
    if (!run) return;
    act(cancel, showError, async () => {
      await link.callOrPost("cancel", { id: run.id }, `/runs/${run.id}/cancel`, tellWait);
      showError(null);
    });
  });

  const goOn = (button, asked) => {
    const run = current();
    // What stands in the way may be let pass, by saying so.
    const showRefusal = (error) => showError(error, error?.code === "spec.blocked"
      ? { "Resume all the same": () => goOn(button, { ...asked, override: error.problem.findings.map(({ code }) => code) }) } : {});
    if (run) act(button, showRefusal, () => link.call("resume", { id: run.id, ...asked }));
  };
  resume.addEventListener("click", () => goOn(resume, {}));
  otherLimits.addEventListener("submit", (event) => {
    event.preventDefault();
    goOn(again, limits.asked());
  });

  reproduce.addEventListener("click", async () => {
    const run = current();
    const told = run && await act(reproduce, showError, () => link.call("reproduce", { id: run.id }));
    if (!told || run.id !== link.view.watched) return;
    written.textContent = `Written beside this notebook: ${told.path}`;
    written.hidden = false;
  });

  const disarm = confirmed(remove, "Delete for good?", () => {
    const run = current();
    if (run) act(remove, showError, () => link.call("delete", { id: run.id }));
  });

  const seconds = (run) => (run.started ? ((run.finished ? new Date(run.finished) : new Date()) - new Date(run.started)) / 1000 : null);

  const drawWatched = (view) => {
    const run = current();
    watched.hidden = !run;
    if (!run) return;
    const over = isOver(run);
    // Only where it says something else: it may be marked, to copy the id.
    const key = [run.id, run.status, run.cancelling].join();
    if (title.dataset.key !== key) {
      title.dataset.key = key;
      fill(title, chip(run.cancelling ? "cancelled" : run.status, run.cancelling ? "cancelling" : undefined),
        h("strong", {}, `${run.plan} of ${run.source}`), run.target === null ? null : h("span", {}, `for ${run.target}`), h("code", { title: run.id }, run.short));
    }
    const { done = 0, total = 0, remaining_s: remaining = null, doing = "" } = view.progress ?? {};
    const part = run.status === "succeeded" ? 1 : total ? done / total : 0;
    bar.firstElementChild.style.width = `${(100 * part).toFixed(1)}%`;
    const isUnknown = !over && !total;
    if (isUnknown) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", Math.round(100 * part));
    bar.classList.toggle("wb-unknown", isUnknown);
    bar.dataset.status = run.status;
    const parts = [total ? `${number(done)} of ${number(total)} units` : null, seconds(run) === null ? null : duration(seconds(run))];
    if (!over && remaining !== null) parts.push(`about ${duration(remaining)} left`);
    if (!over) parts.push(doing);
    if (run.best) parts.push(`best: ${run.best}`);
    fill(said, h("span", {}, parts.filter(Boolean).join(" · ")), run.note ? h("p", { class: "wb-why" }, run.note) : null, run.error ? h("p", { class: run.status === "failed" ? "wb-why wb-bad" : "wb-why" }, run.error) : null);
    cancel.hidden = over || view.read_only;
    cancel.disabled = run.cancelling;
    resume.hidden = otherLimits.hidden = !run.limits || view.read_only;
    if (run.limits) limits.inherit(run.limits);
    reproduce.hidden = remove.hidden = !over || view.read_only;
  };

  const tellItem = (parts, run) => {
    const status = STATUS_WORDS[run.status] ?? run.status;
    const best = run.best_short ?? (run.status === "succeeded" ? "" : status);
    parts.light.className = `wb-light wb-${run.status}`;
    parts.light.title = status;
    write(parts.hidden, best === status ? "" : status);
    write(parts.what, [run.plan, run.source, run.target].filter(Boolean).join(" · "));
    write(parts.best, best);
    write(parts.took, duration(seconds(run)));
    parts.made.dateTime = run.created;
    write(parts.made, when(run.created));
  };

  let shown = null;
  const tick = () => {
    const under = link.view.runs.filter((run) => !isOver(run));
    for (const run of under) picks.drawItem(run);
    if (under.includes(current())) drawWatched(link.view);
  };
  const ticking = setInterval(tick, 500);
  const update = (view, patch) => {
    if (view.watched !== shown) {
      showError(null);
      disarm();
      written.hidden = true;
      otherLimits.open = false;
      limits.clear();
      shown = view.watched;
    }
    empty.hidden = view.runs.length > 0;
    write(service, view.read_only ? "" : { warm: "service ready", starting: "service starting…" }[view.service] ?? "service stopped");
    drawWatched(view);
    if (touches(patch, "cards")) cards.draw(view.cards);
    if (touches(patch, "runs", "watched")) picks.draw(view.runs, view.watched);
    picks.list.hidden = view.runs.length < 2;
  };
  update.dispose = () => clearInterval(ticking);
  return update;
});
