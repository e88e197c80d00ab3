// What a block knows of its snippet: `_Page` in playground/markdown.py, read from the block's `data-live`.

import type { Request } from "./backend";
import type { RunEvent } from "./events";

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
