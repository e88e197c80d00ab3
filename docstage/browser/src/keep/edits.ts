// A reader's edits of a block, and where the browser keeps them: one place for each edition of each, so that an example
// that has changed since is never overwritten by what was made of another, nor one block by another of the same snippet.

import type { Request } from "../run/backend";
import type { Snippet } from "../run/snippet";
import { EDITS } from "./keys";

export interface Edits {
  /** The module's text; absent where it is the original. */
  readonly source?: string;
  /** By the name of the request that they are made of. */
  readonly requests: Readonly<Record<string, Request>>;
  /** Whether they began as those that came with a link. */
  readonly isFromLink?: boolean;
}


export function isEmpty({ source, requests }: Edits): boolean {
  return source === undefined && Object.keys(requests).length === 0;
}

/** Keeps `edits`, or forgets them where there are none. Whether the browser does. */
export function keep(snippet: Snippet, edits: Edits): boolean {
  const key = keyOf(snippet, snippet.edition);
  try {
    if (isEmpty(edits)) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(edits));
    return true;
  } catch {
    return false;
  }
}

export function kept(snippet: Snippet, edition = snippet.edition): Edits | undefined {
  try {
    const { source, requests, isFromLink } = JSON.parse(localStorage.getItem(keyOf(snippet, edition)) ?? "");
    return { ...(typeof source === "string" && { source }), requests: { ...requests }, isFromLink: isFromLink === true };
  } catch {
    return undefined;
  }
}

/** Of which other editions of the snippet edits are kept. */
export function otherEditions(snippet: Snippet): string[] {
  const prefix = keyOf(snippet, "");
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    return keys.map((key) => key.slice(prefix.length)).filter((edition) => edition !== snippet.edition);
  } catch {
    return [];
  }
}

export function forget(snippet: Snippet, edition: string): void {
  try {
    localStorage.removeItem(keyOf(snippet, edition));
  } catch {
    // Then it keeps nothing either.
  }
}

function keyOf({ block }: Snippet, edition: string): string {
  return `${EDITS}${block}/${edition}`;
}
