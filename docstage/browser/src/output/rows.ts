// The rows of a run: each log line, NDJSON line, SSE event or chunk is one row. No DOM and no I/O.
// The same as docstage/pages/rows.py, which says what the parts of a row are; a test compares the two.

import type { Log, RunEvent, Start } from "../run/events";

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
  feed(at: number, body: Uint8Array): Iterable<Row>;
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

  /** One chunk can make a million rows: they are made as they are taken. */
  *read(event: RunEvent): Generator<Row, void> {
    const { at } = event;
    switch (event.kind) {
      case "log":
        yield logRow(event);
        break;
      case "start": {
        this.#body = bodyOf(event);
        const text = `${event.status} ${header(event, "content-type")}`.trimEnd();
        const more = event.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
        yield { kind: "status", at, text, more };
        break;
      }
      case "chunk":
        yield* this.#body.feed(at, fromBase64(event.body));
        break;
      case "disconnect":
        yield { kind: "disconnect", at, text: "client disconnected" };
        break;
      case "limit": {
        const limit = event.limit.toLocaleString("en", { maximumFractionDigits: 6 });
        yield { kind: "limit", at, text: `stopped after ${limit} ${event.what === "seconds" ? "s" : event.what}` };
        break;
      }
      case "crash":
        yield { kind: "crash", at, text: event.message, more: event.traceback?.trimEnd() ?? "", line: event.line ?? null };
        break;
      case "end": {
        const rest = this.#body.rest();
        if (rest) yield { kind: "partial", at, text: rest };
        yield { kind: "end", at, text: `response ${event.complete ? "complete" : "incomplete"}` };
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
  readonly #split = new Splitter(false);

  *feed(at: number, body: Uint8Array): Generator<Row, void> {
    for (const line of this.#split.feed(body)) {
      const text = LENIENT.decode(line).replace(/\r$/, "");
      yield text ? { kind: "ndjson", at, text } : { kind: "blank", at, text: "(blank line)" };
    }
  }

  rest(): string {
    return legible(this.#split.rest());
  }
}

class Events implements Body {
  readonly #split = new Splitter(true);
  #lines: string[] = [];
  #isAfterCR = false;
  #isFirst = true;

  *feed(at: number, body: Uint8Array): Generator<Row, void> {
    if (this.#isAfterCR && body[0] === LF) body = body.subarray(1);
    this.#isAfterCR = body.length === 0 ? false : body.at(-1) === CR;
    for (const line of this.#split.feed(body)) {
      const row = this.#take(at, LENIENT.decode(line));
      if (row) yield row;
    }
  }

  rest(): string {
    return [...this.#lines, legible(this.#split.rest())].filter(Boolean).join("\n");
  }

  #take(at: number, text: string): Row | undefined {
    if (this.#isFirst) text = text.replace(/^\uFEFF/, "");
    this.#isFirst = false;
    if (text.startsWith(":")) return { kind: "comment", at, text: text.slice(1).replace(/^ /, "") };
    if (text) this.#lines.push(text);
    else if (this.#lines.length) return { kind: "sse", at, fields: fieldsOf(this.#lines.splice(0)) };
    return undefined;
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

/** Cuts chunks at their line ends: LF, and with `isCR` CR and CRLF too. What it has looked at it does not look at again. */
class Splitter {
  readonly #isCR: boolean;
  /** The line that has begun, as it came. */
  #begun: Uint8Array[] = [];

  constructor(isCR: boolean) {
    this.#isCR = isCR;
  }

  /** The lines that this chunk ends. */
  *feed(body: Uint8Array): Generator<Uint8Array, void> {
    let from = 0;
    for (let here = 0; here < body.length; here++) {
      if (body[here] !== LF && !(this.#isCR && body[here] === CR)) continue;
      this.#begun.push(body.subarray(from, here));
      if (body[here] === CR && body[here + 1] === LF) here++;
      from = here + 1;
      yield this.#take();
    }
    if (from < body.length) this.#begun.push(body.subarray(from));
  }

  /** What no line end follows. */
  rest(): Uint8Array {
    return joined(this.#begun);
  }

  #take(): Uint8Array {
    const line = joined(this.#begun);
    this.#begun = [];
    return line;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let from = 0;
  for (const part of parts) {
    whole.set(part, from);
    from += part.length;
  }
  return whole;
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
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  return bytes;
}
