// What is under way and what was. Cancel goes around a busy kernel: straight to the service.

export default panel((el, link) => {
  const service = h("span", { class: "wb-count" });
  const { body, showError } = frame(el, "Runs", { side: [service] });
  const watched = h("div", { class: "wb-watched" });
  const list = h("div", { class: "wb-runs", role: "listbox", "aria-label": "Runs, newest first", tabindex: "0" });
  const empty = h("p", { class: "wb-empty" }, "No runs yet. Choose a table and a target, and launch one.");
  body.append(watched, list, empty);

  const title = h("div", { class: "wb-run-title" });
  const bar = h("div", { class: "wb-progress", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, h("div"));
  const said = h("div", { class: "wb-said" });
  const cancel = h("button", { class: "wb-button wb-danger", type: "button" }, "Cancel");
  const remove = h("button", { class: "wb-button wb-quiet", type: "button" }, "Delete");
  watched.append(h("div", { class: "wb-run-line" }, title, h("div", { class: "wb-side" }, cancel, remove)), bar, said);

  const current = () => link.view.runs.find((run) => run.id === link.view.watched);
  const isOver = (run) => !["queued", "running"].includes(run.status);

  cancel.addEventListener("click", () => {
    const run = current();
    if (run) act(cancel, showError, () => link.callOrPost("cancel", { id: run.id }, `/runs/${run.id}/cancel`));
  });

  let armed = null;
  const disarm = () => {
    clearTimeout(armed);
    armed = null;
    remove.textContent = "Delete";
    remove.classList.remove("wb-danger");
  };
  remove.addEventListener("click", () => {
    const run = current();
    if (!run) return;
    if (armed) {
      disarm();
      act(remove, showError, () => link.call("delete", { id: run.id }));
      return;
    }
    remove.textContent = "Delete for good?";
    remove.classList.add("wb-danger");
    armed = setTimeout(disarm, 4000);
  });

  const seconds = (run) => (run.started ? ((run.finished ? new Date(run.finished) : new Date()) - new Date(run.started)) / 1000 : null);

  const drawWatched = (view) => {
    const run = current();
    watched.hidden = !run;
    if (!run) return;
    const over = isOver(run);
    fill(title, chip(run.cancelling ? "cancelled" : run.status, run.cancelling ? "cancelling" : undefined),
      h("strong", {}, `${run.plan} of ${run.source}`), h("span", {}, `for ${run.target}`), h("code", { title: run.id }, run.short));
    const { done = 0, total = 0, remaining_s: remaining = null, doing = "" } = view.progress ?? {};
    const part = run.status === "succeeded" ? 1 : total ? done / total : 0;
    bar.firstElementChild.style.width = `${(100 * part).toFixed(1)}%`;
    bar.setAttribute("aria-valuenow", Math.round(100 * part));
    bar.classList.toggle("wb-unknown", !over && !total);
    bar.dataset.status = run.status;
    const parts = [total ? `${number(done)} of ${number(total)} units` : null, seconds(run) === null ? null : duration(seconds(run))];
    if (!over && remaining !== null) parts.push(`about ${duration(remaining)} left`);
    if (!over) parts.push(doing);
    if (run.best) parts.push(`best: ${run.best}`);
    fill(said, h("span", {}, parts.filter(Boolean).join(" · ")), run.error ? h("p", { class: run.status === "failed" ? "wb-why wb-bad" : "wb-why" }, run.error) : null);
    cancel.hidden = over || view.read_only;
    cancel.disabled = run.cancelling;
    remove.hidden = !over || view.read_only;
  };

  const drawList = (view) => {
    const items = view.runs.map((run) =>
      h("button", { type: "button", role: "option", class: "wb-run", "aria-selected": run.id === view.watched ? "true" : "false", tabindex: "-1",
        onclick: () => link.call("watch", { id: run.id }).catch(showError) },
        h("span", { class: `wb-light wb-${run.status}`, title: run.status }), h("span", { class: "wb-run-what" }, `${run.plan} · ${run.source} · ${run.target}`),
        h("span", { class: "wb-run-best" }, run.best ?? (run.status === "succeeded" ? "" : STATUS_WORDS[run.status] ?? run.status)),
        h("span", { class: "wb-run-took" }, duration(seconds(run))), h("time", { datetime: run.created }, when(run.created))));
    fill(list, items);
    list.hidden = view.runs.length < 2;
  };

  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = link.view.runs.findIndex((run) => run.id === link.view.watched);
    const next = link.view.runs[at + step];
    if (next) link.call("watch", { id: next.id }).catch(showError);
  });

  let shown = null;
  const ticking = setInterval(() => current() && !isOver(current()) && drawWatched(link.view), 500);
  const update = (view) => {
    if (view.watched !== shown) {
      showError(null);
      disarm();
      shown = view.watched;
    }
    empty.hidden = view.runs.length > 0;
    service.textContent = view.read_only ? "" : { warm: "service ready", starting: "service starting…" }[view.service] ?? "service stopped";
    drawWatched(view);
    drawList(view);
  };
  update.dispose = () => clearInterval(ticking);
  return update;
});
