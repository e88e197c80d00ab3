// The parameters of the path, one field each.

import { el } from "../page/dom";
import { type API, type Operation, pathParametersOf } from "./openapi";
import { ValueInput } from "./value-input";

export interface PathParametersOptions {
  /** Unique in the page. */
  readonly id: string;
  /** The reader has filled in a parameter, and so this is the path. */
  changed(path: string): void;
}

export class PathParameters {
  readonly element = el("div", { class: "live-path-parameters" });
  readonly #options: PathParametersOptions;
  readonly #fields = new Map<string, ValueInput>();
  #template = "";
  #path = "";

  constructor(options: PathParametersOptions) {
    this.#options = options;
  }

  /** Shows the parameters of `path`, which is one of the operation's, or none. */
  show(api: API | undefined, operation: Operation | undefined, path: string): void {
    const parameters = (operation && pathParametersOf(operation.template, path)) ?? [];
    this.#path = path;
    if (operation?.template !== this.#template) {
      this.#template = operation?.template ?? "";
      this.#fields.clear();
      this.element.replaceChildren(...parameters.flatMap(({ name }, index) => this.#fieldOf(name, index)));
    }
    for (const { name, raw } of parameters) {
      const field = this.#fields.get(name);
      if (field && field.value !== decoded(raw)) field.value = decoded(raw);
      field?.describe(api, operation?.parameters.find((each) => each.in === "path" && each.name === name));
    }
  }

  /** The field that a fault of this parameter is about. */
  find(name: string): { readonly field: HTMLElement; readonly place: HTMLElement } | undefined {
    const field = this.#fields.get(name);
    return field && { field: field.input, place: field.notes };
  }

  /** What stands in the parameter of this name, as it is written in the path. */
  raw(name: string): string {
    return encodeURIComponent(this.#fields.get(name)?.value ?? "");
  }

  #fieldOf(name: string, index: number): HTMLElement[] {
    const field = new ValueInput(name);
    field.input.id = `${this.#options.id}-${index}`;
    field.input.addEventListener("input", () => this.#fill(name, field.value));
    this.#fields.set(name, field);
    return [el("label", { for: field.input.id }, name), el("div", {}, field.input, field.notes)];
  }

  #fill(wanted: string, value: string): void {
    const parameter = pathParametersOf(this.#template, this.#path)?.find(({ name }) => name === wanted);
    if (parameter) this.#options.changed(this.#path.slice(0, parameter.from) + encodeURIComponent(value) + this.#path.slice(parameter.to));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
