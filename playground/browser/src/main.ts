// Finds the blocks of a page and brings them to life; on a page without any it does next to nothing.

import { config } from "./backends";
import { Block } from "./block";
import { reloadOnChange } from "./reload";

declare global {
  interface Window {
    /** mkdocs-material's: a value now and after each instant navigation. */
    readonly document$?: { subscribe(next: () => void): unknown };
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
      if (server && blocks.get(root) === block) block.offerServer();
    });
  }
}

if (window.document$) window.document$.subscribe(mount);
else mount();

void config.then(({ server }) => {
  if (server) reloadOnChange(() => [...blocks.values()].some((block) => block.isEdited));
});
