// Runs snippets in the reader's browser: one Web Worker (see worker.ts) for the whole visit, started by the first
// `prepare` or `run`. The worker may post only as many events as it was given credit for.

import type { Backend, Job, Progress, Run } from "./backend";
import type { RunEvent } from "./events";
import type { FromWorker, Lock, ToWorker } from "./worker";

/** How many events may be on their way to a block that has not taken them yet. */
const WINDOW = 8;

/**
 * Python that answers no ping for so many beats in a row is frozen. Beats, not seconds: after a laptop's sleep the
 * clock has leapt, but the answer is waiting.
 */
const BEAT = 250; // ms
const PATIENCE = 7;

const FROZEN =
  `The code held Python for ${(BEAT * (PATIENCE + 1)) / 1000} s without giving way, so it was stopped and Python was ` +
  "started anew. A loop that does not end needs an `await` in it, such as `await asyncio.sleep(0)`.";

export class BrowserBackend implements Backend {
  readonly name = "browser";
  readonly #assets: URL;
  readonly #watchers = new Set<(progress: Progress) => void>();
  #python: Promise<Python> | null = null;

  /** `assets` is the folder that playground/bundle.py made. */
  constructor(assets: URL) {
    this.#assets = assets;
  }

  async prepare(progress: (progress: Progress) => void): Promise<void> {
    this.#watchers.add(progress);
    try {
      await this.#start();
    } finally {
      this.#watchers.delete(progress);
    }
  }

  run(job: Job): Run {
    const run = new WorkerRun(job);
    this.#start().then(
      (python) => run.begin(python),
      (error: unknown) => run.fail(error instanceof Error ? error.message : String(error)),
    );
    return run;
  }

  #start(): Promise<Python> {
    this.#python ??= this.#load();
    return this.#python;
  }

  async #load(): Promise<Python> {
    try {
      const lock = await fetchLock(new URL("pyodide-lock.json", this.#assets));
      const python = new Python(new URL(lock.tool.live.worker, this.#assets), () => {
        this.#python = null;
        // The reader will want to run the mended code: be ready for it.
        this.#start().catch(() => {});
      });
      await python.boot(this.#assets, lock, (progress) => {
        for (const watcher of this.#watchers) watcher(progress);
      });
      return python;
    } catch (error) {
      this.#python = null;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Python could not be loaded: ${reason}`);
    }
  }
}

async function fetchLock(url: URL): Promise<Lock> {
  const response = await fetch(url, { cache: "no-cache" }).catch(() => {
    throw new Error(`${url.href} did not arrive. Check the connection and press Run again.`);
  });
  if (!response.ok) {
    throw new Error(`${url.href} is not there (${response.status}). Is the site built with its live assets?`);
  }
  return (await response.json()) as Lock;
}

/** One worker, from its boot to its end. */
class Python {
  readonly #worker: Worker;
  readonly #runs = new Map<string, WorkerRun>();
  readonly #onLost: () => void;
  #heart: ReturnType<typeof setInterval> | undefined;
  #unanswered = 0;

  /** `onLost` is called when a worker that was ready is no more. */
  constructor(url: URL, onLost: () => void) {
    this.#worker = new Worker(url, { type: "module", name: "jero" });
    this.#onLost = onLost;
  }

  async boot(assets: URL, lock: Lock, progress: (progress: Progress) => void): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#worker.onerror = (event) => {
          const { href } = new URL(lock.tool.live.worker, assets);
          reject(new Error(event.message || `${href} did not load. Check the connection and press Run again.`));
        };
        this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
          if (data.kind === "progress") progress(data);
          else if (data.kind === "failed") reject(new Error(data.message));
          else resolve();
        };
        this.send({ kind: "boot", assets: assets.href, lock });
      });
    } catch (error) {
      this.#worker.terminate();
      throw error;
    }
    this.#worker.onerror = (event) => this.#lose(`Python broke down, and was started anew. ${event.message}`);
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
  }

  send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  add(run: WorkerRun): void {
    this.#runs.set(run.id, run);
    this.#unanswered = 0;
    this.#heart ??= setInterval(() => this.#beat(), BEAT);
  }

  remove(run: WorkerRun): void {
    this.#runs.delete(run.id);
    if (this.#runs.size === 0) this.#rest();
  }

  #receive(message: FromWorker): void {
    // Any word from the worker shows that it lives.
    this.#unanswered = 0;
    if (message.kind === "event") this.#runs.get(message.run)?.push(JSON.parse(message.event) as RunEvent);
  }

  #beat(): void {
    if (this.#unanswered >= PATIENCE) {
      this.#lose(FROZEN);
      return;
    }
    this.#unanswered += 1;
    this.send({ kind: "ping" });
  }

  #rest(): void {
    clearInterval(this.#heart);
    this.#heart = undefined;
  }

  #lose(message: string): void {
    this.#worker.terminate();
    this.#rest();
    for (const run of this.#runs.values()) run.fail(message);
    this.#runs.clear();
    this.#onLost();
  }
}

class WorkerRun implements Run {
  static #count = 0;
  readonly id = String((WorkerRun.#count += 1));
  readonly events: AsyncIterable<RunEvent>;
  readonly #job: Job;
  readonly #began = performance.now();
  readonly #unread: RunEvent[] = [];
  #wake: () => void = () => {};
  #python: Python | null = null;
  #hasLeft = false;
  #isClosed = false;

  constructor(job: Job) {
    this.#job = job;
    this.events = this.#read();
  }

  begin(python: Python): void {
    if (this.#isClosed) return;
    const { module, source, request } = this.#job;
    this.#python = python;
    python.add(this);
    python.send({ kind: "start", run: this.id, job: JSON.stringify({ module, source, request }) });
    python.send({ kind: "credit", run: this.id, events: WINDOW });
    if (this.#hasLeft) python.send({ kind: "disconnect", run: this.id });
  }

  push(event: RunEvent): void {
    this.#unread.push(event);
    if (event.kind === "end") this.#letGo();
    this.#wake();
  }

  /** Ends the run because of what happened to the worker. */
  fail(message: string): void {
    const at = (performance.now() - this.#began) / 1000;
    this.push({ kind: "crash", at, stage: "process", message });
    this.push({ kind: "end", at, complete: false });
  }

  disconnect(): void {
    this.#hasLeft = true;
    this.#python?.send({ kind: "disconnect", run: this.id });
  }

  close(): void {
    this.#isClosed = true;
    this.#python?.send({ kind: "close", run: this.id });
    this.#letGo();
    this.#wake();
  }

  #letGo(): void {
    this.#python?.remove(this);
    this.#python = null;
  }

  async *#read(): AsyncGenerator<RunEvent, void> {
    try {
      while (!this.#isClosed) {
        const event = this.#unread.shift();
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        this.#python?.send({ kind: "credit", run: this.id, events: 1 });
        yield event;
        if (event.kind === "end") return;
      }
    } finally {
      this.close();
    }
  }
}
