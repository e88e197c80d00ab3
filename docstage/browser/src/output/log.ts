// The output: rows appended as they arrive, in document order.

import { el, oncePerFrame } from "../page/dom";

const MOST_ROWS = 1_000;
const FLOOD = 30; // rows within a second: more, and drawing attention to each of them would take longer than the run

/** Keeps the newest rows in sight while the reader is at the end, and stays put once they scroll up. */
export class OutputLog {
  readonly element: HTMLElement;
  #drawn = 0;
  #dropped = 0;
  #arrived = 0;
  #since = 0;
  #isAtEnd = true;
  #isNoticed = false;
  readonly #notice = el("p", { class: "live-notice" });
  readonly #follow = oncePerFrame(() => {
    if (this.#isAtEnd) this.element.scrollTop = this.element.scrollHeight;
  });

  /** A `log` is announced as it grows, a `region` is not. */
  constructor(role: "log" | "region", label: string) {
    this.element = el("div", { class: "live-output", role, "aria-label": label, tabindex: 0 });
    this.element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.element;
      this.#isAtEnd = scrollHeight - scrollTop - clientHeight < 8;
    });
  }

  /** Shows a run that is over, from its beginning. */
  show<Row>(rows: readonly Row[], draw: (row: Row) => HTMLElement): void {
    this.element.style.minHeight = "";
    this.#empty();
    this.#add(rows, draw);
    this.element.scrollTop = 0;
  }

  /** Makes room for a run without changing its height: nothing on the page moves. */
  begin(): void {
    this.element.style.minHeight = `${this.element.offsetHeight}px`;
    this.#empty();
  }

  /** Of any number of rows, only those that are shown are drawn. */
  append<Row>(rows: readonly Row[], draw: (row: Row) => HTMLElement): void {
    const now = performance.now();
    // Not the rows of a frame: on a busy machine a flood comes in small waves, each in a frame of its own.
    if (now - this.#since > 1_000) [this.#since, this.#arrived] = [now, 0];
    this.#arrived += rows.length;
    if (this.#arrived > FLOOD) {
      this.element.toggleAttribute("data-flood", true);
      // Read aloud, a flood would go on long after the run.
      this.element.setAttribute("aria-live", "off");
    }
    this.#add(rows, draw);
    this.#follow();
  }

  /** Draws attention to a row, by its number from 0, and scrolls to it, or takes it away again. */
  mark(row: number | undefined): void {
    this.element.querySelector("[data-marked]")?.removeAttribute("data-marked");
    const marked = row === undefined ? undefined : this.#shown[row - this.#dropped];
    if (!marked) return;
    marked.toggleAttribute("data-marked", true);
    const { top, bottom } = this.element.getBoundingClientRect();
    const place = marked.getBoundingClientRect();
    // Not `scrollIntoView`, which would scroll the page, too.
    if (place.top < top) this.element.scrollTop -= top - place.top;
    if (place.bottom > bottom) this.element.scrollTop += place.bottom - bottom;
  }

  /** Shows the first rows only, by how many of all that there were. */
  reveal(rows: number): void {
    for (const [index, row] of this.#shown.entries()) row.hidden = index + this.#dropped >= rows;
    this.mark(rows === Infinity ? undefined : rows - 1);
  }

  get #shown(): HTMLElement[] {
    return ([...this.element.children] as HTMLElement[]).slice(this.#isNoticed ? 1 : 0);
  }

  #add<Row>(rows: readonly Row[], draw: (row: Row) => HTMLElement): void {
    const shown = rows.slice(-MOST_ROWS);
    const extra = this.#drawn + shown.length - MOST_ROWS;
    for (let count = 0; count < extra; count++) {
      (this.#isNoticed ? this.#notice.nextElementSibling : this.element.firstElementChild)?.remove();
    }
    this.element.append(...shown.map(draw));
    this.#drawn += shown.length - Math.max(0, extra);
    this.#dropped += rows.length - shown.length + Math.max(0, extra);
    if (this.#dropped) {
      const dropped = this.#dropped.toLocaleString("en");
      this.#notice.textContent = `Showing the newest ${MOST_ROWS.toLocaleString("en")} rows; ${dropped} earlier rows are hidden.`;
      if (!this.#isNoticed) this.element.prepend(this.#notice);
      this.#isNoticed = true;
    }
  }

  #empty(): void {
    this.element.replaceChildren();
    this.element.removeAttribute("data-flood");
    this.element.removeAttribute("aria-live");
    this.#drawn = this.#dropped = this.#since = 0;
    this.#isNoticed = false;
    this.#isAtEnd = true;
  }
}
