// After a run in the browser: caches all that the page has loaded for offline visits.

import { fetchLock } from "./lock";

export async function keepOffline(base: URL, runtime: readonly string[]): Promise<void> {
  // Private windows of some browsers have none, and neither has a site that is on no HTTPS.
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(new URL("live-worker.js", base), { scope: base.pathname });
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const page = location.origin + location.pathname;
  const keep = [...new Set([page, ...loaded, ...runtime])].filter((url) => url.startsWith(base.href));
  const stay = await packagesOf(new URL("assets/live/", base));
  active?.postMessage({ keep: keep.filter((url) => !url.startsWith(new URL("live/", base).href)), stay });
}

/** Where the packages of this edition of the site are, those that no run on this page has needed included. */
async function packagesOf(assets: URL): Promise<string[]> {
  const { packages } = await fetchLock(new URL("pyodide-lock.json", assets));
  return Object.values(packages).map(({ file_name }) => new URL(file_name, assets).href);
}
