// Python, in a Web Worker of its own: starts Pyodide, then carries messages between the page and
// docstage/run/in_browser.py. It decides nothing.
//
// Its origin is opaque, because the page starts it from a data: URL (WHATWG HTML § 10.2.4): the code in it, which may be
// a stranger's, reaches no storage of the site. So it loads nothing by itself: what it needs is in this script, or is
// handed in with a message.

import { loadPyodide, type PyodideAPI } from "pyodide";
import createPyodideModule from "pyodide/pyodide.asm.mjs";
import type { Lock } from "./lock";

/** Packages that code is about to import, with all that they need, and what it will import of them. */
export interface Wanted {
  readonly packages: readonly string[];
  readonly modules: readonly string[];
}

/** Files by their URLs. */
export type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

export type ToWorker =
  /** `packages` are those to be there from the start. */
  | {
      readonly kind: "boot";
      readonly assets: string;
      readonly lock: Lock;
      readonly packages: readonly string[];
      readonly wasm: WebAssembly.Module;
      readonly files: Files;
    }
  | { readonly kind: "load"; readonly load: string; readonly wanted: Wanted; readonly files: Files }
  | { readonly kind: "start"; readonly run: string; readonly job: string }
  | { readonly kind: "credit"; readonly run: string; readonly events: number }
  | { readonly kind: "disconnect" | "close"; readonly run: string }
  | { readonly kind: "ping" };

export type FromWorker =
  /** It has started, and listens. */
  | { readonly kind: "here" }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  /** A sign of life. */
  | { readonly kind: "loading"; readonly load: string }
  /** `message` says what went wrong, if anything did. */
  | { readonly kind: "loaded"; readonly load: string; readonly message?: string }
  | { readonly kind: "event"; readonly run: string; readonly event: string }
  /** Python has run since the ping that this answers. */
  | { readonly kind: "pong" }
  /** Python has ended: with `status` if the code ended it. */
  | { readonly kind: "died"; readonly reason: string; readonly status?: number };

/** docstage.run.in_browser.Host */
interface Host {
  start(run: string, job: string): void;
  credit(run: string, events: number): void;
  disconnect(run: string): void;
  close(run: string): void;
  ping(answer: () => void): void;
}

/** What Pyodide ends with: an `Error`, with a status where Python was asked to exit. */
type Fatal = Error & { readonly status?: number };

const NOT_STARTED = "it did not start, and the browser's console says why. Reload the page and press Run again.";

let host: Host;
let pyodide: PyodideAPI;
let lock: Lock;
/** One after the other, because each has a `fetch` of its own. */
let loading: Promise<void> = Promise.resolve();

function post(message: FromWorker): void {
  self.postMessage(message);
}

self.onmessage = ({ data: message }: MessageEvent<ToWorker>): void => {
  switch (message.kind) {
    case "boot":
      lock = message.lock;
      boot(message).then(
        () => post({ kind: "ready" }),
        (error: unknown) => post({ kind: "failed", message: error instanceof Error ? error.message : NOT_STARTED }),
      );
      break;
    case "load": {
      const { load: id, wanted, files } = message;
      loading = loading
        .then(() => load(wanted, files, () => post({ kind: "loading", load: id })))
        .then(
          () => post({ kind: "loaded", load: id }),
          (error: unknown) => post({ kind: "loaded", load: id, message: error instanceof Error ? error.message : String(error) }),
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
    host.ping(() => post({ kind: "pong" }));
  } catch (error) {
    died(error as Fatal);
  }
}

function died({ message, status }: Fatal): void {
  post({ kind: "died", reason: message, ...(status !== undefined && { status }) });
}

async function boot({ assets, packages, wasm, files }: ToWorker & { readonly kind: "boot" }): Promise<void> {
  let fail: (error: unknown) => void;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (_, imports) => {
    try {
      return { module: wasm, instance: await WebAssembly.instantiate(wasm, imports) };
    } catch (error) {
      // Pyodide would log it and wait forever.
      fail(error);
      throw error;
    }
  };
  const putBack = handIn(files);
  const starting = loadPyodide({
    // Nothing is there: the two files that Pyodide looks for are handed in.
    indexURL: assets,
    createPyodideModule,
    stdLibURL: new URL(lock.tool.live.stdlib, assets).href,
    lockFileContents: JSON.stringify(lock),
    packageBaseUrl: assets,
    packages: [...packages],
  });
  pyodide = await Promise.race([starting, failure]).finally(() => {
    putBack();
    WebAssembly.instantiateStreaming = instantiateStreaming;
  });

  // Its promises may never settle, and what waits for them would not learn of it.
  (pyodide as unknown as { readonly _api: { on_fatal?: (error: Fatal) => void } })._api.on_fatal = died;

  requirePackages(packages);
  // Import them here and now: the first run is quicker for it, too.
  for (const name of packages) {
    for (const module of lock.packages[name]?.imports ?? []) {
      try {
        pyodide.pyimport(module);
      } catch {
        // Some are not for importing, such as PyYAML's `_yaml`. A run that wants it fails in the same way, and shows where.
      }
    }
  }
  host = pyodide.pyimport("docstage.run.in_browser").Host((run: string, event: string) =>
    post({ kind: "event", run, event }),
  ) as Host;
}

/**
 * Loads packages, and imports what is wanted of them: that may take longer than a run may go without giving way.
 */
async function load({ packages, modules }: Wanted, files: Files, alive: () => void): Promise<void> {
  alive();
  const putBack = handIn(files);
  await pyodide.loadPackage([...packages], QUIET).finally(putBack);
  requirePackages(packages);
  for (const module of modules) {
    try {
      pyodide.pyimport(module);
    } catch {
      // The run will fail in the same way, and show where.
    }
    alive();
  }
}

const QUIET = { messageCallback: () => undefined };

/** Raises an `Error` for a package that is not there: where one cannot be loaded, Pyodide may only write to the console. */
function requirePackages(names: readonly string[]): void {
  const missing = names.find((name) => !(name in pyodide.loadedPackages));
  if (missing !== undefined) throw new Error(`its package ${missing} did not load. Reload the page and press Run again.`);
}

/** Has `fetch` answer with these files, and with nothing else, until the function that is returned is called. */
function handIn(files: Files): () => void {
  const { fetch } = globalThis;
  globalThis.fetch = async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    const file = files.get(url);
    // What is asked for in vain is the WebAssembly, which is compiled already.
    return file ? new Response(file) : new Response(null, { status: 404 });
  };
  return () => {
    globalThis.fetch = fetch;
  };
}

post({ kind: "here" });
