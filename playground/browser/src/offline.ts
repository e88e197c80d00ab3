// A service worker that lets a second visit run without a network. It is registered after the first run has brought
// everything along, asks the network first for whatever may change, and has nothing to do with how snippets run.

interface Told {
  readonly keep: readonly string[];
  /** What stays if it was kept before, though this page has no use for it. */
  readonly stay: readonly string[];
}

// What TypeScript's library for pages does not know of a service worker.
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(kind: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(kind: "message", listener: (event: Extendable & MessageEvent<Told>) => void): void;
  addEventListener(kind: "fetch", listener: (event: Asked) => void): void;
}

interface Extendable {
  waitUntil(promise: Promise<unknown>): void;
}

interface Asked extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const worker = self as unknown as Scope;
const CACHE = "jero.live";
/** Files whose address holds a hash of their content, or the version of Pyodide. */
const LASTING = /\/assets\/live\/(pyodide-[\d.]+\/|download\/|[\w-]+-[A-Z0-9]{8}\.js)/;

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

// The page tells what it has loaded. What lasts, but is not of this edition of the site, is let go.
worker.addEventListener("message", (event) => {
  const keep = event.data.keep.filter((url) => url.startsWith(worker.registration.scope));
  event.waitUntil(store(keep, event.data.stay));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { scope } = worker.registration;
  const isOurs = request.method === "GET" && request.url.startsWith(scope) && !request.url.startsWith(`${scope}live/`);
  if (isOurs) event.respondWith(LASTING.test(request.url) ? first(request) : newest(request));
});

async function store(urls: readonly string[], stay: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  const lasting = new Set([...urls, ...stay]);
  for (const { url } of await cache.keys()) if (LASTING.test(url) && !lasting.has(url)) await cache.delete(url);
  await Promise.all(
    urls.map(async (url) => {
      if (!(await cache.match(url))) await cache.add(url);
    }),
  );
}

async function first(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

async function newest(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const known = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
    if (known) return known;
    throw error;
  }
}

export {};
