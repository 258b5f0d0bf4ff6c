// The small forms beside a row or a pipeline: deploy it, promote it; with the steps of what is under way.

const CHECK_MS = 200;

/**
 * Forms over one panel. `deploy(button, name, about)` and `promote(…)` open one beside what `button()` finds;
 * `about` names a run and a model, or a pipeline. `tell(view)` shows how far an attempt is.
 */
function deployForms(el, link) {
  let open = null;

  const begin = (button, name, title) => {
    const steps = h("ol", { class: "wb-steps", "aria-live": "polite", hidden: true });
    const { box, showError } = askBeside(button, el.querySelector(".wb-panel"), `${title} ${name}`);
    const mine = { id: newId(), box, steps, showError };
    open = mine;
    return mine;
  };

  /** Have the engine do it, show its steps, and then what was made: in its panel, or here where the page has none. */
  const go = async (mine, button, command, asked, panelTitle, words) => {
    // A new try is a new attempt: what was told of the last one must not be taken for it.
    mine.id = newId();
    mine.steps.hidden = true;
    const made = await act(button, mine.showError, () => link.call(command, { attempt: mine.id, ...asked }), "");
    if (made === undefined) return;
    if (!reveal(el, panelTitle)) {
      mine.steps.hidden = false;
      fill(mine.steps, h("li", { class: "wb-step wb-step-done" }, words(made)));
    } else if (mine.box.matches(":popover-open")) mine.box.hidePopover();
  };

  const deploy = async (button, name, about) => {
    const mine = begin(button, name, "Deploy");
    const offered = await link.call("offer", about).catch(mine.showError);
    if (!offered) return;
    const slug = h("input", { type: "text", value: offered.slug, spellcheck: "false", autocomplete: "off", maxlength: 64 });
    const access = accessField();
    const follow = choices(h("select"), [["", "none: it stays with this pipeline"], ...offered.aliases.map((alias) => [alias.name, `${alias.name}, now ${alias.pipeline_name}`])]);
    const said = h("small", { class: "wb-hint", "aria-live": "polite" });
    const submit = h("button", { type: "submit", class: "wb-button wb-primary", "data-takes": "deployments:write" }, "Deploy");
    const slugField = field("Slug", slug);
    slugField.append(said);
    const followField = field("Go along with an alias", follow);
    followField.hidden = !offered.aliases.length;
    const form = h("form", { class: "wb-ask-form", novalidate: true }, slugField, access.field, followField,
      offered.fits ? h("p", { class: "wb-faint" }, "This model is fitted first, on the run's data. That may take a while; its scores are kept.") : null,
      mine.steps, h("div", { class: "wb-go" }, h("span"), submit));
    mine.box.append(form);
    putBeside(button(), mine.box);

    let checking = 0;
    const tell = (problem) => {
      slug.setAttribute("aria-invalid", problem ? "true" : "false");
      said.classList.toggle("wb-bad", Boolean(problem));
      write(said, problem ? problem.message : `/api/v1/deployments/${slug.value}/predict`);
    };
    slug.addEventListener("input", () => {
      clearTimeout(checking);
      checking = setTimeout(() => link.call("check_slug", { slug: slug.value }).then(() => tell(null), tell), CHECK_MS);
    });
    tell(null);
    slug.focus({ preventScroll: true });
    slug.select();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const asked = { slug: slug.value, access: access.select.value, follow: follow.value || null, ...about };
      go(mine, submit, "deploy", asked, "Deploy", (made) => `It answers at /api/v1/deployments/${made.slug}/predict.`);
    });
  };

  const promote = async (button, name, about) => {
    const mine = begin(button, name, "Promote");
    const offered = await link.call("offer", about).catch(mine.showError);
    if (!offered) return;
    const called = h("input", { type: "text", placeholder: "by its data and its model", maxlength: 100 });
    const note = h("input", { type: "text", placeholder: "what a reader of its card shall know" });
    const submit = h("button", { type: "submit", class: "wb-button wb-primary", "data-takes": "registry:write" }, "Promote");
    const form = h("form", { class: "wb-ask-form", novalidate: true }, field("Name", called), field("Note", note),
      offered.fits ? h("p", { class: "wb-faint" }, "This model is fitted first, on the run's data. That may take a while; its scores are kept.") : null,
      mine.steps, h("div", { class: "wb-go" }, h("span"), submit));
    mine.box.append(form);
    putBeside(button(), mine.box);
    called.focus({ preventScroll: true });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go(mine, submit, "promote", { name: called.value.trim() || null, note: note.value.trim(), ...about }, "Registry", (made) => `It is the pipeline ${made.name}.`);
    });
  };

  const tell = (view) => {
    const attempt = open && view.attempts.find((one) => one.id === open.id);
    if (!attempt) return;
    open.steps.hidden = false;
    fill(open.steps, stepLines(attempt));
  };

  return { deploy, promote, tell };
}
