// Runs a Python file in Pyodide, as `__main__`, with a folder of this machine mounted at /work.
//   node compile.mjs LOADER FILE FOLDER

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [loader, file, folder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(loader));
const pyodide = await loadPyodide();
pyodide.mountNodeFS("/work", folder);
pyodide.runPython(await readFile(file, "utf8"), { filename: file });
