// What the More button shows: what few readers need, and so what is loaded when it is pressed. Escape closes it, and so
// does going elsewhere.

import { button, el } from "../page/dom";
import { download, type Project } from "./project";

export interface MoreOptions {
  /** The code as it is shown. */
  code(): string;
  /** A link to the block in its current state. Rejects with a message for the reader. */
  link(): Promise<string>;
  project(): Project;
  /** Where live.js lies. */
  readonly assets: URL;
  copy(text: string, what: string): void;
  /** Says something in passing. */
  flash(text: string): void;
}

export class Menu {
  readonly #opener: HTMLButtonElement;
  readonly #items: HTMLElement;

  /** `opener` is in an element of its own. */
  constructor(opener: HTMLButtonElement, options: MoreOptions) {
    const { copy, flash } = options;
    const say = (error: unknown): void => flash((error as Error).message);
    this.#opener = opener;
    this.#items = el(
      "div",
      { class: "live-menu-items", hidden: true },
      button("Copy code", () => copy(options.code(), "the code"), "live-quiet"),
      button("Copy link", () => void options.link().then((link) => copy(link, "a link to this version"), say), "live-quiet"),
      button("Download as a project", () => void download(options.project(), options.assets).catch(say), "live-quiet"),
    );
    opener.after(this.#items);
    opener.addEventListener("click", () => this.open(this.#items.hidden !== false));
    this.#items.addEventListener("click", () => this.#close());
    const place = this.#items.parentElement;
    place?.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && !this.#items.hidden) this.#close();
    });
    // Safari gives a pressed button no focus, and so no element that the focus goes to.
    place?.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !place.contains(relatedTarget)) this.open(false);
    });
  }

  open(isOpen: boolean): void {
    this.#items.hidden = !isOpen;
    this.#opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) document.addEventListener("pointerdown", this.#pressed);
    else document.removeEventListener("pointerdown", this.#pressed);
  }

  readonly #pressed = ({ target }: Event): void => {
    if (!this.#items.parentElement?.contains(target as Node)) this.open(false);
  };

  #close(): void {
    this.#opener.focus();
    this.open(false);
  }
}
