// The previous run, beside the current one.

import { el } from "../page/dom";
import { rowElement } from "./row-elements";
import { RowReader } from "./rows";
import type { RunEvent } from "../run/events";
import { OutputLog } from "./log";
import { Timeline } from "./timeline";

export class PreviousRun {
  readonly element: HTMLElement;
  readonly #title = el("p", { class: "live-caption" });
  readonly #log = new OutputLog("region", "Output of the previous run");
  readonly #timeline = new Timeline("Timeline of the previous run", (row) => this.#log.mark(row));

  constructor() {
    this.element = el("div", { class: "live-earlier" }, this.#title, this.#timeline.element, this.#log.element);
  }

  show(title: string, events: readonly RunEvent[]): void {
    const reader = new RowReader();
    const rows = events.flatMap((event) => [...reader.read(event)]);
    this.#title.textContent = `Previous: ${title}`;
    this.#log.show(rows, rowElement);
    this.#timeline.clear(rows.at(-1)?.at ?? 0);
    this.#timeline.add(rows);
  }

  get span(): number {
    return this.#timeline.span;
  }

  /** Spans at least `seconds`, so that the two strips can be compared. */
  reach(seconds: number): void {
    this.#timeline.reach(seconds);
  }
}
