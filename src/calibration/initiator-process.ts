// The process that causes shootdowns, as seen by who asks it: started on its CPU, its peers on
// theirs, one request at a time.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answers, BatchRequest, HostRequest, Ready } from "../workers/calibration/requests.ts";
import { pinnedCommand, pinThread } from "./cpus.ts";

const ENTRY = new URL("../workers/calibration/initiator.js", import.meta.url);
/** Garbage is collected when the initiator says so, by no thread but its own. */
const V8_FLAGS = ["--expose-gc", "--single-threaded"];
/** Longer than the longest batch takes on a host that lets a peer run once in a while. */
const ANSWER_WITHIN_MS = 30_000;

/** Who can be asked for samples. */
export interface Initiator {
  batch(request: Omit<BatchRequest, "kind">): Promise<Answers["batch"]>;
  host(request: Omit<HostRequest, "kind">): Promise<Answers["host"]>;
}

export interface Places {
  readonly peers: number;
  /** The initiator's, then one for each peer; undefined: wherever the kernel likes. */
  readonly cpus: readonly number[] | undefined;
}

export class InitiatorProcess implements Initiator {
  readonly pid: number;
  /** Whether it can tell when it had to wait for its CPU. */
  readonly seesWaits: boolean;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, seesWaits: boolean) {
    this.child = child;
    this.pid = child.pid!;
    this.seesWaits = seesWaits;
  }

  static async start({ peers, cpus }: Places): Promise<InitiatorProcess> {
    const words = [...(cpus ? pinnedCommand(cpus[0]) : []), process.execPath, ...V8_FLAGS];
    const child = fork(fileURLToPath(ENTRY), [`${peers}`], {
      execPath: words[0],
      execArgv: words.slice(1),
      serialization: "advanced",
      detached: true, // Ctrl-C is for this process alone.
    });
    try {
      const { threadIds, seesWaits } = await answerOf<Ready>(child);
      if (cpus) await Promise.all(threadIds.map((id, peer) => pinThread(id, cpus[1 + peer])));
      return new InitiatorProcess(child, seesWaits);
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  batch(request: Omit<BatchRequest, "kind">): Promise<Answers["batch"]> {
    return this.ask({ kind: "batch", ...request });
  }

  host(request: Omit<HostRequest, "kind">): Promise<Answers["host"]> {
    return this.ask({ kind: "host", ...request });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL"); // Its threads spin or sleep; it has nothing to tidy up.
    await exited;
  }

  private ask<Answer>(request: BatchRequest | HostRequest): Promise<Answer> {
    this.child.send(request);
    return answerOf(this.child);
  }
}

/** The next message; an error if it dies instead, or says nothing. */
async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const settled = new AbortController();
  const { signal } = settled;
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const [answer] = await Promise.race([
      once(child, "message", { signal: AbortSignal.any([signal, timeout]) }),
      once(child, "exit", { signal }).then(([code, killedBy]) => {
        throw new Error(`the process that causes shootdowns ended (${killedBy ?? code})`);
      }),
    ]);
    return answer as Answer;
  } finally {
    settled.abort();
  }
}
