// Under which names edits are kept. In live.js, unlike autosave.ts, which is loaded only where there is something to keep.

import { BASE } from "../page/base";
import type { Snippet } from "../run/snippet";

/** How the fragment of an address begins that carries edits, followed by the name of their block: see link.ts. */
export const LINK = "#live=";

/** How the keys of localStorage begin for edits made on this site, followed by the name of their block: see edits.ts. */
export const EDITS = `docstage.edits${BASE.pathname}`;

/** Whether the browser keeps edits of the block, of whichever edition. */
export function hasEdits({ block }: Snippet): boolean {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(`${EDITS}${block}/`));
  } catch {
    return false;
  }
}
