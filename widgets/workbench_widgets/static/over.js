// What lies over the page for a moment: popovers beside a button, and tips.

/**
 * Open a popover beside the button that asked for it, inside the window; it goes when it is closed.
 * Where the button is drawn anew meanwhile, `button` is a function that finds it, and `parent` holds the popover.
 */
function openBeside(button, list, parent = null) {
  const found = () => (parent ? button() : button);
  // It lies over the page: where the button is scrolled, it goes along, and goes when the button is out of sight.
  const follow = (event) => {
    if (!found() || !event.target.contains(found())) return;
    const { top, bottom } = found().getBoundingClientRect();
    if (bottom < 0 || top > innerHeight) list.hidePopover();
    else putBeside(found(), list);
  };
  document.addEventListener("scroll", follow, true);
  list.addEventListener("toggle", (event) => {
    found()?.setAttribute("aria-expanded", event.newState === "open" ? "true" : "false");
    if (event.newState !== "closed") return;
    document.removeEventListener("scroll", follow, true);
    list.remove();
  });
  if (parent) parent.append(list);
  else button.after(list);
  list.showPopover();
  putBeside(found(), list);
}

/**
 * A menu beside the button that opened it; what is chosen closes it. An item is `{ title, about, takes, pick }`,
 * with `isOn` where it is one of several of which one holds; null draws a line.
 */
function menu(button, items, { label = null, kind = "" } = {}) {
  const list = h("div", { class: `wb-menu ${kind}`, role: "menu", popover: "auto", "aria-label": label });
  const item = ({ title, about = null, takes = null, isOn = null, pick }) => {
    const checked = isOn === null ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": String(isOn) };
    return h("button", { type: "button", ...checked, tabindex: "-1", "data-takes": takes, onclick: () => (list.hidePopover(), pick()) }, h("span", {}, title), about && h("small", {}, about));
  };
  list.append(...items.map((each) => (each ? item(each) : h("hr", { role: "separator" }))));
  const all = [...list.querySelectorAll("button")];
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: all[(at + 1) % all.length], ArrowUp: all.at(at - 1), Home: all[0], End: all.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  openBeside(button, list);
  (list.querySelector('[aria-checked="true"]') ?? all[0]).focus({ preventScroll: true });
}

/** A question beside the button that asks it, with a way out in its head; `content` is its form. Errors are shown in it. */
function askBeside(button, parent, title, ...content) {
  const { error, showError } = errorArea();
  const box = h("div", { class: "wb-menu wb-ask", role: "dialog", popover: "auto", "aria-label": title });
  const close = h("button", { type: "button", class: "wb-dismiss", title: "Close", "aria-label": "Close", onclick: () => box.hidePopover() }, "×");
  box.append(h("header", { class: "wb-run-line" }, h("strong", {}, title), close), error, ...content);
  openBeside(button, box, parent);
  return { box, showError };
}

/** Put what lies over the page below an element, or above it where there is more room, inside the window. */
function putBeside(element, over) {
  const place = element.getBoundingClientRect();
  const { width, height } = over.getBoundingClientRect();
  over.style.left = `${Math.max(8, Math.min(place.left, innerWidth - 8 - width))}px`;
  over.style.top = `${place.bottom + height > innerHeight - 8 ? Math.max(8, place.top - height) : place.bottom}px`;
}

/** Show what `data-tip` says of an element within `root` at once, to who points at it and to who gets there by key. */
function tips(root) {
  const tip = h("div", { class: "wb-tip", role: "tooltip", popover: "manual" });
  root.append(tip);
  const hide = () => tip.hidePopover();
  const show = (event) => {
    const told = event.target.closest("[data-tip]");
    if (!told) return;
    tip.textContent = told.dataset.tip;
    tip.showPopover();
    putBeside(told, tip);
  };
  for (const name of ["pointerover", "focusin"]) root.addEventListener(name, (event) => (hide(), show(event)));
  for (const name of ["pointerleave", "focusout", "pointerdown"]) root.addEventListener(name, hide);
  root.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  return hide;
}
