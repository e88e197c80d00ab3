// Runs on the embedded server: one POST a run, answered with a RunEvent a line.

import type { Backend, Job, Run } from "./backend";
import { takeConnection, WAITING } from "./connections";
import type { RunEvent } from "./events";

/** After so long without a response, show a message … */
const LONG = 2_000; // ms
/** … and after so long a Stop that the server does not take is made by hanging up. */
const TOO_LONG = 3_000; // ms

export class ServerBackend implements Backend {
  readonly name = "server";
  readonly #base: URL;

  /** `base` is the docs' root. */
  constructor(base: URL) {
    this.#base = base;
  }

  async prepare(): Promise<void> {
    // The server's own business.
  }

  run(job: Job, wait: (reason: string) => void): Run {
    return new ServerRun(this.#base, job, wait);
  }
}

class ServerRun implements Run {
  readonly events: AsyncIterable<RunEvent>;
  readonly #base: URL;
  readonly #id = uuid();
  readonly #connection = new AbortController();
  readonly #since = performance.now();
  readonly #wait: (reason: string) => void;
  readonly #response: Promise<Response>;
  #isAsked = false;
  #giveBack: () => void = () => undefined;

  constructor(base: URL, job: Job, wait: (reason: string) => void) {
    this.#base = base;
    this.#wait = wait;
    this.#response = this.#ask(job);
    this.events = this.#read();
  }

  disconnect(): void {
    if (!this.#isAsked) {
      this.close();
      return;
    }
    this.#leave().catch(() => {
      // Nothing responds: closing the connection is the only option left.
      this.close();
    });
  }

  close(): void {
    this.#connection.abort();
    this.#giveBack();
  }

  async #ask({ snippet, request }: Job): Promise<Response> {
    const { signal } = this.#connection;
    this.#giveBack = await takeConnection(signal, () => this.#wait(WAITING));
    if (signal.aborted) this.#giveBack();
    signal.throwIfAborted();
    this.#isAsked = true;
    const timer = setTimeout(() => this.#wait("The server has not responded yet. It may be busy, or many of its pages may be open."), LONG);
    try {
      return await post(new URL("live/runs", this.#base), { id: this.#id, snippet, request }, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #leave(): Promise<void> {
    if (await this.#requestDisconnect()) return;
    // Stop has overtaken Run. A run that has begun to answer is known to the server, or over.
    await this.#response;
    await this.#requestDisconnect();
  }

  /** Whether the server knows the run that is to be disconnected. */
  async #requestDisconnect(): Promise<boolean> {
    const response = await post(new URL("live/disconnect", this.#base), { id: this.#id }, AbortSignal.timeout(TOO_LONG));
    const { found } = (await response.json()) as { found?: boolean };
    return found === true;
  }

  async *#read(): AsyncGenerator<RunEvent, void> {
    try {
      const response = await this.#response;
      if (!response.ok || !response.body) {
        yield* this.#failed(await problem(response));
        return;
      }
      for await (const line of linesOf(response.body)) {
        const event = JSON.parse(line) as RunEvent;
        yield event;
        if (event.kind === "end") return;
      }
      yield* this.#failed("The server closed the connection before the run ended.");
    } catch {
      if (this.#connection.signal.aborted) yield* this.#left();
      else yield* this.#failed("The server cannot be reached. Is it still running?");
    } finally {
      this.close();
    }
  }

  /** What there is to say of a run that was hung up on. */
  *#left(): Generator<RunEvent, void> {
    const at = this.#now();
    yield { kind: "disconnect", at };
    yield { kind: "end", at, complete: false };
  }

  *#failed(message: string): Generator<RunEvent, void> {
    const at = this.#now();
    yield { kind: "crash", at, phase: "process", message };
    yield { kind: "end", at, complete: false };
  }

  #now(): number {
    return (performance.now() - this.#since) / 1000;
  }
}

function post(url: URL, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body), cache: "no-store", signal: signal ?? null });
}

/** What a problem document (RFC 9457) says. */
async function problem(response: Response): Promise<string> {
  const fallback = `The server answered ${response.status} ${response.statusText}`.trimEnd();
  try {
    const { title, detail } = (await response.json()) as { title?: string; detail?: string };
    return detail ?? title ?? fallback;
  } catch {
    return fallback;
  }
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      yield* lines.filter(Boolean);
    }
    if (rest) yield rest;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** `crypto.randomUUID` is missing where the site is not on HTTPS or this machine. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
