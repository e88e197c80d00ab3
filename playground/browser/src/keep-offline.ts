// After the first run in the browser: have all that the page has loaded kept for visits without a network.

export async function keepOffline(base: URL, runtime: readonly string[]): Promise<void> {
  // Private windows of some browsers have none, and neither has a site that is on no HTTPS.
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(new URL("live-worker.js", base), { scope: base.pathname });
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const page = location.origin + location.pathname;
  const keep = [...new Set([page, ...loaded, ...runtime])].filter((url) => url.startsWith(base.href));
  active?.postMessage({ keep: keep.filter((url) => !url.startsWith(new URL("live/", base).href)) });
}
