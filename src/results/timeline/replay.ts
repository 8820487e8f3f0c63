// What the actors of a replay have recorded → a timeline on the clock of its trace, whose
// operations have the names and the numbers of the kernel's shootdowns.

import type { MachineShape } from "../../engine/layout/shape.ts";
import {
  type FinishedShootdown,
  OPERATION_CAUSES,
  type TraceOperationsData,
} from "../../workloads/traces/index.ts";
import { later, type RecordedActors } from "./clock.ts";
import type { Timeline, TimeWindow } from "./form.ts";
import { numbered } from "./kernel.ts";
import { runTimeline } from "./run.ts";

/** What was replayed, and when. */
export interface Replayed {
  /** By whom. */
  readonly source: string;
  /** The operations, at the times at which they were recorded … */
  readonly trace: TraceOperationsData;
  /** … counted from this time of the trace's clock. */
  readonly originNs: number;
  /** What the replay's clock is behind the trace's. */
  readonly behindNs: number;
  /** The kernel's own shootdowns for the same operations. */
  readonly shootdowns: readonly FinishedShootdown[];
}

/** The timeline of the operations that were recorded in `window`, a time of the trace's clock. */
export function replayTimeline(
  recorded: RecordedActors,
  shape: MachineShape,
  { source, trace, originNs, behindNs, shootdowns }: Replayed,
  window: TimeWindow,
): Timeline {
  const numbers = numbersOf(shootdowns);
  return runTimeline(source, later(recorded, behindNs), shape, window, ({ actor, subject }) => {
    const dueNs = originNs + trace.atNs[subject];
    const number = numbers.get(placeOf(trace.cpus[actor], dueNs));
    return {
      name: OPERATION_CAUSES[trace.causes[subject]],
      number,
      dueNs,
      args: {
        ...(number !== undefined && { shootdown: number }),
        pages: trace.pages[subject],
      },
    };
  });
}

/** By CPU and time: the numbers that the kernel's shootdowns have in a timeline of theirs. */
function numbersOf(shootdowns: readonly FinishedShootdown[]): Map<string, number> {
  return new Map(
    numbered(shootdowns).map(({ number, shootdown: { cpu, startNs } }) => {
      return [placeOf(cpu, startNs), number];
    }),
  );
}

function placeOf(cpu: number, startNs: number): string {
  return `${cpu} ${startNs}`;
}
