// Reads the application's commands: which the person may use, how they flatten into lines, what is sent for one.

const CHAT_INPUT = 1;
const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;
const ADMINISTRATOR = 1n << 3n;

/** Option types by their numbers in Discord's API. */
export const OPTION = {
  STRING: 3,
  INTEGER: 4,
  BOOLEAN: 5,
  USER: 6,
  CHANNEL: 7,
  ROLE: 8,
  MENTIONABLE: 9,
  NUMBER: 10,
  ATTACHMENT: 11,
};

/** What a member may do in the server: the sum of the roles, or everything for the owner and administrators. */
export function permissionsOf(user, store) {
  if (!user) return 0n;
  if (store.guild.owner_id === user.id) return ~0n;
  const held = store.roles.filter((role) => role.id === store.guild.id || user.roles?.includes(role.id));
  const sum = held.reduce((all, role) => all | BigInt(role.permissions ?? 0), 0n);
  return sum & ADMINISTRATOR ? ~0n : sum;
}

/** Commands of one type that Discord would show to the acting person; "0" means administrators only. */
export function usableCommands(store, type = CHAT_INPUT) {
  const mine = permissionsOf(store.user(store.me), store);
  return store.commands.filter((command) => {
    if ((command.type ?? CHAT_INPUT) !== type) return false;
    const needed = command.default_member_permissions;
    if (needed === null || needed === undefined) return true;
    return needed === "0" ? mine === ~0n : (mine & BigInt(needed)) === BigInt(needed);
  });
}

/** Every line a person can type: {command, path, name, description, options}, subcommands spelled out. */
export function typedCommands(store) {
  return usableCommands(store).flatMap((command) => lines(command, command, [command.name]));
}

function lines(command, node, path) {
  const options = node.options ?? [];
  const nested = options.filter((option) => option.type === SUBCOMMAND || option.type === SUBCOMMAND_GROUP);
  if (nested.length) return nested.flatMap((option) => lines(command, option, [...path, option.name]));
  return [{ command, path, name: path.join(" "), description: node.description ?? "", options }];
}

/** Lines that fit what is typed after the slash: the whole name first, then any word of it. */
export function searchCommands(all, typed) {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return all;
  const rank = ({ name, path }) =>
    name === wanted
      ? 0
      : name.startsWith(wanted)
        ? 1
        : path.some((part) => part.startsWith(wanted))
          ? 2
          : name.includes(wanted)
            ? 3
            : 9;
  return all
    .map((line) => [rank(line), line])
    .filter(([at]) => at < 9)
    .sort(([a], [b]) => a - b)
    .map(([, line]) => line);
}

/** Wraps flat option values into Discord's nested shape for the line's subcommand path. */
export function nestOptions(line, values) {
  const [, ...rest] = line.path;
  if (!rest.length) return values;
  const inner = { name: rest.at(-1), type: SUBCOMMAND, options: values };
  return rest.length === 1 ? [inner] : [{ name: rest[0], type: SUBCOMMAND_GROUP, options: [inner] }];
}

/**
 * Checks one typed value against its option. Returns {value} or {error}: what is wrong in one sentence.
 */
export function checkValue(option, text) {
  const name = option.name;
  if (option.type === OPTION.INTEGER || option.type === OPTION.NUMBER) {
    const value = Number(text.trim());
    const isWhole = option.type === OPTION.INTEGER;
    if (text.trim() === "" || !Number.isFinite(value) || (isWhole && !Number.isSafeInteger(value)))
      return { error: `${name} must be a ${isWhole ? "whole " : ""}number.` };
    if (option.min_value !== undefined && value < option.min_value)
      return { error: `${name} must be at least ${option.min_value}.` };
    if (option.max_value !== undefined && value > option.max_value)
      return { error: `${name} must be at most ${option.max_value}.` };
    return { value };
  }
  const length = [...text].length;
  if (option.min_length && length < option.min_length)
    return { error: `${name} must have at least ${option.min_length} characters.` };
  const most = option.max_length ?? 6000;
  if (length > most) return { error: `${name} may have at most ${most} characters; it has ${length}.` };
  return { value: text };
}
