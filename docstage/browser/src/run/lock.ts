// What docstage/bundle/bundle.py says of one build of the site's Python: pyodide-lock.json.

/** Pyodide's own part of it is left to Pyodide. */
export interface Lock {
  readonly packages: Readonly<Record<string, Package>>;
  readonly tool: {
    readonly live: {
      /** Of the scripts of the live block: see edition.ts. */
      readonly edition: string;
      /** The script of the worker. It and the next three are paths below the assets. */
      readonly worker: string;
      readonly wasm: string;
      readonly stdlib: string;
      /** The name of the project whose site this is, as packages are named. */
      readonly project: string;
      /** The versions of Python that it supports, such as ">=3.11". */
      readonly requires_python: string;
      /** The project's own wheel, to be installed by any of these, if the site has it. */
      readonly wheel: string | null;
      /** The packages that are no libraries: the project's own, that of its snippets, and docstage. */
      readonly own: readonly string[];
      /** All that Python can be made of, by its path. */
      readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>;
      /** The packages that are loaded for code that imports them only. */
      readonly on_demand: readonly string[];
    };
  };
}

interface Package {
  readonly version: string;
  readonly file_name: string;
  readonly imports: readonly string[];
  readonly depends: readonly string[];
}

export async function fetchLock(url: URL): Promise<Lock> {
  const response = await fetch(url, { cache: "no-cache" }).catch(() => {
    throw new Error(`${url.href} could not be downloaded. Check the connection and press Run again.`);
  });
  if (!response.ok) {
    throw new Error(`${url.href} was not found (${response.status}). Is the site built with its live assets?`);
  }
  return (await response.json()) as Lock;
}

export function packagesAtStart({ packages, tool }: Lock): string[] {
  return Object.keys(packages).filter((name) => !tool.live.on_demand.includes(name));
}

export function pathsAtStart(lock: Lock): string[] {
  return [lock.tool.live.stdlib, ...packagesAtStart(lock).map((name) => pathOf(name, lock))];
}

export function pathOf(name: string, { packages }: Lock): string {
  return packages[name]?.file_name ?? "";
}

export function sizeOf(path: string, { tool }: Lock): number {
  return tool.live.files[path]?.size ?? 0;
}
