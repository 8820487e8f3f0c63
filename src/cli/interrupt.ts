// Ctrl-C, or a terminal that is closed: the first one ends the run in order, so that what is
// finished gets written; the second one ends the process at once. One that follows within a second
// is the first one again: a process gets it from the terminal, and from npm or timeout, which pass
// on theirs.

import { ENDING_SIGNALS } from "../workers/signals.ts";

const INTERRUPTED_EXIT_CODE = 130;
const SAME_PRESS_MS = 1000;

/** The user ended the run; the message says what became of it. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  readonly exitCode = INTERRUPTED_EXIT_CODE;
}

/** Listens from its construction until `dispose`; once it was pressed, until the process ends. */
export class Interrupt {
  private readonly controller = new AbortController();
  private firstMs = Number.POSITIVE_INFINITY;

  constructor() {
    for (const signal of ENDING_SIGNALS) process.on(signal, this.onSignal);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  dispose(): void {
    if (this.signal.aborted) return; // It may arrive again, when results are being written.
    for (const signal of ENDING_SIGNALS) process.off(signal, this.onSignal);
  }

  private readonly onSignal = (): void => {
    if (this.signal.aborted) {
      if (performance.now() - this.firstMs < SAME_PRESS_MS) return;
      process.exit(INTERRUPTED_EXIT_CODE);
    }
    this.firstMs = performance.now();
    process.stderr.write("\ninterrupted: coming to an end (Ctrl-C again: stop at once)\n");
    this.controller.abort();
  };
}
