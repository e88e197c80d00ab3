// What an application found wrong with a request, as its response reports it: problem details (RFC 9457) whose member `errors`
// names each fault and where it is.

import type { RunEvent } from "../run/events";

export interface Fault {
  readonly in: "path" | "query" | "header" | "body";
  /** A JSON path, such as `$.boxes[1].kilograms`. */
  readonly path: string;
  readonly detail: string;
  /** Of an NDJSON body, from 1. */
  readonly line?: number;
}

const PARTS: ReadonlySet<unknown> = new Set(["path", "query", "header", "body"]);

/** The faults that a response reports: none unless it is a problem document that locates them. */
export function faultsOf(answer: readonly RunEvent[]): Fault[] {
  const start = answer.find((event) => event.kind === "start");
  const type = start?.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  if (!/^application\/problem\+json\b/i.test(type)) return [];
  const bytes = answer.flatMap((event) => (event.kind === "chunk" ? [atob(event.body)] : [])).join("");
  try {
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    const { errors } = JSON.parse(text) as { readonly errors?: unknown };
    return Array.isArray(errors) ? errors.filter(isFault) : [];
  } catch {
    return [];
  }
}

function isFault(given: unknown): given is Fault {
  const fault = given as Partial<Fault> | null;
  return PARTS.has(fault?.in) && typeof fault?.path === "string" && typeof fault.detail === "string";
}
