// The code of a block: as the page highlighted it, or in the editor.

import { el } from "./dom";
import type { Editor } from "./editor";
import { lineOfSource, type Snippet } from "./snippet";

export class Code {
  readonly #snippet: Snippet;
  readonly #shown: HTMLElement;
  readonly #whole: HTMLDetailsElement | null;
  readonly #mark = el("span", { class: "live-failing-mark" });
  #editor: Editor | undefined;

  constructor(root: HTMLElement, snippet: Snippet) {
    this.#snippet = snippet;
    this.#shown = root.querySelector<HTMLElement>(".live-code") ?? el("div");
    this.#whole = root.querySelector<HTMLDetailsElement>(".live-module");
  }

  get isEditing(): boolean {
    return this.#editor !== undefined;
  }

  /** The reader's text, if it is not the module's. */
  get edited(): string | undefined {
    const text = this.#editor?.text();
    return text === this.#snippet.source ? undefined : text;
  }

  /** What is shown. */
  get text(): string {
    return this.#editor?.text() ?? this.#shown.querySelector("code")?.textContent ?? this.#snippet.source;
  }

  async edit(run: () => void, changed: () => void): Promise<void> {
    if (!this.#editor) {
      const { openEditor } = await import("./editor");
      if (this.#editor || !this.#shown.isConnected) return;
      const label = `Code of ${this.#snippet.module}`;
      this.#editor = openEditor({ label, text: this.#snippet.source, run, changed });
      this.unmark();
      this.#shown.before(this.#editor.element);
      this.#shown.hidden = true;
      if (this.#whole) this.#whole.hidden = true;
    }
    this.#editor.focus();
  }

  reset(): void {
    this.unmark();
    this.#editor?.element.remove();
    this.#editor?.destroy();
    this.#editor = undefined;
    this.#shown.hidden = false;
    if (this.#whole) this.#whole.hidden = false;
  }

  unmark(): void {
    this.#mark.remove();
    this.#editor?.mark(undefined);
  }

  /** Marks the failing line, given as the line of the text that ran. Returns its number as the reader sees it. */
  mark(line: number, ranEdited: boolean): number {
    const number = ranEdited ? line : lineOfSource(this.#snippet, line);
    if (this.#editor) this.#editor.mark(number);
    else this.#markShown(number);
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
    const box = code && placeOfLine(code, index);
    const frame = code?.closest("pre")?.parentElement;
    if (!box || !frame) return;
    const outer = frame.getBoundingClientRect();
    this.#mark.style.top = `${box.top - outer.top}px`;
    this.#mark.style.height = `${box.height}px`;
    frame.append(this.#mark);
  }
}

function linesOf(code: HTMLElement | null): string[] {
  return code?.textContent?.replace(/\n$/, "").split("\n") ?? [];
}

/** Where a line (from 0) of highlighted code is on the screen. */
function placeOfLine(code: HTMLElement, index: number): DOMRect | undefined {
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  for (let line = 0; walker.nextNode(); ) {
    const text = walker.currentNode as Text;
    for (let here = 0; here < text.data.length; here++) {
      if (line === index) {
        const range = document.createRange();
        range.setStart(text, here);
        range.setEnd(text, here + 1);
        return range.getBoundingClientRect();
      }
      if (text.data[here] === "\n") line++;
    }
  }
  return undefined;
}
