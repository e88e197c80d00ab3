// What the application found wrong with the request, each where it is: below its field, and in a list of all that leads there.

import { button, el } from "../page/dom";
import type { Fault } from "./problem";
import { describedBy } from "./value-input";

export interface Shown {
  readonly fault: Fault;
  /** What the fault is about, in few words: "limit". */
  readonly name: string;
  /** What is told to be at fault, and gets the focus. */
  readonly field: HTMLElement;
  /** The element that the fault is told in the end of. */
  readonly place: HTMLElement;
  /** Whether the field is one for many things, so that a fault must be told with its name. */
  readonly isWide?: boolean;
  /** Goes to the fault within the field. */
  go?(): void;
}

interface Told extends Shown {
  readonly text: HTMLElement;
  readonly link: HTMLElement;
}

let ids = 0;

export class Faults {
  readonly element = el("div", { class: "live-faults" });
  readonly #summary = el("p", { role: "status" });
  readonly #list = el("ul");
  #told: Told[] = [];

  constructor() {
    this.element.append(this.#summary, this.#list);
    this.#count();
  }

  show(faults: readonly Shown[]): void {
    this.clear();
    for (const shown of faults) {
      const { field, name, place } = shown;
      const { detail } = shown.fault;
      const go = (): void => {
        field.focus();
        shown.go?.();
      };
      const link = el("li", {}, button(name, go, "live-link"), `: ${detail}`);
      const text = el("p", { id: `live-fault-${++ids}`, class: "live-fault" }, shown.isWide ? `${name}: ${detail}` : detail);
      this.#told.push({ ...shown, text, link });
      place.append(text);
      this.#list.append(link);
      field.toggleAttribute("data-fault", true);
      // A button cannot be invalid: that is one that adds what is missing.
      if (field.tagName !== "BUTTON") field.setAttribute("aria-invalid", "true");
      describedBy(field, text.id, true);
    }
    this.#count();
  }

  /** Goes to the first. */
  focus(): void {
    this.#list.querySelector("button")?.click();
  }

  /** Forgets those of a field that was edited. */
  forget(field: HTMLElement): void {
    this.#remove((shown) => shown.field === field);
  }

  /** Forgets those of fields that were removed. */
  forgetGone(): void {
    this.#remove(({ field }) => !field.isConnected);
  }

  mended(fault: Fault): void {
    this.#remove((shown) => shown.fault === fault);
  }

  clear(): void {
    this.#remove(() => true);
  }

  #remove(isGone: (shown: Shown) => boolean): void {
    const gone = this.#told.filter(isGone);
    if (!gone.length) return;
    this.#told = this.#told.filter((shown) => !gone.includes(shown));
    for (const { field, text, link } of gone) {
      text.remove();
      link.remove();
      describedBy(field, text.id, false);
      if (this.#told.some((shown) => shown.field === field)) continue;
      field.removeAttribute("aria-invalid");
      field.removeAttribute("data-fault");
    }
    this.#count();
  }

  #count(): void {
    const count = this.#told.length;
    const names = this.#told.map(({ name }) => name).join(", ");
    this.#summary.textContent = count ? `${count} ${count === 1 ? "error" : "errors"}: ${names}` : "";
    this.element.toggleAttribute("data-empty", !count);
  }
}
