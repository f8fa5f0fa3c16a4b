// The page's own pictograms as SVG, so that its controls look the same without any emoji font.

const SVG = "http://www.w3.org/2000/svg";

/** Paths in a 24 by 24 box; those in LINES are drawn as strokes. */
const PATHS = {
  pin: "M14 3l7 7-2 1-3 3v5l-2 1-4-4-5 5-1-1 5-5-4-4 1-2h5l3-3z",
  eye: "M12 5c5 0 8.500 4 10 7-1.500 3-5 7-10 7s-8.500-4-10-7c1.500-3 5-7 10-7zm0 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm0 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  warn: "M12 3l10 18H2L12 3zm-1 6v6h2V9h-2zm0 7.500v2h2v-2h-2z",
  file: "M6 2h8l5 5v15H6V2zm7 1.500V8h4.500L13 3.500zM8.500 12v1.500h8V12h-8zm0 4v1.500h8V16h-8z",
  more: "M5 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zm7 0a2 2 0 1 1 0 4 2 2 0 0 1 0-4zm7 0a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
};
const LINES = {
  plus: "M12 4v16M4 12h16",
  close: "M5 5l14 14M19 5L5 19",
  down: "M6 9l6 6 6-6",
  back: "M15 5l-7 7 7 7",
  out: "M7 17L17 7M9 7h8v8",
  arrive: "M3 12h15M12 6l6 6-6 6",
  thread: "M4 5h16v11H11l-5 4v-4H4zM8 9h8M8 12h5",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 14c1.500 3 6.500 3 8 0M9 9v1M15 9v1",
  check: "M4 13l5 5L20 7",
  reply: "M10 6l-6 6 6 6M4 12h9c4 0 7 2 7 6",
  expand: "M13 4h7v7M20 4l-8 8M11 20H4v-7M4 20l8-8",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
};

/** Decorative always: the control or text beside it carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  svg.classList.toggle("is-line", name in LINES);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", LINES[name] ?? PATHS[name]);
  svg.append(path);
  return svg;
}
