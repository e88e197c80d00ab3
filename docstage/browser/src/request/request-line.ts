// Which request a block sends: one of the snippet's, or the reader's edit of it.

import type { Request } from "../run/backend";
import { button, el } from "../page/dom";
import { unloaded } from "../page/edition";
import type { Fault } from "./problem";
import { requestText } from "./request-text";
import type { RequestPanel } from "./request-panel";
import type { Exchange, Snippet } from "../run/snippet";

export interface RequestLineOptions {
  /** Unique in the page. */
  readonly id: string;
  run(): void;
  /** Another of the snippet's requests was chosen. */
  chosen(): void;
  /** The reader has changed the request, or taken the changes back. */
  changed(): void;
  /** Resolves when changes can be kept: not before that can they be made. */
  readied(): Promise<unknown>;
  copyAsCurl(): void;
  /** Says in passing what went wrong. */
  flash(text: string): void;
}

export class RequestLine {
  /** For the bar: the choice among the snippet's requests. */
  readonly choice: HTMLElement;
  /** The request as it will be sent, and below it the panel in which to change it. */
  readonly element: HTMLElement;
  /** For the status: leads to what the app found wrong with the request, while that is not in sight. */
  readonly offer = button("Show in the request", () => this.#showPanel(true), "live-quiet");
  readonly #snippet: string;
  readonly #exchanges: readonly Exchange[];
  readonly #options: RequestLineOptions;
  readonly #select: HTMLSelectElement;
  readonly #line = el("span");
  readonly #rest = el("span", { class: "live-rest" });
  readonly #mark = el("span", { class: "live-edited" }, "edited");
  readonly #place = el("div");
  readonly #edit = button("Edit request", () => (this.#isOpen ? this.#open(false) : this.#showPanel()), "live-quiet live-disclosure");
  /** By the name of the request that they are made of. */
  readonly #drafts = new Map<string, Request>();
  #panel: RequestPanel | undefined;
  #faults: readonly Fault[] = [];
  #isCodeEdited = false;

  constructor({ snippet, exchanges, request }: Snippet, options: RequestLineOptions) {
    this.#snippet = snippet;
    this.#exchanges = exchanges;
    this.#options = options;
    this.#select = el("select", { id: `${options.id}-choice` }, ...exchanges.map(({ name }) => el("option", { value: name })));
    if (request !== null) this.#select.value = request;
    this.#select.addEventListener("change", () => {
      this.#show();
      options.chosen();
    });
    this.choice = el("div", { class: "live-choice" }, el("label", { for: this.#select.id }, "Request"), this.#select);
    this.#edit.hidden = exchanges.length === 0;
    const copy = button("Copy as curl", () => options.copyAsCurl(), "live-quiet");
    this.element = el(
      "div",
      { class: "live-asked" },
      el(
        "div",
        { class: "live-request" },
        el("pre", {}, this.#line, this.#rest),
        el("div", { class: "live-tools" }, this.#mark, this.#edit, copy),
      ),
      this.#place,
    );
    this.#open(false);
    this.#show();
  }

  /** What came of the original when it was recorded belongs to it. */
  get exchange(): Exchange | undefined {
    return this.#exchanges.find(({ name }) => name === this.#select.value);
  }

  /** What Run sends. */
  get request(): Request | undefined {
    return this.#drafts.get(this.#select.value) ?? this.exchange?.request;
  }

  get isEdited(): boolean {
    return this.#drafts.has(this.#select.value);
  }

  get hasEdits(): boolean {
    return this.#drafts.size > 0;
  }

  /** What the reader has made of the requests, by their names. */
  get edits(): Readonly<Record<string, Request>> {
    return Object.fromEntries(this.#drafts);
  }

  /** Puts edits in the place of those that there are. What is made of no request of the snippet is left out. */
  take(edits: Readonly<Record<string, Request>>, choice?: string): void {
    this.#drafts.clear();
    for (const { name } of this.#exchanges) {
      const request = edits[name];
      if (request) this.#drafts.set(name, request);
    }
    if (this.#exchanges.some(({ name }) => name === choice)) this.#select.value = choice ?? "";
    this.#show();
  }

  /** All requests are the snippet's own again, and the panel is closed. */
  reset(): void {
    this.#drafts.clear();
    this.#open(false);
    this.#show();
  }

  /** What the panel knows of the API is of the original code. */
  setCodeEdited(isEdited: boolean): void {
    this.#isCodeEdited = isEdited;
    this.#panel?.setCodeEdited(isEdited);
  }

  /** Shows in the panel what the app found wrong with the request, or offers to. */
  showFaults(faults: readonly Fault[]): void {
    this.#faults = faults;
    this.#panel?.showFaults(faults);
    this.offer.hidden = !faults.length || this.#isOpen;
  }

  get #isOpen(): boolean {
    return this.#edit.getAttribute("aria-expanded") === "true";
  }

  /** Opens the panel, at what is wrong if the reader asked for that. */
  #showPanel(isForFaults = false): void {
    this.#load().then(
      () => {
        this.#open(true);
        if (isForFaults) this.#panel?.focusFault();
      },
      async () => this.#options.flash(await unloaded("The panel", "press Edit request")),
    );
  }

  async #load(): Promise<void> {
    if (this.#panel) return;
    const [{ panelOf }] = await Promise.all([import("./request-panel"), this.#options.readied()]);
    const id = `${this.#options.id}-draft`;
    const panel = await panelOf(this.#snippet, {
      id,
      run: () => this.#options.run(),
      changed: (request) => this.#keep(request),
    });
    if (this.#panel) return;
    this.#panel = panel;
    this.#edit.setAttribute("aria-controls", id);
    this.#place.append(panel.element);
    this.#show();
    panel.showFaults(this.#faults);
    panel.setCodeEdited(this.#isCodeEdited);
  }

  #open(isOpen: boolean): void {
    this.#place.hidden = !isOpen;
    this.#edit.setAttribute("aria-expanded", String(isOpen));
    this.element.toggleAttribute("data-open", isOpen);
    this.offer.hidden = true;
  }

  #keep(request: Request | undefined): void {
    if (request) this.#drafts.set(this.#select.value, request);
    else this.#drafts.delete(this.#select.value);
    this.#write();
    this.#options.changed();
  }

  #show(): void {
    const { exchange, request } = this;
    if (exchange && request) this.#panel?.show(exchange.request, request);
    this.#write();
  }

  #write(): void {
    const text = this.request ? requestText(this.request) : "";
    const [line = ""] = text.split("\n", 1);
    this.#line.textContent = line;
    this.#rest.textContent = text.slice(line.length);
    this.#mark.hidden = !this.isEdited;
    for (const [index, { name, request }] of this.#exchanges.entries()) {
      const own = `${request.method} ${request.target}`;
      const label = name === own ? own : `${name}: ${own}`;
      const option = this.#select.options[index];
      if (option) option.text = this.#drafts.has(name) ? `${label} (edited)` : label;
    }
  }
}
