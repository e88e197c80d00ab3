// Python, in a Web Worker of its own: loads Pyodide, then carries messages between the page and
// playground/in_browser.py. It decides nothing.

import { loadPyodide } from "pyodide";

/** What playground/bundle.py writes as pyodide-lock.json; Pyodide's own part of it is left to Pyodide. */
export interface Lock {
  readonly packages: Readonly<Record<string, { readonly imports: readonly string[] }>>;
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
    };
  };
}

export type ToWorker =
  | { readonly kind: "boot"; readonly assets: string; readonly lock: Lock }
  | { readonly kind: "start"; readonly run: string; readonly job: string }
  | { readonly kind: "credit"; readonly run: string; readonly events: number }
  | { readonly kind: "disconnect" | "close"; readonly run: string }
  | { readonly kind: "ping" };

export type FromWorker =
  | { readonly kind: "progress"; readonly step: string; readonly loaded: number; readonly total: number }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "event"; readonly run: string; readonly event: string }
  | { readonly kind: "pong" };

/** playground.in_browser.Host */
interface Host {
  start(run: string, job: string): void;
  credit(run: string, events: number): void;
  disconnect(run: string): void;
  close(run: string): void;
}

const NO_WEBASSEMBLY =
  "this browser does not take its WebAssembly. Reload the page, allow WebAssembly for this site, or use a current browser.";
const NOT_STARTED = "it did not start, and the browser's console says why. Reload the page and press Run again.";

let host: Host;

function tell(message: FromWorker): void {
  self.postMessage(message);
}

self.onmessage = ({ data: message }: MessageEvent<ToWorker>): void => {
  switch (message.kind) {
    case "boot":
      boot(new URL(message.assets), message.lock).then(
        () => tell({ kind: "ready" }),
        (error: unknown) => tell({ kind: "failed", message: error instanceof Error ? error.message : NOT_STARTED }),
      );
      break;
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
      tell({ kind: "pong" });
      break;
  }
};

async function boot(assets: URL, lock: Lock): Promise<void> {
  const { core, stdlib, sizes } = lock.tool.live;
  const indexURL = new URL(core, assets).href;
  const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  let loaded = 0;
  const count = (bytes: number): void => {
    loaded += bytes;
    const step = loaded < total ? "Loading Python" : "Starting Python";
    tell({ kind: "progress", step, loaded: Math.min(loaded, total), total });
  };

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
    packages: Object.keys(lock.packages),
  });
  const ready = Promise.all([starting, scriptLoaded]);
  const [pyodide] = await Promise.race([ready, watch.failure]).finally(watch.stop);

  // A package that cannot be loaded is only a line in the console. Import them all, here and now:
  // the first run is quicker for it, too.
  for (const [name, { imports }] of Object.entries(lock.packages)) {
    if (!(name in pyodide.loadedPackages)) {
      throw new Error(`its package ${name} did not load. Reload the page and press Run again.`);
    }
    for (const module of imports) pyodide.pyimport(module);
  }
  host = pyodide.pyimport("playground.in_browser").Host((run: string, event: string) =>
    tell({ kind: "event", run, event }),
  ) as Host;
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
