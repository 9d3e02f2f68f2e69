// The doubtful moments as a list that seeks.

const part = (name, className, more = {}) => Object.assign(document.createElement(name), { className, ...more });

export class MomentList {
  constructor(review, element, seek) {
    Object.assign(this, { review, element, seek, current: null });
    element.addEventListener("click", (event) => {
      const key = event.target.closest("button")?.dataset.key;
      if (key !== undefined) seek(this.review.moments.find((moment) => moment.key === key));
    });
  }

  words({ kind, people, fix, frame, to }) {
    const name = (number) => this.review.label(number);
    const moved = fix.map(({ person, to }) => `${name(person)} is ${name(to)}`).join(", ");
    const told = {
      exchange: moved ? `Exchanged until ${this.clock(to)}: ${moved}?` : `Exchanged until ${this.clock(to)}?`,
      return: `Is this ${name(people[0])} again?`,
      taken: moved ? `Until ${this.clock(to)}: ${moved}?` : "Whose box is this?",
      birth: moved ? `New here: ${moved}?` : "New here?",
    };
    return { time: this.clock(frame), told: told[kind] };
  }

  clock(frame) {
    const seconds = frame / this.review.data.fps;
    return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
  }

  set() {
    this.element.replaceChildren(...this.review.moments.map((moment) => this.item(moment)));
    if (!this.review.moments.length) this.element.append(part("li", "soft", { textContent: "None: the tracker was sure of everybody." }));
  }

  item(moment) {
    const { time, told } = this.words(moment);
    const done = moment.looked || moment.mended;
    const button = part("button", done ? "done" : "", { type: "button", tabIndex: -1 });
    button.dataset.key = moment.key;
    button.append(part("b", "", { textContent: time }), " ", part("span", "", { textContent: told, dir: "auto" }));
    if (done) button.append(" ", part("small", "", { textContent: moment.mended ? "put right" : "looked at" }));
    button.setAttribute("aria-current", String(moment.key === this.current));
    const item = part("li", "");
    item.append(button);
    return item;
  }

  paint(key) {
    this.current = key;
    for (const button of this.element.querySelectorAll("button")) {
      const here = button.dataset.key === key;
      button.setAttribute("aria-current", String(here));
      if (here) button.scrollIntoView({ block: "nearest" });
    }
  }
}
