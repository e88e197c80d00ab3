// While the embedded server watches the sources: a rebuilt site is loaded again, a failed build is told.

import { BASE } from "./base";
import { button, el } from "./dom";

/** `isBusy` says whether a reload would lose something of the reader's, who is then asked. */
export function reloadOnChange(isBusy: () => boolean): void {
  let changes: EventSource | undefined;
  const bar = el("div", { class: "live-toast", role: "status" });
  const say = (...what: (Node | string)[]): void => {
    if (!bar.isConnected) document.body.append(bar);
    bar.replaceChildren(...what);
  };
  const open = (): void => {
    if (changes) return;
    changes = new EventSource(new URL("live/changes", BASE));
    changes.addEventListener("built", () => {
      if (isBusy()) say("The site was rebuilt. ", button("Reload", () => location.reload()));
      else location.reload();
    });
    changes.addEventListener("failed", (event: MessageEvent<string>) => {
      const { message } = JSON.parse(event.data) as { message: string };
      say(el("strong", {}, "The site could not be rebuilt"), el("pre", {}, message), button("Close", () => bar.remove()));
    });
  };
  // A page in the back/forward cache must not hold one of the few connections a browser has for a host.
  addEventListener("pagehide", () => {
    changes?.close();
    changes = undefined;
  });
  addEventListener("pageshow", open);
  if (document.readyState === "complete") open();
}
