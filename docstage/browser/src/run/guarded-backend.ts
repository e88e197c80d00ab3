// The browser's backend, with messages where the browser lacks what it needs.

import type { Backend, Job, Progress, Run } from "./backend";
import { BrowserBackend } from "./browser-backend";

/** A reader who has seen nothing happen for so long should know what may be wrong … */
const LONG = 1_000; // ms
/** … and after so long nothing will come. */
const TOO_LONG = 30_000; // ms

export class GuardedBrowserBackend implements Backend {
  readonly name = "browser";
  readonly #backend: BrowserBackend;
  readonly #instead: string;
  #isHere = false;
  #heard: () => void = () => undefined;

  /** `instead` is what a reader can do whose browser cannot; for the others see `BrowserBackend`. */
  constructor(assets: URL, onReady: (files: readonly string[]) => void, instead: string) {
    this.#backend = new BrowserBackend(assets, onReady, () => {
      this.#isHere = true;
      this.#heard();
    });
    this.#instead = instead;
  }

  async prepare(source: string, progress: (progress: Progress) => void): Promise<void> {
    if (this.#isHere) return this.#backend.prepare(source, progress);
    const lack = lackOfBrowser();
    if (lack) throw new Error(`This browser cannot run Python: ${lack}. To run the example, ${this.#instead}`);
    const step = `Python has not responded yet. If this continues, ${this.#instead}`;
    const timers: ReturnType<typeof setTimeout>[] = [];
    const rest = (): void => {
      for (const timer of timers.splice(0)) clearTimeout(timer);
    };
    let giveUp: () => void = () => undefined;
    const silence = new Promise<never>((_, reject) => {
      const error = new Error(`Python does not respond in this browser. To run the example, ${this.#instead}`);
      giveUp = () => reject(error);
    });
    // While files arrive the network is what takes long, and not the worker.
    const listen = (): void => {
      rest();
      if (this.#isHere) return;
      timers.push(setTimeout(() => progress({ step, loaded: 0, total: 0 }), LONG), setTimeout(giveUp, TOO_LONG));
    };
    this.#heard = rest;
    listen();
    const ready = this.#backend.prepare(source, (step) => {
      listen();
      progress(step);
    });
    try {
      await Promise.race([ready, silence]);
    } finally {
      rest();
    }
  }

  run(job: Job): Run {
    return this.#backend.run(job);
  }
}

function lackOfBrowser(): string | undefined {
  if (typeof WebAssembly === "undefined") return "WebAssembly is missing, or blocked for this site";
  if (!takesModuleWorkers()) return "module workers are missing, or blocked for this site";
  return undefined;
}

/** A browser without module workers starts others, and never reads which kind is wanted. */
function takesModuleWorkers(): boolean {
  let isRead = false;
  const options = {
    get type(): WorkerType {
      isRead = true;
      return "module";
    },
  };
  try {
    new Worker("data:text/javascript,", options).terminate();
  } catch {
    // It cannot be started from such an address, which says nothing of others.
  }
  return isRead;
}
