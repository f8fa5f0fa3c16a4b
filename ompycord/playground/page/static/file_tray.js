// The files that a message will carry: shown above the message box, each with a button that takes it out.

import { api } from "./api.js";
import { formatSize } from "./attachments.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const MOST_FILES = 10;

export class FileTray {
  #list;
  #onRemove;
  /** {file, uploaded}: the file, and the server's id once it has it. */
  files = [];

  /** `onRemove()` is called after one was taken out, for the focus. */
  constructor(list, onRemove) {
    this.#list = list;
    this.#onRemove = onRemove;
  }

  /** Adds files; what is wrong where there is no room for all, else "". */
  add(list) {
    const room = MOST_FILES - this.files.length;
    this.show([...this.files, ...[...list].slice(0, room).map((file) => ({ file, uploaded: null }))]);
    return list.length > room ? `A message carries ${MOST_FILES} files at most.` : "";
  }

  show(files) {
    this.files = files;
    this.#list.hidden = !files.length;
    this.#list.replaceChildren(...files.map((held) => this.#row(held)));
  }

  /** The server's ids of these files, sent to it where it has them not yet. */
  async upload(files, user) {
    const ids = [];
    for (const held of files) {
      held.uploaded ??= (await api.upload(user, held.file)).attachment.id;
      ids.push(held.uploaded);
    }
    return ids;
  }

  #row(held) {
    const remove = () => {
      this.show(this.files.filter((each) => each !== held));
      this.#onRemove();
    };
    return h(
      "li",
      { class: "composer-file" },
      h("span", {}, held.file.name),
      h("span", { class: "attachment-size" }, formatSize(held.file.size)),
      h(
        "button",
        { type: "button", class: "icon-button", "aria-label": `Remove ${held.file.name}`, on: { click: remove } },
        icon("close"),
      ),
    );
  }
}
