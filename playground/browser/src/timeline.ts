// A strip that shows when each row came: what the app sent above the line, what it printed below.

import { el, oncePerFrame } from "./dom";
import type { Kind, Row } from "./rows";

const SVG = "http://www.w3.org/2000/svg";
const BELOW: ReadonlySet<Kind> = new Set(["stdout", "stderr", "log"]);
const WHOLE: ReadonlySet<Kind> = new Set(["status", "disconnect", "limit", "crash", "end"]);

export class Timeline {
  readonly element: HTMLElement;
  readonly #svg = document.createElementNS(SVG, "svg");
  readonly #until = el("span", { class: "live-until", "aria-hidden": true });
  #counts = new Map<Kind, number>();
  #last = 0;
  #span = 0;

  constructor() {
    this.#svg.setAttribute("role", "img");
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.element = el("div", { class: "live-timeline" }, el("span", { "aria-hidden": true }, "0 s"), this.#until);
    this.#until.before(this.#svg);
    this.clear(0);
  }

  /** Empties the strip; it will span `seconds`, or as long as it turns out to take. */
  clear(seconds: number): void {
    this.#svg.replaceChildren();
    this.#counts = new Map();
    this.#last = 0;
    this.#span = seconds;
    this.#draw();
  }

  add(rows: readonly Row[]): void {
    for (const { kind, at } of rows) {
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
      this.#last = Math.max(this.#last, at);
      this.#svg.append(tick(kind, at));
    }
    this.#redraw();
  }

  readonly #redraw = oncePerFrame(() => this.#draw());

  #draw(): void {
    this.#span = Math.max(this.#span, this.#last, 0.001);
    // Ticks stand at their seconds; only the view changes as the run goes on.
    this.#svg.setAttribute("viewBox", `0 0 ${this.#span} 1`);
    this.#until.textContent = this.#counts.size ? `${this.#span.toFixed(this.#span < 1 ? 3 : 2)} s` : "";
    const counts = [...this.#counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
    this.#svg.setAttribute("aria-label", `Timeline, ${this.#last.toFixed(2)} s: ${counts || "nothing yet"}`);
  }
}

function tick(kind: Kind, at: number): SVGElement {
  const line = document.createElementNS(SVG, "line");
  const [top, bottom] = WHOLE.has(kind) ? [0.04, 0.96] : BELOW.has(kind) ? [0.56, 0.88] : [0.12, 0.44];
  const attributes = { x1: at, x2: at, y1: top, y2: bottom, "data-kind": kind, "vector-effect": "non-scaling-stroke" };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, String(value));
  return line;
}
