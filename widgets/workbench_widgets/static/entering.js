// Turning to another workspace: the whole page is made anew, and its reader goes on from the control they were at.

/**
 * Have the kernel turn to another workspace; the control that goes by `name` takes the focus there.
 * Not while a secret stands on the page that its reader has not saved: it would be gone with the page.
 */
async function turning(el, name, go) {
  const root = el.closest(".wb-tabbed");
  if (root?.querySelector('.wb-secrets[data-coming]:not([data-coming="0"])')) {
    throw new Refused({ code: "page.secret_unsaved", detail: "A key or an invitation is being made, and will be shown only once.", hint: "Wait for it, and save it first." });
  }
  const unsaved = root?.querySelector(".wb-secret");
  if (unsaved) {
    unsaved.dispatchEvent(new CustomEvent("wb-reveal", { bubbles: true }));
    bringUp(unsaved);
    throw new Refused({ code: "page.secret_unsaved", detail: `${unsaved.getAttribute("aria-label")} is shown only now.`, hint: "Say that you have saved it first." });
  }
  if (root) root.dataset.wbFrom = name;
  try {
    return await go();
  } catch (error) {
    delete root?.dataset.wbFrom;
    throw error;
  }
}

/** Give a control the focus once it is seen, where the page was turned from the one that goes by its `name`; the answer ends that. */
function goesOn(el, name, control) {
  const watcher = new IntersectionObserver(() => {
    const root = el.closest(".wb-tabbed");
    if (root?.dataset.wbFrom !== name || control.offsetParent === null) return;
    delete root.dataset.wbFrom;
    control.focus({ preventScroll: true });
  });
  watcher.observe(control);
  return () => watcher.disconnect();
}
