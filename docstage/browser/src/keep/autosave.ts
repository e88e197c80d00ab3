// Saves a reader's changes to a block in the browser, and puts them into links. Loaded at the first change,
// or where there is something to restore.

import { Banner } from "./banner";
import type { Request } from "../run/backend";
import { type Edits, forget, isEmpty, keep, kept, otherEditions } from "./edits";
import { fragmentOf, read } from "./link";
import type { Snippet } from "../run/snippet";
import { LINK } from "./keys";

/** The block, as far as it is changed. */
export interface EditedBlock {
  readonly snippet: Snippet;
  /** Where the banner goes. */
  readonly place: HTMLElement;
  edits(): Edits;
  /** The name of the request that is chosen, and what it was made into. */
  request(): { readonly choice: string | undefined; readonly edited: Request | undefined };
  /** Shows `edits`, and of the requests the one named `choice`. */
  take(edits: Edits, choice?: string): void;
  /** Shows the original. Calls `reset`. */
  restore(): void;
  /** Says something in passing. */
  flash(text: string): void;
}

export class Autosave {
  readonly #block: EditedBlock;
  readonly #banner = new Banner();
  #isFromLink = false;

  constructor(block: EditedBlock) {
    this.#block = block;
    block.place.after(this.#banner.element);
  }

  /** The reader has changed the code or a request. */
  changed(): void {
    const { snippet } = this.#block;
    this.#clearLink();
    if (keep(snippet, { ...this.#block.edits(), isFromLink: this.#isFromLink })) return;
    this.#block.flash("This browser stores nothing for this site: your changes are lost when you leave the page.");
  }

  /** The original is shown again. */
  reset(): void {
    this.#clearLink();
    this.#isFromLink = false;
    this.#banner.clear();
    forget(this.#block.snippet, this.#block.snippet.edition);
  }

  /** Shows what the reader made of the snippet on an earlier visit or on another page, or offers it if that was another edition. */
  bringBack(): void {
    const { snippet } = this.#block;
    const own = kept(snippet);
    const edition = otherEditions(snippet)[0];
    const old = edition === undefined ? undefined : kept(snippet, edition);
    if (own) this.#take(own);
    else if (edition !== undefined && old) this.#offer(edition, old);
  }

  /** Shows what came with a link. It is not kept before the reader changes it, and not run before they press Run. */
  async open(fragment: string): Promise<void> {
    const { snippet } = this.#block;
    try {
      const { edition, source, choice, request } = await read(fragment);
      const edits = {
        ...(source !== undefined && source !== snippet.source && { source }),
        requests: request && choice !== undefined ? { [choice]: request } : {},
      };
      const isFromLink = !isEmpty(edits);
      this.#take({ ...edits, isFromLink }, choice);
      if (!isFromLink) return;
      const what = edits.source === undefined ? "request" : "code";
      const news = edition === snippet.edition ? "" : " It was made from another version of this example.";
      const own = kept(snippet) ? " Your own changes are kept until you edit this." : "";
      this.#warn(`This ${what} comes from the link that you opened, not from this site.${news}${own}`);
    } catch (error) {
      this.#banner.say((error as Error).message);
    }
  }

  /** The address of this page, with the block as it stands. Rejects with a message for the reader. */
  async link(): Promise<string> {
    const { snippet } = this.#block;
    const { source } = this.#block.edits();
    const { choice, edited } = this.#block.request();
    const fragment = await fragmentOf(snippet.block, snippet.edition, {
      ...(source !== undefined && { source }),
      ...(choice !== undefined && { choice }),
      ...(edited && { request: edited }),
    });
    return new URL(fragment, location.href).href;
  }

  #take(edits: Edits, choice?: string): void {
    this.#isFromLink = edits.isFromLink === true;
    this.#banner.clear();
    this.#block.take(edits, choice);
    if (this.#isFromLink) this.#warn("This comes from a link that you opened, not from this site.");
  }

  #warn(what: string): void {
    this.#banner.say(`${what} Read it before you press Run.`, {
      label: "Show the original",
      run: () => this.#block.restore(),
    });
  }

  #offer(edition: string, old: Edits): void {
    const { snippet } = this.#block;
    const settle = (): void => {
      forget(snippet, edition);
      this.#banner.clear();
    };
    const show = (): void => {
      settle();
      this.#take(old);
      keep(snippet, old);
    };
    this.#banner.say(
      "You edited this example before, and the example has changed since. Your version is still saved.",
      { label: "Show my version", run: show },
      { label: "Delete my version", run: settle },
    );
  }

  /** The address says what the block no longer shows: a reload must not bring it back. */
  #clearLink(): void {
    if (!location.hash.startsWith(`${LINK}${this.#block.snippet.block}~`)) return;
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}
