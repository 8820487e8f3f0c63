// How fast virtual time runs, over the bare loop of as many actors in the same rounds: everything
// on, as in any run (TLBs, access streams, recorder, counters). Each core accesses one page a
// shootdown, whatever the size of the machine. In a worker of its own, as points in virtual time
// are.

import { expand } from "../../src/cli/experiments/expand.ts";
import { parsePolicy } from "../../src/engine/policy/parse.ts";
import { PROFILES } from "../../src/engine/profile/profiles.ts";
import type { Point } from "../../src/workers/point.ts";
import { resultOf } from "../../src/workers/sums.ts";
import type { StuckRun, VirtualRun } from "../../src/workers/virtual.ts";
import { bareEventsPerS } from "./bare-loop.ts";

export interface VirtualFloorTask {
  readonly cores: number;
  readonly quick: boolean;
}

/** One round: events per second of the bare loop before and after, and of the executor. */
export interface VirtualRound {
  readonly before: number;
  readonly ours: number;
  readonly after: number;
  readonly shootdownsPerS: number;
  readonly acknowledgementsPerS: number;
}

const ROUNDS = 7;
const QUICK_ROUNDS = 2;
const BARE_EVENTS = 1_000_000;
/** Acknowledgements of a round, or shootdowns of two cores. */
const ANSWERS = 200_000;
const QUICK_PART = 50;
/** Of the first round, in which the code is compiled and it is seen how long a shootdown takes. */
const FIRST_ACCESS_GAP_NS = 10_000;

/** All rounds but the first. */
export default async function measure(task: VirtualFloorTask): Promise<VirtualRound[]> {
  const module = new URL("../../virtual/src/workers/virtual.js", import.meta.url).href;
  const { default: runVirtually } = (await import(module)) as {
    default: (point: Point) => Promise<VirtualRun | StuckRun>;
  };
  const { cores, quick } = task;
  let point = pointOf(task, FIRST_ACCESS_GAP_NS);
  const bare = (): number => bareEventsPerS(cores, BARE_EVENTS / (quick ? QUICK_PART : 1));
  const rounds: VirtualRound[] = [];
  for (let round = 0; round <= (quick ? QUICK_ROUNDS : ROUNDS); round++) {
    const before = bare();
    const run = await runVirtually(point);
    if ("stuck" in run) throw new Error(run.stuck);
    const after = bare();
    const { operations, warmup } = point.workload;
    const shootdownsPerS = (operations + warmup) / run.wallS;
    const acknowledgementsPerS = shootdownsPerS * (cores - 1);
    const ours = run.turns / run.wallS;
    rounds.push({ before, ours, after, shootdownsPerS, acknowledgementsPerS });
    if (round === 0) {
      const { latency } = resultOf(point, [run]);
      point = pointOf(task, point.workload.gapNs + Math.round(latency.mean ?? 0));
    }
  }
  return rounds.slice(1);
}

/** `strict`, one page an operation; with two cores also an IOMMU. */
function pointOf({ cores, quick }: VirtualFloorTask, accessGapNs: number): Point {
  const { points } = expand(
    {
      name: "floors",
      question: "how fast is virtual time",
      executors: ["virtual"],
      profiles: PROFILES.filter(({ name }) => name === "haswell-2s"),
      policies: [parsePolicy("strict")],
      cores: [cores],
      iommus: [cores === 2 ? 1 : 0],
      operations: Math.ceil(ANSWERS / (cores - 1) / (quick ? QUICK_PART : 1)),
      access_gap_ns: accessGapNs,
    },
    { quick: false, seed: 1, jitter: undefined, check: "off", hostCpus: 1, overrides: {} },
  );
  return points[0].point;
}
