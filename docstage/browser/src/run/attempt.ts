// One press of Run, and what is known of it so far.

import type { Run } from "./backend";
import type { BackendName } from "./backends";
import type { RunEvent } from "./events";

const WHERE: Readonly<Record<BackendName, string>> = { browser: "in this browser", server: "on the server" };

export class Attempt {
  where: BackendName = "browser";
  run: Run | undefined;
  failure: string | undefined;
  limit: string | undefined;
  status = 0;
  /** Whether the status shows what it waits for. */
  isWaiting = false;
  /** The events of an error response. */
  readonly answer: RunEvent[] = [];

  constructor(readonly edited: string | undefined) {}

  get place(): string {
    return (this.edited === undefined ? "" : "your code ") + WHERE[this.where];
  }
}
