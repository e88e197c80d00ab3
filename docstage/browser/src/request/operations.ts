// Which of the API's operations a request is for: chosen from a list, or recognized by method and path.

import { el } from "../page/dom";
import type { API, Operation } from "./openapi";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export interface OperationsOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly api: API | undefined;
  /** The reader has chosen another method. */
  changed(): void;
  /** The reader has chosen another operation, whose path this is. */
  chosen(template: string): void;
}

export class Operations {
  readonly method: HTMLSelectElement;
  /** What goes above the path: nothing where nothing is described. */
  readonly elements: readonly HTMLElement[];
  readonly #api: API | undefined;
  readonly #choice: HTMLSelectElement;
  readonly #summary = el("p", { class: "live-hint" });
  #listed = "";

  constructor({ id, api, changed, chosen }: OperationsOptions) {
    this.#api = api;
    this.method = el("select", { id: `${id}-method`, "aria-label": "Method" });
    this.method.addEventListener("change", changed);
    this.#choice = el("select", { id: `${id}-operation` }, el("option", { value: "", hidden: true }, "Custom request"));
    for (const [index, { method, template }] of (api?.operations ?? []).entries()) {
      this.#choice.append(el("option", { value: index }, `${method} ${template}`));
    }
    this.#choice.addEventListener("change", () => {
      const operation = api?.operations[Number(this.#choice.value)];
      if (!operation) return;
      this.method.value = operation.method;
      chosen(operation.template);
    });
    this.elements = api?.operations.length
      ? [el("label", { for: this.#choice.id }, "Operation"), el("div", {}, this.#choice, this.#summary)]
      : [];
    this.#list([]);
  }

  /** Shows which operation this is, and returns it. */
  show(method: string, path: string): Operation | undefined {
    const here = this.#api?.at(path) ?? [];
    const operation = here.find((each) => each.method === method);
    this.#list(here.map((each) => each.method));
    this.#choice.value = operation ? String(this.#api?.operations.indexOf(operation)) : "";
    this.#summary.textContent = operation?.summary ?? "";
    return operation;
  }

  /** The methods, first those that the path has. */
  #list(described: readonly string[]): void {
    if (this.method.options.length && this.#listed === described.join()) return;
    this.#listed = described.join();
    const chosen = this.method.value;
    const options = (methods: readonly string[]) => methods.map((method) => el("option", {}, method));
    const others = METHODS.filter((method) => !described.includes(method));
    this.method.replaceChildren(
      ...(described.length
        ? [
            el("optgroup", { label: "Documented" }, ...options(described)),
            el("optgroup", { label: "Other" }, ...options(others)),
          ]
        : options(others)),
    );
    if (chosen) this.method.value = chosen;
  }
}
