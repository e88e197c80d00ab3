// A link that carries what a reader has made of a snippet, in its fragment, which no server sees:
//   #live=BLOCK~EDITION~PAYLOAD
// The payload is JSON, deflated (RFC 1951) and in base64url (RFC 4648 § 5). Its author may be anyone, so
// everything is validated before use, and sizes are limited before and during inflation.

import type { Request } from "../run/backend";
import { LINK } from "./keys";

const MOST_CHARACTERS = 16_384; // of the fragment: every browser takes addresses of this length
const MOST_BYTES = 131_072; // inflated

export interface Linked {
  readonly source?: string;
  /** The name of the snippet's request that is chosen. */
  readonly choice?: string;
  /** What it was made into. */
  readonly request?: Request;
}

export interface Link extends Linked {
  readonly edition: string;
}

/** The fragment for `linked`. Rejects if it would be too long, with a message for the reader. */
export async function fragmentOf(block: string, edition: string, linked: Linked): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(linked));
  const deflated = await through(json, new CompressionStream("deflate-raw"), Infinity);
  const fragment = `${LINK}${block}~${edition}~${toBase64URL(deflated)}`;
  if (fragment.length > MOST_CHARACTERS || json.length > MOST_BYTES) {
    throw new Error("Your changes are too long for a link. Download them as a project instead.");
  }
  return fragment;
}

/** What the link carries. Rejects with a message for the reader. */
export async function read(fragment: string): Promise<Link> {
  if (fragment.length > MOST_CHARACTERS) {
    throw new Error(`The link is longer than ${MOST_CHARACTERS.toLocaleString("en")} characters, so it was ignored.`);
  }
  const [, edition, payload, ...rest] = fragment.slice(LINK.length).split("~");
  try {
    if (edition === undefined || payload === undefined || rest.length) throw new Error("parts are missing");
    const json = await through(fromBase64URL(payload), new DecompressionStream("deflate-raw"), MOST_BYTES);
    const linked = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)) as unknown;
    if (!isLinked(linked)) throw new Error("it is not what Copy link makes");
    const { source, choice, request } = linked;
    return {
      edition,
      ...(source !== undefined && { source }),
      ...(choice !== undefined && { choice }),
      ...(request && { request: { method: request.method, target: request.target, headers: request.headers, body: request.body } }),
    };
  } catch {
    throw new Error("The link is damaged, perhaps truncated, so it was ignored. Ask for a new one.");
  }
}

/** What comes of the bytes. Rejects as soon as it is more than `most` bytes. */
async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = new Blob([bytes]).stream().pipeThrough<Uint8Array<ArrayBuffer>>(stream).getReader();
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.byteLength;
    if (size > most) {
      void reader.cancel();
      throw new Error("too large");
    }
    parts.push(value);
  }
}

function toBase64URL(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64URL(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

function isLinked(value: unknown): value is Linked {
  if (typeof value !== "object" || value === null) return false;
  const { source, choice, request } = value as Record<string, unknown>;
  return isTextOrAbsent(source) && isTextOrAbsent(choice) && (request === undefined || isRequest(request));
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function isRequest(value: unknown): value is Request {
  if (typeof value !== "object" || value === null) return false;
  const { method, target, headers, body } = value as Record<string, unknown>;
  if (typeof method !== "string" || typeof target !== "string" || typeof body !== "string") return false;
  atob(body);
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
  return /^[A-Z]{1,10}$/.test(method) && Array.isArray(headers) && headers.every(isPair);
}
