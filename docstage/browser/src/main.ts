// Finds the blocks of a page and makes them interactive; does next to nothing on a page without any.

import { config } from "./run/backends";
import { Block } from "./block";
import { LINK } from "./keep/keys";

declare global {
  interface Window {
    /** mkdocs-material's: a value now and after each instant navigation. */
    readonly document$?: { subscribe(next: () => void): { unsubscribe(): void } };
  }
}

const blocks = new Map<HTMLElement, Block>();

function mount(): void {
  for (const [root, block] of blocks) {
    if (root.isConnected) continue;
    block.dispose();
    blocks.delete(root);
  }
  for (const root of document.querySelectorAll<HTMLElement>(".live[data-live]")) {
    if (blocks.has(root)) continue;
    const block = new Block(root);
    blocks.set(root, block);
    void config.then(({ server }) => {
      if (server && blocks.get(root) === block) void block.offerServer();
    });
  }
  openLink();
}

/** An address whose fragment carries edits: their block shows them. */
function openLink(): void {
  const { hash } = location;
  if (!hash.startsWith(LINK)) return;
  const name = hash.slice(LINK.length).split("~", 1)[0];
  const block = [...blocks.values()].find((block) => block.name === name);
  // A page without the example has nothing to show them in.
  block?.open(hash);
}

addEventListener("hashchange", openLink);

if (window.document$) window.document$.subscribe(mount);
else mount();

void config.then(async ({ server }) => {
  if (server) (await import("./run/server")).reloadOnChange(() => [...blocks.values()].some((block) => block.isEdited));
});
