// The doubtful moments as a list that seeks.

import { part } from "../elements.js";
import { clock } from "../words.js";

export class MomentList {
  constructor(review, element, seek) {
    Object.assign(this, { review, element, seek, current: null, items: new Map() });
    element.addEventListener("click", (event) => {
      const key = event.target.closest("button")?.dataset.key;
      if (key !== undefined) seek(this.review.moments.find((moment) => moment.key === key));
    });
  }

  set() {
    const known = this.items;
    this.items = new Map(this.review.moments.map((moment) => [moment.key, this.item(moment, known.get(moment.key))]));
    const elements = [...this.items.values()].map(({ element }) => element);
    if (!elements.length) elements.push(part("li", "soft", { textContent: this.none() }));
    const there = this.element.children;
    if (elements.length !== there.length || elements.some((element, at) => element !== there[at])) this.element.replaceChildren(...elements);
  }

  none() {
    const { data, people } = this.review;
    if (data.doubted) return "None left: the people of all of them are gone.";
    return people.size ? "None: the tracker was sure of everybody." : "None: there are no people.";
  }

  // The one there is where it says the same.
  item(moment, known) {
    const time = clock(this.review.seconds(moment.frame));
    const { told } = moment;
    const done = moment.mended ? "put right" : moment.looked ? "looked at" : "";
    const says = `${time} ${told} ${done}`;
    if (known?.says === says) return known;
    const button = part("button", done ? "done" : "", { type: "button", tabIndex: -1 });
    button.dataset.key = moment.key;
    button.append(part("b", "", { textContent: time }), " ", part("span", "", { textContent: told, dir: "auto" }));
    if (done) button.append(" ", part("small", "", { textContent: done }));
    button.setAttribute("aria-current", String(moment.key === this.current));
    const element = part("li", "");
    element.append(button);
    return { element, button, says };
  }

  paint(key) {
    if (key === this.current) return;
    this.current = key;
    for (const [own, { button }] of this.items) button.setAttribute("aria-current", String(own === key));
    this.items.get(key)?.button.scrollIntoView({ block: "nearest" });
  }
}
