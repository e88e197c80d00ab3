// One live block: its controls, and what happens when they are pressed.

import { Attempt } from "./run/attempt";
import type { Backend } from "./run/backend";
import { backend, type BackendName, choice, config } from "./run/backends";
import { BASE } from "./page/base";
import type { Autosave } from "./keep/autosave";
import { Code } from "./code/code";
import { button, el, setEnabled } from "./page/dom";
import { unloaded } from "./page/edition";
import type { Edits } from "./keep/edits";
import type { End, RunEvent } from "./run/events";
import type { Menu } from "./keep/menu";
import { Output, type View } from "./output/output";
import { faultsOf } from "./request/problem";
import { RequestLine } from "./request/request-line";
import { hasEdits } from "./keep/keys";
import { type Snippet, snippetOf } from "./run/snippet";
import { Status } from "./run/status";

/** `recorded` before the first run; `stopping` while the app tears down; the last three when it has. */
type State = "recorded" | "loading" | "running" | "stopping" | "closed" | "stopped" | "failed";

const BUSY: ReadonlySet<State> = new Set(["loading", "running", "stopping"]);

let ids = 0;

export class Block {
  readonly #root: HTMLElement;
  readonly #snippet: Snippet;
  readonly #head: HTMLElement;
  readonly #recordings: HTMLElement;
  readonly #id = `live-${++ids}`;
  readonly #code: Code;
  readonly #output: Output;
  readonly #status = new Status();
  readonly #request: RequestLine;
  readonly #where = el("fieldset", { class: "live-where", hidden: true });
  readonly #stop = button("Stop", () => this.#leave());
  readonly #more = button("More", () => void this.#showMore(), "live-quiet live-disclosure");
  #menu: Menu | undefined;
  readonly #reset = button("Reset", () => this.#restore(), "live-quiet");
  #autosave: Autosave | undefined;
  #state: State = "recorded";
  #attempt: Attempt | undefined;
  #hasServer = false;
  #unsubscribe: () => void = () => undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#snippet = snippetOf(root);
    this.#head = root.querySelector<HTMLElement>(".live-head") ?? root;
    this.#recordings = root.querySelector<HTMLElement>(".live-exchanges") ?? el("div");
    this.#code = new Code(root, this.#snippet);
    this.#request = new RequestLine(this.#snippet, {
      id: this.#id,
      run: () => void this.#run(),
      chosen: () => this.#choose(),
      changed: () => this.#changed(),
      readied: () => this.#loadAutosave(),
      copyAsCurl: () => void this.#copyCurl(),
      flash: (text) => this.#status.flash(text),
    });
    this.#output = new Output({
      id: this.#id,
      client: () => this.#client(),
      flash: (text) => this.#status.flash(text),
    });
    this.#build();
    this.#showRecording();
    if (hasEdits(this.#snippet)) void this.#withAutosave((autosave) => autosave.bringBack());
  }

  get name(): string {
    return this.#snippet.block;
  }

  get isEdited(): boolean {
    return this.#code.edited !== undefined || this.#request.hasEdits;
  }

  /** The block's element was removed from the page. */
  dispose(): void {
    this.#unsubscribe();
    this.#abandon();
    this.#code.reset();
  }

  /** The site is served by the embedded server: offer the choice of backend. */
  async offerServer(): Promise<void> {
    if (this.#hasServer) return;
    this.#hasServer = true;
    const { offerBackends } = await import("./run/server");
    if (this.#root.isConnected) this.#unsubscribe = offerBackends(this.#where, this.#id, choice, () => this.#output.changed());
  }

  #build(): void {
    const edit = button("Edit", () => this.#edit(), "live-quiet");
    const more = el("div", { class: "live-menu" }, this.#more);
    this.#more.setAttribute("aria-expanded", "false");
    this.#head.append(el("div", { class: "live-tools" }, edit, this.#reset, more));

    const run = button("Run", () => void this.#run(), "live-run");
    for (const sign of ["pointerenter", "focus"]) run.addEventListener(sign, () => void this.#getReady(), { once: true });
    const panel = el(
      "div",
      { class: "live-panel" },
      el(
        "div",
        { class: "live-bar" },
        run,
        this.#stop,
        this.#request.choice,
        this.#where,
      ),
      this.#request.element,
      this.#status.element,
      this.#output.element,
    );
    this.#status.element.append(this.#request.offer);
    this.#recordings.replaceWith(panel);
  }

  #enter(state: State): void {
    this.#state = state;
    this.#root.dataset["state"] = state;
    this.#request.setCodeEdited(this.#code.edited !== undefined);
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
    this.#output.show(exchange?.recorded ?? [], this.#recordedRows(exchange?.name));
    this.#output.title = "recorded";
    this.#enter("recorded");
    this.#sayRecorded();
  }

  /** The rows that the page shows without script, too. */
  #recordedRows(name: string | undefined): HTMLElement[] {
    const recordings = [...this.#recordings.querySelectorAll<HTMLElement>(".live-exchange")];
    const rows = recordings.find(({ dataset }) => dataset["request"] === name)?.querySelectorAll<HTMLElement>(".live-row");
    return Array.from(rows ?? [], (row) => row.cloneNode(true) as HTMLElement);
  }

  #sayRecorded(): void {
    const { exchange, isEdited } = this.#request;
    const leaves = exchange?.disconnect_after;
    const isCode = this.#code.edited !== undefined;
    if (!exchange) this.#status.say("This example has no requests.");
    else if (!exchange.recorded.length) this.#status.say("There is no recorded output for this request yet. Press Run.");
    else if (isCode) this.#status.say("Recorded output of the original code. Press Run to run your version.");
    else if (isEdited) this.#status.say("Recorded output of the original request. Press Run to send yours.");
    else this.#status.say(`Recorded output.${leaves == null ? "" : ` The client disconnects after ${leaves} s.`}`);
  }

  /** The reader has changed the code or a request. */
  #changed(): void {
    this.#enter(this.#state);
    if (this.#state === "recorded") this.#sayRecorded();
    this.#output.changed();
    if (this.#autosave) this.#autosave.changed();
    else void this.#withAutosave((autosave) => autosave.changed());
  }

  #restore(): void {
    this.#abandon();
    this.#code.reset();
    this.#request.reset();
    this.#autosave?.reset();
    this.#showRecording();
  }

  #edit(isWanted = true): void {
    const enable = (): void => this.#enter(this.#state);
    // Autosave comes first, so that no change can be lost.
    const open = (): Promise<void> => this.#code.edit(() => void this.#run(), () => this.#changed(), isWanted);
    this.#loadAutosave().then(open).then(enable, async () => {
      this.#status.flash(await unloaded("The editor", "press Edit"));
    });
  }

  #take({ source, requests }: Edits, choice?: string): void {
    this.#abandon();
    this.#code.reset();
    this.#request.take(requests, choice);
    if (source !== undefined) {
      this.#code.take(source);
      this.#edit(false);
    }
    this.#showRecording();
  }

  /** Loads autosave. Rejects when it cannot be fetched. */
  async #loadAutosave(): Promise<Autosave> {
    const { Autosave } = await import("./keep/autosave");
    return (this.#autosave ??= new Autosave({
      snippet: this.#snippet,
      place: this.#head,
      edits: () => this.#edits,
      request: () => ({ choice: this.#request.exchange?.name, edited: this.#request.edits[this.#request.exchange?.name ?? ""] }),
      take: (edits, choice) => this.#take(edits, choice),
      restore: () => this.#restore(),
      flash: (text) => this.#status.flash(text),
    }));
  }

  async #withAutosave(use: (autosave: Autosave) => unknown): Promise<void> {
    let autosave: Autosave;
    try {
      autosave = await this.#loadAutosave();
    } catch {
      this.#status.flash(await unloaded("Autosave"));
      return;
    }
    await use(autosave);
  }

  get #source(): string {
    return this.#code.edited ?? this.#snippet.source;
  }

  get #edits(): Edits {
    const { edited } = this.#code;
    return { ...(edited !== undefined && { source: edited }), requests: this.#request.edits };
  }

  /** Shows what came with a link: see link.ts. */
  open(fragment: string): void {
    this.#root.scrollIntoView();
    void this.#withAutosave((autosave) => autosave.open(fragment));
  }

  /** The first time; from then on the menu does it by itself. */
  async #showMore(): Promise<void> {
    if (this.#menu) return;
    try {
      const { Menu } = await import("./keep/menu");
      this.#menu ??= new Menu(this.#more, {
        code: () => this.#code.text,
        link: () => new Promise((resolve, reject) => this.#withAutosave((autosave) => autosave.link().then(resolve, reject))),
        project: () => ({ snippet: this.#snippet, source: this.#source, requests: this.#request.edits }),
        assets: new URL("assets/live/", BASE),
        copy: (text, what) => this.#copy(text, what),
        flash: (text) => this.#status.flash(text),
      });
      this.#menu.open(true);
    } catch {
      this.#status.flash(await unloaded("The menu", "press More"));
    }
  }

  // A run.

  /** Only code of this site may run on the server. */
  async #place(): Promise<BackendName> {
    return this.#code.edited === undefined && (await config).server ? choice.name : "browser";
  }

  /** The reader is about to press Run: begin with what takes long. Run retries what fails, and reports it. */
  async #getReady(): Promise<void> {
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (connection?.saveData) return;
    try {
      await Promise.all([this.#output.prepare(), (await backend(await this.#place())).prepare(this.#source, () => undefined)]);
    } catch {
      // See above.
    }
  }

  async #run(): Promise<void> {
    const { exchange, request } = this.#request;
    if (!exchange || !request) return;
    this.#abandon();
    this.#code.unmark();
    const edited = this.#code.edited;
    const attempt = new Attempt(edited);
    this.#attempt = attempt;
    this.#output.begin(exchange.recorded.at(-1)?.at ?? 0);
    this.#enter("loading");
    attempt.where = await this.#place();
    if (this.#attempt !== attempt) return;

    let chosen: Backend;
    try {
      chosen = await backend(attempt.where);
      await this.#output.prepare();
      await chosen.prepare(this.#source, (progress) => {
        if (this.#attempt === attempt && this.#state === "loading") this.#status.loading(progress);
      });
    } catch (error) {
      if (this.#attempt !== attempt) return;
      this.#enter("failed");
      this.#status.say(error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#attempt !== attempt) return;

    const { snippet, module, app } = this.#snippet;
    const job = { snippet, module, app, request };
    attempt.run = chosen.run(edited === undefined ? job : { ...job, source: edited }, (reason) => {
      if (this.#attempt !== attempt || this.#state !== "running") return;
      attempt.isWaiting = true;
      this.#status.say(reason);
    });
    this.#enter("running");
    this.#sayRunning(attempt);
    for await (const event of attempt.run.events) {
      if (this.#attempt !== attempt) break;
      await this.#receive(attempt, event);
    }
  }

  #sayRunning(attempt: Attempt): void {
    const aside = attempt.edited !== undefined && this.#hasServer ? " (edited code never runs on the server)" : "";
    this.#status.say(`Running ${attempt.place}${aside}`);
    attempt.isWaiting = false;
  }

  async #receive(attempt: Attempt, event: RunEvent): Promise<void> {
    if (attempt.isWaiting) this.#sayRunning(attempt);
    const rows = await this.#output.take(event);
    if (this.#attempt !== attempt) return;
    for (const { line } of rows) {
      if (line == null) continue;
      const number = this.#code.mark(line, attempt.edited !== undefined);
      attempt.failure ??= `an error in line ${number}`;
    }
    if (event.kind === "start") attempt.status = event.status;
    if (attempt.status >= 400) attempt.answer.push(event);
    if (event.kind === "crash") attempt.failure = [attempt.failure, event.message].filter(Boolean).join(": ");
    if (event.kind === "limit") attempt.limit = "A limit was exceeded, and the client was disconnected";
    if (event.kind === "disconnect") this.#stopping(attempt.limit ?? "Stopped");
    if (event.kind === "end") this.#finish(attempt, event);
  }

  #finish(attempt: Attempt, { at, complete }: End): void {
    const { answer, failure, limit, place, status } = attempt;
    const after = `after ${at.toFixed(2)} s, ${place}`;
    const [state, text]: [State, string] =
      failure !== undefined
        ? ["failed", `Failed ${after}: ${failure}`]
        : this.#state === "stopping"
          ? ["stopped", `${limit ?? "Stopped"}. Torn down ${after}.`]
          : !complete
            ? ["failed", `Ended early ${after}: the response is incomplete.`]
            : [status < 500 ? "closed" : "failed", `${status < 400 ? "Closed" : `Answered with ${status}`} ${after}.`];
    this.#enter(state);
    this.#status.say(text);
    this.#output.title = text;
    // An error may say what is wrong with the request.
    if (answer.length) this.#request.showFaults(faultsOf(answer));
  }

  /** Stop: disconnects the client, and keeps showing events until the app's teardown is done. */
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

  /** Ends the current run unseen. */
  #abandon(): void {
    if (BUSY.has(this.#state)) this.#attempt?.run?.close();
    this.#attempt = undefined;
    this.#request.showFaults([]);
  }

  // Copying.

  /** Where the app that a client would ask is. */
  get #address(): string {
    const isOnServer = this.#hasServer && choice.name === "server";
    return isOnServer ? new URL(`live/app/${this.#snippet.snippet}`, BASE).href : "http://127.0.0.1:8000";
  }

  async #client(): Promise<View> {
    const { ClientView } = await import("./output/views");
    return new ClientView({
      request: () => this.#request.request,
      address: () => this.#address,
      isServed: () => this.#hasServer && choice.name === "server",
      copy: (text) => this.#copy(text, "the code"),
    });
  }

  async #copyCurl(): Promise<void> {
    const { curl } = await import("./output/views");
    if (this.#request.request) this.#copy(curl(this.#request.request, this.#address), "the command");
  }

  #copy(text: string, what: string): void {
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    copied.then(
      () => this.#status.flash(`Copied ${what}.`),
      () => this.#status.flash("The browser does not allow this page to copy."),
    );
  }
}
