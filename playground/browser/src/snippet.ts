// What a block knows of its snippet: `_Page` in playground/markdown.py, read from the block's `data-live`.

import type { Request } from "./backend";
import type { RunEvent } from "./events";

/** How the fragment of an address begins that carries edits of a snippet, whose name follows: see link.ts. */
export const LINK = "#live=";

/** How the keys begin under which the browser keeps edits of a snippet, whose name follows: see edits.ts. */
export const EDITS = "jero.live.edits/";

export interface Exchange {
  readonly name: string;
  readonly request: Request;
  /** Seconds after which the client left when this was recorded. */
  readonly disconnect_after: number | null;
  readonly recorded: readonly RunEvent[];
}

export interface Snippet {
  readonly snippet: string;
  readonly module: string;
  /** Another one whenever the source or the requests are. */
  readonly edition: string;
  /** The whole module, less the lines that mark sections. */
  readonly source: string;
  /** Which lines of the file those are. */
  readonly markers: readonly number[];
  /** The line of `source` at which the shown code begins; 0 when that is in several pieces. */
  readonly first: number;
  readonly request: string | null;
  readonly exchanges: readonly Exchange[];
}

export function snippetOf(root: HTMLElement): Snippet {
  return JSON.parse(root.dataset["live"] ?? "") as Snippet;
}

/** The line of `source` that a line of the snippet's file is. */
export function lineOfSource(snippet: Snippet, line: number): number {
  return line - snippet.markers.filter((marker) => marker < line).length;
}

/** Whether the browser keeps edits of the snippet, of whichever edition: changes.ts, which knows more, is loaded for them only. */
export function hasEdits({ snippet }: Snippet): boolean {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(`${EDITS}${snippet}/`));
  } catch {
    return false;
  }
}
