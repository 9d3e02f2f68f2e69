// A small question for a person's number, or a name, answered by typing it; further choices have a key each.

export class Prompt {
  constructor(dialog) {
    this.dialog = dialog;
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
  number(question, typed = "", choices = [{ key: "Enter", label: "OK", how: "ok" }]) {
    this.takes({ free: false });
    return this.asked(question, typed, choices, (text) => Number(text));
  }

  // Any text, empty too, that `take` does something with; where it refuses, the question says why, and stays.
  async text(question, typed, take) {
    for (let [said, text] = ["", typed]; ; ) {
      this.takes({ free: true });
      const answer = await this.asked(question, text, [{ key: "Enter", label: "OK", how: "ok" }], (own) => own, said);
      if (answer === null) return;
      text = answer.number;
      try {
        return await take(text);
      } catch (error) {
        said = error.message;
      }
    }
  }

  takes({ free }) {
    this.free = free;
    this.input.inputMode = free ? "text" : "numeric";
    this.input.dir = "auto";
  }

  asked(question, typed, choices, read, wrong = "") {
    this.question.textContent = question;
    this.wrong.textContent = wrong;
    this.input.value = typed;
    return new Promise((resolve) => {
      const finish = (answer) => {
        this.input.onkeydown = this.dialog.onclose = null;
        if (this.dialog.open) this.dialog.close();
        resolve(answer);
      };
      const choose = ({ how, free }) => {
        if (this.input.value === "" && !free && !this.free) return this.input.focus();
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

  button(choice, choose) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(`${choice.label} `, Object.assign(document.createElement("kbd"), { textContent: choice.key }));
    button.addEventListener("click", () => choose(choice));
    return button;
  }
}
