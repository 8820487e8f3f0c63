// Puts events into the order of their times, as far as a window of a few hundred events can:
// captures of several CPUs, or of two recorders, are merged by time only roughly.

import { TraceEvent } from "./event.ts";

const WINDOW_EVENTS = 256;

export class Reorder {
  /** How often time went back by more than a window. */
  tooLate = 0;

  private readonly onEvent: (event: TraceEvent) => void;
  /** A ring in order of time; its objects are exchanged, never made anew. */
  private readonly ring = Array.from({ length: WINDOW_EVENTS }, () => new TraceEvent());
  private first = 0;
  private count = 0;
  private deliveredNs = Number.NEGATIVE_INFINITY;

  constructor(onEvent: (event: TraceEvent) => void) {
    this.onEvent = onEvent;
  }

  /** Takes a copy. Events of the same time keep their order. */
  push(event: TraceEvent): void {
    if (event.timeNs < this.deliveredNs) this.restart();
    if (this.count === WINDOW_EVENTS) this.deliver();
    let at = (this.first + this.count) % WINDOW_EVENTS;
    const slot = this.ring[at]!;
    slot.copyFrom(event);
    for (let i = 0; i < this.count; i++) {
      const before = (at + WINDOW_EVENTS - 1) % WINDOW_EVENTS;
      const earlier = this.ring[before]!;
      if (earlier.timeNs <= event.timeNs) break;
      this.ring[at] = earlier;
      at = before;
    }
    this.ring[at] = slot;
    this.count++;
  }

  /** Hands on what is left. */
  end(): void {
    while (this.count > 0) this.deliver();
  }

  private deliver(): void {
    const event = this.ring[this.first]!;
    this.first = (this.first + 1) % WINDOW_EVENTS;
    this.count--;
    this.deliveredNs = event.timeNs;
    this.onEvent(event);
  }

  /** Two captures one behind the other: the second must not be sorted into the first one's end. */
  private restart(): void {
    this.end();
    this.tooLate++;
    this.deliveredNs = Number.NEGATIVE_INFINITY;
  }
}

/** What is to be said where time went back so often. */
export function disorder(tooLate: number): string[] {
  if (tooLate === 0) return [];
  const times = tooLate === 1 ? "once" : `${tooLate} times`;
  return [
    `time goes back ${times} by more than a few hundred lines: if these are not several captures ` +
      "one behind the other, sort the text by time",
  ];
}
