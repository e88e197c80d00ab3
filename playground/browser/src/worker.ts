// Python, in a Web Worker of its own: loads Pyodide, then carries messages between the page and
// playground/in_browser.py. It decides nothing.

import { loadPyodide, type PyodideAPI } from "pyodide";
import type { Progress } from "./backend";

/** What playground/bundle.py writes as pyodide-lock.json; Pyodide's own part of it is left to Pyodide. */
export interface Lock {
  readonly packages: Readonly<Record<string, Package>>;
  readonly tool: {
    readonly live: {
      /** Where Pyodide's own files are, below the assets. */
      readonly core: string;
      readonly stdlib: string;
      readonly worker: string;
      /** jero, to be installed by any Python that it supports. */
      readonly wheel: string;
      /** Bytes of every file that is loaded before the first run, by its path below the assets. */
      readonly sizes: Readonly<Record<string, number>>;
      /** Bytes of every other package, by its name: it is loaded for code that imports it. */
      readonly on_demand: Readonly<Record<string, number>>;
    };
  };
}

interface Package {
  readonly version: string;
  readonly file_name: string;
  readonly imports: readonly string[];
  readonly depends: readonly string[];
}

/** Packages that code is about to import, with all that they need, and what it will import of them. */
export interface Wanted {
  /** What to call them. */
  readonly title: string;
  readonly packages: readonly string[];
  readonly modules: readonly string[];
}

export type ToWorker =
  /** `packages` are those to be there from the start, though not every run needs them. */
  | { readonly kind: "boot"; readonly assets: string; readonly lock: Lock; readonly packages: readonly string[] }
  | { readonly kind: "load"; readonly load: string; readonly wanted: Wanted }
  | { readonly kind: "start"; readonly run: string; readonly job: string }
  | { readonly kind: "credit"; readonly run: string; readonly events: number }
  | { readonly kind: "disconnect" | "close"; readonly run: string }
  | { readonly kind: "ping" };

export type FromWorker =
  | ({ readonly kind: "progress" } & Progress)
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "loading"; readonly load: string; readonly progress: Progress }
  /** `message` says what went wrong, if anything did. */
  | { readonly kind: "loaded"; readonly load: string; readonly message?: string }
  | { readonly kind: "event"; readonly run: string; readonly event: string }
  /** Python has run since the ping that this answers. */
  | { readonly kind: "pong" }
  /** Python runs no more: with `status`, because the code ended it. */
  | { readonly kind: "died"; readonly reason: string; readonly status?: number };

/** playground.in_browser.Host */
interface Host {
  start(run: string, job: string): void;
  credit(run: string, events: number): void;
  disconnect(run: string): void;
  close(run: string): void;
  ping(answer: () => void): void;
}

/** What Pyodide ends with: an `Error`, with a status where Python was asked to exit. */
type Fatal = Error & { readonly status?: number };

const NO_WEBASSEMBLY =
  "this browser does not take its WebAssembly. Reload the page, allow WebAssembly for this site, or use a current browser.";
const NOT_STARTED = "it did not start, and the browser's console says why. Reload the page and press Run again.";

let host: Host;
let pyodide: PyodideAPI;
let lock: Lock;
/** One after the other, because each counts what `fetch` brings. */
let loading: Promise<void> = Promise.resolve();

function tell(message: FromWorker): void {
  self.postMessage(message);
}

self.onmessage = ({ data: message }: MessageEvent<ToWorker>): void => {
  switch (message.kind) {
    case "boot":
      lock = message.lock;
      boot(new URL(message.assets), message.packages).then(
        () => tell({ kind: "ready" }),
        (error: unknown) => tell({ kind: "failed", message: error instanceof Error ? error.message : NOT_STARTED }),
      );
      break;
    case "load": {
      const { load: id, wanted } = message;
      loading = loading
        .then(() => load(wanted, (progress) => tell({ kind: "loading", load: id, progress })))
        .then(
          () => tell({ kind: "loaded", load: id }),
          (error: unknown) => tell({ kind: "loaded", load: id, message: error instanceof Error ? error.message : String(error) }),
        );
      break;
    }
    case "start":
      host.start(message.run, message.job);
      break;
    case "credit":
      host.credit(message.run, message.events);
      break;
    case "disconnect":
      host.disconnect(message.run);
      break;
    case "close":
      host.close(message.run);
      break;
    case "ping":
      ping();
      break;
  }
};

/** Answered by Python's event loop: this script may be well while Python is not. */
function ping(): void {
  try {
    host.ping(() => tell({ kind: "pong" }));
  } catch (error) {
    died(error as Fatal);
  }
}

function died({ message, status }: Fatal): void {
  tell({ kind: "died", reason: message, ...(status !== undefined && { status }) });
}

async function boot(assets: URL, more: readonly string[]): Promise<void> {
  const { core, stdlib, sizes, on_demand } = lock.tool.live;
  const indexURL = new URL(core, assets).href;
  const packages = [...Object.keys(lock.packages).filter((name) => !(name in on_demand)), ...more];
  const count = counter("Python", sum(Object.values(sizes)) + sizeOf(more), (progress) =>
    tell({ kind: "progress", ...progress }),
  );

  if (typeof WebAssembly === "undefined") throw new Error(NO_WEBASSEMBLY);
  const watch = watched(count);
  const script = `${indexURL}pyodide.asm.mjs`;
  const scriptLoaded = import(script).then(
    () => count(sizes[`${core}pyodide.asm.mjs`] ?? 0),
    () => {
      throw lost(script);
    },
  );
  const starting = loadPyodide({
    indexURL,
    stdLibURL: new URL(stdlib, assets).href,
    lockFileContents: JSON.stringify(lock),
    packageBaseUrl: assets.href,
    packages,
  });
  const ready = Promise.all([starting, scriptLoaded]);
  [pyodide] = await Promise.race([ready, watch.failure]).finally(watch.stop);

  // Its promises may never settle, and what waits for them would not learn of it.
  (pyodide as unknown as { readonly _api: { on_fatal?: (error: Fatal) => void } })._api.on_fatal = died;

  requirePackages(packages);
  // Import them here and now: the first run is quicker for it, too.
  for (const name of packages) for (const module of lock.packages[name]?.imports ?? []) pyodide.pyimport(module);
  host = pyodide.pyimport("playground.in_browser").Host((run: string, event: string) =>
    tell({ kind: "event", run, event }),
  ) as Host;
}

/**
 * Loads packages, and imports what is wanted of them: that may take longer than a run may go without giving way.
 */
async function load({ title, packages, modules }: Wanted, progress: (progress: Progress) => void): Promise<void> {
  const count = counter(title, sizeOf(packages), progress);
  count(0);
  const watch = watched(count);
  await Promise.race([pyodide.loadPackage([...packages], QUIET), watch.failure]).finally(watch.stop);
  requirePackages(packages);
  for (const module of modules) {
    try {
      pyodide.pyimport(module);
    } catch {
      // The run will fail in the same way, and show where.
    }
    // A sign of life.
    count(0);
  }
}

const QUIET = { messageCallback: () => undefined };

/** Raises an `Error` for a package that is not there: where one cannot be loaded, Pyodide may only write to the console. */
function requirePackages(names: readonly string[]): void {
  const missing = names.find((name) => !(name in pyodide.loadedPackages));
  if (missing !== undefined) throw new Error(`its package ${missing} did not load. Reload the page and press Run again.`);
}

function sizeOf(packages: readonly string[]): number {
  return sum(packages.map((name) => lock.tool.live.on_demand[name] ?? 0));
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** Tells how far the loading of `title` has come, each time it is called with the bytes that have arrived. */
function counter(title: string, total: number, tellOf: (progress: Progress) => void): (bytes: number) => void {
  let loaded = 0;
  return (bytes) => {
    loaded = Math.min(loaded + bytes, total);
    tellOf({ step: `${loaded < total ? "Loading" : "Starting"} ${title}`, loaded, total });
  };
}

function lost(url: string): Error {
  return new Error(`${url} did not arrive whole. Check the connection and press Run again.`);
}

/**
 * Counts what `fetch` brings, and tells of what goes wrong: where a file does not arrive, or is no WebAssembly that
 * this browser takes, `loadPyodide` writes to the console and waits for ever.
 */
function watched(count: (bytes: number) => void): { failure: Promise<never>; stop: () => void } {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  let fail: (error: Error) => void;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });

  async function read(url: string, response: Response): Promise<void> {
    if (!response.ok) throw new Error(`${url} is not there (${response.status}). Reload the page and press Run again.`);
    if (response.body === null) return;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw lost(url);
      });
      if (done) return;
      count(value.byteLength);
    }
  }

  globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    try {
      const response = await fetch(input, init);
      // A copy is read, so that the browser's cache of compiled WebAssembly still knows the original.
      read(url, response.clone()).catch(fail);
      return response;
    } catch (error) {
      fail(lost(url));
      throw error;
    }
  };
  WebAssembly.instantiateStreaming = async (...source) => {
    try {
      return await instantiateStreaming(...source);
    } catch (error) {
      fail(new Error(NO_WEBASSEMBLY));
      throw error;
    }
  };
  return {
    failure,
    stop() {
      globalThis.fetch = fetch;
      WebAssembly.instantiateStreaming = instantiateStreaming;
    },
  };
}
