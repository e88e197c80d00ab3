// What a Python module imports, read off its text without running it, and which packages that takes.

import type { Lock } from "./lock";

const IMPORT = /(?:^|[:;])[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([^;#\n]+))/gm;

/** The modules that `source` imports, with their dots: `["fastapi.sse", "asyncio"]`. */
export function importsOf(source: string): string[] {
  const found = Array.from(source.matchAll(IMPORT), ([, module, several = ""]) => module ?? several);
  return found.flatMap((names) => names.split(",")).map((name) => name.trim().split(/\s/, 1)[0] ?? "");
}

/** The packages of the lock that these modules are in. */
export function packagesOf(modules: readonly string[], { packages }: Lock): string[] {
  const tops = new Set(modules.map((module) => module.split(".", 1)[0]));
  return Object.keys(packages).filter((name) => packages[name]?.imports.some((top) => tops.has(top)));
}

/** These packages of the lock, and all that they need. */
export function withDependencies(names: readonly string[], { packages }: Lock): string[] {
  const all = new Set(names);
  // What is added on the way is visited, too.
  for (const name of all) for (const needed of packages[name]?.depends ?? []) all.add(needed);
  return [...all];
}
