// Ctrl+K: type a few letters, go to a channel or a thread.

import { Completion } from "./completion.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { entityOptions, matching } from "./entities.js";

export function openSwitcher(ui) {
  const input = h("input", {
    type: "text",
    class: "text-input switcher-input",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-label": "Channel or thread",
    placeholder: "Where to?",
    autocomplete: "off",
    "data-testid": "switcher-input",
  });
  const box = h("div", { class: "completion is-static" });
  const { close } = openDialog({
    title: "Go to a channel",
    content: h("div", { class: "switcher" }, input, box),
    className: "switcher-dialog",
    testId: "switcher",
  });
  const completion = new Completion(box);
  const draw = () => {
    const items = matching(entityOptions("channel", ui.store), input.value).map((option) => ({
      key: option.value,
      label: option.label,
      detail: option.description,
      icon: option.icon(),
      onPick: () => {
        close();
        ui.openChannel(option.value);
      },
    }));
    completion.show(input, "Channels and threads", items, { preselects: true, empty: "Nothing matches" });
  };
  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => event.key !== "Escape" && completion.handleKey(event));
  draw();
}
