// A small question for a person's number, or a name, answered by typing it; further choices have a key each.

const OK = { key: "Enter", label: "OK", how: "ok" };

export class Prompt {
  // people: () => [{ number, label, back, text }] of those who can be named by a click
  constructor(dialog, people) {
    Object.assign(this, { dialog, people });
    this.chips = dialog.querySelector("#prompt-people");
    this.question = dialog.querySelector("#prompt-question");
    this.input = dialog.querySelector("#prompt-number");
    this.choices = dialog.querySelector("#prompt-choices");
    this.wrong = dialog.querySelector("#prompt-wrong");
    dialog.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    this.input.addEventListener("input", () => {
      if (!this.free) this.input.value = this.input.value.replace(/\D/g, "");
    });
  }

  // choices: [{ key, label, how, free }]; the first is Enter's. `free` ones need no number. Null where it was given up.
  number(question, typed = "", choices = [OK]) {
    this.takes({ free: false });
    return this.asked(question, typed, choices, (text) => Number(text));
  }

  // The same for a person's number; a click on somebody is their number, and the answer where there is but one choice.
  // At a number that is nobody's the question says so, and stays.
  person(question, typed = "", choices = [OK]) {
    const people = this.people();
    this.takes({ free: false, known: new Set(people.map(({ number }) => number)) });
    const answer = this.asked(question, typed, choices, (text) => Number(text));
    this.chips.replaceChildren(...people.map((one) => this.chip(one, choices.length === 1)));
    return answer;
  }

  chip({ number, label, back, text }, answers) {
    const chip = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    chip.style.setProperty("--back", back);
    chip.style.setProperty("--text", text);
    chip.addEventListener("click", () => {
      this.input.value = number;
      if (answers) this.choices.firstChild.click();
      else this.input.focus();
    });
    return chip;
  }

  // Any text, empty too, that `take` does something with; where it refuses, the question says why, and stays.
  async text(question, typed, take) {
    for (let [said, text] = ["", typed]; ; ) {
      this.takes({ free: true });
      const answer = await this.asked(question, text, [OK], (own) => own, said);
      if (answer === null) return;
      text = answer.number;
      try {
        return await take(text);
      } catch (error) {
        said = error.message;
      }
    }
  }

  takes({ free, known = null }) {
    Object.assign(this, { free, known });
    this.input.inputMode = free ? "text" : "numeric";
    this.input.dir = "auto";
  }

  asked(question, typed, choices, read, wrong = "") {
    this.question.textContent = question;
    this.wrong.textContent = wrong;
    this.chips.replaceChildren();
    this.input.value = typed;
    return new Promise((resolve) => {
      const finish = (answer) => {
        this.input.onkeydown = this.dialog.onclose = null;
        if (this.dialog.open) this.dialog.close();
        resolve(answer);
      };
      const choose = ({ how, free }) => {
        if (this.input.value === "" && !free && !this.free) return this.input.focus();
        if (!free && this.known && !this.known.has(Number(this.input.value))) return this.nobody();
        finish({ number: free ? "new" : read(this.input.value), how });
      };
      this.choices.replaceChildren(...choices.map((choice) => this.button(choice, choose)));
      this.input.onkeydown = (event) => {
        event.stopPropagation();
        if (event.isComposing) return;
        const pressed = (event.shiftKey && event.key === "Enter" ? "Shift+" : "") + event.key;
        const choice = choices.find(({ key }) => key === pressed);
        if (!choice && pressed !== "Escape") return;
        event.preventDefault();  // also lest Escape close the dialog below
        if (choice) choose(choice);
        else finish(null);
      };
      // The browser tells of a question's end when it paints next; by then the next question may be open.
      this.dialog.onclose = () => this.dialog.open || finish(null);
      this.dialog.showModal();
      this.input.focus();
      this.input.setSelectionRange(typed.length, typed.length);
    });
  }

  nobody() {
    this.wrong.textContent = `There is no person ${this.input.value}.`;
    this.input.select();
  }

  button(choice, choose) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(`${choice.label} `, Object.assign(document.createElement("kbd"), { textContent: choice.key }));
    button.addEventListener("click", () => choose(choice));
    return button;
  }
}
