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

export interface Project {
  readonly snippet: Snippet;
  readonly source: string;
  /** What the reader has made of the snippet's requests, by their names. */
  readonly requests: Readonly<Record<string, Request>>;
}

/** Downloads the project. Rejects with a message for the reader. `assets` is where live.js lies. */
export async function download(project: Project, assets: URL): Promise<void> {
  const [lock, wheel] = await fetchWheel(assets);
  const folder = nameOf(project.snippet, lock);
  // Anyone's unzip reads it, and of text this short there is nothing to save.
  const archive = zipSync({ [folder]: filesOf(project, lock, wheel) }, { level: 0 });
  const url = URL.createObjectURL(new Blob([archive as Uint8Array<ArrayBuffer>], { type: "application/zip" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${folder}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function filesOf({ snippet, source, requests }: Project, lock: Lock, wheel: Uint8Array | undefined): Zippable {
  const module = moduleOf(snippet);
  const about: About = {
    snippet,
    lock,
    libraries: librariesOf(source, lock),
    wheel: lock.tool.live.wheel?.split("/").at(-1),
    command: commandOf(snippet, source),
  };
  return {
    [`${module}.py`]: strToU8(source.endsWith("\n") ? source : `${source}\n`),
    [`${module}.http`]: strToU8(httpFile(snippet, requests)),
    ...(about.wheel !== undefined && wheel && { [about.wheel]: wheel }),
    "pyproject.toml": strToU8(pyproject(about)),
    "README.md": strToU8(readme(about)),
  };
}

interface About {
  readonly snippet: Snippet;
  readonly lock: Lock;
  readonly libraries: readonly string[];
  /** The file of the project's own wheel. */
  readonly wheel: string | undefined;
  readonly command: string;
}

async function fetchWheel(assets: URL): Promise<readonly [Lock, Uint8Array | undefined]> {
  try {
    const lock = await fetchLock(new URL("pyodide-lock.json", assets));
    const { wheel } = lock.tool.live;
    if (wheel === null) return [lock, undefined];
    const response = await fetched(new URL(wheel, assets));
    return [lock, new Uint8Array(await response.arrayBuffer())];
  } catch {
    throw new Error(await unloaded("The project's wheel", "try"));
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

function nameOf({ snippet }: Snippet, { tool }: Lock): string {
  return `${tool.live.project}-${snippet.replaceAll(/[._]/g, "-")}`;
}

/** How uvicorn is told of the application: the first of its possible names that the module has. */
function commandOf(snippet: Snippet, source: string): string {
  const names = snippet.app.map((name) => name.replace("()", ""));
  const found = names.findIndex((name) => new RegExp(`^(?:(?:async )?def |class )?${name}\\b`, "m").test(source));
  const name = snippet.app[Math.max(found, 0)] ?? "app";
  const factory = name.endsWith("()") ? "--factory " : "";
  return `uvicorn ${factory}${moduleOf(snippet)}:${name.replace("()", "")}`;
}

/** Each request under its name, as the reader has it: what docstage/snippet/http_file.py and the REST clients of editors read. */
function httpFile({ exchanges }: Snippet, requests: Readonly<Record<string, Request>>): string {
  const parts = exchanges.map(({ name, request, disconnect_after }) => {
    const asked = requests[name] ?? request;
    const leaves = disconnect_after === null ? "" : `# @disconnect-after ${disconnect_after}\n`;
    const text = requestText({ ...asked, target: BASE + asked.target });
    return `### ${name}\n${leaves}${text}\n`;
  });
  return parts.join("\n");
}

/** What the example imports besides the project and the standard library, no older than the site has it. */
function librariesOf(source: string, lock: Lock): string[] {
  const { own } = lock.tool.live;
  const names = packagesOf(importsOf(source), lock).filter((name) => !own.includes(name));
  return names.map((name) => `${name}>=${lock.packages[name]?.version}`);
}

/** The project itself, if snippets import it: its wheel, or what the package index has. */
function ownOf({ lock, wheel }: About): string[] {
  const { project } = lock.tool.live;
  if (wheel !== undefined) return [`${project}==${wheel.split("-")[1] ?? ""}`];
  const known = lock.packages[project];
  return known ? [`${project}>=${known.version}`] : [];
}

function pyproject(about: About): string {
  const { snippet, lock, libraries, wheel } = about;
  const needed = [...ownOf(about), ...libraries, SERVER];
  const sources = wheel === undefined ? "" : `\n[tool.uv.sources]\n${lock.tool.live.project} = { path = "${wheel}" }\n`;
  return `[project]
name = "${nameOf(snippet, lock)}"
version = "0.1.0"
requires-python = "${lock.tool.live.requires_python}"
dependencies = [${needed.map((name) => `"${name}"`).join(", ")}]

[tool.uv]
package = false
${sources}`;
}

function readme(about: About): string {
  const { snippet, lock, libraries, wheel, command } = about;
  const { project, requires_python } = lock.tool.live;
  const own = wheel === undefined ? ownOf(about).map((name) => `"${name}"`) : [`./${wheel}`];
  const needed = [...own, ...[...libraries, SERVER].map((name) => `"${name}"`)].join(" ");
  const beside = wheel === undefined ? "" : `\n${project} itself is the wheel beside this file.\n`;
  return `# ${nameOf(snippet, lock)}

An example of ${project}'s documentation, to run and to change. With uv:

    uv run ${command}

It then answers at ${BASE}. \`${moduleOf(snippet)}.http\` has the requests, for the REST client of your editor.

With pip, in a virtual environment of Python ${requires_python.replace(/^>=\s*([\d.]+)$/, "$1 or later")}:

    pip install ${needed}
    ${command}
${beside}`;
}
