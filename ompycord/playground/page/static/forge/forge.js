// The forge's pages: which one the address names, who acts, and drawing it again when something changed.

import { byId } from "../dom.js";
import { setUpTheme } from "../theme.js";
import { eventsAddress } from "../api.js";
import { drawList } from "./pull_list.js";
import { PullPage } from "./pull_page.js";
import { forge, token } from "./requests.js";

const PLACE = /^\/forge\/([^/]+\/[^/]+?)(?:\/pulls|\/pull\/(\d+)|\/issues(?:\/(\d+))?)?$/;
const WHO = "ompycord-forge-person";

async function start() {
  setUpTheme();
  byId("home").href = `/?token=${encodeURIComponent(token)}`;
  const place = PLACE.exec(location.pathname);
  try {
    const state = await forge.state();
    if (place?.[2]) await openPull(state, place[1], Number(place[2]));
    else drawList(place?.[1] ?? "", await forge.pulls(place?.[1] ?? ""), peopleOf(state), place?.[3]);
  } catch (error) {
    byId("start-problem").textContent = error.message;
    byId("start").hidden = false;
    byId("content").hidden = true;
  }
}

const peopleOf = (state) => state.users.filter((user) => user.kind !== "bot");

async function openPull(state, repository, number) {
  const people = peopleOf(state);
  const kept = people.find((user) => user.id === sessionStorage.getItem(WHO));
  const page = new PullPage({
    repository,
    number,
    people,
    me: kept ?? people[0],
    onPerson: (user) => sessionStorage.setItem(WHO, user.id),
    announce: (text) => {
      byId("announcer").textContent = text;
    },
  });
  await page.reload();
  follow(page, people[0].id, state.seq, `${repository}#${number}`);
}

/** Draws again what others changed; after a break in the stream, everything. */
function follow(page, user, after, key) {
  const source = new EventSource(eventsAddress(user, after));
  source.addEventListener("dispatch", (event) => {
    const { type, data } = JSON.parse(event.data);
    if (type === "FORGE_CHANGED" && `${data.repository}#${data.number}` === key) page.changed();
  });
  source.addEventListener("reset", async () => {
    source.close();
    const state = await forge.state();
    page.changed();
    follow(page, user, state.seq, key);
  });
}

start();
