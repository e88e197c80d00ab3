// The fields in which a reader changes a request, loaded by the first press of Edit request.

import type { Request } from "./backend";
import { button, el, setEnabled } from "./dom";
import { type Draft, draftOf, isJSON, isSame, requestOf } from "./draft";
import { Pairs } from "./pairs";
import { splitTarget } from "./target";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const USUAL_HEADERS = [
  "Accept",
  "Accept-Language",
  "Authorization",
  "Cache-Control",
  "Content-Type",
  "Cookie",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "Last-Event-ID",
  "Origin",
  "Prefer",
  "Range",
  "User-Agent",
  "X-Request-ID",
];

export interface RequestPanelOptions {
  /** Unique in the page. */
  readonly id: string;
  run(): void;
  /** Called with what is to be sent now, or with `undefined` when that is the original. */
  changed(request: Request | undefined): void;
}

export class RequestPanel {
  readonly element: HTMLElement;
  readonly #options: RequestPanelOptions;
  readonly #method: HTMLSelectElement;
  readonly #path: HTMLInputElement;
  readonly #parameters: Pairs;
  readonly #headers: Pairs;
  readonly #body: HTMLTextAreaElement;
  readonly #hint: HTMLElement;
  readonly #note = el("p", { class: "live-hint", role: "status" });
  readonly #reset = button("Reset request", () => this.#restore());
  #original: Request;
  #hasSuggested = false;

  constructor(original: Request, options: RequestPanelOptions) {
    const { id } = options;
    const changed = (): void => this.#changed();
    this.#options = options;
    this.#original = original;
    const methods = METHODS.map((method) => el("option", {}, method));
    this.#method = el("select", { id: `${id}-method`, "aria-label": "Method" }, ...methods);
    this.#path = el("input", { id: `${id}-path`, type: "text", autocapitalize: "off", autocomplete: "off", spellcheck: "false" });
    this.#parameters = new Pairs({ noun: "parameter", changed });
    this.#headers = new Pairs({ noun: "header", names: `${id}-headers`, changed });
    this.#hint = el("p", { id: `${id}-hint`, class: "live-hint" });
    this.#body = el("textarea", {
      id: `${id}-body`,
      rows: 4,
      autocapitalize: "off",
      spellcheck: "false",
      "aria-describedby": this.#hint.id,
    });
    this.#method.addEventListener("change", changed);
    this.#path.addEventListener("input", changed);
    this.#path.addEventListener("change", () => this.#takeQueryOutOfPath());
    this.#body.addEventListener("input", () => {
      this.#suggestType();
      this.#changed();
    });
    this.element = el(
      "div",
      { id, class: "live-draft", role: "group", "aria-label": "Request to send" },
      el("label", { for: this.#path.id }, "Path"),
      el("div", { class: "live-target" }, this.#method, this.#path),
      ...group("Query", `${id}-query`, this.#parameters.element),
      ...group("Headers", `${id}-fields`, this.#headers.element),
      el("datalist", { id: `${id}-headers` }, ...USUAL_HEADERS.map((value) => el("option", { value }))),
      el("label", { for: this.#body.id }, "Body"),
      el("div", {}, this.#body, this.#hint, this.#note),
      el("div", { class: "live-foot" }, this.#reset, el("span", {}, ...keys(), " sends it")),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#takeQueryOutOfPath();
      options.run();
    });
  }

  /** Puts `request` into the fields: what the reader has made of `original`, or that itself. */
  show(original: Request, request: Request): void {
    this.#original = original;
    const draft = draftOf(request);
    this.#method.value = draft.method;
    this.#path.value = draft.path;
    this.#parameters.show(draft.parameters);
    this.#headers.show(draft.headers);
    this.#body.value = draft.body;
    this.#note.textContent = "";
    // A body that comes without a type does so on purpose.
    this.#hasSuggested = original.body !== "";
    this.#update(request);
  }

  get #draft(): Draft {
    const { path, parameters } = splitTarget(this.#path.value);
    return {
      method: this.#method.value,
      path,
      parameters: [...parameters, ...this.#parameters.pairs],
      headers: this.#headers.pairs,
      body: this.#body.value,
    };
  }

  #changed(): void {
    const request = requestOf(this.#draft);
    this.#update(request);
    this.#options.changed(this.#isOriginal(request) ? undefined : request);
  }

  #isOriginal(request: Request): boolean {
    return isSame(request, requestOf(draftOf(this.#original)));
  }

  #update(request: Request): void {
    const draft = this.#draft;
    setEnabled(this.#reset, !this.#isOriginal(request));
    this.#hint.textContent = isJSON(draft) && draft.body.trim() ? wordOnJSON(draft.body) : "";
  }

  #restore(): void {
    this.show(this.#original, this.#original);
    this.#options.changed(undefined);
  }

  /** A query in the path, say of a pasted URL, becomes rows. */
  #takeQueryOutOfPath(): void {
    if (!this.#path.value.includes("?")) return;
    const { path, parameters } = this.#draft;
    this.#path.value = path;
    this.#parameters.show(parameters);
    this.#changed();
  }

  /** Once, and where the reader can take it back. */
  #suggestType(): void {
    const has = this.#headers.pairs.some(({ name }) => name.trim().toLowerCase() === "content-type");
    if (this.#hasSuggested || has || !/^\s*[{[]/.test(this.#body.value)) return;
    this.#hasSuggested = true;
    this.#headers.append({ name: "Content-Type", value: "application/json" });
    this.#note.textContent = "Content-Type: application/json was added to the headers.";
  }
}

function group(caption: string, id: string, content: HTMLElement): HTMLElement[] {
  content.setAttribute("role", "group");
  content.setAttribute("aria-labelledby", id);
  return [el("span", { id, class: "live-legend" }, caption), content];
}

function keys(): Node[] {
  const isApple = /mac|iphone|ipad/i.test(navigator.platform);
  return [el("kbd", {}, isApple ? "⌘" : "Ctrl"), document.createTextNode("+"), el("kbd", {}, "Enter")];
}

function wordOnJSON(text: string): string {
  try {
    JSON.parse(text);
    return "Well-formed JSON.";
  } catch (error) {
    return `Not well-formed JSON, and sent as it is: ${(error as Error).message}`;
  }
}
