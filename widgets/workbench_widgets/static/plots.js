// Plots by plotly, whose script comes from the kernel's Python package and nowhere else, once a page, when the first is drawn.

const PLOT_CONFIG = { displayModeBar: false, responsive: false, showTips: false, doubleClick: "reset" };

/** Have plotly loaded; what other notebooks on the page know by its name stays theirs. */
function plotLibrary(link) {
  window.workbenchPlots ??= loadPlots(link).catch((error) => {
    window.workbenchPlots = undefined;
    throw error;
  });
  return window.workbenchPlots;
}

async function loadPlots(link) {
  const { buffers } = await link.call("plot_library");
  const code = await new Response(new Blob([buffers[0]]).stream().pipeThrough(new DecompressionStream("gzip"))).blob();
  // Where a page has a module loader, the script would hand itself to that.
  const url = URL.createObjectURL(new Blob(["(function (define, module, exports) {\n", code, "\n}).call(window);"], { type: "text/javascript" }));
  const theirs = window.Plotly;
  try {
    await new Promise((resolve, reject) => document.head.append(h("script", { src: url, onload: resolve, onerror: () => reject(new Error("The script that draws plots could not be run.")) })));
    return window.Plotly;
  } finally {
    URL.revokeObjectURL(url);
    if (theirs === undefined) delete window.Plotly;
    else window.Plotly = theirs;
  }
}

/** So much of one colour in another. */
function mixed(one, other, part) {
  const [a, b] = [one, other].map((color) => color.match(/[\d.]+/g).slice(0, 3).map(Number));
  return `rgb(${a.map((value, at) => Math.round(value * part + b[at] * (1 - part))).join(", ")})`;
}

/** The panel's colours as the theme has them now. */
function paints(el) {
  const probe = h("span", { hidden: true });
  el.append(probe);
  const found = Object.fromEntries(["ground", "line", "ink", "soft", "brand", "good", "bad", "warn"].map((name) => {
    probe.style.color = `var(--wb-${name})`;
    return [name, getComputedStyle(probe).color];
  }));
  found.font = getComputedStyle(el).fontFamily;
  // Let through, a colour would show the grid behind it.
  found.bar = mixed(found.brand, found.ground, 0.75);
  found.faint = mixed(found.soft, found.ground, 0.35);
  found.before = mixed(found.warn, found.ground, 0.75);
  probe.remove();
  return found;
}

/** What all plots have in common, with what one has of its own put into it. */
function plotLayout(paint, { xaxis = {}, yaxis = {}, ...own }) {
  const axis = { gridcolor: paint.line, zeroline: false, linecolor: paint.line, tickcolor: paint.line, automargin: true, fixedrange: true };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: false, bargap: 0.04,
    font: { family: paint.font, size: 11, color: paint.soft }, margin: { l: 44, r: 10, t: 8, b: 30, pad: 2 },
    hoverlabel: { bgcolor: paint.ground, bordercolor: paint.line, font: { family: paint.font, size: 12, color: paint.ink }, align: "left" },
    xaxis: { ...axis, showgrid: false, ...xaxis }, yaxis: { ...axis, ...yaxis }, ...own,
  };
}

/**
 * A place for plots. `show(label, height, figure)` draws what `figure(paint)` gives, `{ data, layout }`, as soon as the place can be
 * seen, and anew where the theme or the width changes.
 */
function plotPlace(link) {
  const node = h("div", { class: "wb-figure", role: "img" });
  let shown = null;
  let drawn = { figure: null, width: 0 };
  let wait = 0;

  const draw = async () => {
    const mine = shown;
    const width = node.clientWidth;
    // Out of sight: it is drawn once it has a size.
    if (!mine || !width) return;
    drawn = { figure: mine, width };
    try {
      const library = await plotLibrary(link);
      if (mine !== shown || drawn.width !== width) return;
      const { data, layout } = mine(paints(node));
      await library.react(node, data, { ...layout, width, height: node.clientHeight }, PLOT_CONFIG);
      node.classList.add("wb-is-drawn");
    } catch (error) {
      fill(node, h("p", { class: "wb-faint" }, error.message));
    }
  };
  const catchUp = () => (drawn.figure !== shown || drawn.width !== node.clientWidth) && draw();
  const sizes = new ResizeObserver(catchUp);
  const themes = new MutationObserver(() => {
    clearTimeout(wait);
    // A theme's style sheet comes a moment after its name.
    wait = setTimeout(draw, 150);
  });
  sizes.observe(node);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });

  const show = (label, height, figure) => {
    shown = figure;
    node.setAttribute("aria-label", label);
    node.style.height = `${height}px`;
    node.classList.remove("wb-is-drawn");
    // The caller puts it where it belongs first.
    requestAnimationFrame(catchUp);
  };
  const dispose = () => {
    shown = null;
    clearTimeout(wait);
    sizes.disconnect();
    themes.disconnect();
    window.workbenchPlots?.then((library) => library.purge(node), () => {});
  };
  return { node, show, dispose };
}

const NO_PLOTS = "Plots take the package plotly, which is not installed where this kernel runs; everything is here in numbers.";
