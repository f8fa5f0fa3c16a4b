// What is typed while nothing takes it goes into the message box, as in Discord.

const TAKES_TEXT = "input:not([type=radio], [type=checkbox], [type=button]), textarea, select, [contenteditable], .wire *";

/** `focus()` puts the focus into the message box before the key reaches it. */
export function setUpTypingAnywhere(focus) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || !isText(event)) return;
    if (event.target.closest(TAKES_TEXT) || document.querySelector("dialog[open], .popover")) return;
    focus();
  });
}

/** A character without a modifier, or a paste; a blank presses what has the focus. */
function isText({ key, ctrlKey, metaKey, altKey }) {
  if (altKey) return false;
  if (ctrlKey || metaKey) return key.toLowerCase() === "v";
  return key.length === 1 && key !== " ";
}
