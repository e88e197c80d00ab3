// A notice about the code above, with buttons.

import { button, el } from "../page/dom";

export interface Choice {
  readonly label: string;
  run(): void;
}

export class Banner {
  readonly element = el("div", { class: "live-banner", hidden: true });
  readonly #text = el("p", { role: "status" });
  readonly #choices = el("div", { class: "live-tools" });

  constructor() {
    this.element.append(this.#text, this.#choices);
  }

  say(text: string, ...choices: Choice[]): void {
    this.element.hidden = false;
    this.#text.textContent = text;
    this.#choices.replaceChildren(...choices.map(({ label, run }) => button(label, run)));
  }

  clear(): void {
    this.element.hidden = true;
    this.#text.textContent = "";
    this.#choices.replaceChildren();
  }
}
