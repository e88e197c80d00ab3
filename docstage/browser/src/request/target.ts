// A request's target ↔ what a reader sees of it: the path, and the parameters of the query, decoded.

export interface Parameter {
  readonly name: string;
  readonly value: string;
  /** How it is written in the target, for as long as nobody changes it: `a`, `a=` and `%61=` all read alike. */
  readonly raw?: string | undefined;
}

/** What of a path the URL standard writes percent-encoded (its path percent-encode set), a stray surrogate included. */
const NOT_IN_PATH = /[^!$-;=@-\]_a-z|~]/gu;
const NOT_IN_QUERY = /[^!$-;=?-~]/gu;

export function splitTarget(target: string): { readonly path: string; readonly parameters: Parameter[] } {
  const [path = "", ...rest] = target.split("?");
  const query = rest.join("?");
  const raws = query.split("&").filter(Boolean);
  // The `&` keeps a `?` at the beginning from being taken for the one that begins a query.
  const parameters = Array.from(new URLSearchParams(`&${query}`), ([name, value], index) => ({
    name,
    value,
    raw: raws[index],
  }));
  return { path, parameters };
}

/** Rows that nobody has filled in are left out. Blanks become `%20`, which every server reads, and not `+`. */
export function joinTarget(path: string, parameters: readonly Parameter[]): string {
  const query = parameters
    .filter(({ name, value, raw }) => name || value || raw)
    .map(({ name, value, raw }) => raw?.replace(NOT_IN_QUERY, encode) ?? `${encode(name)}=${encode(value)}`)
    .join("&");
  return path.trim().replace(NOT_IN_PATH, encode) + (query && `?${query}`);
}

function encode(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

/** The text, half a surrogate pair replaced by U+FFFD: no encoding can carry it. */
export function wellFormed(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}
