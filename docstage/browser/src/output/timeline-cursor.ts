// Reading the timeline row by row: by pointer, or by arrow keys. It is a slider whose value is the row, so a screen
// reader says each as it is reached.

import type { Row } from "./rows";

export interface Read {
  rows(): readonly Row[];
  /** Seconds from one end of the strip to the other. */
  span(): number;
  /** Shows what is pointed at, or that nothing is. */
  show(row: number | undefined, text: string): void;
}

const FAR = 10; // rows a PageUp or PageDown

export class Cursor {
  readonly #strip: HTMLElement;
  readonly #timeline: Read;
  #row: number | undefined;

  constructor(strip: HTMLElement, timeline: Read) {
    this.#strip = strip;
    this.#timeline = timeline;
    strip.addEventListener("pointermove", (event) => this.#follow(event));
    strip.addEventListener("pointerleave", () => this.#leave());
    strip.addEventListener("blur", () => this.#leave());
    strip.addEventListener("keydown", (event) => this.#press(event));
  }

  /** What the reader did while this was still being loaded. */
  point(event: Event): void {
    if (event instanceof PointerEvent) this.#follow(event);
    if (event instanceof KeyboardEvent) this.#press(event);
  }

  #follow({ clientX }: PointerEvent): void {
    const { left, width } = this.#strip.getBoundingClientRect();
    const at = ((clientX - left) / width) * this.#timeline.span();
    let nearest = 0;
    let least = Infinity;
    for (const [index, row] of this.#timeline.rows().entries()) {
      const away = Math.abs(row.at - at);
      if (away < least) [nearest, least] = [index, away];
    }
    this.#go(nearest);
  }

  #press(event: KeyboardEvent): void {
    const last = this.#timeline.rows().length - 1;
    const at = this.#row ?? -1;
    const next = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      PageUp: at + FAR,
      PageDown: at - FAR,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Escape") this.#leave();
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.#go(Math.max(0, Math.min(next, last)));
  }

  #go(index: number): void {
    const rows = this.#timeline.rows();
    const row = rows[index];
    if (!row) return;
    this.#row = index;
    const before = rows[index - 1];
    const after = before ? `, ${(row.at - before.at).toFixed(3)} s after the previous row` : "";
    const what = row.text ?? row.fields?.map(([name, value]) => `${name} ${value}`).join(", ") ?? "";
    const text = `${row.at.toFixed(3)} s${after}: ${row.kind} ${what.length > 120 ? `${what.slice(0, 120)} …` : what}`;
    this.#strip.setAttribute("aria-valuenow", String(index));
    this.#strip.setAttribute("aria-valuetext", text);
    this.#timeline.show(index, text);
  }

  #leave(): void {
    this.#row = undefined;
    this.#timeline.show(undefined, "");
  }
}
