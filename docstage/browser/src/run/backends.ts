// Which backends there are, and which the reader chose. One of each a page, shared by its blocks and by the pages
// that an instant navigation brings; none is loaded before it is needed.

import type { Backend } from "./backend";
import { BASE } from "../page/base";
import { unloaded } from "../page/edition";

export type BackendName = Backend["name"];

const KEY = "docstage.backend";

/** `server` is true where the embedded server, and not a static host, serves the site. */
export const config: Promise<{ readonly server: boolean }> = fetch(new URL("assets/live/config.json", BASE))
  .then(async (response) => (response.ok ? await response.json() : { server: false }))
  .catch(() => ({ server: false }));

const backends = new Map<BackendName, Promise<Backend>>();

export function backend(name: BackendName): Promise<Backend> {
  const known = backends.get(name);
  if (known) return known;
  const loading = load(name);
  backends.set(name, loading);
  // What failed once, say without a network, may work when Run is pressed again.
  loading.catch(() => backends.delete(name));
  return loading;
}

async function load(name: BackendName): Promise<Backend> {
  try {
    if (name === "server") return new (await import("./server")).ServerBackend(BASE);
    const { GuardedBrowserBackend } = await import("./browser");
    const instead = `use a current browser${(await config).server ? ", or choose “Server” beside Run" : ""}.`;
    return new GuardedBrowserBackend(new URL("assets/live/", BASE), (files) => void keepForLater(files), instead);
  } catch (error) {
    throw new Error(await unloaded("The code that runs examples", "press Run"), {
      cause: error,
    });
  }
}

/** A visit without a network has Python, too. Where the embedded server is, the site changes too often for that. */
async function keepForLater(files: readonly string[]): Promise<void> {
  if ((await config).server) return;
  try {
    await (await import("./browser")).keepOffline(BASE, files);
  } catch {
    // Then a later visit needs a network.
  }
}

let chosen: BackendName = "server";
const listeners = new Set<() => void>();

/** The reader's choice, for all blocks. */
export const choice = {
  get name(): BackendName {
    try {
      return localStorage.getItem(KEY) === "browser" ? "browser" : "server";
    } catch {
      return chosen;
    }
  },
  set name(name: BackendName) {
    chosen = name;
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // Storage is off: it lasts as long as the page.
    }
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
