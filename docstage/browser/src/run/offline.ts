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
const { scope } = worker.registration;
/** Other editions of the site may lie below other paths of the origin. Each has a cache, and lets go of nothing in another. */
const CACHE = `docstage ${new URL(scope).pathname}`;
/** Files whose address holds a hash of their content, or the version of Pyodide. */
const LASTING = /\/assets\/live\/(pyodide-[\d.]+\/|download\/|[\w-]+-[A-Z0-9]{8}\.js)/;
/** Files of the site besides its pages, by their paths below the scope. What else is there is not the site's. */
const FILES = /^(assets\/|search\/|sitemap\.xml$)/;

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

// The page reports what it has loaded. Cached files of other editions of the site are deleted.
worker.addEventListener("message", (event) => {
  const keep = event.data.keep.filter((url) => url.startsWith(scope));
  event.waitUntil(store(keep, event.data.stay));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const isOurs = request.method === "GET" && request.url.startsWith(scope) && !request.url.startsWith(`${scope}live/`);
  if (!isOurs) return;
  if (LASTING.test(request.url)) event.respondWith(first(event));
  else if (isPage(request) || FILES.test(request.url.slice(scope.length))) event.respondWith(newest(event));
});

/** An instant navigation fetches the page, by an address that ends like this. */
function isPage({ mode, url }: Request): boolean {
  return mode === "navigate" || /\/$/.test(new URL(url).pathname);
}

async function store(urls: readonly string[], stay: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  const lasting = new Set([...urls, ...stay]);
  for (const { url } of await cache.keys()) if (LASTING.test(url) && !lasting.has(url)) await cache.delete(url);
  // Store what can be stored, even if some files fail.
  await Promise.allSettled(
    urls.map(async (url) => {
      if (await cache.match(keyOf(url))) return;
      const response = await fetch(url);
      if (response.ok) await cache.put(keyOf(url), response);
    }),
  );
}

async function first(event: Asked): Promise<Response> {
  return (await kept(event.request)) ?? fetched(event);
}

async function newest(event: Asked): Promise<Response> {
  try {
    return await fetched(event);
  } catch (error) {
    const known = await kept(event.request);
    if (known) return known;
    throw error;
  }
}

/** A file is kept once, whatever its address asks. */
function keyOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

async function kept(request: Request): Promise<Response | undefined> {
  try {
    return await (await caches.open(CACHE)).match(keyOf(request.url));
  } catch {
    // A browser may refuse the storage, or have lost it.
    return undefined;
  }
}

/** What the network answers, which is given at once: its copy may find no room, and its body may have no end. */
async function fetched(event: Asked): Promise<Response> {
  const response = await fetch(event.request);
  if (isFile(event.request, response)) event.waitUntil(keep(event.request, response.clone()));
  return response;
}

function isFile(request: Request, { status, headers }: Response): boolean {
  if (status !== 200) return false;
  const type = headers.get("content-type") ?? "";
  return isPage(request) ? type.startsWith("text/html") : !/event-stream|ndjson|jsonl/.test(type);
}

async function keep(request: Request, copy: Response): Promise<void> {
  try {
    await (await caches.open(CACHE)).put(keyOf(request.url), copy);
  } catch {
    // Then a later visit needs a network.
  }
}

export {};
