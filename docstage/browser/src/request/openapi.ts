// What a snippet's application says of the requests that it takes: its OpenAPI document, made by docstage/pages/descriptions.py.

import { isOf, kindOf, type Schema, Schemas } from "./schema";

/** A parameter of the path or of the query, or a header. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

export interface Body {
  readonly mediaType: string;
  /** Of the whole, or of each line. */
  readonly schema: Schema | undefined;
}

export interface Operation {
  readonly method: string;
  /** `/depots/{depot}/parcels` */
  readonly template: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly body: Body | undefined;
}

/** A parameter in a path: its name, and what stands in it, as it is written. */
export interface PathParameter {
  readonly name: string;
  readonly raw: string;
  readonly from: number;
  readonly to: number;
}

interface MediaType {
  readonly schema?: Schema;
  readonly itemSchema?: Schema;
}

interface OperationObject {
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content?: Readonly<Record<string, MediaType>> };
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}

interface SecurityScheme {
  readonly type: string;
  readonly scheme?: string;
  readonly in?: string;
  readonly name?: string;
  readonly description?: string;
}

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, SecurityScheme>> };
}

const METHODS = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"]);

export class API {
  readonly schemas: Schemas;
  readonly operations: readonly Operation[];

  constructor(document: unknown) {
    const { paths = {}, components } = document as Document;
    this.schemas = new Schemas(document);
    this.operations = Object.entries(paths).flatMap(([template, item]) =>
      Object.entries(item)
        .filter(([method]) => METHODS.has(method))
        .map(([method, operation]) => read(template, method, operation, components?.securitySchemes ?? {})),
    );
  }

  /** The operations of the path: those of the one template that says most of it literally. */
  at(path: string): readonly Operation[] {
    const templates = [...new Set(this.operations.map(({ template }) => template))];
    const [best] = templates.filter((template) => pathParametersOf(template, path)).sort(byLiteralParts);
    return this.operations.filter(({ template }) => template === best);
  }

  /** "integer, 1 to 100, default 20. How many to find." */
  about({ schema, description }: Parameter): string {
    const [own] = this.schemas.alternatives(schema);
    const unset = schema?.default ?? own?.default;
    const said = unset === undefined || unset === "" ? "" : `, default ${text(unset)}`;
    // Its values are written without the quotes that JSON has.
    const words = this.schemas.words(schema).replaceAll('"', "") + said;
    return description ? `${words}. ${description}` : words;
  }

  /** What the value of a parameter can be, where that is known. */
  choices({ schema }: Parameter): string[] {
    return this.schemas.choices(this.#items(schema)).map((json) => text(JSON.parse(json)));
  }

  isNumeric({ schema }: Parameter): boolean {
    const items = this.#items(schema);
    return items.length > 0 && items.every((each) => kindOf(each) === "integer");
  }

  /** Whether a parameter, which is text, is as its schema has it. Formats are for the application to judge. */
  isFitting({ schema }: Parameter, value: string): boolean {
    const items = this.#items(schema);
    return !items.length || items.some((each) => isText(each, value));
  }

  #items(schema: Schema | undefined): Schema[] {
    return this.schemas.alternatives(schema).flatMap((each) => {
      return kindOf(each) === "array" ? this.schemas.alternatives(each.items) : [each];
    });
  }
}

/** The parameters in a path that is of this template. */
export function pathParametersOf(template: string, path: string): PathParameter[] | undefined {
  const names: string[] = [];
  const pattern = template.split(/(\{[^}]*\})/).map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.*+?^$()|[\]\\{}]/g, "\\$&");
    names.push(part.slice(1, -1));
    return "([^/]*)";
  });
  const found = new RegExp(`^${pattern.join("")}$`, "d").exec(path);
  return found?.slice(1).map((raw, index) => {
    const [from, to] = found.indices?.[index + 1] ?? [0, 0];
    return { name: names[index] ?? "", raw, from, to };
  });
}

function read(
  template: string,
  method: string,
  { summary = "", parameters = [], requestBody, security = [] }: OperationObject,
  schemes: Readonly<Record<string, SecurityScheme>>,
): Operation {
  const [first] = Object.entries(requestBody?.content ?? {});
  const body = first && { mediaType: first[0], schema: first[1].itemSchema ?? first[1].schema };
  const own = security.flatMap((each) => Object.keys(each)).flatMap((name) => fieldOf(schemes[name]));
  const type = first && {
    name: "Content-Type",
    in: "header",
    required: requestBody?.required ?? false,
    schema: { enum: Object.keys(requestBody?.content ?? {}) },
  };
  return { method: method.toUpperCase(), template, summary, body, parameters: [...parameters, ...own, ...(type ? [type] : [])] };
}

/** Where a client says who it is. */
function fieldOf(scheme: SecurityScheme | undefined): Parameter[] {
  if (scheme === undefined) return [];
  const { type, name = "", in: place = "", description } = scheme;
  const more = { required: true, ...(description !== undefined && { description }) };
  if (type === "apiKey") return [{ name, in: place, schema: { type: "string" }, ...more }];
  if (type !== "http") return [];
  const prefix = `${(scheme.scheme ?? "").replace(/^./, (letter) => letter.toUpperCase())} `;
  return [{ name: "Authorization", in: "header", schema: { type: "string", pattern: `^${prefix}` }, ...more }];
}

function byLiteralParts(one: string, other: string): number {
  const [own, others] = [one, other].map((each) => each.split("/").map((part) => Number(part.includes("{"))));
  const at = own?.findIndex((part, index) => part !== others?.[index]) ?? -1;
  return at < 0 ? 0 : (own?.[at] ?? 0) - (others?.[at] ?? 0);
}

function isText(schema: Schema, value: string): boolean {
  switch (kindOf(schema)) {
    case "integer":
      return /^[+-]?\d+$/.test(value.trim()) && isOf(schema, Number(value));
    case "number":
      return value.trim() !== "" && Number.isFinite(Number(value)) && isOf(schema, Number(value));
    case "boolean":
      return /^(true|false|1|0)$/i.test(value);
    default:
      return schema.enum?.includes(Number(value)) || isOf(schema, value);
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
