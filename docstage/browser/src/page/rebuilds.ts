// Build results from the embedded server, over one connection for all tabs: a browser opens no more than six to
// a server, and more open pages than that must load.

import { BASE } from "./base";

export type Rebuild = { readonly kind: "built" } | { readonly kind: "failed"; readonly message: string };

const NAME = `docstage.builds${BASE.pathname}`;
const AGAIN = 2_000; // ms

/** Calls `hear` with every change, until the function that is returned is called. */
export function listenForRebuilds(hear: (rebuild: Rebuild) => void): () => void {
  // Web Locks are for secure contexts only: HTTPS, or this machine.
  return "locks" in navigator ? listenTogether(hear) : listenWhileVisible(hear);
}

/** The tab that holds the lock has the connection, and passes on what it hears. When it closes, the next takes over. */
function listenTogether(hear: (rebuild: Rebuild) => void): () => void {
  const stop = new AbortController();
  const others = new BroadcastChannel(NAME);
  others.onmessage = ({ data }: MessageEvent<Rebuild>) => hear(data);
  const lead = (): Promise<void> =>
    new Promise((release) => {
      const close = connect((rebuild) => {
        others.postMessage(rebuild);
        hear(rebuild);
      });
      stop.signal.addEventListener("abort", () => {
        close();
        release();
      });
    });
  navigator.locks.request(NAME, { signal: stop.signal }, lead).catch(() => {
    // It was stopped before it had the lock.
  });
  return () => {
    stop.abort();
    others.close();
  };
}

/** One connection a window: a tab that cannot be seen has no need of it. */
function listenWhileVisible(hear: (rebuild: Rebuild) => void): () => void {
  let close: (() => void) | undefined;
  const follow = (): void => {
    close?.();
    close = document.visibilityState === "visible" ? connect(hear) : undefined;
  };
  document.addEventListener("visibilitychange", follow);
  follow();
  return () => {
    document.removeEventListener("visibilitychange", follow);
    close?.();
  };
}

function connect(hear: (rebuild: Rebuild) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let events: EventSource;
  const open = (): void => {
    events = new EventSource(new URL("live/builds", BASE));
    events.addEventListener("built", () => hear({ kind: "built" }));
    events.addEventListener("failed", ({ data }: MessageEvent<string>) => {
      const { message } = JSON.parse(data) as { message: string };
      hear({ kind: "failed", message });
    });
    events.onerror = () => {
      // An answer that is an error, as a proxy gives while the server restarts, ends an EventSource for good.
      if (events.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    events.close();
  };
}
