// The status line, and the progress bar beside it while files load.

import type { Progress } from "./backend";
import { el } from "../page/dom";

const FLASH = 2_000; // ms

export class Status {
  readonly element = el("div", { class: "live-status" });
  readonly #text = el("p", { role: "status" });
  // Not part of the status: a screen reader would read every change of the numbers.
  readonly #bar = el("progress", { "aria-label": "Loading" });
  readonly #bytes = el("span", { class: "live-bytes", "aria-hidden": true });
  readonly #loading = el("span", { class: "live-loading", hidden: true }, this.#bar, this.#bytes);
  #flash: ReturnType<typeof setTimeout> | undefined;
  #said = "";

  constructor() {
    this.element.append(el("span", { class: "live-lamp", "aria-hidden": true }), this.#text, this.#loading);
  }

  say(text: string): void {
    this.#loading.hidden = true;
    this.#put(text);
  }

  loading({ step, loaded, total }: Progress): void {
    this.#loading.hidden = false;
    if (total > 0) {
      this.#bar.max = total;
      this.#bar.value = loaded;
      this.#bytes.textContent = `${megabytes(loaded)} of ${megabytes(total)} MB`;
    } else {
      this.#bar.removeAttribute("value");
      this.#bytes.textContent = loaded > 0 ? `${megabytes(loaded)} MB` : "";
    }
    this.#put(step);
  }

  /** Says something in passing. */
  flash(text: string): void {
    clearTimeout(this.#flash);
    this.#text.textContent = text;
    this.#flash = setTimeout(() => {
      this.#flash = undefined;
      this.#text.textContent = this.#said;
    }, FLASH);
  }

  #put(text: string): void {
    if (text === this.#said && this.#flash === undefined) return;
    clearTimeout(this.#flash);
    this.#flash = undefined;
    this.#said = text;
    this.#text.textContent = text;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
