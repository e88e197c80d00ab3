// One Web Worker in which Python runs (see worker.ts), watched from outside: by its answers to pings it is known to be
// alive, and when it is not, which run is to blame.

import type { Job, Progress, Run } from "./backend";
import type { RunEvent } from "./events";
import { packagesOf, withDependencies } from "./imports";
import { type Lock, packagesAtStart, pathOf, sizeOf } from "./lock";
import { counter, type RuntimeFiles } from "./runtime-files";
import type { Files, FromWorker, ToWorker, Wanted } from "./worker";

/** How many events may be on their way to a block that has not taken them yet. */
const WINDOW = 8;

/**
 * Python that answers no ping for so many beats in a row is frozen. Beats, not seconds: after a laptop's sleep the
 * clock has leapt, but the answer is waiting.
 */
const BEAT = 100; // ms
const PATIENCE = 12;
/** … and for fewer once a reader has pressed Stop: they should not have to wait for longer than a second. */
const PATIENCE_AFTER_STOP = 7;
/** Importing a large package takes a while, and blocks the event loop meanwhile. */
const PATIENCE_WHILE_LOADING = 150;

/** Why a worker ended: for the run at fault, and for the others. */
interface Loss {
  readonly reason: string;
  readonly ofOthers: string;
}

const FROZEN: Loss = {
  reason:
    `Your code blocked the event loop for ${(BEAT * (PATIENCE_AFTER_STOP + 1)) / 1000} s or more, so it was restarted. ` +
    "An endless loop needs an `await` in it, such as `await asyncio.sleep(0)`. Running out of memory looks the same.",
  ofOthers: "Python was restarted because another example blocked it. Press Run again.",
};

function exited(status: number): Loss {
  return {
    reason:
      `The code ended the Python process with status ${status}, so Python was restarted. ` +
      "Raise an exception instead of calling `os._exit`.",
    ofOthers: "Python was restarted because another example ended it. Press Run again.",
  };
}

function crashed(cause: string): Loss {
  const isStack = cause.includes("call stack");
  const hint = isStack ? " The browser's stack is small: limit recursion, and how deeply data is nested." : " Press Run again.";
  return {
    reason: `Python crashed (${cause}) and was restarted.${hint}`,
    ofOthers: "Python was restarted because another example crashed it. Press Run again.",
  };
}

/**
 * The address of a worker that runs `script` in an opaque origin. Chromium takes addresses of up to 2 MiB;
 * docstage/bundle/bundle.py sees to it that the script is shorter.
 */
function opaque(script: string): string {
  // By its name, and not by its address, in stack traces.
  script += "\n//# sourceURL=worker.js";
  return `data:text/javascript;charset=utf-8,${script.replace(/[%#\s]|[^ -~]+/g, (text) => (text === " " ? text : encodeURIComponent(text)))}`;
}

/**
 * A run that the worker may be busy with. It takes messages in order, so the pings around a run, by their numbers, tell
 * what it has come to: the one before the start, and the one after the end.
 */
interface WatchedRun {
  readonly run: WorkerRun;
  readonly start: number;
  end: number;
}

/** Packages that are on their way, and who waits for them. */
interface Load {
  readonly watchers: Set<(progress: Progress) => void>;
  readonly isDone: Promise<void>;
  /** `message` says what went wrong, if anything did. */
  readonly end: (message?: string) => void;
}

/** One worker, from its boot to its end. */
export class Python {
  readonly lock: Lock;
  /** Which packages it has besides those that every run needs. */
  readonly packages = new Set<string>();
  readonly #worker: Worker;
  readonly #files: RuntimeFiles;
  readonly #runs = new Map<string, WatchedRun>();
  readonly #loads = new Map<string, Load>();
  readonly #onLost: (untouched: readonly WorkerRun[]) => void;
  #heart: ReturnType<typeof setInterval> | undefined;
  #isLost = false;
  #pings = 0;
  #pongs = 0;
  /** Beats since the last word from the worker. */
  #silence = 0;
  /** Whether the worker has begun with one of the loads. */
  #isLoading = false;

  /** `onLost` is called when a ready worker has ended, with the runs that can start on another. */
  constructor(script: string, lock: Lock, files: RuntimeFiles, onLost: (untouched: readonly WorkerRun[]) => void) {
    this.#worker = new Worker(opaque(script), { type: "module", name: "docstage" });
    this.lock = lock;
    this.#files = files;
    this.#onLost = onLost;
  }

  async boot(
    assets: URL,
    packages: readonly string[],
    runtime: Promise<readonly [WebAssembly.Module, Files]>,
    onHere: () => void,
  ): Promise<void> {
    const { lock } = this;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#worker.onerror = ({ message }) => {
          reject(new Error(`${message || "its worker did not start"}. Reload the page and press Run again, or use a current browser.`));
        };
        this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
          if (data.kind === "here") onHere();
          else if (data.kind === "failed") reject(new Error(data.message));
          else resolve();
        };
        runtime.then(([wasm, files]) => {
          const all = [...packagesAtStart(lock), ...packages];
          this.send({ kind: "boot", assets: assets.href, lock, packages: all, wasm, files });
        }, reject);
      });
      for (const name of packages) this.packages.add(name);
    } catch (error) {
      this.#worker.terminate();
      throw error;
    }
    this.#worker.onerror = ({ message }) => this.#lose(crashed(message || "no reason was given"));
    this.#worker.onmessageerror = () => this.#lose(crashed("it sent a message that could not be read"));
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
  }

  /**
   * Loads the packages that these modules are in, if they are not here yet. Whether any was loaded. Rejects with what a
   * reader can do.
   */
  async load(modules: readonly string[], progress: (progress: Progress) => void): Promise<boolean> {
    const { lock, packages } = this;
    const isMissing = (name: string): boolean => lock.tool.live.on_demand.includes(name) && !packages.has(name);
    const imported = packagesOf(modules, lock).filter(isMissing);
    if (imported.length === 0) return false;
    const missing = withDependencies(imported, lock).filter(isMissing);
    const theirs = new Set(imported.flatMap((name) => lock.packages[name]?.imports ?? []));
    const load = this.#request(imported.join(", "), {
      packages: missing,
      modules: modules.filter((name) => theirs.has(name.split(".", 1)[0] ?? "")),
    });
    load.watchers.add(progress);
    await load.isDone;
    for (const name of missing) packages.add(name);
    return true;
  }

  /** Has the worker load what is wanted, unless it does already. */
  #request(title: string, wanted: Wanted): Load {
    const id = JSON.stringify(wanted);
    const known = this.#loads.get(id);
    if (known) return known;
    let end: Load["end"] = () => undefined;
    const isDone = new Promise<void>((resolve, reject) => {
      end = (message) => (message === undefined ? resolve() : reject(new Error(`${title} could not be loaded: ${message}`)));
    });
    const watchers: Load["watchers"] = new Set();
    const load = { watchers, isDone, end };
    this.#loads.set(id, load);
    this.#watch();
    const paths = wanted.packages.map((name) => pathOf(name, this.lock));
    const total = paths.reduce((sum, path) => sum + sizeOf(path, this.lock), 0);
    const count = counter(title, total, (step) => {
      for (const watcher of watchers) watcher(step);
    });
    this.#files.files(paths, count).then(
      (files) => this.send({ kind: "load", load: id, wanted, files }),
      (error: unknown) => {
        end((error as Error).message);
        this.#loads.delete(id);
      },
    );
    return load;
  }

  send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** To be called before the run is started. */
  add(run: WorkerRun): void {
    this.#runs.set(run.id, { run, start: this.#ping(), end: Infinity });
    this.#watch();
  }

  /** The run is of no interest any more. The worker is watched until it has let go of it, too. */
  remove(run: WorkerRun): void {
    const watched = this.#runs.get(run.id);
    if (watched) watched.end = this.#ping();
  }

  #watch(): void {
    this.#heart ??= setInterval(() => this.#beat(), BEAT);
  }

  #receive(message: FromWorker): void {
    if (message.kind === "died") {
      this.#lose(message.status === undefined ? crashed(message.reason) : exited(message.status));
      return;
    }
    // Any word from the worker shows that it lives.
    this.#silence = 0;
    if (message.kind === "event") this.#runs.get(message.run)?.run.push(JSON.parse(message.event) as RunEvent);
    else if (message.kind === "pong") this.#tidy((this.#pongs += 1));
    else if (message.kind === "loading") this.#isLoading = true;
    else if (message.kind === "loaded") {
      this.#isLoading = false;
      this.#loads.get(message.load)?.end(message.message);
      this.#loads.delete(message.load);
      this.#restIfIdle();
    }
  }

  #tidy(pong: number): void {
    for (const { run, end } of this.#runs.values()) if (end <= pong) this.#runs.delete(run.id);
    this.#restIfIdle();
  }

  #restIfIdle(): void {
    if (this.#runs.size === 0 && this.#loads.size === 0) this.#rest();
  }

  #ping(): number {
    this.send({ kind: "ping" });
    return (this.#pings += 1);
  }

  #beat(): void {
    const hasStopped = [...this.#runs.values()].some(({ run }) => run.hasLeft);
    const patience = this.#isLoading ? PATIENCE_WHILE_LOADING : hasStopped ? PATIENCE_AFTER_STOP : PATIENCE;
    if (this.#silence >= patience) {
      this.#lose(FROZEN);
      return;
    }
    this.#silence += 1;
    this.#ping();
  }

  #rest(): void {
    clearInterval(this.#heart);
    this.#heart = undefined;
    this.#silence = 0;
  }

  #lose({ reason, ofOthers }: Loss): void {
    // A worker that dies may say so more than once.
    if (this.#isLost) return;
    this.#isLost = true;
    this.#worker.terminate();
    this.#rest();
    const watched = [...this.#runs.values()];
    this.#runs.clear();
    for (const { end } of this.#loads.values()) end(ofOthers);
    this.#loads.clear();
    // Which one it was cannot be known. The reader's code is likelier than the site's, which is tested, and the newest
    // likelier than what has gone well so far.
    const begun = watched.filter(({ start }) => start <= this.#pongs).map(({ run }) => run);
    const suspect = begun.findLast(({ isEdited }) => isEdited) ?? begun.at(-1);
    const open = watched.filter(({ end }) => end === Infinity).map(({ run }) => run);
    const untouched = open.filter((run) => run !== suspect && run.isUntouched);
    for (const run of open) {
      if (!untouched.includes(run)) run.fail(run === suspect ? reason : ofOthers);
    }
    this.#onLost(untouched);
  }
}

export class WorkerRun implements Run {
  static #count = 0;
  readonly id = String((WorkerRun.#count += 1));
  readonly events: AsyncIterable<RunEvent>;
  readonly #job: Job;
  readonly #began = performance.now();
  readonly #unread: RunEvent[] = [];
  #wake: () => void = () => {};
  #python: Python | null = null;
  #begun = 0;
  #hasSpoken = false;
  #hasLeft = false;
  #isClosed = false;

  constructor(job: Job) {
    this.#job = job;
    this.events = this.#read();
  }

  get isEdited(): boolean {
    return this.#job.source !== undefined;
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Whether it can be restarted unnoticed. Only once: it may be what froze Python. */
  get isUntouched(): boolean {
    return this.#begun === 1 && !this.#hasSpoken;
  }

  begin(python: Python): void {
    if (this.#isClosed) return;
    const { module, app, source, request } = this.#job;
    this.#python = python;
    this.#begun += 1;
    python.add(this);
    python.send({ kind: "start", run: this.id, job: JSON.stringify({ module, app, source, request }) });
    python.send({ kind: "credit", run: this.id, events: WINDOW });
    if (this.#hasLeft) python.send({ kind: "disconnect", run: this.id });
  }

  push(event: RunEvent): void {
    this.#hasSpoken = true;
    this.#unread.push(event);
    if (event.kind === "end") this.#letGo();
    this.#wake();
  }

  /** Ends the run because of what happened to the worker. */
  fail(message: string): void {
    const at = (performance.now() - this.#began) / 1000;
    this.push({ kind: "crash", at, phase: "process", message });
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
