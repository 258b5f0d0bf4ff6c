// A secret that is told once: it stands on the page until its reader has saved it, and nowhere else.

/**
 * Where secrets stand, one below the other; `show` adds one and takes the reader there, `back` is where they go on from.
 * `awaits` asks for one: until the answer is here, the page knows that it comes.
 */
function secretArea() {
  const area = h("div", { class: "wb-secrets", hidden: true });
  const show = ({ title, secret, words, back }) => {
    const text = h("code", { class: "wb-secret-text", tabindex: "0", "aria-label": title }, secret);
    const saved = h("button", { type: "button", class: "wb-button wb-primary" }, "I have saved it");
    const card = h("section", { class: "wb-secret", "aria-label": title, tabindex: "-1" },
      h("strong", {}, title), h("div", { class: "wb-secret-line" }, text, copyButton("Copy", text)),
      h("p", {}, words), h("div", { class: "wb-go" }, h("span", { class: "wb-faint" }, "It is shown only now, and kept nowhere."), saved));
    saved.addEventListener("click", () => {
      card.remove();
      area.hidden = !area.children.length;
      back?.focus();
    });
    area.hidden = false;
    area.append(card);
    card.scrollIntoView({ block: "nearest" });
    card.focus({ preventScroll: true });
  };
  let coming = 0;
  const awaits = async (answer) => {
    area.dataset.coming = ++coming;
    try {
      return await answer;
    } finally {
      area.dataset.coming = --coming;
    }
  };
  return { area, show, awaits };
}
