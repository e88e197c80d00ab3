// What a reader sees of a run: each log line, NDJSON line, SSE event or chunk is one row. No DOM and no I/O.
// The same as playground/rows.py, which says what the parts of a row are; a test compares the two.

import type { Log, RunEvent, Start } from "./events";

export type Kind =
  | "stdout"
  | "stderr"
  | "log"
  | "status"
  | "ndjson"
  | "blank"
  | "sse"
  | "comment"
  | "chunk"
  | "partial"
  | "disconnect"
  | "limit"
  | "crash"
  | "end";

export interface Row {
  readonly kind: Kind;
  readonly at: number;
  readonly text?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly more?: string;
  readonly line?: number | null;
}

interface Body {
  /** The rows that this chunk completes. */
  feed(at: number, body: Uint8Array): Row[];
  /** What no row has shown by the end. */
  rest(): string;
}

const HEX_BYTES = 256;
const LF = 0x0a;
const CR = 0x0d;
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const LENIENT = new TextDecoder("utf-8", { ignoreBOM: true });
const STRICT = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Reads one run. */
export class RowReader {
  #body: Body = new Chunks();

  read(event: RunEvent): Row[] {
    const { at } = event;
    switch (event.kind) {
      case "log":
        return [logRow(event)];
      case "start": {
        this.#body = bodyOf(event);
        const text = `${event.status} ${header(event, "content-type")}`.trimEnd();
        const more = event.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
        return [{ kind: "status", at, text, more }];
      }
      case "chunk":
        return this.#body.feed(at, fromBase64(event.body));
      case "disconnect":
        return [{ kind: "disconnect", at, text: "the client left" }];
      case "limit": {
        const limit = event.limit.toLocaleString("en", { maximumFractionDigits: 6 });
        return [{ kind: "limit", at, text: `stopped after ${limit} ${event.what === "seconds" ? "s" : event.what}` }];
      }
      case "crash":
        return [{ kind: "crash", at, text: event.message, more: event.traceback?.trimEnd() ?? "", line: event.line ?? null }];
      case "end": {
        const rest = this.#body.rest();
        const end: Row = { kind: "end", at, text: `response ${event.complete ? "complete" : "incomplete"}` };
        return rest ? [{ kind: "partial", at, text: rest }, end] : [end];
      }
    }
  }
}

function logRow({ at, stream, text, level, logger, traceback, line }: Log): Row {
  if (stream !== "logging") return { kind: stream, at, text };
  const origin = [level, logger].filter(Boolean).join(" ");
  return { kind: "log", at, text: origin ? `${origin}: ${text}` : text, more: traceback?.trimEnd() ?? "", line: line ?? null };
}

function bodyOf(start: Start): Body {
  switch (header(start, "content-type").split(";", 1)[0]?.trim().toLowerCase()) {
    case "application/x-ndjson":
    case "application/ndjson":
    case "application/jsonl":
      return new Lines();
    case "text/event-stream":
      return new Events();
    default:
      return new Chunks();
  }
}

function header(start: Start, wanted: string): string {
  return start.headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
}

class Chunks implements Body {
  feed(at: number, body: Uint8Array): Row[] {
    return [{ kind: "chunk", at, text: legible(body) }];
  }

  rest(): string {
    return "";
  }
}

class Lines implements Body {
  #rest: Uint8Array = new Uint8Array();

  feed(at: number, body: Uint8Array): Row[] {
    const lines = split(joined(this.#rest, body), false);
    this.#rest = lines.pop() ?? new Uint8Array();
    return lines.map((line) => {
      const text = LENIENT.decode(line).replace(/\r$/, "");
      return text ? { kind: "ndjson", at, text } : { kind: "blank", at, text: "(blank line)" };
    });
  }

  rest(): string {
    return legible(this.#rest);
  }
}

class Events implements Body {
  #rest: Uint8Array = new Uint8Array();
  #lines: string[] = [];
  #isAfterCR = false;
  #isFirst = true;

  feed(at: number, body: Uint8Array): Row[] {
    if (this.#isAfterCR && body[0] === LF) body = body.subarray(1);
    this.#isAfterCR = body.length === 0 ? false : body.at(-1) === CR;
    const lines = split(joined(this.#rest, body), true);
    this.#rest = lines.pop() ?? new Uint8Array();
    return lines.flatMap((line) => this.#take(at, LENIENT.decode(line)));
  }

  rest(): string {
    return [...this.#lines, legible(this.#rest)].filter(Boolean).join("\n");
  }

  #take(at: number, text: string): Row[] {
    if (this.#isFirst) text = text.replace(/^\uFEFF/, "");
    this.#isFirst = false;
    if (text.startsWith(":")) return [{ kind: "comment", at, text: text.slice(1).replace(/^ /, "") }];
    if (text) this.#lines.push(text);
    else if (this.#lines.length) return [{ kind: "sse", at, fields: fieldsOf(this.#lines.splice(0)) }];
    return [];
  }
}

function fieldsOf(lines: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    const last = fields.at(-1);
    if (name === "data" && last?.[0] === name) last[1] += `\n${value}`;
    else fields.push([name, value]);
  }
  return fields;
}

/** The parts between line ends: LF, and with `isCR` CR and CRLF too. The last is what no line end follows. */
function split(body: Uint8Array, isCR: boolean): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let here = 0; here < body.length; here++) {
    if (body[here] !== LF && !(isCR && body[here] === CR)) continue;
    parts.push(body.subarray(from, here));
    if (body[here] === CR && body[here + 1] === LF) here++;
    from = here + 1;
  }
  parts.push(body.subarray(from));
  return parts;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (!first.length) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The text that the bytes are, or else their hexadecimal digits. */
function legible(body: Uint8Array): string {
  try {
    const text = STRICT.decode(body);
    if (!CONTROL.test(text)) return text;
  } catch {
    // No UTF-8: the digits, then.
  }
  const shown = Array.from(body.subarray(0, HEX_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return body.length <= HEX_BYTES ? shown : `${shown} … ${body.length.toLocaleString("en")} bytes`;
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
