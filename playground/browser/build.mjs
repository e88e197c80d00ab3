// Bundles the live block: node build.mjs OUTDIR EDITION, which src/edition.ts explains. Prints the bytes of each file it wrote, as JSON.

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
};

// What a page loads only when its reader asks for it. Each on its own, or the page would load what it has in common with
// live.js as one more file, before anyone asks.
const ASIDES = [
  "changes",
  "client",
  "drawn-rows",
  "earlier",
  "failing-line",
  "keep-offline",
  "more",
  "places",
  "raw",
  "reload",
  "replay",
  "request-panel",
  "timeline-cursor",
];

const asides = await build({
  ...common,
  entryPoints: ASIDES.map((name) => `src/${name}.ts`),
  entryNames: "[name]-[hash]",
});
const addresses = new Map(
  Object.keys(asides.metafile.outputs).map((path) => {
    const file = path.split("/").at(-1);
    return [file.replace(/-\w+\.js$/, ""), `./${file}`];
  }),
);
const asidesOnTheirOwn = {
  name: "asides-on-their-own",
  setup({ onResolve }) {
    const filter = new RegExp(`^\\./(${ASIDES.join("|")})$`);
    onResolve({ filter }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path: addresses.get(path.slice(2)), external: true } : undefined,
    );
  },
};

const results = await Promise.all([
  build({
    ...common,
    entryPoints: [
      { in: "src/main.ts", out: "live" },
      { in: "src/live.css", out: "live" },
    ],
    splitting: true,
    plugins: [asidesOnTheirOwn],
    // Next to live.js and not below it: base.ts counts on it.
    chunkNames: "[name]-[hash]",
  }),
  // On its own, or the page would load what the two have in common before anyone presses Run.
  build({
    ...common,
    entryPoints: ["src/worker.ts"],
    entryNames: "[name]-[hash]",
    // Pyodide asks for these where it runs in Node.
    external: ["node:*"],
  }),
  // A service worker is no module everywhere.
  build({ ...common, entryPoints: ["src/offline.ts"], format: "iife" }),
]);

const files = [asides, ...results].flatMap(({ metafile }) => Object.entries(metafile.outputs));
console.log(JSON.stringify(Object.fromEntries(files.map(([path, { bytes }]) => [path.split("/").at(-1), bytes])), null, 1));
