// What an empty channel says to a newcomer: how a first run is started, one to try, and the words that steer it.

import { typedCommands } from "./commands.js";
import { h } from "./dom.js";

const COMMAND = "omp new";
const TRY = "The discount ignores the quantity of a line. Fix it and add a test. Please ask me first.";
/** The words that the rehearsal's program looks for in a prompt. */
const WORDS = [
  ["ask", "asks you a question first"],
  ["approval", "wants your approval to run a command"],
  ["fail", "gives up, and the run fails"],
  ["slow", "works for a minute: time to kill the bot"],
];

/** Null where the bot has no such command, or the person may not use it. */
export function welcome(ui) {
  const line = typedCommands(ui.store).find((each) => each.name === COMMAND);
  if (!line) return null;
  const begin = () =>
    ui.active.composer.sendCommand(line, { prompt: { text: TRY, picked: null, files: null } });
  return h(
    "div",
    { class: "welcome", "data-testid": "welcome" },
    h("p", {}, "Type ", h("code", { class: "md-code" }, `/${COMMAND}`), " and press Enter twice: a form opens. Or try:"),
    h("blockquote", { class: "md-quote" }, TRY),
    h(
      "button",
      { type: "button", class: "button button-primary", "data-testid": "try-it", on: { click: begin } },
      "Try it for me",
    ),
    h("p", {}, "The simulated agent listens to these words in a prompt:"),
    h(
      "ul",
      { class: "md-list" },
      WORDS.map(([word, does]) => h("li", {}, h("strong", {}, word), ` — ${does}`)),
    ),
  );
}
