// Runs snippets in the reader's browser: one Web Worker (see worker.ts) for the whole visit, started by the first
// `prepare` or `run`. The worker may post only as many events as it was given credit for.

import { isOurs, UPDATED } from "../page/edition";
import type { Backend, Job, Progress, Run } from "./backend";
import { importsOf } from "./imports";
import { fetchLock, type Lock, pathOf, pathsAtStart, sizeOf } from "./lock";
import { Python, WorkerRun } from "./python-worker";
import { counter, RuntimeFiles } from "./runtime-files";

/** One build of the site, as far as it is Python. */
interface Edition {
  readonly lock: Lock;
  readonly files: RuntimeFiles;
}

export class BrowserBackend implements Backend {
  readonly name = "browser";
  readonly #assets: URL;
  readonly #watchers = new Set<(progress: Progress) => void>();
  /** The packages that were loaded for some code so far: a restarted worker loads them again. */
  readonly #packages = new Set<string>();
  #python: Promise<Python> | null = null;
  /** Of the edition of the site that the first run has met: a restart brings no other. */
  #edition: Promise<Edition> | null = null;

  readonly #onReady: (files: readonly string[]) => void;
  readonly #onHere: () => void;

  /**
   * `assets` is the folder that docstage/bundle/bundle.py made; `onReady` is called with the addresses of what was loaded
   * each time Python has started, or has loaded more; `onHere` when a worker has started that is to load Python.
   */
  constructor(assets: URL, onReady: (files: readonly string[]) => void, onHere: () => void) {
    this.#assets = assets;
    this.#onReady = onReady;
    this.#onHere = onHere;
  }

  async prepare(source: string, progress: (progress: Progress) => void): Promise<void> {
    this.#watchers.add(progress);
    try {
      const python = await this.#start();
      if (await python.load(importsOf(source), progress)) this.#keep(python);
    } finally {
      this.#watchers.delete(progress);
    }
  }

  run(job: Job): Run {
    const run = new WorkerRun(job);
    this.#begin(run);
    return run;
  }

  #begin(run: WorkerRun): void {
    this.#start().then(
      (python) => run.begin(python),
      (error: unknown) => run.fail(error instanceof Error ? error.message : String(error)),
    );
  }

  #start(): Promise<Python> {
    this.#python ??= this.#load();
    return this.#python;
  }

  async #load(): Promise<Python> {
    try {
      const { lock, files } = await (this.#edition ??= this.#loadEdition());
      const paths = pathsAtStart(lock);
      const total = [...paths, lock.tool.live.worker, lock.tool.live.wasm].reduce((sum, path) => sum + sizeOf(path, lock), 0);
      const more = [...this.#packages].filter((name) => name in lock.packages);
      const count = counter("Python", total, (progress) => {
        for (const watcher of this.#watchers) watcher(progress);
      });
      const runtime = Promise.all([files.wasm(count), files.files([...paths, ...more.map((name) => pathOf(name, lock))], count)]);
      // Only the first failure is reported.
      runtime.catch(() => undefined);
      const python = new Python(await files.script(count), lock, files, (untouched) => {
        this.#python = null;
        // The reader will want to run the fixed code: be ready for it.
        this.#start().catch(() => {});
        for (const run of untouched) this.#begin(run);
      });
      await python.boot(this.#assets, more, runtime, this.#onHere);
      this.#keep(python);
      return python;
    } catch (error) {
      this.#python = null;
      this.#edition = null;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Python could not be loaded: ${reason}`);
    }
  }

  async #loadEdition(): Promise<Edition> {
    const lock = await fetchLock(new URL("pyodide-lock.json", this.#assets));
    // Its worker and this script would not understand each other.
    if (!isOurs(lock.tool.live.edition)) throw new Error(`${UPDATED}. Reload the page and press Run again.`);
    return { lock, files: new RuntimeFiles(this.#assets, lock) };
  }

  #keep({ lock, packages }: Python): void {
    for (const name of packages) this.#packages.add(name);
    const { worker, wasm } = lock.tool.live;
    const more = [...packages].map((name) => pathOf(name, lock));
    this.#onReady([...pathsAtStart(lock), worker, wasm, ...more].map((path) => new URL(path, this.#assets).href));
  }
}
