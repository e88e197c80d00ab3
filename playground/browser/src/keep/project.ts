// An example as a project of its own, in a .zip: the module as it stands, what it needs, and one command to run it.

import { strToU8, type Zippable, zipSync } from "fflate";
import type { Request } from "../run/backend";
import { unloaded } from "../page/edition";
import { importsOf, packagesOf } from "../run/imports";
import { requestText } from "../request/request-text";
import type { Snippet } from "../run/snippet";
import { fetchLock, type Lock } from "../run/lock";

const BASE = "http://127.0.0.1:8000";
const SERVER = "uvicorn>=0.40";
/** What the browser has as packages of its own, and the project as files. */
const OURS = new Set(["jero", "playground", "snippets"]);

export interface Project {
  readonly snippet: Snippet;
  readonly source: string;
  /** What the reader has made of the snippet's requests, by their names. */
  readonly requests: Readonly<Record<string, Request>>;
}

/** Downloads the project. Rejects with a message for the reader. `assets` is where live.js lies. */
export async function download(project: Project, assets: URL): Promise<void> {
  const files = await filesOf(project, assets);
  const folder = nameOf(project.snippet);
  // Anyone's unzip reads it, and of text this short there is nothing to save.
  const archive = zipSync({ [folder]: files }, { level: 0 });
  const url = URL.createObjectURL(new Blob([archive as Uint8Array<ArrayBuffer>], { type: "application/zip" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${folder}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function filesOf({ snippet, source, requests }: Project, assets: URL): Promise<Zippable> {
  const [lock, wheel] = await fetchWheel(assets);
  const module = moduleOf(snippet);
  const file = lock.tool.live.wheel.split("/").at(-1) ?? "";
  const libraries = librariesOf(source, lock);
  return {
    [`${module}.py`]: strToU8(source.endsWith("\n") ? source : `${source}\n`),
    [`${module}.http`]: strToU8(httpFile(snippet, requests)),
    [file]: wheel,
    "pyproject.toml": strToU8(pyproject(snippet, libraries, file)),
    "README.md": strToU8(readme(snippet, libraries, file)),
  };
}

async function fetchWheel(assets: URL): Promise<readonly [Lock, Uint8Array]> {
  try {
    const lock = await fetchLock(new URL("pyodide-lock.json", assets));
    const response = await fetched(new URL(lock.tool.live.wheel, assets));
    return [lock, new Uint8Array(await response.arrayBuffer())];
  } catch {
    throw new Error(await unloaded("jero's wheel", "try"));
  }
}

async function fetched(url: URL): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href}: ${response.status}`);
  return response;
}

function moduleOf({ snippet }: Snippet): string {
  return snippet.split(".").at(-1) ?? "";
}

function nameOf({ snippet }: Snippet): string {
  return `jero-${snippet.replaceAll(/[._]/g, "-")}`;
}

/** Each request under its name, as the reader has it: what playground/snippet/http_file.py and the REST clients of editors read. */
function httpFile({ exchanges }: Snippet, requests: Readonly<Record<string, Request>>): string {
  const parts = exchanges.map(({ name, request, disconnect_after }) => {
    const asked = requests[name] ?? request;
    const leaves = disconnect_after === null ? "" : `# @disconnect-after ${disconnect_after}\n`;
    const text = requestText({ ...asked, target: BASE + asked.target });
    return `### ${name}\n${leaves}${text}\n`;
  });
  return parts.join("\n");
}

/** What the example imports besides jero and the standard library, no older than the site has it. */
function librariesOf(source: string, lock: Lock): string[] {
  const names = packagesOf(importsOf(source), lock).filter((name) => !OURS.has(name));
  return names.map((name) => `${name}>=${lock.packages[name]?.version}`);
}

function versionOf(wheel: string): string {
  return wheel.split("-")[1] ?? "";
}

function pyproject(snippet: Snippet, libraries: readonly string[], wheel: string): string {
  const needed = [`jero==${versionOf(wheel)}`, ...libraries, SERVER];
  return `[project]
name = "${nameOf(snippet)}"
version = "0.1.0"
requires-python = ">=3.13"
dependencies = [${needed.map((name) => `"${name}"`).join(", ")}]

[tool.uv]
package = false

[tool.uv.sources]
jero = { path = "${wheel}" }
`;
}

function readme(snippet: Snippet, libraries: readonly string[], wheel: string): string {
  const module = moduleOf(snippet);
  const others = [...libraries, SERVER].map((name) => `"${name}"`).join(" ");
  return `# ${nameOf(snippet)}

An example of jero's documentation, to run and to change. With uv:

    uv run uvicorn ${module}:app

It then answers at ${BASE}. \`${module}.http\` has the requests, for the REST client of your editor.

With pip, in a virtual environment of Python 3.13 or later:

    pip install ./${wheel} ${others}
    uvicorn ${module}:app

jero itself is the wheel beside this file.
`;
}
