// What the worker runs on: fetched by the page, checked against the lock, and handed to the worker, which has an opaque
// origin and so may read nothing of the site by itself. Fetched once a page, so a restart needs no network.

import type { Progress } from "./backend";
import { type Lock, sizeOf } from "./lock";

/** Counts bytes as they arrive. */
export type Count = (bytes: number) => void;

const NO_WEBASSEMBLY =
  "this browser rejects its WebAssembly. Reload the page, allow WebAssembly for this site, or use a current browser.";

export class RuntimeFiles {
  readonly #assets: URL;
  readonly #lock: Lock;
  readonly #files = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  #wasm: Promise<WebAssembly.Module> | undefined;

  /** `assets` is the folder that docstage/bundle/bundle.py made, and `lock` is of it. */
  constructor(assets: URL, lock: Lock) {
    this.#assets = assets;
    this.#lock = lock;
  }

  /** The script of the worker. */
  async script(count: Count): Promise<string> {
    return new TextDecoder().decode(await this.#file(this.#lock.tool.live.worker, count));
  }

  /** Python's own WebAssembly, compiled while it arrives. */
  wasm(count: Count): Promise<WebAssembly.Module> {
    const path = this.#lock.tool.live.wasm;
    if (this.#wasm) return this.#known(path, this.#wasm, count);
    this.#wasm = this.#compile(path, count);
    this.#wasm.catch(() => {
      this.#wasm = undefined;
    });
    return this.#wasm;
  }

  /** The files at these paths below the assets, each by its URL. */
  async files(paths: readonly string[], count: Count): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
    return new Map(
      await Promise.all(
        paths.map(async (path) => [new URL(path, this.#assets).href, await this.#file(path, count)] as const),
      ),
    );
  }

  #file(path: string, count: Count): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#files.get(path);
    if (known) return this.#known(path, known, count);
    const file = this.#fetch(path).then((response) => this.#read(path, response, count));
    this.#files.set(path, file);
    file.catch(() => this.#files.delete(path));
    return file;
  }

  async #known<File>(path: string, file: Promise<File>, count: Count): Promise<File> {
    const known = await file;
    count(sizeOf(path, this.#lock));
    return known;
  }

  async #compile(path: string, count: Count): Promise<WebAssembly.Module> {
    const response = await this.#fetch(path);
    // A copy is read, so that the browser's cache of compiled WebAssembly still knows the original.
    const reading = this.#read(path, response.clone(), count);
    const compiled = WebAssembly.compileStreaming(response);
    // Which of the two fails first says little: a file that is not the right one does not compile.
    compiled.catch(() => undefined);
    const bytes = await reading;
    try {
      // Where the host has no media type for WebAssembly, or the browser does not compile what it streams.
      return await compiled.catch(() => WebAssembly.compile(bytes));
    } catch {
      throw new Error(NO_WEBASSEMBLY);
    }
  }

  async #fetch(path: string): Promise<Response> {
    const { href } = new URL(path, this.#assets);
    const response = await fetch(href).catch(() => {
      throw incomplete(href);
    });
    if (!response.ok) throw missing(href, response.status);
    return response;
  }

  async #read(path: string, response: Response, count: Count): Promise<Uint8Array<ArrayBuffer>> {
    const { href } = new URL(path, this.#assets);
    const expected = this.#lock.tool.live.files[path];
    if (!expected) throw new Error(`${path} is not in the lock of this site.`);
    const bytes = new Uint8Array(expected.size);
    let length = 0;
    const reader = response.body?.getReader();
    while (reader) {
      const { done, value } = await reader.read().catch(() => {
        throw incomplete(href);
      });
      if (done) break;
      if (length + value.byteLength > bytes.byteLength) throw other(href);
      bytes.set(value, length);
      length += value.byteLength;
      count(value.byteLength);
    }
    if (length < bytes.byteLength) throw incomplete(href);
    // Outside a secure context a browser neither digests nor keeps anything that could be wrong.
    if (isSecureContext && (await sha256(bytes)) !== expected.sha256) throw other(href);
    return bytes;
  }
}

/** Tells how far the loading of `title` has come, each time it is called with the bytes that have arrived. */
export function counter(title: string, total: number, progress: (progress: Progress) => void): Count {
  let loaded = 0;
  return (bytes) => {
    loaded = Math.min(loaded + bytes, total);
    progress({ step: `${loaded < total ? "Loading" : "Starting"} ${title}`, loaded, total });
  };
}

/** In hexadecimal digits. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function incomplete(url: string): Error {
  return new Error(`${url} was not downloaded completely. Check the connection and press Run again.`);
}

function missing(url: string, status: number): Error {
  return new Error(`${url} was not found (${status}): this site may have been updated. Reload the page and press Run again.`);
}

function other(url: string): Error {
  return new Error(`${url} does not match its hash in the lock file of this site. Reload the page and press Run again.`);
}
