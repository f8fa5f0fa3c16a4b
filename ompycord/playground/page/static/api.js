// Talks to the playground's server under /app; its counterpart is the server's page API.

const token = new URLSearchParams(location.search).get("token") ?? "";

/** The server refused or could not be reached; `status` is 0 without an answer, `errors` holds texts by field. */
export class ApiError extends Error {
  constructor(status, message, errors = null) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

async function call(method, path, { query = {}, json, body, as = "json" } = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined) url.searchParams.set(name, value);
  const headers = { Authorization: `Bearer ${token}` };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: json === undefined ? body : JSON.stringify(json),
      cache: "no-store",
    });
  } catch {
    throw new ApiError(0, "The playground does not answer. If it has ended, start it again with `ompycord up`.");
  }
  if (!response.ok) throw await refusal(response);
  if (as === "blob") return response.blob();
  const text = await response.text();
  return text ? JSON.parse(text) : {};
}

async function refusal(response) {
  const text = await response.text();
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    body = { message: text.slice(0, 200) };
  }
  const fallback =
    response.status === 401 || response.status === 403
      ? "The server refused this. The address needs the token that was printed at start."
      : `The server answered ${response.status}.`;
  return new ApiError(response.status, body.message || fallback, body.errors ?? null);
}

const post = (path, json) => call("POST", path, { json });

export const api = {
  /** What `user` may see; without one, everything. */
  state: (user = null) => call("GET", "/app/state", { query: { user } }),
  messages: (channel, user, before = null) =>
    call("GET", `/app/channels/${encodeURIComponent(channel)}/messages`, { query: { limit: 50, before, user } }),
  sendMessage: (message) => post("/app/messages", message),
  editMessage: (message) => post("/app/messages/edit", message),
  deleteMessage: (message) => post("/app/messages/delete", message),
  pinMessage: (message) => post("/app/messages/pin", message),
  unpinMessage: (message) => post("/app/messages/unpin", message),
  openThread: (thread) => post("/app/threads", thread),
  joinThread: (membership) => post("/app/threads/join", membership),
  leaveThread: (membership) => post("/app/threads/leave", membership),
  upload: (user, file) => call("POST", "/app/attachments", { query: { user, filename: file.name }, body: file }),
  react: (reaction) => post("/app/reactions", reaction),
  command: (interaction) => post("/app/interactions/command", interaction),
  autocomplete: (interaction) => post("/app/interactions/autocomplete", interaction),
  component: (interaction) => post("/app/interactions/component", interaction),
  modal: (interaction) => post("/app/interactions/modal", interaction),
  /** Ends the playground and its bot, whoever started it. */
  quit: () => post("/control/shutdown", { everything: true }),
  killBot: () => post("/app/bot/kill", {}),
  startBot: () => post("/app/bot/start", {}),
  /**
   * {entries, buckets}: requests after a number, oldest first: {n, at, method, route, status, bucket, remaining, reset_s,
   * ms, fault, problems}; and {rule, of, bucket, limit, remaining, reset_s}.
   */
  wire: (after) => call("GET", "/app/wire", { query: { after } }),
  /** {in_force, not_here, highest_seed, done}; the two below answer the same. */
  faults: () => call("GET", "/app/faults"),
  beginFault: (kind, seed) => post("/app/faults", { kind, seed }),
  endFault: (kind) => post("/app/faults/end", { kind }),
  file: (url) => call("GET", url, { as: "blob" }),
};

/** The address of the event stream; EventSource cannot send headers, so it carries the token. */
export function eventsAddress(user, after) {
  return `/app/events?${new URLSearchParams({ token, user, after })}`;
}

/**
 * The address of a file that this server holds, or null for another server's: the page loads nothing from elsewhere.
 * `localhost` and `127.0.0.1` on our port count as ours, since a bot may have been given either name.
 */
export function ownAddress(address) {
  let url;
  try {
    url = new URL(address, location.origin);
  } catch {
    return null;
  }
  const loopback = ["localhost", "127.0.0.1", "[::1]"];
  const ours = url.origin === location.origin || (loopback.includes(url.hostname) && url.port === location.port);
  return ours ? new URL(url.pathname + url.search, location.origin) : null;
}

/** An `<img src>` for one of our own files; images cannot send headers either. Null for another server's. */
export function imageAddress(address) {
  const url = ownAddress(address);
  if (!url) return null;
  if (!url.pathname.startsWith("/page/")) url.searchParams.set("token", token);
  return url.href;
}

/** A link as the page opens it: to the forge's own pages with what opens them; null for what is no link. */
export function openedAddress(href) {
  const own = href && ownAddress(href);
  if (!own?.pathname.startsWith("/forge/")) return href;
  own.searchParams.set("token", token);
  return own.href;
}
