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

  /** The places a screen reader jumps to: one of each kind is there, each named where several are. */
  landmarks() {
    const isShown = (element) => element.getClientRects().length > 0 && !element.closest("[hidden], [inert]");
    const one = (selector) => [...document.querySelectorAll(selector)].filter(isShown).length;
    const isModal = one("dialog[open]") > 0;
    const wrong = [];
    if (one("main, [role=main]") !== 1 && !document.querySelector("main[inert]")) wrong.push("there is no single main");
    if (one("h1") !== 1 && !document.querySelector("main[inert]")) wrong.push("there is no single h1");
    if (!document.documentElement.lang) wrong.push("the page names no language");
    if (!document.title) wrong.push("the page has no title");
    if (!document.querySelector("[aria-live=polite]")) wrong.push("nothing announces");
    const outside = [...document.body.children].filter(
      (element) =>
        isShown(element) &&
        element.textContent.trim() &&
        !element.matches("header, main, nav, aside, section[aria-label], dialog, .skip-link, [role], [aria-live], script, noscript") &&
        !element.querySelector(":scope > main, :scope > nav") &&
        element.id !== "overlays",
    );
    if (!isModal) wrong.push(...outside.map((element) => `outside every landmark: ${element.outerHTML.slice(0, 80)}`));
    return wrong;
  },

  /** Shown form fields whose name is their placeholder only, and pictures without a word on whether they say anything. */
  unlabelled() {
    const shown = [...document.querySelectorAll("input:not([type=hidden]), textarea, select")].filter(
      (field) => field.getClientRects().length,
    );
    const bare = shown.filter(
      (field) => !field.labels?.length && !field.ariaLabel && !field.getAttribute("aria-labelledby"),
    );
    const pictures = [...document.querySelectorAll("img:not([alt]), svg:not([aria-hidden]):not([aria-label])")];
    return [...bare, ...pictures].map((element) => element.outerHTML.slice(0, 120));
  },

  /** Roles without what they owe: states, owned children, and wrong nesting of controls. */
  roles() {
    const wrong = [];
    const check = (selector, isRight, what) => {
      for (const element of document.querySelectorAll(selector))
        if (!isRight(element)) wrong.push(`${what}: ${element.outerHTML.slice(0, 100)}`);
    };
    const has = (name) => (element) => element.hasAttribute(name);
    check("[role=tab]", has("aria-selected"), "a tab without aria-selected");
    check("[role=tab]", (tab) => tab.closest("[role=tablist]") && has("aria-controls")(tab), "a tab without list or panel");
    check("[role=tabpanel]", has("aria-labelledby"), "a panel without a tab's name");
    check("[role=option]", (option) => option.closest("[role=listbox]"), "an option outside a listbox");
    check("[role=option]", has("aria-selected"), "an option without aria-selected");
    check("[role=menuitem]", (item) => item.closest("[role=menu]"), "a menu item outside a menu");
    check("[role=combobox]", has("aria-expanded"), "a combobox without aria-expanded");
    check("[role=combobox][aria-expanded=true]", has("aria-controls"), "an open combobox without its list");
    check("button, a[href], summary", (c) => !c.querySelector("button, a[href], input"), "a control in a control");
    check("ul, ol", (list) => [...list.children].every((c) => c.matches("li")), "a list with other children");
    check("li", (item) => item.parentElement.matches("ul, ol"), "an item without a list");
    check("th", has("scope"), "a column head without scope");
    check("[aria-hidden=true]", (e) => !e.matches("a, button, input") && !e.querySelector("a, button, input"), "hidden control");
    return wrong;
  },

  /** Links within a text that only their colour tells apart from it. */
  plainLinks() {
    return [...document.querySelectorAll(".message-content a, .embed-description a, .embed-field-value a")]
      .filter((link) => !getComputedStyle(link).textDecorationLine.includes("underline"))
      .map((link) => link.outerHTML.slice(0, 120));
  },

  /** Everything at once: what is wrong by check, nothing for a sound view. */
  everything(leastContrast, leastTarget) {
    const found = {
      nameless: this.nameless(),
      duplicateIds: this.duplicateIds(),
      dangling: this.dangling(),
      landmarks: this.landmarks(),
      unlabelled: this.unlabelled(),
      roles: this.roles(),
      plainLinks: this.plainLinks(),
      smallTargets: this.smallTargets(leastTarget),
      runsOver: this.runsOver(),
      lowContrast: this.lowContrast(leastContrast),
    };
    return Object.fromEntries(Object.entries(found).filter(([, wrong]) => wrong.length));
  },

  /** Shown controls smaller than `least` pixels; links and buttons within running text are exempt (WCAG 2.5.8). */
  smallTargets(least) {
    const isInline = (element) => getComputedStyle(element).display.startsWith("inline") && !element.matches(".icon-button, input");
    return [...document.querySelectorAll("button, a[href], input, textarea, summary, [role=option], [role=menuitem]")]
      .filter((element) => {
        const box = element.getBoundingClientRect();
        if (!box.width || element.closest("[inert], .visually-hidden, .skip-link") || isInline(element)) return false;
        return Math.min(box.width, box.height) < least;
      })
      .map((element) => {
        const box = element.getBoundingClientRect();
        return `${Math.round(box.width)}x${Math.round(box.height)} ${element.outerHTML.slice(0, 100)}`;
      });
  },

  /** Shown elements that stick out of the window or of the dialog they stand in, to the side. */
  runsOver() {
    return [...document.querySelectorAll("#main *, #sidebar *, #strip *, dialog[open] *, .popover *, .wire *")].flatMap((element) => {
      const box = element.getBoundingClientRect();
      if (!box.width || element.closest(".visually-hidden, [inert], pre, table")) return [];
      const around = element.closest("dialog, .popover")?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
      const isOut = box.right > around.right + 1 || box.left < around.left - 1;
      return isOut ? [`${element.tagName} ${element.className}: ${Math.round(box.right - around.right)}`] : [];
    });
  },

  /** Whether the element that has the focus looks as it does without: neither outline, border, shadow nor background. */
  focusIsInvisible() {
    const element = document.activeElement;
    const shape = (target) => {
      const style = getComputedStyle(target);
      const outline = style.outlineStyle === "none" || style.outlineWidth === "0px" ? "none" : style.outlineColor;
      return [outline, style.borderColor, style.boxShadow, style.backgroundColor, style.opacity].join(" ");
    };
    // A hidden radio or the composer's text box shows its focus on the box around it.
    const seen = [element, element.parentElement, element.closest(".composer-box, .person")].filter(Boolean);
    const focused = seen.map(shape);
    element.blur();
    const rested = seen.map(shape);
    element.focus({ focusVisible: true });
    return focused.every((one, at) => one === rested[at]) ? [element.outerHTML.slice(0, 120)] : [];
  },

  /** Everything that Tab should stop at, in the document's order, by the words of `focusedName`. */
  inOrder() {
    const selector = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
    const isStop = (element) =>
      !element.disabled &&
      element.tabIndex >= 0 &&
      element.checkVisibility({ visibilityProperty: true }) &&
      !element.closest("[inert], [hidden]") &&
      !(element.type === "radio" && !element.checked);
    return [...document.querySelectorAll(selector)].filter(isStop).map((element) => this.nameOf(element));
  },

  focusedName() {
    return this.nameOf(document.activeElement);
  },

  /** A short, stable word for what has the focus, so that a walk by keyboard can be written down. */
  nameOf(element) {
    if (!element || element === document.body) return "body";
    const { id, dataset } = element;
    const row = element.closest("[data-message-id], [data-channel-id]");
    const kind = dataset.testid ? `${dataset.testid} ` : "";
    const place = row && row !== element ? `${row.dataset.messageId ?? row.dataset.channelId}/` : "";
    return kind + place + (dataset.customId ?? dataset.channelId ?? dataset.messageId ?? dataset.userId ?? (id || element.outerHTML.slice(0, 200)));
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
