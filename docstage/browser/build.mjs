// Bundles the live block: node build.mjs OUTDIR EDITION, which src/page/edition.ts explains. Prints the bytes of each file it wrote, as JSON.

import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const common = {
  absWorkingDir: here("."),
  outdir: process.argv[2] ?? here("../../docs/assets/live"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  define: { EDITION: JSON.stringify(process.argv[3] ?? "") },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  // All next to live.js and not below it: base.ts counts on it.
  entryNames: "[name]-[hash]",
};

// What a page loads when its reader does something, one file a subject. Each has a copy of the little that it has in
// common with the others, so that it is fetched at once; what the two editors have in common is most of them.
const LATER = ["run/browser", "run/server", "output/views", "keep/autosave", "keep/menu"];
const EDITORS = ["code/editor", "request/request-panel"];
const paths = (names) => names.map((name) => `src/${name}.ts`);
const later = await Promise.all([
  build({ ...common, entryPoints: paths(LATER) }),
  build({ ...common, entryPoints: paths(EDITORS), splitting: true, chunkNames: "codemirror-[hash]" }),
]);
const addresses = new Map(
  later
    .flatMap(({ metafile }) => Object.entries(metafile.outputs))
    .filter(([, { entryPoint }]) => entryPoint)
    .map(([path, { entryPoint }]) => [here(entryPoint), `./${path.split("/").at(-1)}`]),
);

// In live.js, their addresses stand in for them.
const asAddresses = {
  name: "as-addresses",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\./ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== "dynamic-import" || pluginData === "resolved") return undefined;
      const found = await resolve(path, { kind, resolveDir, pluginData: "resolved" });
      const address = addresses.get(found.path);
      if (!address) return { errors: [{ text: `${path} is loaded later: name it in build.mjs` }] };
      return { path: address, external: true };
    });
  },
};

const results = await Promise.all([
  build({ ...common, entryPoints: ["src/main.ts"], entryNames: "live", plugins: [asAddresses] }),
  build({ ...common, entryPoints: ["src/live.css"], entryNames: "live" }),
  // One file, because it starts from its text alone. Pyodide asks for Node's modules where it runs in Node.
  build({ ...common, entryPoints: ["src/run/worker.ts"], external: ["node:*"] }),
  // Not every browser supports module service workers.
  build({ ...common, entryPoints: ["src/run/offline.ts"], entryNames: "offline", format: "iife" }),
]);

const files = [...later, ...results].flatMap(({ metafile }) => Object.entries(metafile.outputs));
console.log(JSON.stringify(Object.fromEntries(files.map(([path, { bytes }]) => [path.split("/").at(-1), bytes])), null, 1));
