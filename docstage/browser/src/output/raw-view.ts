// The response as the app gave it to the server: status, headers, and then each part of the body in a box of its own. Line
// ends are shown, and what is not text is shown as its bytes.

import { el } from "../page/dom";
import type { RunEvent } from "../run/events";

const MOST_CHUNKS = 500;
const MOST_BYTES = 4_096; // of one part
const STRICT = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

export class RawView {
  readonly element = el("div", { class: "live-raw", tabindex: 0, role: "group", "aria-label": "Bytes of the response" });
  readonly #notice = el("p", { class: "live-notice", hidden: true });
  #chunks = 0;
  #bytes = 0;

  show(events: readonly RunEvent[]): void {
    this.element.replaceChildren(this.#notice);
    this.#notice.hidden = true;
    this.#chunks = this.#bytes = 0;
    for (const event of events) this.add(event);
  }

  add(event: RunEvent): void {
    if (event.kind === "start") {
      const lines = [`HTTP ${event.status}`, ...event.headers.map(([name, value]) => `${name}: ${value}`)];
      this.#append(event.at, "head", el("pre", {}, lines.join("\n")));
    } else if (event.kind === "chunk") this.#addChunk(event.at, Uint8Array.from(atob(event.body), (char) => char.charCodeAt(0)));
    else if (event.kind === "end") {
      const total = `${plural(this.#chunks, "part")}, ${plural(this.#bytes, "byte")}`;
      this.#append(event.at, "end", el("p", {}, `${total}; ${event.complete ? "complete" : "incomplete"}`));
    }
  }

  #addChunk(at: number, body: Uint8Array): void {
    this.#chunks += 1;
    this.#bytes += body.length;
    if (this.#chunks > MOST_CHUNKS) {
      this.#notice.hidden = false;
      this.#notice.textContent = `The first ${MOST_CHUNKS} parts; ${plural(this.#chunks - MOST_CHUNKS, "more")} not shown.`;
      return;
    }
    const cut = body.length > MOST_BYTES ? el("p", {}, `… ${plural(body.length - MOST_BYTES, "more byte")} not shown`) : "";
    this.#append(at, plural(body.length, "byte"), contentOf(body.subarray(0, MOST_BYTES), cut !== ""), cut);
  }

  #append(at: number, label: string, ...what: (Node | string)[]): void {
    const size = el("span", { class: "live-kind" }, label);
    const time = el("span", { class: "live-at" }, `${at.toFixed(3)} s`);
    this.element.append(el("div", { class: "live-row live-chunk" }, time, " ", size, " ", el("div", { class: "live-what" }, ...what)));
  }
}

function contentOf(body: Uint8Array, isCut: boolean): HTMLElement {
  let text: string | undefined;
  try {
    // A cut may go through a character: what is left of it at the end is not the app's fault.
    text = isCut ? new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(body, { stream: true }) : STRICT.decode(body);
  } catch {
    text = undefined;
  }
  if (text === undefined || CONTROL.test(text)) return el("pre", { class: "live-hex" }, hex(body));
  const pre = el("pre", {});
  for (const part of text.split(/(\r\n|\n|\r)/)) {
    if (!/^[\r\n]+$/.test(part)) pre.append(part);
    else pre.append(el("span", { class: "live-eol" }, part.replace("\r", "\\r").replace("\n", "\\n")), "\n");
  }
  return pre;
}

/** Sixteen bytes a line: their digits, and beside them those that are printable. */
function hex(body: Uint8Array): string {
  const lines: string[] = [];
  for (let from = 0; from < body.length; from += 16) {
    const bytes = Array.from(body.subarray(from, from + 16));
    const digits = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = bytes.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${from.toString(16).padStart(4, "0")}  ${digits.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 || noun === "more" ? "" : "s"}`;
}
