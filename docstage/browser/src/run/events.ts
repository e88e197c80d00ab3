// The events of a run: the TypeScript side of docstage/run/events.py. `at` is seconds since the request.

export interface Log {
  readonly kind: "log";
  readonly at: number;
  readonly stream: "stdout" | "stderr" | "logging";
  readonly text: string;
  readonly level?: string;
  readonly logger?: string;
  readonly traceback?: string;
  readonly line?: number | null;
}

export interface Start {
  readonly kind: "start";
  readonly at: number;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

export interface Chunk {
  readonly kind: "chunk";
  readonly at: number;
  /** base64 */
  readonly body: string;
}

export interface Disconnect {
  readonly kind: "disconnect";
  readonly at: number;
}

export interface Limit {
  readonly kind: "limit";
  readonly at: number;
  readonly what: "seconds" | "events" | "bytes";
  readonly limit: number;
}

export interface Crash {
  readonly kind: "crash";
  readonly at: number;
  readonly phase: "import" | "startup" | "request" | "teardown" | "process";
  readonly message: string;
  readonly traceback?: string;
  readonly line?: number | null;
}

/** The last event of every run. */
export interface End {
  readonly kind: "end";
  readonly at: number;
  readonly complete: boolean;
}

export type RunEvent = Log | Start | Chunk | Disconnect | Limit | Crash | End;
