// Lists the people, roles and channels that selects and command options may name.

import { avatar } from "./avatars.js";
import { h } from "./dom.js";

const mark = (text) => () => h("span", { class: "entity-mark", "aria-hidden": "true" }, text);

function people(store) {
  const all = store.bot.user ? [...store.users, { ...store.bot.user, bot: true }] : store.users;
  return all.map((user) => ({
    value: user.id,
    label: user.global_name || user.username,
    description: `@${user.username}`,
    icon: () => avatar(user, "small"),
  }));
}

function roles(store) {
  return store.roles
    .filter((role) => role.id !== store.guild.id)
    .map((role) => ({ value: role.id, label: role.name, description: "Role", icon: mark("@") }));
}

function channels(store, types) {
  const open = [...store.channels.values()].filter((channel) => !types?.length || types.includes(channel.type));
  return open.map((channel) => ({
    value: channel.id,
    label: channel.name,
    description: store.isThread(channel.id) ? "Thread" : (channel.topic ?? ""),
    icon: mark("#"),
  }));
}

/** Options for a list named "user", "role", "mentionable" or "channel". */
export function entityOptions(kind, store, { channelTypes = null } = {}) {
  if (kind === "user") return people(store);
  if (kind === "role") return roles(store);
  if (kind === "channel") return channels(store, channelTypes);
  return [...people(store), ...roles(store)];
}

/** Case-insensitive: names that begin with the text first, then those that contain it. */
export function matching(options, text) {
  const wanted = text.trim().toLowerCase().replace(/^[@#]/, "");
  const rank = (option) => {
    const label = option.label.toLowerCase();
    return label.startsWith(wanted)
      ? 0
      : label.includes(wanted) || option.description?.toLowerCase().includes(wanted)
        ? 1
        : 2;
  };
  return options
    .map((option) => [rank(option), option])
    .filter(([at]) => at < 2)
    .sort(([a], [b]) => a - b)
    .map(([, option]) => option);
}
