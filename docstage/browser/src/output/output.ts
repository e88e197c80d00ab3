// The output of a request, in several views. The rows are always there; the others are loaded on demand.

import { button, el, giveWay, oncePerFrame, setEnabled } from "../page/dom";
import { unloaded } from "../page/edition";
import type { PreviousRun } from "./previous-run";
import type { RunEvent } from "../run/events";
import { OutputLog } from "./log";
import type { Replay } from "./replay";
import type { Kind, Row, RowReader } from "./rows";
import { Tabs } from "../page/tabs";
import { Timeline } from "./timeline";

const BATCH = 256; // rows, between two looks at the clock

/** A view that is not the rows. */
export interface View {
  readonly element: HTMLElement;
  show(events: readonly RunEvent[]): void;
  add?(event: RunEvent): void;
}

export interface OutputOptions {
  /** Unique in the page. */
  readonly id: string;
  /** The code of a client that sends the request. */
  client(): Promise<View>;
  /** Says in passing what went wrong. */
  flash(text: string): void;
}

/** What a row of the page says. */
function rowOf(element: HTMLElement): Row {
  const part = (name: string): string => element.querySelector(name)?.textContent ?? "";
  const text = part(".live-text") || Array.from(element.querySelectorAll(".live-field"), (field) => field.textContent).join(", ");
  return { kind: element.dataset["kind"] as Kind, at: parseFloat(part(".live-at")), text };
}

interface Known {
  readonly title: string;
  readonly events: readonly RunEvent[];
}

export class Output {
  readonly element: HTMLElement;
  readonly #options: OutputOptions;
  readonly #log = new OutputLog("log", "Output");
  readonly #timeline = new Timeline("Timeline", (row) => this.#log.mark(row));
  readonly #now = el("div", { class: "live-now" }, this.#timeline.element, this.#log.element);
  readonly #replayButton = button("Replay", () => void this.#startReplay(), "live-quiet");
  readonly #compare = button("Compare", () => void this.#toggleCompare(), "live-quiet live-toggle");
  readonly #tabs: Tabs;
  readonly #panels = [el("div", { class: "live-columns" }), el("div"), el("div")] as const;
  readonly #views: (View | undefined)[] = [];
  #drawn: typeof import("./views") | undefined;
  #reader: RowReader | undefined;
  #events: RunEvent[] = [];
  #rows: Row[] = [];
  /** How many of the rows have been drawn, or counted as too many to be. */
  #drawnRows = 0;
  readonly #drawSoon = oncePerFrame(() => this.#draw());
  #before: Known | undefined;
  #replay: Replay | undefined;
  #previous: PreviousRun | undefined;
  #tab = 0;
  /** How the run went, or what else these rows are. */
  title = "";

  constructor(options: OutputOptions) {
    this.#options = options;
    const [rows, raw, client] = this.#panels;
    rows.append(this.#now);
    this.#compare.setAttribute("aria-pressed", "false");
    const tabs = [
      { label: "Rows", panel: rows },
      { label: "Raw bytes", panel: raw },
      { label: "Client code", panel: client },
    ];
    this.#tabs = new Tabs(options.id, "Views of the response", tabs, (index) => void this.#look(index));
    const tools = el("div", { class: "live-tools" }, this.#replayButton, this.#compare);
    this.element = el("div", { class: "live-result" }, el("div", { class: "live-views" }, this.#tabs.element, tools), ...this.#panels);
  }

  /** Shows a recording, whose rows the page has brought along. There is nothing before it. */
  show(events: readonly RunEvent[], rows: readonly HTMLElement[]): void {
    this.#replay?.stop();
    this.#timeline.clear(0);
    this.#before = undefined;
    this.#events = [...events];
    this.#rows = rows.map(rowOf);
    this.#drawnRows = this.#rows.length;
    this.#log.show(rows, (row) => row);
    this.#timeline.add(this.#rows);
    this.#refresh();
    this.#settle(true);
  }

  /** To be awaited before the first event is taken. */
  async prepare(): Promise<void> {
    this.#drawn ??= await import("./views").catch(async (cause: unknown) => {
      throw new Error(await unloaded("The output view", "press Run"), { cause });
    });
  }

  /** Makes room for a run that may take so many seconds; what was shown is what it can be compared with. */
  begin(seconds: number): void {
    this.#replay?.stop();
    if (this.#events.length) this.#before = { title: this.title, events: this.#events };
    this.#timeline.clear(seconds);
    this.#reader = undefined;
    this.#events = [];
    this.#rows = [];
    this.#drawnRows = 0;
    this.#log.begin();
    this.#refresh();
    this.#settle(false);
    this.#showPreviousRun();
  }

  /** Takes the next event of the run, once the one before has been. Returns those of its rows that are of a line of the code. */
  async take(event: RunEvent): Promise<Row[]> {
    const rows = this.#rows;
    if (this.#drawn) this.#reader ??= new this.#drawn.RowReader();
    this.#events.push(event);
    const ofLines: Row[] = [];
    for (const row of this.#reader?.read(event) ?? []) {
      rows.push(row);
      if (row.line != null) ofLines.push(row);
      if (rows.length % BATCH) continue;
      this.#drawSoon();
      await giveWay();
      if (this.#rows !== rows) return []; // Another run has begun.
    }
    this.#drawSoon();
    this.#views[this.#tab]?.add?.(event);
    if (event.kind === "end") {
      this.#draw();
      this.#timeline.reach(0);
      this.#settle(true);
    }
    return ofLines;
  }

  /** What came since the last time, however much that is: so much that nobody could read it costs next to nothing. */
  #draw(): void {
    const from = this.#drawnRows;
    if (!this.#drawn || from === this.#rows.length) return;
    this.#drawnRows = this.#rows.length;
    this.#log.append(this.#rows.slice(from), this.#drawn.rowElement);
    this.#timeline.add(this.#rows, from);
    this.#previous?.reach(this.#timeline.span);
  }

  /** The request is another one now. */
  changed(): void {
    if (this.#tab === 2) void this.#look(2);
  }

  #settle(isDone: boolean): void {
    setEnabled(this.#replayButton, isDone && this.#rows.length > 0);
    this.#compare.hidden = !this.#before;
    if (!this.#before && this.#previous) void this.#toggleCompare();
  }

  // Other views.

  async #look(index: number): Promise<void> {
    this.#tab = index;
    this.#replay?.stop();
    if (index === 0) return;
    try {
      this.#views[index] ??= index === 1 ? new (await import("./views")).RawView() : await this.#options.client();
    } catch {
      this.#options.flash(await unloaded("This view", "choose it"));
      return;
    }
    const view = this.#views[index];
    if (!view) return;
    this.#panels[index]?.replaceChildren(view.element);
    view.show(this.#events);
  }

  #refresh(): void {
    if (this.#tab === 1) this.#views[1]?.show(this.#events);
  }

  // The run once more.

  async #startReplay(): Promise<void> {
    if (this.#replay) return;
    try {
      const { Replay } = await import("./views");
      if (this.#replay) return;
      this.#tabs.select(0);
      this.#replay = new Replay({
        times: this.#rows.map(({ at }) => at),
        show: (rows, at) => {
          this.#log.reveal(rows);
          this.#timeline.at(at);
        },
        close: () => {
          this.#replay = undefined;
          this.#log.reveal(Infinity);
          this.#timeline.at(undefined);
          setEnabled(this.#replayButton, true);
          this.#replayButton.focus();
        },
      });
      setEnabled(this.#replayButton, false);
      this.element.querySelector(".live-views")?.after(this.#replay.element);
      this.#replay.focus();
    } catch {
      this.#options.flash(await unloaded("The replay", "press Replay"));
    }
  }

  // The run before.

  async #toggleCompare(): Promise<void> {
    try {
      const { PreviousRun } = await import("./views");
      this.#previous?.element.remove();
      this.#previous = this.#previous ? undefined : new PreviousRun();
    } catch {
      this.#options.flash(await unloaded("This view", "press Compare"));
      return;
    }
    this.#compare.setAttribute("aria-pressed", String(this.#previous !== undefined));
    this.#panels[0].toggleAttribute("data-compared", this.#previous !== undefined);
    if (!this.#previous) return;
    this.#now.before(this.#previous.element);
    this.#showPreviousRun();
    this.#tabs.select(0);
  }

  #showPreviousRun(): void {
    if (!this.#before || !this.#previous) return;
    this.#previous.show(this.#before.title, this.#before.events);
    this.#previous.reach(this.#timeline.span);
    this.#timeline.reach(this.#previous.span);
  }
}
