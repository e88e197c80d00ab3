// What a block knows of its snippet: `_Page` in docstage/pages/fence.py, read from the block's `data-live`.

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
  /**
   * The block's name: the snippet's, and for the second block of it on a page, say, `authentication.bearer@2`. Each has
   * edits of its own, and the first of each page shares them with those of other pages.
   */
  readonly block: string;
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
  /** The names that the application may have in the module; `()` marks a factory. */
  readonly app: readonly string[];
}

export function snippetOf(root: HTMLElement): Snippet {
  const snippet = JSON.parse(root.dataset["live"] ?? "") as Omit<Snippet, "block">;
  const blocks = [...document.querySelectorAll<HTMLElement>(".live[data-live]")];
  const place = blocks.filter(({ dataset }) => dataset["snippet"] === snippet.snippet).indexOf(root);
  return { ...snippet, block: place > 0 ? `${snippet.snippet}@${place + 1}` : snippet.snippet };
}

/** The line of `source` that a line of the snippet's file is. */
export function lineOfSource(snippet: Snippet, line: number): number {
  return line - snippet.markers.filter((marker) => marker < line).length;
}
