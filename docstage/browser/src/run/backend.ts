// Where a snippet can run. The block knows this interface and nothing behind it.

import type { RunEvent } from "./events";

export interface Request {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** base64 */
  readonly body: string;
}

export interface Job {
  /** "streaming.ndjson" */
  readonly snippet: string;
  /** "snippets.streaming.ndjson" */
  readonly module: string;
  /** The names that the application may have there. */
  readonly app: readonly string[];
  readonly request: Request;
  /** The reader's edited text, run in the module's place. Browser only. */
  readonly source?: string;
}

/** How far getting ready has come, in bytes; `total` is 0 where it is not known. */
export interface Progress {
  readonly step: string;
  readonly loaded: number;
  readonly total: number;
}

export interface Run {
  /** Ends with an `end` event, always: a failure of the backend itself comes as a `crash` (phase "process") before it. */
  readonly events: AsyncIterable<RunEvent>;
  /** Disconnects the client. Events continue until the app's teardown is done. */
  disconnect(): void;
  /** Ends the run and releases everything, now. */
  close(): void;
}

export interface Backend {
  readonly name: "browser" | "server";
  /**
   * Gets all that a run of the text `source` needs. Idempotent and cheap once done. Rejects with an Error whose message
   * a reader can act on.
   */
  prepare(source: string, progress: (progress: Progress) => void): Promise<void>;
  /** `wait` is called with what a run waits for, if there is something that a reader can change. */
  run(job: Job, wait: (reason: string) => void): Run;
}
