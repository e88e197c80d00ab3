import type { Request } from "../run/backend";
import { bodyText } from "./request-text";

/**
 * A command for a POSIX shell that sends `request` below `base` and prints what comes at once. A body is left out of
 * HEAD: it means nothing there (RFC 9110 § 9.3.2), and curl refuses it.
 */
export function curl(request: Request, base: string): string {
  const { method, target, headers } = request;
  const body = method === "HEAD" ? "" : bodyText(request);
  const words = ["curl", method === "HEAD" ? "-I" : "-N"];
  // Brackets and braces are patterns to curl, and dots something to tidy away.
  if (/[[\]{}]/.test(target)) words.push("-g");
  if (/\/(\.|%2e){1,2}([/?]|$)/i.test(target)) words.push("--path-as-is");
  if (method !== "HEAD" && (method !== "GET" || body)) words.push("-X", method);
  for (const [name, value] of headers) words.push("-H", quote(value ? `${name}: ${value}` : `${name};`));
  if (body) {
    // Without a value curl leaves the header out; without the word it would say that this is a form.
    if (!headers.some(([name]) => name.toLowerCase() === "content-type")) words.push("-H", quote("Content-Type:"));
    words.push("--data-raw", quote(body));
  }
  words.push(quote(base.replace(/\/$/, "") + target));
  return words.join(" ");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
