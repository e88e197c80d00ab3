// Connections to the embedded server that stay open: no more than some at a time, in all tabs together. A browser opens six
// to a server, and with all of them taken no page would load and no Stop be heard.

const MOST = 4; // one more is for rebuilds.ts, and one for everything else

/** The message while waiting for one. */
export const WAITING =
  "Waiting for a connection: other tabs use all that the browser opens to one server. Stop a run in one of them, or run this in the browser.";

/**
 * Takes one, to be given back by calling what this resolves to. Calls `wait` if all are taken. Rejects when `signal` is
 * aborted while it waits.
 */
export async function takeConnection(signal: AbortSignal, wait: () => void): Promise<() => void> {
  const { locks } = navigator as { locks?: LockManager };
  // Elsewhere than in a secure context, readers have to take care of it themselves.
  if (!locks) return () => undefined;
  const names = Array.from({ length: MOST }, (_, index) => `docstage.connection/${index}`);
  let giveBack = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    giveBack = resolve;
  });
  for (const name of names) {
    const isTaken = await new Promise<boolean>((resolve, reject) => {
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        resolve(lock !== null);
        return lock ? until : undefined;
      };
      locks.request(name, { ifAvailable: true }, hold).catch(reject);
    });
    if (isTaken) return giveBack;
  }
  signal.throwIfAborted();
  wait();
  const settled = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      let isTaken = false;
      const hold = (): Promise<void> | undefined => {
        if (isTaken) return undefined;
        isTaken = true;
        resolve();
        return until;
      };
      // Cancel the requests for the others.
      for (const name of names) locks.request(name, { signal: settled.signal }, hold).catch(() => undefined);
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  } finally {
    settled.abort();
  }
  return giveBack;
}
