// Marks the failing line in highlighted code.

import { el } from "../page/dom";

/** Marks a line (from 0). Returns the mark, to be removed when it no longer holds. */
export function markLine(code: HTMLElement, line: number): HTMLElement | undefined {
  const box = placeOfLine(code, line);
  const frame = code.closest("pre")?.parentElement;
  if (!box || !frame) return undefined;
  const mark = el("span", { class: "live-failing-mark" });
  mark.style.top = `${box.top - frame.getBoundingClientRect().top}px`;
  mark.style.height = `${box.height}px`;
  frame.append(mark);
  return mark;
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
