// Draws the round picture of a user: our own art for the three people and the bot, initials for all others.

import { imageAddress } from "./api.js";
import { h } from "./dom.js";

const ART = { admin: "ada", member: "mo", outsider: "olu" };

/** Decorative: the name stands beside it wherever it is shown. */
export function avatar(user, size = "normal") {
  const given = typeof user?.avatar === "string" && user.avatar.includes("/") ? imageAddress(user.avatar) : null;
  const art = user?.bot ? "bot" : ART[user?.kind];
  const address = given ?? (art ? new URL(`./art/${art}.svg`, import.meta.url).href : null);
  if (address) return h("img", { class: `avatar avatar-${size}`, src: address, alt: "", "aria-hidden": "true" });
  const initial = [...(user?.global_name || user?.username || "?")][0].toUpperCase();
  return h("span", { class: `avatar avatar-${size} avatar-initial`, "aria-hidden": "true" }, initial);
}
