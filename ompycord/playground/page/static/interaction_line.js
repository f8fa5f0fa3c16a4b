// A command on its way, or one that failed, at the end of the channel: seen by the person who gave it only.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { thinking } from "./message.js";

export function interactionLine(line, { store, interactions }) {
  if (line.status !== "failed") {
    const words = line.status === "pending" ? `${store.displayName(store.bot.user)} is thinking…` : "Sending command…";
    return h(
      "li",
      { class: "message interaction-line", "data-testid": "interaction-pending" },
      thinking(words),
    );
  }
  const button = (label, act) => h("button", { type: "button", class: "link-button", on: { click: act } }, label);
  const dismiss = () => interactions.dismiss(line.key);
  const again = () => {
    dismiss();
    line.retry();
  };
  return h(
    "li",
    { class: "message interaction-line", "data-testid": "interaction-failed" },
    h("p", {}, h("strong", {}, line.label)),
    h("p", { class: "interaction-failure" }, icon("warn"), line.reason),
    h(
      "div",
      { class: "ephemeral-foot" },
      icon("eye"),
      "Only you can see this · ",
      button("Dismiss message", dismiss),
      line.retry ? [" · ", button("Edit and try again", again)] : null,
    ),
  );
}
