// A run once more, from what is known of it: at its own pace, slower, or a row at a time. Nothing is sent.

import { button, el, setEnabled } from "../page/dom";

export interface Replayed {
  /** When each row came, in seconds. */
  readonly times: readonly number[];
  /** Shows so many rows, as they stood at that second. */
  show(rows: number, at: number): void;
  /** Shows all rows; the reader is done. */
  close(): void;
}

const SPEEDS = [
  ["1", "1×"],
  ["0.5", "½×"],
  ["0.25", "¼×"],
] as const;

export class Replay {
  readonly element: HTMLElement;
  readonly #run: Replayed;
  readonly #speed = el("select", { "aria-label": "Speed" }, ...SPEEDS.map(([value, label]) => el("option", { value }, label)));
  readonly #play = button("Pause", () => this.#toggle());
  readonly #back = button("Previous row", () => this.#step(-1), "live-quiet");
  readonly #forth = button("Next row", () => this.#step(1), "live-quiet");
  readonly #now = el("span", { class: "live-bytes", "aria-hidden": true });
  /** Those who want no motion step through the rows by themselves. */
  readonly #isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  #rows = 0;
  #at = 0;
  #before: number | undefined;
  #frame = 0;

  constructor(run: Replayed) {
    this.#run = run;
    const close = button("Done", () => this.stop(), "live-quiet");
    const pace = this.#isStill ? [] : [this.#play, this.#speed];
    this.element = el(
      "div",
      { class: "live-replay", role: "group", "aria-label": "Replay" },
      ...pace,
      this.#back,
      this.#forth,
      this.#now,
      close,
    );
    this.#draw();
    if (!this.#isStill) this.#toggle();
  }

  focus(): void {
    (this.#isStill ? this.#forth : this.#play).focus();
  }

  /** Ends it, wherever it is. */
  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.element.remove();
    this.#run.close();
  }

  get #isPlaying(): boolean {
    return this.#before !== undefined;
  }

  #toggle(): void {
    const { times } = this.#run;
    if (this.#isPlaying) this.#pause();
    else {
      if (this.#rows === times.length) this.#rows = this.#at = 0;
      this.#before = performance.now();
      this.#frame = requestAnimationFrame(() => this.#advance());
      this.#play.textContent = "Pause";
    }
  }

  #pause(): void {
    cancelAnimationFrame(this.#frame);
    this.#before = undefined;
    this.#play.textContent = "Play";
  }

  #advance(): void {
    const { times } = this.#run;
    const now = performance.now();
    const passed = Math.max(0, now - (this.#before ?? now)) / 1000;
    this.#before = now;
    this.#at = Math.min(this.#at + passed * Number(this.#speed.value), times.at(-1) ?? 0);
    while (this.#rows < times.length && (times[this.#rows] ?? 0) <= this.#at) this.#rows += 1;
    this.#draw();
    if (this.#rows === times.length) this.#pause();
    else this.#frame = requestAnimationFrame(() => this.#advance());
  }

  #step(by: number): void {
    const { times } = this.#run;
    if (this.#isPlaying) this.#pause();
    this.#rows = Math.max(0, Math.min(this.#rows + by, times.length));
    this.#at = times[this.#rows - 1] ?? 0;
    this.#draw();
  }

  #draw(): void {
    const { times } = this.#run;
    this.#now.textContent = `${this.#at.toFixed(2)} s, row ${this.#rows} of ${times.length}`;
    setEnabled(this.#back, this.#rows > 0);
    setEnabled(this.#forth, this.#rows < times.length);
    this.#run.show(this.#rows, this.#at);
  }
}
