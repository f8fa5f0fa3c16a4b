// A finger that rests on something opens its menu, as the right mouse button does.

const REST_MS = 500;
const SHAKE_PX = 10;

/** `open(point)` is called for a press of either kind, with the place of the pointer or null for the keyboard. */
export function onMenuPress(element, open) {
  let timer = null;
  let start = null;
  const cancel = () => clearTimeout(timer);
  element.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, input, textarea")) return;
    event.preventDefault();
    cancel();
    open(event.clientX || event.clientY ? boxAt(event) : null);
  });
  element.addEventListener("pointerdown", (event) => {
    cancel();
    if (event.pointerType !== "touch" || event.target.closest("a, button, input, textarea, select, summary")) return;
    start = event;
    timer = setTimeout(() => open(boxAt(start)), REST_MS);
  });
  element.addEventListener("pointermove", (event) => {
    if (start && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > SHAKE_PX) cancel();
  });
  for (const type of ["pointerup", "pointercancel"]) element.addEventListener(type, cancel);
}

const boxAt = ({ clientX, clientY }) => ({ left: clientX, top: clientY, bottom: clientY });
