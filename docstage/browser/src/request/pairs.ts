// Rows of a name and a value each, which the reader adds and removes: a query's parameters, or headers.

import { button, el } from "../page/dom";
import type { Shown } from "./faults";
import type { API, Parameter } from "./openapi";
import { textInput, ValueInput } from "./value-input";

export interface Pair {
  readonly name: string;
  readonly value: string;
  /** Comes back with the pair for as long as it is not changed. */
  readonly raw?: string | undefined;
}

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLInputElement;
  readonly value: ValueInput;
  readonly remove: HTMLButtonElement;
  raw: string | undefined;
}

export interface PairsOptions {
  /** Unique in the page. */
  readonly id: string;
  /** "parameter" */
  readonly noun: string;
  readonly usualNames: readonly string[];
  /** Whether `Name` and `name` are one. */
  readonly isCaseless: boolean;
  /** Whether the API describes all that there are. */
  readonly isComplete: boolean;
  changed(): void;
}

export class Pairs {
  readonly element = el("div", { class: "live-pairs" });
  readonly #options: PairsOptions;
  readonly #add: HTMLButtonElement;
  /** What could be added, too. */
  readonly #offers = el("div", { class: "live-offers" });
  readonly #names: HTMLDataListElement;
  #rows: Row[] = [];
  #api: API | undefined;
  #known: readonly Parameter[] = [];

  constructor(options: PairsOptions) {
    this.#options = options;
    this.#add = button(`Add ${options.noun}`, () => this.append({ name: "", value: "" }).name.focus(), "live-quiet live-add");
    this.#names = el("datalist", { id: `${options.id}-names` });
    this.#offers.append(this.#add);
    this.element.append(this.#offers, this.#names);
    this.describe(undefined, []);
  }

  get pairs(): Pair[] {
    return this.#rows.map(({ name, value, raw }) => ({ name: name.value, value: value.value, raw }));
  }

  show(pairs: readonly Pair[]): void {
    for (const { element } of this.#rows) element.remove();
    this.#rows = [];
    for (const pair of pairs) this.append(pair);
    this.#offer();
  }

  /** Says what the API knows of the rows. */
  describe(api: API | undefined, known: readonly Parameter[]): void {
    this.#api = api;
    this.#known = known;
    const names = known.map(({ name }) => name);
    const others = this.#options.usualNames.filter((name) => !names.some((each) => this.#isSame(each, name)));
    this.#names.replaceChildren(...[...names, ...others].map((value) => el("option", { value })));
    for (const row of this.#rows) this.#describe(row);
    this.#offer();
  }

  append({ name, value, raw }: Pair): { readonly name: HTMLInputElement; readonly value: HTMLInputElement } {
    const remove = button("", () => this.#remove(row), "live-quiet live-remove");
    const row: Row = { element: el("div", { class: "live-pair" }), name: textInput("Name"), value: new ValueInput("Value"), remove, raw };
    row.name.setAttribute("list", this.#names.id);
    row.name.value = name;
    row.value.value = value;
    row.element.append(row.name, row.value.input, remove, row.value.notes);
    row.name.addEventListener("input", () => this.#describe(row));
    row.element.addEventListener("input", () => {
      row.raw = undefined;
      this.#offer();
      this.#options.changed();
    });
    this.#rows.push(row);
    this.#offers.before(row.element);
    this.#describe(row);
    this.#label();
    return { name: row.name, value: row.value.input };
  }

  /** Where to show a fault of this parameter: at its last row unless `index` says which, or at the button that adds it. */
  find(name: string, index = Infinity): Pick<Shown, "field" | "place" | "isWide"> {
    const rows = this.#rows.filter((row) => this.#isSame(row.name.value, name));
    const row = rows[Math.min(index, rows.length - 1)];
    if (row) return { field: row.value.input, place: row.value.notes };
    const offer = this.#offered.find(({ dataset }) => this.#isSame(dataset["name"] ?? "", name));
    return { field: offer ?? this.#add, place: this.element, isWide: true };
  }

  /** The focus goes to the button of the row that takes the removed one's place, or to what is left. */
  #remove(row: Row): void {
    const index = this.#rows.indexOf(row);
    this.#rows.splice(index, 1);
    row.element.remove();
    this.#label();
    this.#offer();
    (this.#rows[index]?.remove ?? this.#rows.at(-1)?.remove ?? this.#add).focus();
    this.#options.changed();
  }

  #label(): void {
    const { noun } = this.#options;
    for (const [index, { name, value, remove }] of this.#rows.entries()) {
      name.setAttribute("aria-label", `Name of ${noun} ${index + 1}`);
      value.input.setAttribute("aria-label", `Value of ${noun} ${index + 1}`);
      remove.setAttribute("aria-label", `Remove ${noun} ${index + 1}`);
    }
  }

  #describe(row: Row): void {
    const parameter = this.#known.find(({ name }) => this.#isSame(name, row.name.value));
    const isMissed = this.#api && this.#options.isComplete && row.name.value;
    row.value.describe(this.#api, parameter, isMissed ? "Not documented" : "");
  }

  /** One button for each parameter that the API knows and no row has. */
  #offer(): void {
    const absent = this.#known.filter(({ name }) => !this.#rows.some((row) => this.#isSame(row.name.value, name)));
    const shown = this.#offered;
    if (shown.map(({ dataset }) => dataset["name"]).join() === absent.map(({ name }) => name).join()) return;
    for (const each of shown) each.remove();
    this.#offers.append(...absent.map((parameter) => this.#offerOf(parameter)));
  }

  get #offered(): HTMLElement[] {
    return [...this.#offers.querySelectorAll<HTMLElement>("[data-name]")];
  }

  #offerOf(parameter: Parameter): HTMLElement {
    const { name } = parameter;
    const offer = button(name, () => this.#take(parameter), "live-quiet live-add live-offer");
    offer.dataset["name"] = name;
    offer.title = this.#api?.about(parameter) ?? "";
    offer.setAttribute("aria-label", `Add ${name}${parameter.required ? ", required" : ""}`);
    if (parameter.required) offer.append(" ", el("span", { class: "live-required" }, "required"));
    return offer;
  }

  #take({ name, schema }: Parameter): void {
    const { value } = this.append({ name, value: "" });
    const choices = this.#api?.choices({ name, in: "", ...(schema && { schema }) }) ?? [];
    if (choices.length === 1) value.value = choices[0] ?? "";
    this.#offer();
    this.#options.changed();
    value.focus();
  }

  #isSame(one: string, other: string): boolean {
    return this.#options.isCaseless ? one.trim().toLowerCase() === other.trim().toLowerCase() : one === other;
  }
}
