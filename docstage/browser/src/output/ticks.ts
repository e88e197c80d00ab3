// The ticks of a timeline: one for each row, or, where there are more than a strip has room for, one for all rows of a
// kind that stand in the same place.

import type { Kind } from "./rows";

const MOST = 800; // more than a strip has pixels for on most screens
const BELOW: ReadonlySet<Kind> = new Set(["stdout", "stderr", "log"]);
const WHOLE: ReadonlySet<Kind> = new Set(["status", "disconnect", "limit", "crash", "end"]);

export class Ticks {
  readonly #parent: SVGElement;
  /** By the kind and the place. */
  readonly #ticks = new Map<string, { readonly kind: Kind; readonly at: number; readonly element: SVGElement }>();
  /** How many seconds one place is wide. */
  #width = 0;
  #last = 0;

  constructor(parent: SVGElement) {
    this.#parent = parent;
  }

  add(kind: Kind, at: number): void {
    this.#last = Math.max(this.#last, at);
    const place = this.#place(kind, at);
    if (this.#ticks.has(place)) return;
    const element = tick(kind, at);
    this.#ticks.set(place, { kind, at, element });
    this.#parent.append(element);
    if (this.#ticks.size > MOST) this.#thin();
  }

  clear(): void {
    for (const { element } of this.#ticks.values()) element.remove();
    this.#ticks.clear();
    this.#width = this.#last = 0;
  }

  /** Makes places so wide that half as many ticks are left, so that it is long until the next time. */
  #thin(): void {
    const all = [...this.#ticks.values()];
    this.#width = Math.max(2 * this.#width, (2 * this.#last) / MOST);
    this.#ticks.clear();
    for (const each of all) {
      const place = this.#place(each.kind, each.at);
      if (this.#ticks.has(place)) each.element.remove();
      else this.#ticks.set(place, each);
    }
  }

  #place(kind: Kind, at: number): string {
    return `${kind} ${this.#width ? Math.floor(at / this.#width) : at}`;
  }
}

function tick(kind: Kind, at: number): SVGElement {
  const [top, bottom] = WHOLE.has(kind) ? [0.04, 0.96] : BELOW.has(kind) ? [0.56, 0.88] : [0.12, 0.44];
  return lineAt(kind, at, top, bottom);
}

export function lineAt(kind: Kind | "head", at: number, top: number, bottom: number): SVGElement {
  return svg("line", { x1: at, x2: at, y1: top, y2: bottom, "data-kind": kind, "vector-effect": "non-scaling-stroke" });
}

export function svg(name: string, attributes: Readonly<Record<string, string | number>> = {}): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element as SVGElement;
}
