// Talks to the playground's server under /app/forge, as the person who is chosen on the page.

import { ApiError } from "../api.js";

export const token = new URLSearchParams(location.search).get("token") ?? "";

async function call(method, path, { query, json } = {}) {
  const address = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
  const headers = { Authorization: `Bearer ${token}`, ...(json ? { "Content-Type": "application/json" } : {}) };
  let response;
  try {
    response = await fetch(address, { method, headers, body: json ? JSON.stringify(json) : undefined, cache: "no-store" });
  } catch {
    throw new ApiError(0, "The playground does not answer. If it has ended, start it again with `ompycord up`.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer.message ?? `The server answered ${response.status}.`);
  return answer;
}

export const forge = {
  state: () => call("GET", "/app/state"),
  pulls: (repository) => call("GET", "/app/forge/pulls", { query: { repository } }),
  issues: (repository, number = "") => call("GET", "/app/forge/issues", { query: { repository, number } }),
  pull: (repository, number) => call("GET", "/app/forge/pull", { query: { repository, number } }),
  act: (name, body) => call("POST", `/app/forge/${name}`, { json: body }),
};

/** An address of the forge's own pages, with what opens it. */
export function pageAddress(address) {
  const url = new URL(address, location.origin);
  if (url.origin === location.origin) url.searchParams.set("token", token);
  return url.href;
}
