import type { Request } from "../run/backend";

/** The request as it reads in a `.http` file. */
export function requestText(request: Request): string {
  const head = [`${request.method} ${request.target}`, ...request.headers.map(([name, value]) => `${name}: ${value}`)];
  return head.join("\n") + (request.body ? `\n\n${bodyText(request)}` : "");
}

export function bodyText(request: Request): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(atob(request.body), (char) => char.charCodeAt(0)));
}
