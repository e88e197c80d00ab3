// JSON Schema, as far as it helps to write a value: what is expected in words, what can be inserted, and what does
// not fit. Not a validator: keywords that are not read here forbid nothing, and the application has the last word.

import { type Member, type Span, scalarOf, type Value } from "./json-text";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: boolean | Schema;
  readonly prefixItems?: readonly Schema[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** Where a value is not as its schema has it. `path` is as servers report it: `$.boxes[1].kilograms`. */
export interface Misfit extends Span {
  readonly path: string;
  readonly text: string;
}

const DEEPEST = 20; // references and containers: schemas may refer to themselves

/** Schemas of one document, which refer to one another by its paths. */
export class Schemas {
  readonly #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  /** What a value may be: none of these is a reference or a choice. */
  alternatives(schema: Schema | boolean | undefined, depth = 0): Schema[] {
    if (schema === undefined || typeof schema === "boolean" || depth > DEEPEST) return [];
    const { $ref, ...own } = schema;
    if ($ref !== undefined) return this.alternatives(this.#find($ref), depth + 1).map((each) => ({ ...each, ...own }));
    const choices = schema.anyOf ?? schema.oneOf;
    return choices ? choices.flatMap((each) => this.alternatives(each, depth + 1)) : [schema];
  }

  /** What the children of `value` may be, by the alternatives that it can still be itself. */
  children(alternatives: readonly Schema[], value: Value, key: string | number): Schema[] {
    const fitting = this.fitting(alternatives, value);
    return (fitting.length ? fitting : alternatives).flatMap((each) => this.alternatives(child(each, key)));
  }

  /** The alternatives that are of the value's kind, and whose tags are those that it has. */
  fitting(alternatives: readonly Schema[], value: Value): Schema[] {
    return alternatives.filter((each) => isOfKind(each, value) && this.#tags(each).every((tag) => hasTag(value, tag)));
  }

  /** "integer, 1 to 100" */
  words(schema: Schema | boolean | undefined): string {
    return [...new Set(this.alternatives(schema).map((each) => this.#wordsOfOne(each)))].join(" or ") || "anything";
  }

  /** What could stand there, as JSON, where that is known. */
  choices(alternatives: readonly Schema[]): string[] {
    return [...new Set(alternatives.flatMap((each) => (allowed(each) ?? []).map((value) => JSON.stringify(value))))];
  }

  /** A value of this schema, with its required members only. */
  example(schema: Schema | boolean | undefined, depth = 0): unknown {
    const [first] = this.alternatives(schema);
    if (!first || depth > DEEPEST) return null;
    if (first.default !== undefined) return first.default;
    const values = allowed(first);
    if (values) return values[0];
    switch (kindOf(first)) {
      case "object":
        return Object.fromEntries(
          (first.required ?? []).map((name) => [name, this.example(first.properties?.[name], depth + 1)]),
        );
      case "array":
        return Array.from({ length: first.minItems ?? 0 }, (_, index) => this.example(child(first, index), depth + 1));
      case "integer":
      case "number":
        return first.minimum ?? (first.exclusiveMinimum === undefined ? 0 : first.exclusiveMinimum + 1);
      case "string":
        return "";
      default:
        return null;
    }
  }

  /** What of `value` does not fit, in the order of the text. */
  misfits(value: Value, alternatives: readonly Schema[], path = "$"): Misfit[] {
    if (!alternatives.length) return [];
    const misfit = (text: string, { from, to }: Span = value, where = path): Misfit => ({ path: where, text, from, to });
    const ofKind = alternatives.filter((each) => isOfKind(each, value));
    const fitting = this.fitting(ofKind, value);
    if (!ofKind.length) return [misfit(`expected ${this.words({ anyOf: alternatives })}`)];
    if (!fitting.length) {
      const tags = ofKind.flatMap((each) => this.#tags(each));
      const name = tags[0]?.[0] ?? "";
      const member = value.members.find((each) => each.name === name);
      const known = tags.map(([, tag]) => JSON.stringify(tag)).join(" or ");
      return [misfit(member ? `expected ${known}` : `missing: ${known}`, member?.value ?? brace(value), memberPath(path, name))];
    }
    const found = fitting.map((each) => {
      if (value.kind === "scalar") return isOf(each, scalarOf(value)) ? [] : [misfit(`expected ${this.#wordsOfOne(each)}`)];
      if (value.kind === "array") return this.#misfitsOfArray(value, each, path, misfit);
      return this.#misfitsOfObject(value, each, path, misfit);
    });
    return found.reduce((fewest, each) => (each.length < fewest.length ? each : fewest));
  }

  #misfitsOfArray(value: Value, schema: Schema, path: string, misfit: (text: string) => Misfit): Misfit[] {
    const { minItems = 0, maxItems = Infinity } = schema;
    const isFitting = value.items.length >= minItems && value.items.length <= maxItems;
    const items = value.items.flatMap((item, index) =>
      this.misfits(item, this.alternatives(child(schema, index)), `${path}[${index}]`),
    );
    return isFitting ? items : [misfit(`expected ${this.#wordsOfOne(schema)}`), ...items];
  }

  #misfitsOfObject(
    value: Value,
    schema: Schema,
    path: string,
    misfit: (text: string, at?: Span, path?: string) => Misfit,
  ): Misfit[] {
    const has = new Set(value.members.map(({ name }) => name));
    const missing = (schema.required ?? [])
      .filter((name) => !has.has(name))
      .map((name) => misfit("required, but missing", brace(value), memberPath(path, name)));
    const inside = value.members.flatMap((member: Member) => {
      const where = memberPath(path, member.name);
      const isKnown = schema.properties === undefined || Object.hasOwn(schema.properties, member.name);
      if (!isKnown && (schema.additionalProperties ?? true) === true) return [misfit("not in the schema", member, where)];
      if (!isKnown && schema.additionalProperties === false) return [misfit("unknown", member, where)];
      return member.value ? this.misfits(member.value, this.alternatives(child(schema, member.name)), where) : [];
    });
    return [...missing, ...inside];
  }

  /** Properties that distinguish the alternatives: each has a single value. */
  #tags({ properties = {}, required = [] }: Schema): [string, unknown][] {
    return required.flatMap((name) => {
      const [value, ...others] = this.alternatives(properties[name]).flatMap((each) => allowed(each) ?? [null, null]);
      return value !== undefined && !others.length ? [[name, value] as [string, unknown]] : [];
    });
  }

  #wordsOfOne(schema: Schema): string {
    const values = allowed(schema);
    const kind = kindOf(schema);
    if (values && kind !== "boolean") return values.map((value) => JSON.stringify(value)).join(", ");
    const items = kind === "array" && schema.items !== undefined ? ` of ${this.words(schema.items)}` : "";
    const name = kind === "object" ? (schema.title ?? kind) : (schema.format ?? kind ?? "anything");
    return [name + items, ...limits(schema)].join(", ");
  }

  #find(reference: string): Schema | undefined {
    const steps = reference.replace(/^#\//, "").split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    return steps.reduce<unknown>((here, step) => (here as Record<string, unknown> | undefined)?.[step], this.#document) as
      | Schema
      | undefined;
  }
}

/** Whether a value is one that the schema, which is neither a reference nor a choice, allows. `undefined` stands for invalid JSON. */
export function isOf(schema: Schema, value: unknown): boolean {
  if (value === undefined) return true;
  const values = allowed(schema);
  if (values && !values.includes(value)) return false;
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
    return value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;
  }
  if (typeof value === "string") {
    const length = [...value].length;
    return length >= (schema.minLength ?? 0) && length <= (schema.maxLength ?? Infinity) && isMatch(schema.pattern, value);
  }
  return true;
}

export function kindOf({ type }: Schema): string | undefined {
  return typeof type === "string" ? type : type?.find((each) => each !== "null");
}

/** The path of a member, as RFC 9535 has it: in brackets where its name would not read as one. */
function memberPath(path: string, name: string): string {
  return /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}['${name.replace(/[\\']/g, "\\$&")}']`;
}

function child(schema: Schema, key: string | number): Schema | boolean | undefined {
  if (typeof key === "number") return schema.prefixItems?.[key] ?? schema.items;
  return schema.properties?.[key] ?? schema.additionalProperties;
}

function allowed(schema: Schema): readonly unknown[] | undefined {
  if (schema.const !== undefined) return [schema.const];
  if (schema.enum) return schema.enum;
  if (schema.type === "boolean") return [true, false];
  return schema.type === "null" ? [null] : undefined;
}

function isOfKind(schema: Schema, value: Value): boolean {
  const { type } = schema;
  if (value.kind !== "scalar") return type === undefined ? !allowed(schema) : [type].flat().includes(value.kind);
  const scalar = scalarOf(value);
  if (scalar === undefined) return true;
  const kind = scalar === null ? "null" : typeof scalar;
  if (type === undefined) return allowed(schema)?.some((each) => typeof each === typeof scalar) ?? true;
  return [type].flat().some((each) => each === kind || (each === "integer" && Number.isInteger(scalar)));
}

function hasTag(value: Value, [name, tag]: readonly [string, unknown]): boolean {
  const member = value.members.find((each) => each.name === name)?.value;
  return member === undefined || scalarOf(member) === tag;
}

/** Where what an object lacks is marked. */
function brace({ from }: Value): Span {
  return { from, to: from + 1 };
}

function isMatch(pattern: string | undefined, text: string): boolean {
  try {
    return pattern === undefined || new RegExp(pattern, "u").test(text);
  } catch {
    return true; // another dialect
  }
}

function limits(schema: Schema): string[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern } = schema;
  const words: string[] = [];
  if (minimum !== undefined && maximum !== undefined) words.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined) words.push(`${minimum} or more`);
  else if (maximum !== undefined) words.push(`${maximum} or less`);
  if (exclusiveMinimum !== undefined) words.push(`more than ${exclusiveMinimum}`);
  if (exclusiveMaximum !== undefined) words.push(`less than ${exclusiveMaximum}`);
  for (const [least, most, unit] of [
    [schema.minLength, schema.maxLength, "character"],
    [schema.minItems, schema.maxItems, "item"],
  ] as const) {
    if (least !== undefined) words.push(`${plural(least, unit)} or more`);
    if (most !== undefined) words.push(`${plural(most, unit)} or less`);
  }
  if (pattern !== undefined) words.push(`like ${pattern}`);
  return words;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
