// The body of a request, with completion and validation against its schema.

import { type BodyEditor, type Edit, type Mark, type Offers, openBodyEditor } from "./body-editor";
import { button, el } from "../page/dom";
import { follow, type Span, read, spotAt, type Value } from "./json-text";
import type { Body } from "./openapi";
import type { Fault } from "./problem";
import type { Misfit, Schema, Schemas } from "./schema";
import { describedBy } from "./value-input";

/** Media types of JSON, and of lines of it: none of the latter is registered. */
export const JSONS = /[/+]json$/;
export const LINES = /[/-](ndjson|jsonl)$/;

const MOST_CHECKED = 100_000; // characters: more would be slow to write in
const MOST_LISTED = 5;

export interface BodyFieldOptions {
  /** Unique in the page. */
  readonly id: string;
  run(): void;
  changed(): void;
  /** A fault is gone, because its text was edited. */
  fixed(fault: Fault): void;
}

/** What is known of the body. */
export interface BodyType {
  readonly isJSON: boolean;
  readonly isOfLines: boolean;
  readonly schemas: Schemas | undefined;
  readonly body: Body | undefined;
}

interface FaultAt extends Span {
  readonly fault: Fault;
}

export class BodyField {
  readonly label: HTMLElement;
  readonly element: HTMLElement;
  readonly editor: BodyEditor;
  /** What belongs below the field. */
  readonly notes = el("div", { class: "live-notes" });
  readonly #options: BodyFieldOptions;
  readonly #hint: HTMLElement;
  readonly #misfits = el("ul", { class: "live-misfits" });
  readonly #fill = button("Fill in an example", () => this.#fillIn(), "live-quiet live-add");
  #type: BodyType = { isJSON: false, isOfLines: false, schemas: undefined, body: undefined };
  #faults: readonly FaultAt[] = [];

  constructor(options: BodyFieldOptions) {
    const { id } = options;
    this.#options = options;
    this.label = el("span", { id: `${id}-label`, class: "live-legend" }, "Body");
    this.editor = openBodyEditor({
      labelledBy: this.label.id,
      run: () => options.run(),
      changed: (edit) => this.#changed(edit),
      offer: (text, at) => this.#offer(text, at),
    });
    this.label.addEventListener("click", () => this.editor.field.focus());
    this.#hint = el("p", { id: `${id}-hint`, class: "live-hint" });
    describedBy(this.editor.field, this.#hint.id, true);
    this.#misfits.id = `${id}-misfits`;
    describedBy(this.editor.field, this.#misfits.id, true);
    this.notes.append(this.#fill, this.#hint, this.#misfits);
    this.element = el("div", { class: "live-body" }, this.editor.element, this.notes);
  }

  get text(): string {
    return this.editor.text;
  }

  show(text: string): void {
    this.#faults = [];
    this.editor.show(text);
  }

  /** Says what the body should be, which may have changed with the rest of the request. */
  describe(type: BodyType): void {
    this.#type = type;
    this.editor.setJSON(type.isJSON || type.isOfLines);
    this.#update();
  }

  /** Marks what is at fault. Returns what leads to each. */
  mark(faults: readonly Fault[]): { readonly fault: Fault; go(): void }[] {
    this.#faults = faults.map((fault) => ({ fault, ...this.#placeOf(fault) }));
    this.#update();
    return faults.map((fault) => ({
      fault,
      go: () => {
        const at = this.#faults.find((each) => each.fault === fault);
        if (at) this.editor.select(at.from, at.to);
      },
    }));
  }

  #changed(edit: Edit): void {
    const fixed = this.#faults.filter(({ from, to }) => edit.touches(from, to));
    this.#faults = this.#faults
      .filter((each) => !fixed.includes(each))
      .map(({ fault, from, to }) => ({ fault, from: edit.now(from), to: edit.now(to) }));
    for (const { fault } of fixed) this.#options.fixed(fault);
    this.#options.changed();
  }

  #placeOf({ path, line }: Fault): Span {
    const value = line === undefined ? read(this.text) : this.#lines[line - 1];
    if (!value) return { from: 0, to: this.text.length };
    const found = follow(value, path);
    // What is missing is missing in all of the object.
    if (!found.isThere || !found.name) return { from: found.value.from, to: found.value.to };
    return { from: found.name.from, to: found.name.value?.to ?? found.name.to };
  }

  /** The value of each line: blank ones, which have none, count. */
  get #lines(): (Value | undefined)[] {
    const { text } = this;
    let to = -1;
    return text.split("\n").map((line) => read(text, to + 1, (to += line.length + 1)));
  }

  get #schema(): Schema | undefined {
    return this.#type.body?.schema;
  }

  #update(): void {
    const { isJSON, isOfLines } = this.#type;
    const isWritten = this.text.trim() !== "";
    const isShort = this.text.length <= MOST_CHECKED;
    const misfits = isShort && isWritten ? this.#findMisfits() : [];
    const listed = misfits.filter(({ path }) => !this.#faults.some(({ fault }) => pathOf(fault) === path));
    const isKnown = this.#schema !== undefined && isShort && (isJSON || isOfLines);
    this.#hint.textContent = isJSON && isWritten ? wordOnJSON(this.text, isKnown && !misfits.length) : "";
    const items = listed.slice(0, MOST_LISTED).map(({ path, text, from, to }) => {
      const go = (): void => {
        this.editor.field.focus();
        this.editor.select(from, to);
      };
      return el("li", {}, button(short(path), go, "live-link"), `: ${text}`);
    });
    const more = listed.length - items.length;
    this.#misfits.replaceChildren(...items, ...(more > 0 ? [el("li", {}, `and ${more} more`)] : []));
    this.#misfits.hidden = !items.length;
    this.#fill.hidden = isWritten || !isKnownJSON(this.#type.body);
    this.editor.mark([
      ...listed.map(({ from, to, text }): Mark => ({ from, to, text, kind: "misfit" })),
      ...this.#faults.map((each) => this.#markOf(each)),
    ]);
  }

  /** What is marked of a fault's place: of an object that lacks something, its brace alone. */
  #markOf({ fault, from, to }: FaultAt): Mark {
    const isWhole = "{[".includes(this.text[from] ?? " ") && to > from + 1;
    return { from, to: isWhole ? from + 1 : to, text: fault.detail, kind: "fault" };
  }

  #findMisfits(): Misfit[] {
    const { isJSON, isOfLines, schemas } = this.#type;
    if (!schemas || !this.#schema || !(isJSON || isOfLines)) return [];
    const alternatives = schemas.alternatives(this.#schema);
    if (isOfLines) {
      return this.#lines.flatMap((value, index) => {
        const found = value ? schemas.misfits(value, alternatives) : [];
        return found.map((each) => ({ ...each, path: pathOf({ ...each, line: index + 1 }) }));
      });
    }
    const value = isWellFormed(this.text) ? read(this.text) : undefined;
    return value ? schemas.misfits(value, alternatives) : [];
  }

  // What could be written.

  #offer(text: string, at: number): Offers | undefined {
    const { isOfLines, schemas } = this.#type;
    if (!schemas || !isKnownJSON(this.#type.body) || text.length > MOST_CHECKED) return undefined;
    const start = isOfLines ? text.lastIndexOf("\n", at - 1) + 1 : 0;
    const end = isOfLines && text.indexOf("\n", at) >= 0 ? text.indexOf("\n", at) : text.length;
    const line = text.slice(0, end);
    const spot = spotAt(read(text, start, end), line.slice(start).trim() ? line : "", at);
    if (!spot) return undefined;
    let known = schemas.alternatives(this.#schema);
    for (const { container, key } of spot.steps) known = schemas.children(known, container, key);
    const { from, to } = spot;
    if (spot.kind === "value") return { from, to, offers: this.#valuesOf(known, schemas) };
    const fitting = spot.object ? schemas.fitting(known, spot.object) : known;
    const taken = new Set(spot.object?.members.filter((each) => each.from !== from).map(({ name }) => name));
    const names = new Map(
      fitting.flatMap(({ properties = {}, required = [] }) =>
        Object.entries(properties).map(([name, schema]) => [name, { schema, isRequired: required.includes(name) }] as const),
      ),
    );
    const offers = [...names].filter(([name]) => !taken.has(name)).map(([name, { schema, isRequired }]) => {
      const [own] = schemas.alternatives(schema);
      return {
        text: JSON.stringify(name) + (spot.isFollowedByColon ? "" : ": "),
        label: name,
        detail: schemas.words(schema) + (isRequired ? ", required" : ""),
        info: schema.description ?? own?.description ?? "",
        isOpen: !spot.isFollowedByColon,
      };
    });
    return { from, to, offers };
  }

  #valuesOf(known: readonly Schema[], schemas: Schemas): Offers["offers"] {
    const choices = schemas.choices(known).map((text) => ({ text, label: text, detail: "", info: "", isOpen: false }));
    const containers = known
      .filter((each) => each.type === "object" || each.type === "array")
      .map((each) => {
        const text = JSON.stringify(schemas.example(each), null, 1).replace(/\n\s*/g, " ");
        return { text, label: text, detail: schemas.words(each), info: each.description ?? "", isOpen: false };
      });
    return [...choices, ...containers];
  }

  #fillIn(): void {
    const { isOfLines, schemas } = this.#type;
    const example = JSON.stringify(schemas?.example(this.#schema), null, isOfLines ? 0 : 2);
    this.editor.show(isOfLines ? `${example}\n` : example, true);
    this.editor.field.focus();
  }
}

function isKnownJSON(body: Body | undefined): boolean {
  return body?.schema !== undefined && (LINES.test(body.mediaType) || JSONS.test(body.mediaType));
}

/** The path of a fault, behind the line that it is on if lines are values. */
export function pathOf({ path, line }: { readonly path: string; readonly line?: number }): string {
  return line === undefined ? path : `line ${line}: ${path}`;
}

/** A path as people write it: `boxes[1].kilograms`, or `the body` for all of it. */
export function short(path: string): string {
  return path.replace(/\$\.?/, "") || "the body";
}

function isWellFormed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function wordOnJSON(text: string, isAsDescribed: boolean): string {
  try {
    JSON.parse(text);
    return isAsDescribed ? "Valid JSON that matches the schema." : "Valid JSON.";
  } catch (error) {
    return `Invalid JSON, sent unchanged: ${(error as Error).message}`;
  }
}
