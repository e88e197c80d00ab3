// Bundles the live block: node build.mjs OUTDIR. Prints the bytes of each file it wrote, as JSON.

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
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

// On its own, or the page would load what it has in common with live.js as a third file, before anyone presses Edit request.
const panel = await build({
  ...common,
  entryPoints: ["src/request-panel.ts"],
  entryNames: "[name]-[hash]",
});
const [panelPath] = Object.keys(panel.metafile.outputs);
const panelOnItsOwn = {
  name: "panel-on-its-own",
  setup({ onResolve }) {
    const path = `./${panelPath.split("/").at(-1)}`;
    onResolve({ filter: /^\.\/request-panel$/ }, () => ({ path, external: true }));
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
    plugins: [panelOnItsOwn],
    // Next to live.js and not below it: base.ts counts on it.
    chunkNames: "[name]-[hash]",
  }),
  // On its own, or the page would load what the two have in common before anyone presses Run.
  build({
    ...common,
    entryPoints: [{ in: "src/worker.ts", out: "worker" }],
    // Pyodide asks for these where it runs in Node.
    external: ["node:*"],
  }),
]);

const files = [panel, ...results].flatMap(({ metafile }) => Object.entries(metafile.outputs));
console.log(JSON.stringify(Object.fromEntries(files.map(([path, { bytes }]) => [path.split("/").at(-1), bytes])), null, 1));
