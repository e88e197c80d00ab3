// A request ↔ the fields in which a reader changes it.

import type { Request } from "../run/backend";
import { bodyText } from "./request-text";
import { joinTarget, type Parameter, splitTarget, wellFormed } from "./target";

export interface Draft {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
}

export function draftOf(request: Request): Draft {
  return {
    method: request.method,
    ...splitTarget(request.target),
    headers: request.headers.map(([name, value]) => ({ name, value })),
    body: bodyText(request),
  };
}

/** Rows that nobody has filled in are left out. What HTTP has no form for stays: the runner says what is wrong with it. */
export function requestOf({ method, path, parameters, headers, body }: Draft): Request {
  return {
    method,
    target: joinTarget(path, parameters),
    headers: headers
      .map(({ name, value }) => [wellFormed(name).trim(), wellFormed(value).trim()] as const)
      .filter(([name, value]) => name || value),
    body: toBase64(new TextEncoder().encode(body)),
  };
}

export function isSame(one: Request, other: Request): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What the body is said to be: "application/json", in lower case and without parameters. */
export function mediaTypeOf({ headers }: Draft): string {
  const type = headers.find(({ name }) => name.trim().toLowerCase() === "content-type")?.value ?? "";
  return type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
