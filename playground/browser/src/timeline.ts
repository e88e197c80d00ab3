// A strip that shows when each row came: what the app sent above the line, what it printed below, and behind both how
// long it prepared, sent and tore down. The line under it says the same in numbers.

import { el, oncePerFrame } from "./dom";
import type { Kind, Row } from "./rows";
import type { Cursor } from "./timeline-cursor";

const SVG = "http://www.w3.org/2000/svg";
const BELOW: ReadonlySet<Kind> = new Set(["stdout", "stderr", "log"]);
const WHOLE: ReadonlySet<Kind> = new Set(["status", "disconnect", "limit", "crash", "end"]);
const ITEMS: ReadonlySet<Kind> = new Set(["ndjson", "sse", "chunk", "partial"]);
const KEEPALIVES: ReadonlySet<Kind> = new Set(["comment", "blank"]);

export class Timeline {
  readonly element: HTMLElement;
  readonly #svg = document.createElementNS(SVG, "svg");
  readonly #bands = document.createElementNS(SVG, "g");
  readonly #head = tick("head", 0);
  readonly #strip: HTMLElement;
  readonly #until = el("span", { class: "live-until", "aria-hidden": true });
  readonly #legend = el("p", { class: "live-phases" });
  readonly #readout = el("p", { class: "live-phases", hidden: true });
  #rows: Row[] = [];
  #last = 0;
  #span = 0;
  #cursor: Promise<Cursor> | undefined;

  /** `mark` is called with the index of the row that the reader points at, if any. */
  constructor(label: string, mark: (row: number | undefined) => void) {
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("aria-hidden", "true");
    this.#strip = el("div", { class: "live-strip", role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": 0 });
    this.#strip.append(this.#svg);
    this.element = el(
      "div",
      { class: "live-timeline" },
      el("span", { "aria-hidden": true }, "0 s"),
      this.#strip,
      this.#until,
      this.#legend,
      this.#readout,
    );
    const load = (event: Event): void => {
      this.#cursor ??= import("./timeline-cursor").then(
        ({ Cursor }) =>
          new Cursor(this.#strip, {
            rows: () => this.#rows,
            span: () => this.#span,
            show: (row, text) => {
              this.#readout.textContent = text;
              this.#readout.hidden = row === undefined;
              this.#legend.hidden = row !== undefined;
              this.at(row === undefined ? undefined : this.#rows[row]?.at);
              mark(row);
            },
          }),
      );
      // Without it the strip can still be looked at.
      this.#cursor.then((cursor) => cursor.point(event), () => (this.#cursor = undefined));
    };
    for (const kind of ["pointerenter", "focus", "keydown"]) this.#strip.addEventListener(kind, load, { once: true });
    this.clear(0);
  }

  get span(): number {
    return this.#span;
  }

  /** Empties the strip; it will span `seconds`, or as long as it turns out to take. */
  clear(seconds: number): void {
    this.#svg.replaceChildren(this.#bands, this.#head);
    this.#rows = [];
    this.#last = 0;
    this.#span = seconds;
    this.at(undefined);
    this.#draw();
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      this.#rows.push(row);
      this.#last = Math.max(this.#last, row.at);
      this.#svg.append(tick(row.kind, row.at));
    }
    this.#redraw();
  }

  /** Spans at least `seconds`. */
  reach(seconds: number): void {
    this.#span = Math.max(this.#span, seconds);
    this.#draw();
  }

  /** Puts a line at so many seconds, or takes it away. */
  at(seconds: number | undefined): void {
    this.#head.style.display = seconds === undefined ? "none" : "";
    for (const name of ["x1", "x2"]) this.#head.setAttribute(name, String(seconds ?? 0));
  }

  readonly #redraw = oncePerFrame(() => this.#draw());

  #draw(): void {
    this.#span = Math.max(this.#span, this.#last, 0.001);
    // Ticks stand at their seconds; only the view changes as the run goes on.
    this.#svg.setAttribute("viewBox", `0 0 ${this.#span} 1`);
    this.#until.textContent = this.#rows.length ? `${this.#span.toFixed(this.#span < 1 ? 3 : 2)} s` : "";

    const of = (...kinds: Kind[]): number | undefined => this.#rows.find(({ kind }) => kinds.includes(kind))?.at;
    const sent = this.#rows.filter(({ kind }) => ITEMS.has(kind) || KEEPALIVES.has(kind));
    const answered = of("status");
    const left = of("disconnect");
    const ended = of("end");
    const done = left ?? (ended === undefined ? this.#last : (sent.at(-1)?.at ?? answered ?? 0));
    const bands = [
      ["set-up", 0, answered ?? this.#last],
      ["stream", answered ?? this.#last, done],
      ["teardown", done, ended ?? this.#last],
    ] as const;
    this.#bands.replaceChildren(...bands.filter(([, from, to]) => to > from).map(([name, from, to]) => band(name, from, to)));

    const count = (kinds: ReadonlySet<Kind>): number => sent.filter(({ kind }) => kinds.has(kind)).length;
    const pause = Math.max(0, ...sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? at)));
    const phases = [
      answered !== undefined && ["set-up", `set-up ${seconds(answered)}`],
      count(ITEMS) && ["items", plural(count(ITEMS), "item")],
      count(KEEPALIVES) && ["keepalives", plural(count(KEEPALIVES), "keepalive")],
      pause && ["idle", `idle for up to ${seconds(pause)}`],
      left !== undefined && ["left", `the client left at ${seconds(left)}`],
      ended !== undefined && answered !== undefined && ["teardown", `teardown ${seconds(ended - done)}`],
    ].filter((phase) => Array.isArray(phase)) as [string, string][];
    this.#legend.replaceChildren(...phases.map(([phase, text]) => el("span", { "data-phase": phase }, text)));
    this.#strip.setAttribute("aria-valuemax", String(Math.max(0, this.#rows.length - 1)));
    if (this.#readout.hidden) {
      this.#strip.setAttribute("aria-valuenow", "0");
      this.#strip.setAttribute("aria-valuetext", phases.map(([, text]) => text).join(", ") || "nothing yet");
    }
  }
}

function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function band(name: string, from: number, to: number): SVGElement {
  return shape("rect", { x: from, y: 0, width: to - from, height: 1, "data-band": name });
}

function tick(kind: Kind | "head", at: number): SVGElement {
  const [top, bottom] =
    kind === "head" ? [0, 1] : WHOLE.has(kind) ? [0.04, 0.96] : BELOW.has(kind) ? [0.56, 0.88] : [0.12, 0.44];
  return shape("line", { x1: at, x2: at, y1: top, y2: bottom, "data-kind": kind, "vector-effect": "non-scaling-stroke" });
}

function shape(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element as SVGElement;
}
