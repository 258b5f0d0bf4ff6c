// A model card as the registry writes it: a small part of Markdown, made of elements and texts, never of markup.

const CARD_TABS = { overview: "Model card", columns: "Input columns", lineage: "Lineage", aliases: "Aliases" };
const CARD_PLACES = { "Input columns": "columns", "How it was made": "lineage", Environment: "lineage", Aliases: "aliases" };

/** Texts and code of one line; what is escaped is itself. */
function inlineOf(text) {
  const parts = text.matchAll(/\\([\\`*[\]<>|])|`([^`]*)`|([^\\`]+)|([\\`])/g);
  return [...parts].map(([, escaped, code, plain, odd]) => (code !== undefined ? h("code", {}, code.replaceAll("\\|", "|")) : escaped ?? plain ?? odd));
}

const cellsOf = (line) => line.slice(1, line.trimEnd().lastIndexOf("|")).split(/(?<!\\)\|/).map((cell) => cell.trim());

function tableOf(lines) {
  const [head, , ...rows] = lines.map(cellsOf);
  const isNumber = (text) => /^[\d.,+–-]+%?$/.test(text);
  return h("div", { class: "wb-scroll", tabindex: "0", role: "group", "aria-label": head.join(", ") }, h("table", { class: "wb-table" },
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, inlineOf(cell))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", { class: isNumber(cell) ? "wb-number" : null }, inlineOf(cell))))))));
}

/** The blocks of some lines: tables, lists, paragraphs. */
function blocksOf(lines) {
  const blocks = [];
  const kindOf = (line) => (line.startsWith("|") ? "table" : line.startsWith("- ") ? "list" : line.trim() ? "text" : null);
  for (let at = 0; at < lines.length; ) {
    const kind = kindOf(lines[at]);
    let end = at + 1;
    while (kind && end < lines.length && kindOf(lines[end]) === kind) end += 1;
    const block = lines.slice(at, end);
    if (kind === "table") blocks.push(tableOf(block));
    else if (kind === "list") blocks.push(h("ul", {}, block.map((line) => h("li", {}, inlineOf(line.slice(2))))));
    else if (kind === "text") blocks.push(h("p", {}, inlineOf(block.join(" "))));
    at = end;
  }
  return blocks;
}

/** A card's sections by the tab that shows them. */
function cardParts(card) {
  const parts = Object.fromEntries(Object.keys(CARD_TABS).map((name) => [name, []]));
  for (const section of card.split(/^## /m)) {
    const [first, ...lines] = section.split("\n");
    const isHead = first.startsWith("# ");
    const place = CARD_PLACES[first] ?? "overview";
    // The name stands above the card already, and a tab's title above what it shows.
    if (!isHead && first !== CARD_TABS[place]) parts[place].push(h("h4", {}, inlineOf(first)));
    parts[place].push(...blocksOf(lines));
  }
  return parts;
}
