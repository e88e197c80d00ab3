// The code that asks what the block asks, and reads the response as it comes, in the languages that readers use.

import type { Request } from "../run/backend";
import { takeConnection, WAITING } from "../run/connections";
import { button, el } from "../page/dom";
import type { RunEvent } from "../run/events";
import type { View } from "./output";
import { bodyText } from "../request/request-text";
import { RowReader } from "./rows";
import { curl } from "../request/curl";

export { curl };

const MOST_LINES = 1_000; // that a client prints: EventSource connects again for as long as it is let

export interface ClientOptions {
  request(): Request | undefined;
  /** What stands before the target. */
  address(): string;
  /** Whether an app really answers there, so that JavaScript can be run. */
  isServed(): boolean;
  copy(text: string): void;
}

const NOT_SERVED =
  "This client needs a server, and the example runs in this browser. " +
  "To run it here, choose “Server” beside Run on a site that “python -m docstage serve” serves.";

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
  readonly #notice = el("p", { class: "live-notice", hidden: true }, NOT_SERVED);
  readonly #printed = el("pre", { class: "live-printed", role: "log", "aria-label": "What the client printed", tabindex: 0, hidden: true });
  #names: readonly string[] = [];
  #running: AbortController | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#language.addEventListener("change", () => this.#write());
    const copy = button("Copy client code", () => options.copy(this.#code.textContent ?? ""), "live-quiet");
    this.element = el("div", { class: "live-client" }, el("div", { class: "live-bar" }, this.#language, copy, this.#try), this.#notice, this.#code, this.#printed);
  }

  show(events: readonly RunEvent[]): void {
    this.#names = namesOf(events);
    const chosen = this.#language.value;
    const languages = LANGUAGES.filter(([value]) => value !== "EventSource" || isEvents(this.#options.request()));
    this.#language.replaceChildren(...languages.map(([value, label]) => el("option", { value }, label)));
    if (languages.some(([value]) => value === chosen)) this.#language.value = chosen;
    this.#write();
  }

  #write(): void {
    const request = this.#options.request();
    const base = this.#options.address().replace(/\/$/, "");
    const language = this.#language.value as Language;
    this.#code.textContent = request ? codeOf(language, request, base, this.#names) : "";
    this.#running?.abort();
    this.#printed.hidden = true;
    const isRunnable = language === "JavaScript" || language === "EventSource";
    this.#try.hidden = !isRunnable || !this.#options.isServed();
    this.#notice.hidden = !isRunnable || this.#options.isServed();
  }

  /** Runs the code that is shown, for as long as it takes or until the button is pressed again. */
  async #run(): Promise<void> {
    if (this.#running) {
      this.#running.abort();
      return;
    }
    const running = (this.#running = new AbortController());
    const { signal } = running;
    const navigation = window.document$?.subscribe(() => this.element.isConnected || running.abort());
    this.#try.textContent = "Stop this client";
    this.#printed.replaceChildren();
    this.#printed.hidden = false;
    let giveBack = (): void => undefined;
    try {
      giveBack = await takeConnection(signal, () => this.#print([WAITING]));
      const asked = (url: string, options: RequestInit): Promise<Response> => fetch(url, { ...options, signal });
      const connections: Promise<void>[] = [];
      const console = { log: (...words: unknown[]) => this.#print(words) };
      const client = await imported(this.#code.textContent ?? "");
      await client(asked, watched(signal, connections), console);
      await Promise.all(connections);
      signal.throwIfAborted();
    } catch (error) {
      this.#print([signal.aborted ? "(stopped)" : String(error)]);
    } finally {
      giveBack();
      navigation?.unsubscribe();
      this.#running = undefined;
      this.#try.textContent = "Run this client";
    }
  }

  /** Keeps the newest lines in sight while the reader is at the end. */
  #print(words: readonly unknown[]): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#printed;
    this.#printed.append(`${words.join(" ")}\n`);
    if (this.#printed.childNodes.length > MOST_LINES) this.#printed.firstChild?.remove();
    if (scrollHeight - scrollTop - clientHeight < 8) this.#printed.scrollTop = this.#printed.scrollHeight;
  }
}

type Client = (
  fetch: (url: string, options: RequestInit) => Promise<Response>,
  Events: typeof EventSource,
  console: { log: (...words: unknown[]) => void },
) => Promise<void>;

/** The code as a function. As a module, which a Content-Security-Policy allows without allowing `eval`. */
async function imported(code: string): Promise<Client> {
  const text = `export default async (fetch, EventSource, console) => {\n${code}\n};\n`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return ((await import(url)) as { readonly default: Client }).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The browser's own EventSource, which `signal` closes. Each adds to `connections` what resolves once it is closed. */
function watched(signal: AbortSignal, connections: Promise<void>[]): typeof EventSource {
  return class extends EventSource {
    constructor(url: string | URL, options?: EventSourceInit) {
      super(url, options);
      const closed = new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve());
        this.addEventListener("error", () => this.readyState === EventSource.CLOSED && resolve());
      });
      connections.push(closed.then(() => this.close()));
    }
  };
}

/** What the events of the response are named that have a name. */
function namesOf(events: readonly RunEvent[]): string[] {
  const reader = new RowReader();
  const names = new Set<string>();
  for (const event of events) {
    for (const { fields = [] } of reader.read(event)) {
      for (const [field, name] of fields) if (field === "event") names.add(name);
    }
  }
  return [...names];
}

function codeOf(language: Language, request: Request, base: string, names: readonly string[]): string {
  switch (language) {
    case "Python":
      return python(request, base);
    case "JavaScript":
      return javascript(request, base);
    case "EventSource":
      return eventSource(request, base, names);
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

function eventSource({ target }: Request, base: string, names: readonly string[]): string {
  return `// The browser sends no headers of yours here. When it connects again, it sends Last-Event-ID by itself.
const events = new EventSource(${JSON.stringify(base + target)});
const print = ({ type, data, lastEventId }) => console.log(type, data, lastEventId);
for (const type of ${JSON.stringify(["message", ...names])}) events.addEventListener(type, print);
events.onerror = () => {
  const isOver = events.readyState === EventSource.CLOSED;
  console.log(isOver ? "The server sends no events." : "The connection was lost. The browser reconnects.");
};
// events.close() leaves.
`;
}

/** A Python literal. JSON's escapes are all Python's, too. */
function text(value: string): string {
  return JSON.stringify(value);
}
