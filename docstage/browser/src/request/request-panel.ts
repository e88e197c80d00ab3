// The fields in which a reader changes a request, loaded by the first press of Edit request. They are made of what the API
// says of itself; without that, any request can be written all the same.

import type { Request } from "../run/backend";
import { BASE } from "../page/base";
import { BodyField, JSONS, LINES, pathOf, short } from "./body-field";
import { button, el, setEnabled } from "../page/dom";
import { type Draft, draftOf, isSame, mediaTypeOf, requestOf } from "./draft";
import { Faults, type Shown } from "./faults";
import { API } from "./openapi";
import { Operations } from "./operations";
import { Pairs } from "./pairs";
import type { Fault } from "./problem";
import { PathParameters } from "./path-parameters";
import { splitTarget } from "./target";
import { textInput } from "./value-input";

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

/** The panel for requests of a snippet. Empty until `show` is called. */
export async function panelOf(snippet: string, options: RequestPanelOptions): Promise<RequestPanel> {
  const address = new URL(`assets/live/descriptions/${snippet}.json`, BASE);
  const document = await fetch(address)
    .then((response) => (response.ok ? response.json() : undefined))
    .catch(() => undefined);
  return new RequestPanel(document ? new API(document) : undefined, options);
}

export class RequestPanel {
  readonly element: HTMLElement;
  readonly #options: RequestPanelOptions;
  readonly #api: API | undefined;
  readonly #operations: Operations;
  readonly #path: HTMLInputElement;
  readonly #pathParameters: PathParameters;
  readonly #parameters: Pairs;
  readonly #headers: Pairs;
  readonly #body: BodyField;
  readonly #faults = new Faults();
  readonly #aside = el("p", { class: "live-hint", hidden: true }, "Described from the original code; yours is edited.");
  readonly #note = el("p", { class: "live-hint", role: "status" });
  readonly #reset = button("Reset request", () => this.#restore());
  #original: Request | undefined;
  #hasSuggested = false;

  constructor(api: API | undefined, options: RequestPanelOptions) {
    const { id } = options;
    const changed = (): void => this.#changed();
    this.#options = options;
    this.#api = api;
    this.#operations = new Operations({ id, api, changed, chosen: (path) => this.#choosePath(path) });
    this.#path = textInput("");
    this.#path.id = `${id}-path`;
    this.#pathParameters = new PathParameters({ id: `${id}-path-parameter`, changed: (path) => this.#setPath(path) });
    this.#parameters = new Pairs({ id: `${id}-query`, noun: "parameter", usualNames: [], isCaseless: false, isComplete: true, changed });
    this.#headers = new Pairs({ id: `${id}-headers`, noun: "header", usualNames: USUAL_HEADERS, isCaseless: true, isComplete: false, changed });
    this.#body = new BodyField({
      id: `${id}-body`,
      run: () => this.#run(),
      changed: () => {
        this.#suggestType();
        this.#changed();
      },
      fixed: (fault) => this.#faults.fixed(fault),
    });
    this.#body.notes.append(this.#note);
    this.#path.addEventListener("input", changed);
    this.#path.addEventListener("change", () => this.#takeQueryOutOfPath());
    this.element = el(
      "div",
      { id, class: "live-draft", role: "group", "aria-label": "Request to send" },
      this.#faults.element,
      ...this.#operations.elements,
      el("label", { for: this.#path.id }, "Path"),
      el("div", {}, el("div", { class: "live-target" }, this.#operations.method, this.#path), this.#pathParameters.element),
      ...group("Query", `${id}-query`, this.#parameters.element),
      ...group("Headers", `${id}-headers`, this.#headers.element),
      this.#body.label,
      this.#body.element,
      el("div", { class: "live-foot" }, this.#reset, el("span", {}, ...keys(), " sends it"), this.#aside),
    );
    this.element.addEventListener("input", ({ target }) => {
      if (target instanceof HTMLInputElement) this.#faults.forget(target); // the body reports by itself which are fixed
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
      event.preventDefault();
      this.#run();
    });
  }

  /** Puts `request` into the fields: what the reader has made of `original`, or that itself. */
  show(original: Request, request: Request): void {
    this.#original = original;
    const draft = draftOf(request);
    this.showFaults([]);
    this.#operations.method.value = draft.method;
    this.#path.value = draft.path;
    this.#parameters.show(draft.parameters);
    this.#headers.show(draft.headers);
    this.#body.show(draft.body);
    this.#note.textContent = "";
    // A body that comes without a type does so on purpose.
    this.#hasSuggested = original.body !== "";
    this.#update(request);
  }

  /** Says that the code, and so perhaps the API, is another than the one that is described. */
  setCodeEdited(isEdited: boolean): void {
    this.#aside.hidden = !isEdited || !this.#api;
  }

  /** Shows each fault at its field, in place of those shown before. */
  showFaults(faults: readonly Fault[]): void {
    const ofBody = this.#body.mark(faults.filter((fault) => fault.in === "body"));
    this.#faults.show(faults.map((fault) => this.#placed(fault, ofBody.find((each) => each.fault === fault)?.go)));
  }

  focusFault(): void {
    this.#faults.focus();
  }

  #placed(fault: Fault, go: (() => void) | undefined): Shown {
    const [, name = "", index] = /^\$\.?([^[\]]*)(?:\[(\d+)\])?/.exec(fault.path) ?? [];
    const at = index === undefined ? undefined : Number(index);
    const path = { field: this.#path, place: this.#pathParameters.element };
    switch (fault.in) {
      case "path":
        return { fault, name, ...(this.#pathParameters.find(name) ?? path) };
      case "query":
        return { fault, name, ...this.#parameters.find(name, at) };
      case "header":
        return { fault, name, ...this.#headers.find(name, at) };
      default:
        return {
          fault,
          name: short(pathOf(fault)),
          field: this.#body.editor.field,
          place: this.#body.notes,
          isWide: true,
          ...(go && { go }),
        };
    }
  }

  get #draft(): Draft {
    const { path, parameters } = splitTarget(this.#path.value);
    return {
      method: this.#operations.method.value,
      path,
      parameters: [...parameters, ...this.#parameters.pairs],
      headers: this.#headers.pairs,
      body: this.#body.text,
    };
  }

  #changed(): void {
    const request = requestOf(this.#draft);
    this.#update(request);
    this.#faults.forgetGone();
    this.#options.changed(this.#isOriginal(request) ? undefined : request);
  }

  #isOriginal(request: Request): boolean {
    return this.#original !== undefined && isSame(request, requestOf(draftOf(this.#original)));
  }

  #update(request: Request): void {
    const draft = this.#draft;
    const api = this.#api;
    setEnabled(this.#reset, !this.#isOriginal(request));
    const operation = this.#operations.show(draft.method, draft.path);
    const known = (place: string) => operation?.parameters.filter((each) => each.in === place) ?? [];
    // The path parameters are those of the path, whichever the method.
    this.#pathParameters.show(api, operation ?? api?.at(draft.path)[0], draft.path);
    this.#parameters.describe(operation && api, known("query"));
    this.#headers.describe(api, known("header"));
    const body = operation?.body;
    const type = mediaTypeOf(draft) || (body?.mediaType ?? "");
    const isOfLines = LINES.test(type);
    this.#body.describe({
      isJSON: JSONS.test(type),
      isOfLines,
      schemas: api?.schemas,
      body: body && LINES.test(body.mediaType) === isOfLines ? body : undefined,
    });
  }

  #run(): void {
    this.#takeQueryOutOfPath();
    this.#options.run();
  }

  #restore(): void {
    if (!this.#original) return;
    this.show(this.#original, this.#original);
    this.#options.changed(undefined);
  }

  #setPath(path: string): void {
    this.#path.value = path;
    this.#changed();
  }

  /** Of a template, what stands in parameters of the same name is kept. */
  #choosePath(template: string): void {
    this.showFaults([]);
    this.#setPath(template.replace(/\{([^}]*)\}/g, (_, name: string) => this.#pathParameters.raw(name)));
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
    const { path, method, headers } = this.#draft;
    const has = headers.some(({ name }) => name.trim().toLowerCase() === "content-type");
    if (this.#hasSuggested || has || !/^\s*[{[]/.test(this.#body.text)) return;
    this.#hasSuggested = true;
    const value = this.#operations.show(method, path)?.body?.mediaType ?? "application/json";
    this.#headers.append({ name: "Content-Type", value });
    this.#note.textContent = `Content-Type: ${value} was added to the headers.`;
  }
}

function group(caption: string, id: string, content: HTMLElement): HTMLElement[] {
  content.setAttribute("role", "group");
  content.setAttribute("aria-labelledby", `${id}-legend`);
  return [el("span", { id: `${id}-legend`, class: "live-legend" }, caption), content];
}

function keys(): Node[] {
  const isApple = /mac|iphone|ipad/i.test(navigator.platform);
  return [el("kbd", {}, isApple ? "⌘" : "Ctrl"), document.createTextNode("+"), el("kbd", {}, "Enter")];
}
