// Tabs, as the ARIA Authoring Practices have them: arrow keys go from one to the next, Tab goes on into the panel.

import { el } from "./dom";

export interface Tab {
  readonly label: string;
  readonly panel: HTMLElement;
}

export class Tabs {
  readonly element: HTMLElement;
  readonly #tabs: readonly Tab[];
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #selected: (index: number) => void;

  /** `id` is unique in the page; `selected` is called with the index of each tab that the reader chooses. */
  constructor(id: string, label: string, tabs: readonly Tab[], selected: (index: number) => void) {
    this.#tabs = tabs;
    this.#selected = selected;
    this.#buttons = tabs.map(({ label, panel }, index) => {
      panel.id = `${id}-panel-${index}`;
      const tab = el("button", { type: "button", id: `${id}-tab-${index}`, class: "live-tab", role: "tab", "aria-controls": panel.id }, label);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", () => this.select(index));
      return tab;
    });
    this.element = el("div", { class: "live-tabs", role: "tablist", "aria-label": label }, ...this.#buttons);
    this.element.addEventListener("keydown", (event) => {
      const at = this.#buttons.indexOf(event.target as HTMLButtonElement);
      const last = tabs.length - 1;
      const next = { ArrowLeft: at ? at - 1 : last, ArrowRight: at === last ? 0 : at + 1, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      this.select(next);
      this.#buttons[next]?.focus();
    });
    this.#show(0);
  }

  select(index: number): void {
    this.#show(index);
    this.#selected(index);
  }

  #show(selected: number): void {
    for (const [index, tab] of this.#buttons.entries()) {
      tab.setAttribute("aria-selected", String(index === selected));
      tab.tabIndex = index === selected ? 0 : -1;
      const panel = this.#tabs[index]?.panel;
      if (panel) panel.hidden = index !== selected;
    }
  }
}
