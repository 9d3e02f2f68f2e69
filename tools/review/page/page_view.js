// What both pages have: a message below, one deed after the other, the title and the buttons above.

import { find } from "./elements.js";
import { Message, saidLater } from "./message.js";
import { Prompt } from "./prompt.js";
import { Queue } from "./queue.js";
import { many } from "./words.js";

export class PageView {
  // room: the element that has the keyboard
  constructor(review, room) {
    Object.assign(this, { review, room });
    this.prompt = new Prompt(find("#prompt"), () => this.listed());
    this.message = new Message(find("#message"));
    this.queue = new Queue((error) => this.refused(error));
    window.addEventListener("focus", () => review.look());
  }

  act(action) {
    return this.queue.run(() => {
      this.message.calm();
      return action();
    });
  }

  refused(error) {
    this.say(error.message, true);
  }

  say(words, wrong = false) {
    this.message.say(words, wrong);
  }

  // Everybody, for questions about a person.
  listed() {
    const { review } = this;
    return [...review.people.keys()].map((number) => ({ number, label: review.label(number), ...review.colour(number) }));
  }

  // The folder as the title; a button does what `deeds` has under its name, or else what `other` does with the name.
  head(deeds, other) {
    const { folder } = this.review.data;
    const name = folder.split("/").at(-1);
    Object.assign(find("#folder"), { textContent: name, title: folder });
    document.title = `Review · ${name}`;
    for (const button of document.querySelectorAll("[data-do]")) {
      const deed = button.dataset.do;
      button.addEventListener("click", () => {
        this.room.focus({ preventScroll: true });
        this.act(deeds[deed] ?? (() => other(deed)));
      });
    }
  }

  // How many people there are and how many edits; what can be undone.
  counts() {
    const { people, edits, undone } = this.review;
    find('[data-do="undo"]').disabled = !edits;
    find('[data-do="redo"]').disabled = !undone;
    return [people.size === 1 ? "1 person" : `${people.size} people`, many(edits, "edit")];
  }
}

// Loads the review and begins; where that fails, the page says why.
export async function begin(load, View) {
  try {
    const view = new View(await load());
    view.room.focus({ preventScroll: true });
    document.documentElement.dataset.ready = "yes";
    const later = saidLater();
    if (later) view.say(later, true);
    await view.started?.();
  } catch (error) {
    find("#people").append(Object.assign(document.createElement("p"), { className: "empty", textContent: error.message }));
    throw error;
  }
}
