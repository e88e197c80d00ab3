// One live block: its controls, and what happens when they are pressed.

import type { Backend, Run } from "./backend";
import { backend, type BackendName, choice, config } from "./backends";
import { BASE } from "./base";
import { Code } from "./code";
import { button, el, setEnabled } from "./dom";
import type { End, RunEvent } from "./events";
import { OutputLog } from "./log";
import { curl } from "./request";
import { RequestLine } from "./request-line";
import { RowReader } from "./rows";
import { type Snippet, snippetOf } from "./snippet";
import { Status } from "./status";
import { Timeline } from "./timeline";

/** `recorded` before the first run; `stopping` while the app tears down; the last three when it has. */
type State = "recorded" | "loading" | "running" | "stopping" | "closed" | "stopped" | "failed";

const BUSY: ReadonlySet<State> = new Set(["loading", "running", "stopping"]);
const PLACES: Readonly<Record<BackendName, string>> = { browser: "in this browser", server: "on the server" };

/** One press of Run. */
class Attempt {
  readonly reader = new RowReader();
  where: BackendName = "browser";
  run: Run | undefined;
  failure: string | undefined;
  limit: string | undefined;
  status = 0;

  constructor(readonly edited: string | undefined) {}

  get place(): string {
    return (this.edited === undefined ? "" : "your code ") + PLACES[this.where];
  }
}

let ids = 0;

export class Block {
  readonly #root: HTMLElement;
  readonly #snippet: Snippet;
  readonly #id = `live-${++ids}`;
  readonly #code: Code;
  readonly #log = new OutputLog();
  readonly #timeline = new Timeline();
  readonly #status = new Status();
  readonly #request: RequestLine;
  readonly #where = el("fieldset", { class: "live-where", hidden: true });
  readonly #stop = button("Stop", () => this.#leave());
  readonly #reset = button("Reset", () => this.#restore(), "live-quiet");
  #state: State = "recorded";
  #attempt: Attempt | undefined;
  #hasServer = false;
  #unsubscribe: () => void = () => undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#snippet = snippetOf(root);
    this.#code = new Code(root, this.#snippet);
    this.#request = new RequestLine(this.#snippet, {
      id: this.#id,
      run: () => void this.#run(),
      chosen: () => this.#choose(),
      changed: () => this.#changed(),
      copyAsCurl: () => this.#copy(this.#curl(), "the command"),
      flash: (text) => this.#status.flash(text),
    });
    this.#build();
    this.#showRecording();
  }

  get isEdited(): boolean {
    return this.#code.edited !== undefined || this.#request.hasEdits;
  }

  /** The block's element is gone from the page: so is its reader. */
  dispose(): void {
    this.#unsubscribe();
    this.#abandon();
    this.#code.reset();
  }

  /** The site is served by the embedded server: let the reader choose. */
  offerServer(): void {
    if (this.#hasServer) return;
    this.#hasServer = true;
    const radios = (["browser", "server"] as const).map((name) => {
      const radio = el("input", { type: "radio", name: `${this.#id}-where`, value: name });
      radio.addEventListener("change", () => (choice.name = name));
      return radio;
    });
    const show = (): void => radios.forEach((radio) => (radio.checked = radio.value === choice.name));
    const [browser, server] = radios.map((radio, index) => el("label", {}, radio, index ? "Server" : "This browser"));
    this.#where.append(el("legend", {}, "Runs in"), browser ?? "", server ?? "");
    this.#where.hidden = false;
    this.#unsubscribe = choice.subscribe(show);
    show();
  }

  #build(): void {
    const edit = button("Edit", () => this.#edit(), "live-quiet");
    const copy = button("Copy", () => this.#copy(this.#code.text, "the code"), "live-quiet");
    this.#root.querySelector(".live-head")?.append(el("div", { class: "live-tools" }, edit, this.#reset, copy));

    const panel = el(
      "div",
      { class: "live-panel" },
      el(
        "div",
        { class: "live-bar" },
        button("Run", () => void this.#run(), "live-run"),
        this.#stop,
        this.#request.choice,
        this.#where,
      ),
      this.#request.element,
      this.#status.element,
      this.#timeline.element,
      this.#log.element,
    );
    this.#root.querySelector(".live-exchanges")?.replaceWith(panel);
  }

  #enter(state: State): void {
    this.#state = state;
    this.#root.dataset["state"] = state;
    setEnabled(this.#stop, state === "loading" || state === "running");
    setEnabled(this.#reset, state !== "recorded" || this.#code.isEditing || this.#request.hasEdits);
  }

  // Before a run, and after Reset.

  #choose(): void {
    this.#abandon();
    this.#code.unmark();
    this.#showRecording();
  }

  #showRecording(): void {
    const { exchange } = this.#request;
    const recorded = exchange?.recorded ?? [];
    const reader = new RowReader();
    const rows = recorded.flatMap((event) => reader.read(event));
    this.#log.show(rows);
    this.#timeline.clear(0);
    this.#timeline.add(rows);
    this.#enter("recorded");
    this.#sayRecorded();
  }

  #sayRecorded(): void {
    const { exchange, isEdited } = this.#request;
    const leaves = exchange?.disconnect_after;
    if (!exchange) this.#status.say("This example has no requests.");
    else if (!exchange.recorded.length) this.#status.say("Nothing has been recorded for this request yet. Press Run.");
    else if (isEdited) this.#status.say("Recorded output of the original request. Press Run to send yours.");
    else this.#status.say(`Recorded output.${leaves == null ? "" : ` In it, the reader leaves after ${leaves} s.`}`);
  }

  #changed(): void {
    this.#enter(this.#state);
    if (this.#state === "recorded") this.#sayRecorded();
  }

  #restore(): void {
    this.#abandon();
    this.#code.reset();
    this.#request.reset();
    this.#showRecording();
  }

  #edit(): void {
    const changed = (): void => setEnabled(this.#reset, true);
    this.#code.edit(() => void this.#run(), changed).then(changed, () => {
      this.#status.flash("The editor could not be loaded. Check the network and press Edit again.");
    });
  }

  // A run.

  async #run(): Promise<void> {
    const { exchange, request } = this.#request;
    if (!exchange || !request) return;
    this.#abandon();
    this.#code.unmark();
    const edited = this.#code.edited;
    const attempt = new Attempt(edited);
    this.#attempt = attempt;
    this.#log.begin();
    this.#timeline.clear(exchange.recorded.at(-1)?.at ?? 0);
    this.#enter("loading");
    // Only code of this site may run on the server.
    if (edited === undefined && (await config).server) attempt.where = choice.name;
    if (this.#attempt !== attempt) return;

    let chosen: Backend;
    try {
      chosen = await backend(attempt.where);
      await chosen.prepare((progress) => {
        if (this.#attempt === attempt && this.#state === "loading") this.#status.loading(progress);
      });
    } catch (error) {
      if (this.#attempt !== attempt) return;
      this.#enter("failed");
      this.#status.say(error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#attempt !== attempt) return;

    const { snippet, module } = this.#snippet;
    const job = { snippet, module, request };
    attempt.run = chosen.run(edited === undefined ? job : { ...job, source: edited });
    this.#enter("running");
    const aside = edited !== undefined && this.#hasServer ? " (edited code never runs on the server)" : "";
    this.#status.say(`Running ${attempt.place}${aside}`);
    for await (const event of attempt.run.events) {
      if (this.#attempt !== attempt) break;
      this.#take(attempt, event);
    }
  }

  #take(attempt: Attempt, event: RunEvent): void {
    const rows = attempt.reader.read(event);
    this.#log.append(rows);
    this.#timeline.add(rows);
    for (const { line } of rows) {
      if (line == null) continue;
      const number = this.#code.mark(line, attempt.edited !== undefined);
      attempt.failure ??= `an error in line ${number}`;
    }
    if (event.kind === "start") attempt.status = event.status;
    if (event.kind === "crash") attempt.failure = [attempt.failure, event.message].filter(Boolean).join(": ");
    if (event.kind === "limit") attempt.limit = "It went over a limit and was disconnected";
    if (event.kind === "disconnect") this.#stopping(attempt.limit ?? "Stopped");
    if (event.kind === "end") this.#finish(attempt, event);
  }

  #finish({ failure, limit, place, status }: Attempt, { at, complete }: End): void {
    const after = `after ${at.toFixed(2)} s, ${place}`;
    if (failure !== undefined) {
      this.#enter("failed");
      this.#status.say(`Failed ${after}: ${failure}`);
    } else if (this.#state === "stopping") {
      this.#enter("stopped");
      this.#status.say(`${limit ?? "Stopped"}. Torn down ${after}.`);
    } else if (!complete) {
      this.#enter("failed");
      this.#status.say(`Ended early ${after}: the response is incomplete.`);
    } else {
      this.#enter(status < 500 ? "closed" : "failed");
      this.#status.say(`${status < 400 ? "Closed" : `Answered with ${status}`} ${after}.`);
    }
  }

  /** Stop: the client leaves, and the block goes on showing what the app does about it. */
  #leave(): void {
    if (this.#state === "running") {
      this.#attempt?.run?.disconnect();
      this.#stopping("Stopped");
    } else if (this.#state === "loading") {
      this.#attempt = undefined;
      this.#showRecording();
    }
  }

  #stopping(why: string): void {
    this.#enter("stopping");
    this.#status.say(`${why}: waiting for the app's teardown`);
  }

  /** Nobody will look at this run any more. */
  #abandon(): void {
    if (BUSY.has(this.#state)) this.#attempt?.run?.close();
    this.#attempt = undefined;
  }

  // Copying.

  #curl(): string {
    const { snippet } = this.#snippet;
    const isOnServer = this.#hasServer && choice.name === "server";
    const base = isOnServer ? new URL(`live/app/${snippet}`, BASE).href : "http://127.0.0.1:8000";
    return this.#request.request ? curl(this.#request.request, base) : "";
  }

  #copy(text: string, what: string): void {
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    copied.then(
      () => this.#status.flash(`Copied ${what}.`),
      () => this.#status.flash("The browser does not let this page copy."),
    );
  }
}
