// The output: rows appended as they arrive, in document order.

import { el, oncePerFrame } from "./dom";
import type { Row } from "./rows";

const MOST_ROWS = 1_000;
const FLOOD = 30; // rows a frame: more, and drawing attention to each of them would take longer than the run

/** One row. `row_html` in playground/markdown.py writes the same elements. */
export function rowElement(row: Row): HTMLElement {
  const what = el("div", { class: "live-what" });
  for (const [name, value] of row.fields ?? []) {
    what.append(
      el(
        "span",
        { class: "live-field", "data-field": name },
        el("span", { class: "live-name" }, name),
        " ",
        el("span", { class: "live-value" }, value),
      ),
      " ",
    );
  }
  if (row.text) what.append(el("span", { class: "live-text" }, row.text));
  if (row.more) {
    const label = el("summary", {}, labelOfMore(row.kind, row.more));
    what.append(el("details", { class: "live-more" }, label, el("pre", {}, row.more)));
  }
  return el(
    "div",
    { class: "live-row", "data-kind": row.kind },
    el("span", { class: "live-at" }, `${row.at.toFixed(3)} s`),
    " ",
    el("span", { class: "live-kind" }, row.kind),
    " ",
    what,
  );
}

function labelOfMore(kind: Row["kind"], more: string): string {
  if (kind !== "status") return "Traceback";
  const headers = more.split("\n").length;
  return `${headers} header${headers === 1 ? "" : "s"}`;
}

/** Keeps the newest rows in sight while the reader is at the end, and stays put once they scroll up. */
export class OutputLog {
  readonly element = el("div", { class: "live-output", role: "log", "aria-label": "Output", tabindex: 0 });
  #dropped = 0;
  #arrived = 0;
  #isAtEnd = true;
  readonly #notice = el("p", { class: "live-notice" });
  readonly #follow = oncePerFrame(() => {
    if (this.#isAtEnd) this.element.scrollTop = this.element.scrollHeight;
    this.#arrived = 0;
  });

  constructor() {
    this.element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.element;
      this.#isAtEnd = scrollHeight - scrollTop - clientHeight < 8;
    });
  }

  /** Shows a recording, from its beginning. */
  show(rows: readonly Row[]): void {
    this.element.style.minHeight = "";
    this.#empty();
    this.element.append(...rows.map(rowElement));
    this.element.scrollTop = 0;
  }

  /** Makes room for a run without changing its height: nothing on the page moves. */
  begin(): void {
    this.element.style.minHeight = `${this.element.offsetHeight}px`;
    this.#empty();
  }

  append(rows: readonly Row[]): void {
    this.#arrived += rows.length;
    this.element.toggleAttribute("data-flood", this.#arrived > FLOOD);
    this.element.append(...rows.map(rowElement));
    const isNoticed = this.#notice.isConnected ? 1 : 0;
    for (let extra = this.element.childElementCount - isNoticed - MOST_ROWS; extra > 0; extra--) {
      this.element.children[isNoticed]?.remove();
      this.#dropped++;
    }
    if (this.#dropped) {
      const dropped = this.#dropped.toLocaleString("en");
      this.#notice.textContent = `The newest ${MOST_ROWS.toLocaleString("en")} rows; ${dropped} before them are not shown.`;
      if (!isNoticed) this.element.prepend(this.#notice);
    }
    this.#follow();
  }

  #empty(): void {
    this.element.replaceChildren();
    this.#dropped = 0;
    this.#isAtEnd = true;
  }
}
