// A strip that shows when each row came: what the app sent above the line, what it printed below. Behind both are three
// phases: until the response started, until its last item (or the disconnect), and from there to the end. The line under
// the strip says the same in numbers.

import { el, oncePerFrame } from "../page/dom";
import type { Kind, Row } from "./rows";
import { lineAt, svg, Ticks } from "./ticks";
import type { Cursor } from "./timeline-cursor";

const ITEMS: ReadonlySet<Kind> = new Set(["ndjson", "sse", "chunk", "partial"]);
const KEEPALIVES: ReadonlySet<Kind> = new Set(["comment", "blank"]);

export class Timeline {
  readonly element: HTMLElement;
  readonly #svg = svg("svg");
  readonly #bands = svg("g");
  readonly #ticks = new Ticks(this.#svg);
  readonly #head = lineAt("head", 0, 0, 1);
  readonly #strip: HTMLElement;
  readonly #until = el("span", { class: "live-until", "aria-hidden": true });
  readonly #legend = el("p", { class: "live-phases" });
  readonly #readout = el("p", { class: "live-phases", hidden: true });
  #rows: readonly Row[] = [];
  #last = 0;
  #span = 0;
  #seen = unseen();
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
      this.#cursor ??= import("./views").then(
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
    this.#ticks.clear();
    this.#rows = [];
    this.#last = 0;
    this.#seen = unseen();
    this.#span = seconds;
    this.at(undefined);
    this.#draw();
  }

  /** Shows `rows`, which have grown by those from the index `from` on. What was there before is not looked at again. */
  add(rows: readonly Row[], from = 0): void {
    this.#rows = rows;
    for (let index = from; index < rows.length; index++) this.#take(rows[index]!);
    this.#redraw();
  }

  #take({ kind, at }: Row): void {
    const seen = this.#seen;
    this.#last = Math.max(this.#last, at);
    this.#ticks.add(kind, at);
    if (kind === "status") seen.answered ??= at;
    if (kind === "disconnect") seen.left ??= at;
    if (kind === "end") seen.ended ??= at;
    if (ITEMS.has(kind)) seen.items += 1;
    else if (KEEPALIVES.has(kind)) seen.keepalives += 1;
    else return;
    if (seen.sent !== undefined) seen.pause = Math.max(seen.pause, at - seen.sent);
    seen.sent = at;
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

    const { answered, left, ended, sent, items, keepalives, pause } = this.#seen;
    const afterWhat = left === undefined && sent !== undefined ? "after the last byte" : "after that";
    const done = left ?? (ended === undefined ? this.#last : (sent ?? answered ?? 0));
    const bands = [
      ["wait", 0, answered ?? this.#last],
      ["stream", answered ?? this.#last, done],
      ["after", done, ended ?? this.#last],
    ] as const;
    this.#bands.replaceChildren(...bands.filter(([, from, to]) => to > from).map(([name, from, to]) => band(name, from, to)));

    const phases = [
      answered !== undefined && ["wait", `response started after ${seconds(answered)}`],
      items && ["items", plural(items, "item")],
      keepalives && ["keepalives", plural(keepalives, "keepalive")],
      pause && ["idle", `longest pause ${seconds(pause)}`],
      left !== undefined && ["disconnect", `client disconnected at ${seconds(left)}`],
      ended !== undefined && answered !== undefined && ["after", `ended ${seconds(ended - done)} ${afterWhat}`],
    ].filter((phase) => Array.isArray(phase)) as [string, string][];
    this.#legend.replaceChildren(...phases.map(([phase, text]) => el("span", { "data-phase": phase }, text)));
    this.#strip.setAttribute("aria-valuemax", String(Math.max(0, this.#rows.length - 1)));
    if (this.#readout.hidden) {
      this.#strip.setAttribute("aria-valuenow", "0");
      this.#strip.setAttribute("aria-valuetext", phases.map(([, text]) => text).join(", ") || "no rows yet");
    }
  }
}

/** What the line under the strip needs of the rows: when things happened, how many, and the longest silence between two. */
interface Seen {
  answered?: number;
  left?: number;
  ended?: number;
  /** When the last item or keepalive was. */
  sent?: number;
  items: number;
  keepalives: number;
  pause: number;
}

function unseen(): Seen {
  return { items: 0, keepalives: 0, pause: 0 };
}

function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function band(name: string, from: number, to: number): SVGElement {
  return svg("rect", { x: from, y: 0, width: to - from, height: 1, "data-band": name });
}
