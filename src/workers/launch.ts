// A gang in a process of its own: what one launch of the program happens to get (where its memory
// lies, what was compiled when, which CPUs its threads began on) is another in the next. The other
// end is launched.ts.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { NoProgressError } from "../engine/errors.ts";
import { Aborted } from "../engine/machine/control.ts";
import type { Point, RunRecord } from "./point.ts";

/** To the process: its gang's size first, then points, one after the other. */
export type Order =
  | { readonly actors: number }
  | { readonly point: Point }
  | { readonly abort: true };

/** From it: one for each point. An error's class does not cross, its name does. */
export type Answer =
  | { readonly record: RunRecord }
  | { readonly failed: { readonly name: string; readonly message: string } };

const CLASSES = [NoProgressError, Aborted] as const;

export class LaunchedGang {
  private readonly process: ChildProcess;

  /** Starts a process with a gang of `actors` workers; it stays until `close`. */
  constructor(actors: number) {
    this.process = fork(new URL("./launched.js", import.meta.url), {
      serialization: "advanced", // Points and reports hold typed arrays.
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.order({ actors });
  }

  /** What comes out of one run of a point. Throws what it throws there. */
  async record(point: Point, signal: AbortSignal): Promise<RunRecord> {
    const onAbort = (): void => this.order({ abort: true });
    signal.addEventListener("abort", onAbort);
    const ended = new AbortController(); // Takes the listener away that was not called.
    try {
      const died = once(this.process, "exit", { signal: ended.signal }).then(([status]) => {
        throw new Error(`the process of a repetition has ended with status ${status}`);
      });
      died.catch(() => {});
      const answered = once(this.process, "message", { signal: ended.signal });
      answered.catch(() => {});
      this.order({ point });
      const [answer] = (await Promise.race([answered, died])) as [Answer];
      if ("record" in answer) return answer.record;
      throw errorOf(answer.failed);
    } finally {
      ended.abort();
      signal.removeEventListener("abort", onAbort);
    }
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, "exit");
    this.process.kill("SIGKILL"); // It holds nothing that would have to be saved.
    await exited;
  }

  private order(order: Order): void {
    if (this.process.connected) this.process.send(order);
  }
}

function errorOf({ name, message }: { name: string; message: string }): Error {
  const kind = CLASSES.find((known) => known.name === name);
  return kind === undefined ? new Error(message) : new kind(message);
}
