// The code of a block: as the page highlighted it, or in the editor.

import { el } from "../page/dom";
import type { Editor } from "./editor";
import { markLine } from "./failing-line";
import { lineOfSource, type Snippet } from "../run/snippet";

export class Code {
  readonly #snippet: Snippet;
  readonly #shown: HTMLElement;
  readonly #whole: HTMLDetailsElement | null;
  #mark: HTMLElement | undefined;
  #editor: Editor | undefined;
  /** The text that was taken over, and where it stands until there is an editor. */
  #taken: { readonly text: string; readonly element: HTMLElement } | undefined;

  constructor(root: HTMLElement, snippet: Snippet) {
    this.#snippet = snippet;
    this.#shown = root.querySelector<HTMLElement>(".live-code") ?? el("div");
    this.#whole = root.querySelector<HTMLDetailsElement>(".live-module");
  }

  get isEditing(): boolean {
    return this.#editor !== undefined || this.#taken !== undefined;
  }

  /** The reader's text, if it is not the module's. */
  get edited(): string | undefined {
    const text = this.#editor?.text() ?? this.#taken?.text;
    return text === this.#snippet.source ? undefined : text;
  }

  /** What is shown. */
  get text(): string {
    return this.#editor?.text() ?? this.#taken?.text ?? this.#shown.querySelector("code")?.textContent ?? this.#snippet.source;
  }

  /** Opens the editor; `isWanted` says whether the reader asked for it, and so goes on in it. */
  async edit(run: () => void, changed: () => void, isWanted = true): Promise<void> {
    if (!this.#editor) {
      const { openEditor } = await import("./editor");
      if (this.#editor || !this.#shown.isConnected) return;
      const label = `Code of ${this.#snippet.module}`;
      const text = this.#taken?.text ?? this.#snippet.source;
      this.#editor = openEditor({ label, text, run, changed });
      this.#replace(this.#editor.element);
    }
    if (isWanted) this.#editor.focus();
  }

  /** Puts `text` in the module's place, at once; call `edit` for what makes it an editor. */
  take(text: string): void {
    this.reset();
    this.#taken = { text, element: el("pre", { class: "live-plain", tabindex: 0 }, text) };
    this.#replace(this.#taken.element);
  }

  reset(): void {
    this.unmark();
    this.#editor?.element.remove();
    this.#editor?.destroy();
    this.#editor = undefined;
    this.#taken?.element.remove();
    this.#taken = undefined;
    this.#shown.hidden = false;
    if (this.#whole) this.#whole.hidden = false;
  }

  #replace(element: HTMLElement): void {
    this.unmark();
    this.#taken?.element.remove();
    this.#shown.before(element);
    this.#shown.hidden = true;
    if (this.#whole) this.#whole.hidden = true;
  }

  unmark(): void {
    this.#mark?.remove();
    this.#editor?.mark(undefined);
  }

  /** Marks the failing line, given as the line of the text that ran. Returns its number as the reader sees it. */
  mark(line: number, ranEdited: boolean): number {
    const number = ranEdited ? line : lineOfSource(this.#snippet, line);
    if (this.#editor) this.#editor.mark(number);
    else if (!this.#taken) this.#markShown(number);
    return number;
  }

  #markShown(number: number): void {
    let code = this.#shown.querySelector("code");
    let index = number - this.#snippet.first;
    const isShown = this.#snippet.first > 0 && index >= 0 && index < linesOf(code).length;
    if (!isShown && this.#whole) {
      this.#whole.open = true;
      code = this.#whole.querySelector("code");
      index = number - 1;
    }
    if (code) this.#mark = markLine(code, index);
  }
}

function linesOf(code: HTMLElement | null): string[] {
  return code?.textContent?.replace(/\n$/, "").split("\n") ?? [];
}
