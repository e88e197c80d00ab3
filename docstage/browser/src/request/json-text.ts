// JSON while it is being written: parsed as far as possible, with the span of every name and value. No DOM and no schema.
// The editor's parser (@lezer/json) has no token for an unfinished string, which is where completion is needed most.

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The place is that of the name. */
export interface Member extends Span {
  readonly name: string;
  readonly value: Value | undefined;
}

export interface Value extends Span {
  readonly kind: "object" | "array" | "scalar";
  readonly text: string;
  readonly isClosed: boolean;
  readonly members: readonly Member[];
  readonly items: readonly Value[];
}

/** What is being written at some position: a member's name, or a value. The place is of what stands there already. */
export interface Spot extends Span {
  readonly kind: "name" | "value";
  /** From the outermost container inwards, and which part of it is meant. */
  readonly steps: readonly { readonly container: Value; readonly key: string | number }[];
  /** The object that a name is written in. */
  readonly object: Value | undefined;
  readonly isFollowedByColon: boolean;
}

interface Token extends Span {
  readonly text: string;
}

const TOKENS = /"(?:[^"\\\n]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The value that begins at `from`, if one does; what follows it is left out. */
export function read(text: string, from = 0, to = text.length): Value | undefined {
  return new Reader(text.slice(0, to), from).value();
}

/** The value of a scalar, or `undefined` while it is not valid JSON. */
export function scalarOf({ text }: Value): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The deepest value that a path such as `$.boxes[1].kilograms` leads to, and whether that is where it ends. */
export function follow(root: Value, path: string): { readonly value: Value; readonly name: Member | undefined; readonly isThere: boolean } {
  let here = { value: root, name: undefined as Member | undefined, isThere: true };
  for (const [, plain, index, quoted] of path.matchAll(/\.([\w-]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\[\.\.\.\]/g)) {
    const wanted = plain ?? quoted?.replace(/\\(.)/g, "$1");
    const name: Member | undefined = here.value.members.findLast((member) => member.name === wanted);
    const value = index === undefined ? name?.value : here.value.items[Number(index)];
    if (!value) return { ...here, isThere: false };
    here = { value, name, isThere: true };
  }
  return here;
}

/** What is written at `at`, or `undefined` where nothing can be. */
export function spotAt(root: Value | undefined, text: string, at: number): Spot | undefined {
  const steps: { container: Value; key: string | number }[] = [];
  const spot = (kind: "name" | "value", { from, to }: Span, object?: Value): Spot => {
    return { kind, steps, from, to, object, isFollowedByColon: /^\s*:/.test(text.slice(to)) };
  };
  const here = { from: at, to: at };
  if (!root) return text.trim() ? undefined : spot("value", here);
  for (let value = root; ; ) {
    if (value.kind === "scalar") return isInside(value, at) ? spot("value", value) : undefined;
    if (!isInside(value, at)) return undefined;
    const name = value.members.find(({ from, to }) => from <= at && at <= to);
    if (name) return spot("name", name, value);
    const children = value.kind === "object" ? value.members.map((each) => each.value) : value.items;
    const index = children.findIndex((child) => child && isInside(child, at));
    const child = children[index];
    if (child) {
      steps.push({ container: value, key: value.members[index]?.name ?? index });
      value = child;
      continue;
    }
    const before = text.slice(value.from, at).trimEnd().at(-1) ?? "";
    if (value.kind === "object" && "{,".includes(before)) return spot("name", here, value);
    const last = value.members.findLast(({ to }) => to <= at);
    const key = value.kind === "array" && "[,".includes(before) ? value.items.filter(({ to }) => to <= at).length : undefined;
    if (before === ":" && last) steps.push({ container: value, key: last.name });
    else if (key !== undefined) steps.push({ container: value, key });
    else return undefined;
    return spot("value", here);
  }
}

function isInside({ kind, from, to, isClosed }: Value, at: number): boolean {
  if (kind === "scalar") return from <= at && at <= to;
  return from < at && (at < to || !isClosed);
}

/** Passes over what is out of place, as half-written text has it. */
class Reader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#tokens = Array.from(text.slice(start).matchAll(TOKENS), ({ 0: found, index }) => {
      return { text: found, from: start + index, to: start + index + found.length };
    });
  }

  value(): Value | undefined {
    const token = this.#take();
    if (token === undefined) return undefined;
    if (token.text === "{") return this.#object(token);
    if (token.text === "[") return this.#array(token);
    return { ...token, kind: "scalar", isClosed: true, members: [], items: [] };
  }

  #object(open: Token): Value {
    const members: Member[] = [];
    for (let token = this.#take(); token; token = this.#take()) {
      if (token.text === "}") return this.#container("object", open, token, members, []);
      if ("]:,".includes(token.text)) continue;
      if ("{[".includes(token.text)) {
        this.#next--;
        this.value();
        continue;
      }
      let value: Value | undefined;
      if (this.#peek === ":") {
        this.#next++;
        if (!",:}]".includes(this.#peek)) value = this.value();
      }
      members.push({ name: nameOf(token.text), from: token.from, to: token.to, value });
    }
    return this.#container("object", open, undefined, members, []);
  }

  #array(open: Token): Value {
    const items: Value[] = [];
    for (let token = this.#take(); token; token = this.#take()) {
      if (token.text === "]") return this.#container("array", open, token, [], items);
      if ("}:,".includes(token.text)) continue;
      this.#next--;
      const item = this.value();
      if (item) items.push(item);
    }
    return this.#container("array", open, undefined, [], items);
  }

  #container(kind: "object" | "array", { from }: Token, close: Token | undefined, members: Member[], items: Value[]): Value {
    const to = close?.to ?? this.#text.length;
    return { kind, from, to, text: this.#text.slice(from, to), isClosed: close !== undefined, members, items };
  }

  get #peek(): string {
    return this.#tokens[this.#next]?.text ?? ",";
  }

  #take(): Token | undefined {
    return this.#tokens[this.#next++];
  }
}

function nameOf(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token.replace(/^"|"$/g, "");
  }
}
