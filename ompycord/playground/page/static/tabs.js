// A row of tabs over panels of the HTML: arrow keys move, one tab stop (ARIA's tabs pattern).

/** Wires `list`'s tabs to the panels they control; `onChange` gets the id of the panel that is shown. */
export function setUpTabs(list, onChange) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const show = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    onChange(chosen.getAttribute("aria-controls"));
  };
  for (const tab of tabs) tab.addEventListener("click", () => show(tab));
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    show(next);
    next.focus();
  });
  return { focus: () => tabs.find((tab) => tab.tabIndex === 0).focus() };
}
