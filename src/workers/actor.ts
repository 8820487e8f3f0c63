// A worker thread's entry point: one call is one actor's part of one run. Everything that decides
// what it does comes in numbers, and all it shares with the others is the machine's memory.

import type { CheckData } from "../engine/check/sums.ts";
import { complete } from "../engine/executor/cpu.ts";
import { LoggedCpu } from "../engine/executor/step-log.ts";
import { ThreadCpu } from "../engine/executor/threads.ts";
import type { MachineShape } from "../engine/layout/shape.ts";
import { Aborted } from "../engine/machine/control.ts";
import { Machine } from "../engine/machine/machine.ts";
import { type Part, type Play, partOf } from "../workloads/cast.ts";
import { type BrokenInvariant, brokenInvariantOf } from "./broken-run.ts";
import { monotonicClock } from "./clock.ts";
import { CollectionWatch } from "./collections.ts";
import type { RunReport } from "./point.ts";

export interface ActorTask {
  readonly actor: number;
  readonly memory: SharedArrayBuffer;
  readonly shape: MachineShape;
  readonly play: Play;
  readonly dilation: number;
  /** Parks at once instead of spinning, as it shares its CPU. */
  readonly parks: boolean;
  /** Answers others, in a profile where nothing takes modelled time. */
  readonly untimed: boolean;
  /** Initiates, in such a profile. */
  readonly followsClock: boolean;
  /** Answers others, in any other. */
  readonly catchesUp: boolean;
  readonly logsSteps: boolean;
}

/** What there is of an actor whose run came to no end; an error's class would not cross threads. */
export interface CutShort {
  /** What its checker had seen by then; null if it is off, or had not begun. */
  readonly cutShort: CheckData | null;
  /** The invariant that it found broken; missing if others have ended the run. */
  readonly broken?: BrokenInvariant;
}

/** Runs one actor until its run is over. Throws what the actor itself throws but for CutShort. */
export default async function runActor(task: ActorTask): Promise<RunReport | CutShort> {
  const { actor, dilation, parks, untimed, followsClock, catchesUp } = task;
  const watch = new CollectionWatch();
  const machine = new Machine(task.memory, task.shape);
  const hostNowNs = monotonicClock();
  let part: Part | undefined;
  let nowNs = (): number => 0;
  const checked = (): CheckData | null =>
    machine.shape.checks ? (part?.report().check ?? null) : null;
  try {
    machine.control.ready();
    const epochNs = machine.control.awaitStart();
    const threadCpu = new ThreadCpu(actor, machine, {
      hostNowNs,
      epochNs,
      dilation,
      parks,
      untimed,
      followsClock,
      catchesUp,
    });
    const logged = task.logsSteps ? new LoggedCpu(threadCpu) : undefined;
    nowNs = () => threadCpu.now();
    part = partOf(logged ?? threadCpu, machine, task.play);
    complete(part.start());
    const collections = await watch.end(epochNs, dilation);
    return { ...part.report(), collections, ...(logged && { steps: logged.steps }) };
  } catch (error) {
    if (error instanceof Aborted) return { cutShort: checked() };
    machine.control.abort(); // Nobody must wait for this actor any more.
    const broken = brokenInvariantOf(error, actor, nowNs());
    if (broken === undefined) throw error;
    return { cutShort: checked(), broken };
  } finally {
    watch.close();
  }
}
