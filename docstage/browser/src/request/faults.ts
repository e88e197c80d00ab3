// The faults that the application found in the request: each below its field, and in a list of links to them.

import { button, el } from "../page/dom";
import type { Fault } from "./problem";
import { describedBy } from "./value-input";

export interface Shown {
  readonly fault: Fault;
  /** What the fault is about, in few words: "limit". */
  readonly name: string;
  /** The control that is marked invalid and gets the focus. */
  readonly field: HTMLElement;
  /** The element that the message is appended to. */
  readonly place: HTMLElement;
  /** Whether the field holds several values, so that the message must name the one at fault. */
  readonly isWide?: boolean;
  /** Goes to the fault within the field. */
  go?(): void;
}

interface ShownFault extends Shown {
  readonly text: HTMLElement;
  readonly link: HTMLElement;
}

let ids = 0;

export class Faults {
  readonly element = el("div", { class: "live-faults" });
  readonly #summary = el("p", { role: "status" });
  readonly #list = el("ul");
  #shown: ShownFault[] = [];

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
      this.#shown.push({ ...shown, text, link });
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

  /** Removes those of a field that was edited. */
  forget(field: HTMLElement): void {
    this.#remove((shown) => shown.field === field);
  }

  /** Removes those of fields that are no longer on the page. */
  forgetGone(): void {
    this.#remove(({ field }) => !field.isConnected);
  }

  fixed(fault: Fault): void {
    this.#remove((shown) => shown.fault === fault);
  }

  clear(): void {
    this.#remove(() => true);
  }

  #remove(isGone: (shown: Shown) => boolean): void {
    const gone = this.#shown.filter(isGone);
    if (!gone.length) return;
    this.#shown = this.#shown.filter((shown) => !gone.includes(shown));
    for (const { field, text, link } of gone) {
      text.remove();
      link.remove();
      describedBy(field, text.id, false);
      if (this.#shown.some((shown) => shown.field === field)) continue;
      field.removeAttribute("aria-invalid");
      field.removeAttribute("data-fault");
    }
    this.#count();
  }

  #count(): void {
    const count = this.#shown.length;
    const names = this.#shown.map(({ name }) => name).join(", ");
    this.#summary.textContent = count ? `${count} ${count === 1 ? "error" : "errors"}: ${names}` : "";
    this.element.toggleAttribute("data-empty", !count);
  }
}
