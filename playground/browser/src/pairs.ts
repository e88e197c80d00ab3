// Rows of a name and a value each, which the reader adds and removes: a query's parameters, or headers.

import { button, el } from "./dom";

export interface Pair {
  readonly name: string;
  readonly value: string;
  /** Comes back with the pair for as long as it is not changed. */
  readonly raw?: string | undefined;
}

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLInputElement;
  readonly value: HTMLInputElement;
  readonly remove: HTMLButtonElement;
  raw: string | undefined;
}

export interface PairsOptions {
  /** "parameter" */
  readonly noun: string;
  /** The id of a `<datalist>` of usual names. */
  readonly names?: string;
  changed(): void;
}

export class Pairs {
  readonly element = el("div", { class: "live-pairs" });
  readonly #options: PairsOptions;
  readonly #add: HTMLButtonElement;
  #rows: Row[] = [];

  constructor(options: PairsOptions) {
    this.#options = options;
    this.#add = button(`Add ${options.noun}`, () => this.append({ name: "", value: "" }).focus(), "live-quiet live-add");
    this.element.append(this.#add);
  }

  get pairs(): Pair[] {
    return this.#rows.map(({ name, value, raw }) => ({ name: name.value, value: value.value, raw }));
  }

  show(pairs: readonly Pair[]): void {
    for (const { element } of this.#rows) element.remove();
    this.#rows = [];
    for (const pair of pairs) this.append(pair);
  }

  /** Adds a row. Returns the field of its name. */
  append({ name, value, raw }: Pair): HTMLInputElement {
    const remove = button("", () => this.#remove(row), "live-quiet live-remove");
    const row: Row = { element: el("div", { class: "live-pair" }), name: field("Name"), value: field("Value"), remove, raw };
    if (this.#options.names !== undefined) row.name.setAttribute("list", this.#options.names);
    row.name.value = name;
    row.value.value = value;
    row.element.append(row.name, row.value, remove);
    row.element.addEventListener("input", () => {
      row.raw = undefined;
      this.#options.changed();
    });
    this.#rows.push(row);
    this.#add.before(row.element);
    this.#label();
    return row.name;
  }

  /** The focus goes to the button of the row that takes the removed one's place, or to what is left. */
  #remove(row: Row): void {
    const index = this.#rows.indexOf(row);
    this.#rows.splice(index, 1);
    row.element.remove();
    this.#label();
    (this.#rows[index]?.remove ?? this.#rows.at(-1)?.remove ?? this.#add).focus();
    this.#options.changed();
  }

  #label(): void {
    const { noun } = this.#options;
    for (const [index, { name, value, remove }] of this.#rows.entries()) {
      name.setAttribute("aria-label", `Name of ${noun} ${index + 1}`);
      value.setAttribute("aria-label", `Value of ${noun} ${index + 1}`);
      remove.setAttribute("aria-label", `Remove ${noun} ${index + 1}`);
    }
  }
}

function field(placeholder: string): HTMLInputElement {
  return el("input", { type: "text", placeholder, autocapitalize: "off", spellcheck: "false" });
}
