import type { Request } from "./backend";

/** A command for a POSIX shell that sends `request` below `base` and prints what comes at once. */
export function curl(request: Request, base: string): string {
  const words = ["curl", request.method === "HEAD" ? "-I" : "-N"];
  if (request.method !== "HEAD" && request.method !== "GET") words.push("-X", request.method);
  for (const [name, value] of request.headers) words.push("-H", quote(`${name}: ${value}`));
  if (request.body) words.push("--data-raw", quote(bodyText(request)));
  words.push(quote(base.replace(/\/$/, "") + request.target));
  return words.join(" ");
}

/** The request as it reads in a `.http` file. */
export function requestText(request: Request): string {
  const head = [`${request.method} ${request.target}`, ...request.headers.map(([name, value]) => `${name}: ${value}`)];
  return head.join("\n") + (request.body ? `\n\n${bodyText(request)}` : "");
}

function bodyText(request: Request): string {
  return new TextDecoder().decode(Uint8Array.from(atob(request.body), (char) => char.charCodeAt(0)));
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
