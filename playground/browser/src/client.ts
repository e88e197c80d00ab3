// The code that asks what the block asks, and reads the response as it comes, in the languages that readers use.

import type { Request } from "./backend";
import { button, el } from "./dom";
import type { View } from "./output";
import { bodyText } from "./request";
import { curl } from "./curl";

export { curl };

export interface ClientOptions {
  request(): Request | undefined;
  /** What stands before the target. */
  address(): string;
  /** Whether an app really answers there, so that JavaScript can be run. */
  isServed(): boolean;
  copy(text: string): void;
}

type Language = "Python" | "JavaScript" | "EventSource" | "curl";

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ["Python", "Python, httpx"],
  ["JavaScript", "JavaScript, fetch"],
  ["EventSource", "JavaScript, EventSource"],
  ["curl", "Shell, curl"],
];

export class ClientView implements View {
  readonly element: HTMLElement;
  readonly #options: ClientOptions;
  readonly #code = el("pre", { tabindex: 0, "aria-label": "Client code" });
  readonly #language = el("select", { "aria-label": "Language" });
  readonly #try = button("Run this client", () => void this.#run(), "live-quiet");
  readonly #printed = el("pre", { class: "live-printed", role: "log", "aria-label": "What the client printed", hidden: true });
  #running: AbortController | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#language.addEventListener("change", () => this.#write());
    const copy = button("Copy client code", () => options.copy(this.#code.textContent ?? ""), "live-quiet");
    this.element = el("div", { class: "live-client" }, el("div", { class: "live-bar" }, this.#language, copy, this.#try), this.#code, this.#printed);
  }

  show(): void {
    const chosen = this.#language.value;
    const languages = LANGUAGES.filter(([value]) => value !== "EventSource" || isEvents(this.#options.request()));
    this.#language.replaceChildren(...languages.map(([value, label]) => el("option", { value }, label)));
    if (languages.some(([value]) => value === chosen)) this.#language.value = chosen;
    this.#write();
  }

  #write(): void {
    const request = this.#options.request();
    const base = this.#options.address().replace(/\/$/, "");
    this.#code.textContent = request ? codeOf(this.#language.value as Language, request, base) : "";
    this.#running?.abort();
    this.#printed.hidden = true;
    this.#try.hidden = this.#language.value !== "JavaScript" || !this.#options.isServed();
  }

  /** Runs the code that is shown, for as long as it takes or until the button is pressed again. */
  async #run(): Promise<void> {
    if (this.#running) {
      this.#running.abort();
      return;
    }
    const running = (this.#running = new AbortController());
    const { signal } = running;
    this.#try.textContent = "Stop this client";
    this.#printed.replaceChildren();
    this.#printed.hidden = false;
    const print = (...words: unknown[]): void => this.#printed.append(`${words.join(" ")}\n`);
    try {
      const Code = Object.getPrototypeOf(async () => {}).constructor as new (...texts: string[]) => Client;
      const asked = (url: string, options: RequestInit): Promise<Response> => fetch(url, { ...options, signal });
      await new Code("fetch", "console", this.#code.textContent ?? "")(asked, { log: print });
    } catch (error) {
      print(signal.aborted ? "(stopped)" : String(error));
    } finally {
      this.#running = undefined;
      this.#try.textContent = "Run this client";
    }
  }
}

type Client = (ask: (url: string, options: RequestInit) => Promise<Response>, console: { log: (...words: unknown[]) => void }) => Promise<void>;

function codeOf(language: Language, request: Request, base: string): string {
  switch (language) {
    case "Python":
      return python(request, base);
    case "JavaScript":
      return javascript(request, base);
    case "EventSource":
      return eventSource(request, base);
    case "curl":
      return curl(request, base);
  }
}

function accepts(request: Request | undefined): string {
  return request?.headers.find(([name]) => name.toLowerCase() === "accept")?.[1].toLowerCase() ?? "";
}

function isEvents(request: Request | undefined): boolean {
  return request?.method === "GET" && accepts(request).includes("text/event-stream");
}

function python(request: Request, base: string): string {
  const { method, headers } = request;
  const parts = [JSON.stringify(method), text(base + request.target)];
  if (headers.length) {
    const pairs = headers.map(([name, value]) => `(${text(name)}, ${text(value)})`).join(", ");
    parts.push(`headers=[${pairs}]`);
  }
  if (request.body) parts.push(`content=${text(bodyText(request))}.encode()`);
  return `import httpx

with httpx.stream(
${parts.map((part) => `    ${part},\n`).join("")}    timeout=httpx.Timeout(5, read=None),  # a stream may pause for as long as it likes
) as response:
    print(response.status_code)
    for line in response.iter_lines():
        print(line)
`;
}

function javascript(request: Request, base: string): string {
  const { method, headers, target } = request;
  const options = [`method: ${JSON.stringify(method)}`];
  if (headers.length) options.push(`headers: ${JSON.stringify(headers)}`);
  if (request.body) options.push(`body: ${JSON.stringify(bodyText(request))}`);
  return `const response = await fetch(${JSON.stringify(base + target)}, {
${options.map((option) => `  ${option},\n`).join("")}});
console.log(response.status);
const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
for (let rest = ""; ; ) {
  const { done, value } = await reader.read();
  const lines = (rest + (value ?? "")).split("\\n");
  rest = done ? "" : lines.pop();
  for (const line of lines) if (line) console.log(line);
  if (done) break;
}
`;
}

function eventSource({ target }: Request, base: string): string {
  return `// The browser sends no headers of yours here; Last-Event-ID it sends by itself when it connects again.
const events = new EventSource(${JSON.stringify(base + target)});
events.onmessage = ({ data, lastEventId }) => console.log(lastEventId, data);
events.onerror = () => console.log("The connection was lost.");
// events.addEventListener("NAME", …) for events that have a name; events.close() leaves.
`;
}

/** A Python literal. JSON's escapes are all Python's, too. */
function text(value: string): string {
  return JSON.stringify(value);
}
