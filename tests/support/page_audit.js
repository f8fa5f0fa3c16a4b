// Checks of the whole page that the accessibility tests evaluate in it; each returns a list of what is wrong.
({
  /** Shown controls and landmarks without an accessible name: aria label, labels, or their own text. */
  nameless() {
    const byReference = (element) =>
      (element.getAttribute("aria-labelledby") ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "")
        .join("");
    const hasName = (element) =>
      [
        element.getAttribute("aria-label"),
        byReference(element),
        [...(element.labels ?? [])].map((label) => label.textContent).join(""),
        element.matches("input, textarea") ? "" : element.textContent,
      ].some((text) => text?.trim());
    const controls = "button, a[href], input, textarea, select, summary, dialog, nav, aside";
    const roles = "[role=button], [role=combobox], [role=region], [role=dialog], [role=menu]";
    return [...document.querySelectorAll(`${controls}, ${roles}`)]
      .filter((element) => element.getClientRects().length && !hasName(element))
      .map((element) => element.outerHTML.slice(0, 160));
  },

  /** Ids that more than one element has. */
  duplicateIds() {
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
  },

  /** References to ids that nobody has. */
  dangling() {
    const names = ["aria-labelledby", "aria-describedby", "aria-controls", "aria-activedescendant", "for"];
    return names.flatMap((name) =>
      [...document.querySelectorAll(`[${name}]`)]
        .flatMap((element) => element.getAttribute(name).split(" "))
        .filter((id) => id && !document.getElementById(id))
        .map((id) => `${name}=${id}`),
    );
  },

  /**
   * Texts below `least` against the backgrounds painted behind them, blended, by WCAG's formula. Disabled controls,
   * texts for screen readers and covered spoilers are left out.
   */
  lowContrast(least) {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (top, under) => [0, 1, 2].map((part) => top[part] * top[3] + under[part] * (1 - top[3])).concat(1);
    const behind = (element) => {
      const layers = [];
      for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
      return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
    };
    const linear = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const luminance = (colour) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, weight, part) => sum + weight * linear(colour[part] / 255), 0);
    const ownText = (element) =>
      [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent)
        .join("")
        .trim();
    const skipped = ":disabled, [inert], .visually-hidden, noscript, .spoiler";
    return [...document.querySelectorAll("body *")].flatMap((element) => {
      const style = getComputedStyle(element);
      const text = ownText(element);
      if (!text || !element.getClientRects().length || style.visibility === "hidden" || element.closest(skipped))
        return [];
      const back = behind(element);
      const front = over(rgba(style.color), back);
      const [lighter, darker] = [luminance(front), luminance(back)].sort((a, b) => b - a);
      const ratio = (lighter + 0.05) / (darker + 0.05);
      return ratio < least ? [`${ratio.toFixed(2)} ${element.className}: ${text.slice(0, 40)}`] : [];
    });
  },
});
