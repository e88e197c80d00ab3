// With the embedded server: reloads the page after a rebuild, and shows why a build failed.

import { button, el } from "./dom";
import { listenForRebuilds, type Rebuild } from "./rebuilds";

/** `isBusy` says whether a reload would lose something of the reader's, who is then asked. */
export function reloadOnChange(isBusy: () => boolean): void {
  let stop: (() => void) | undefined;
  const bar = el("div", { class: "live-toast", role: "status" });
  const say = (...what: (Node | string)[]): void => {
    if (!bar.isConnected) document.body.append(bar);
    bar.replaceChildren(...what);
  };
  const hear = (rebuild: Rebuild): void => {
    if (rebuild.kind === "failed") {
      say(el("strong", {}, "The site could not be rebuilt"), el("pre", {}, rebuild.message), button("Close", () => bar.remove()));
    } else if (isBusy()) say("The site was rebuilt. ", button("Reload", () => location.reload()));
    else location.reload();
  };
  const start = (): void => {
    stop ??= listenForRebuilds(hear);
  };
  // A page that holds a lock, a channel or a connection cannot be kept in the back/forward cache.
  addEventListener("pagehide", () => {
    stop?.();
    stop = undefined;
  });
  addEventListener("pageshow", start);
  if (document.readyState === "complete") start();
}
