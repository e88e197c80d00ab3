// A field for one value of the request: what the API says of it stands below.

import { el } from "../page/dom";
import type { API, Parameter } from "./openapi";

let ids = 0;

export class ValueInput {
  readonly input: HTMLInputElement;
  /** What belongs below the field. */
  readonly notes = el("div", { class: "live-notes" });
  readonly #about = el("p", { id: `live-about-${++ids}`, class: "live-hint" });
  readonly #choices = el("datalist", { id: `live-choices-${ids}` });
  #check: (value: string) => boolean = () => true;
  #words = "";

  constructor(placeholder: string) {
    this.input = textInput(placeholder);
    this.input.addEventListener("input", () => this.#update());
    this.notes.append(this.#about, this.#choices);
  }

  get value(): string {
    return this.input.value;
  }

  set value(value: string) {
    this.input.value = value;
    this.#update();
  }

  /** Says what is known of the value, or `otherwise`. */
  describe(api: API | undefined, parameter: Parameter | undefined, otherwise = ""): void {
    this.#words = api && parameter ? api.about(parameter) : otherwise;
    this.#check = (value) => !api || !parameter || value === "" || api.isFitting(parameter, value);
    const choices = api && parameter ? api.choices(parameter) : [];
    this.#choices.replaceChildren(...choices.map((value) => el("option", { value })));
    this.#put("list", choices.length > 0 && this.#choices.id);
    this.#put("inputmode", api && parameter && api.isNumeric(parameter) && "numeric");
    describedBy(this.input, this.#about.id, this.#words !== "");
    this.#update();
  }

  #update(): void {
    const isFitting = this.#check(this.input.value);
    const words = this.input.value === this.#words ? "" : this.#words; // the only value there is
    this.#about.textContent = isFitting ? words : `Expected ${words}`;
    this.#about.toggleAttribute("data-misfit", !isFitting);
  }

  #put(name: string, value: string | false | undefined): void {
    if (value) this.input.setAttribute(name, value);
    else this.input.removeAttribute(name);
  }
}

export function textInput(placeholder: string): HTMLInputElement {
  return el("input", { type: "text", placeholder, autocapitalize: "off", autocomplete: "off", spellcheck: "false" });
}

/** Adds to what describes an element, or takes it away. */
export function describedBy(element: HTMLElement, id: string, isDescribed: boolean): void {
  const others = (element.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
  const all = isDescribed ? [...others, id] : others;
  if (all.length) element.setAttribute("aria-describedby", all.join(" "));
  else element.removeAttribute("aria-describedby");
}
