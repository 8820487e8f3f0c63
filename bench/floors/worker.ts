// One of the two workers between which floors are measured. Both play all variants in turn, in
// bursts of under a millisecond, as the placement of the two CPUs changes within a run and
// comparing needs the same.
//
// word       writer       meaning
// MODE       leader       what the follower answers to (MODES)
// FOLLOWS    follower     what it answers to now
// PING       leader       raw ping-pong: the leader's count …
// PONG       follower     … and the follower's echo

import { complete } from "../../src/engine/executor/cpu.ts";
import { ThreadCpu } from "../../src/engine/executor/threads.ts";
import type { MachineShape } from "../../src/engine/layout/shape.ts";
import { Machine } from "../../src/engine/machine/machine.ts";
import { planOf } from "../../src/engine/policy/plan.ts";
import { STRICT } from "../../src/engine/policy/presets.ts";
import { numbersOf } from "../../src/engine/profile/profile.ts";
import { HOST } from "../../src/engine/profile/profiles.ts";
import { Core } from "../../src/engine/protocol/core.ts";
import { awaitSubmission, submitFlush } from "../../src/engine/protocol/invalidation.ts";
import { InvalidationUnit } from "../../src/engine/protocol/invalidation-unit.ts";
import { serveInvalidations } from "../../src/engine/protocol/iommu.ts";
import { RangeList } from "../../src/engine/protocol/ranges.ts";
import { shootdown } from "../../src/engine/protocol/shootdown.ts";
import { runProgram } from "../../src/engine/protocol/user.ts";
import { Random } from "../../src/engine/random.ts";
import { monotonicClock } from "../../src/workers/clock.ts";
import { PROGRAM_PAGES, programVpn } from "../../src/workloads/memory-map.ts";

const MODE = 0;
const FOLLOWS = 1;
const PING = 16;
const PONG = 32;
export const FLOOR_WORDS = 48;

const STOP = -1;
const RAW = 0;
const IPI = 1;
const IOTLB = 2;
const RECORDED = 3;

/** What each part is compared with, and the part. */
const PARTS = [
  [RAW, IPI],
  [RAW, IOTLB],
  [IPI, RECORDED],
] as const;

const ACCESS_GAP_NS = 1000;

export interface FloorTask {
  readonly leader: boolean;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly memory: SharedArrayBuffer;
  readonly shape: MachineShape;
  readonly rounds: number;
  /** Operations of one burst. */
  readonly burst: number;
}

/**
 * Host ns an operation, one element a round; what it is compared with is taken before and after.
 */
export interface FloorSamples {
  readonly parts: readonly {
    readonly before: number;
    readonly ours: number;
    readonly after: number;
  }[][];
}

export default function measure(task: FloorTask): FloorSamples {
  const side = new Side(task);
  if (task.leader) return lead(side, task);
  follow(side, task.words);
  return { parts: [] };
}

/** What one worker needs for every variant. */
class Side {
  readonly hostNowNs = monotonicClock();
  readonly core: Core;
  readonly unit: InvalidationUnit;
  readonly range = new RangeList();

  constructor(task: FloorTask) {
    const machine = new Machine(task.memory, task.shape);
    const cpu = (id: number): ThreadCpu =>
      new ThreadCpu(id, machine, {
        hostNowNs: this.hostNowNs,
        epochNs: 0,
        dilation: 1,
        parks: false,
        untimed: !task.leader,
        followsClock: false, // Whole bursts are timed.
        catchesUp: false,
      });
    const id = task.leader ? 0 : 1;
    const free = numbersOf(HOST);
    this.core = new Core(id, cpu(id), machine, free, planOf(STRICT), new Random(1, id));
    this.unit = new InvalidationUnit(cpu(2), machine, 0, free.costs);
    this.range.add(programVpn(0), 1, 0);
  }
}

function lead(side: Side, task: FloorTask): FloorSamples {
  const { words } = task;
  const parts: { before: number; ours: number; after: number }[][] = [[], [], []];
  for (let round = 0; round < task.rounds; round++) {
    PARTS.forEach(([base, mode], part) => {
      const before = burst(side, task, base);
      const ours = burst(side, task, mode);
      const after = burst(side, task, base);
      parts[part].push({ before, ours, after });
    });
  }
  Atomics.store(words, MODE, STOP);
  side.core.machine.control.setStopped(true);
  return { parts };
}

/** Host ns an operation of `mode`, over one burst between two reads of the clock. */
function burst(side: Side, task: FloorTask, mode: number): number {
  const { words, burst: operations } = task;
  const { control } = side.core.machine;
  Atomics.store(words, MODE, mode);
  control.setStopped(true); // The follower leaves whatever it plays, and clears it again.
  while (Atomics.load(words, FOLLOWS) !== mode);
  play(side, words, mode, operations / 10); // Until the follower has noticed.
  const beganNs = side.hostNowNs();
  play(side, words, mode, operations);
  return (side.hostNowNs() - beganNs) / operations;
}

function play(side: Side, words: Int32Array, mode: number, operations: number): void {
  const { core, range } = side;
  if (mode === RAW) {
    for (let i = 0; i < operations; i++) {
      const ping = Atomics.load(words, PING) + 1;
      Atomics.store(words, PING, ping);
      while (Atomics.load(words, PONG) !== ping);
    }
  } else if (mode === IOTLB) {
    core.path.enabled = false;
    for (let i = 0; i < operations; i++) flushIotlb(core, range);
  } else {
    core.path.enabled = mode === RECORDED;
    for (let i = 0; i < operations; i++) {
      if (mode === RECORDED) core.path.begin(core.cpu.now());
      complete(shootdown(core, 0, range, 0, 0));
      if (mode === RECORDED) core.path.end(core.cpu.now());
    }
  }
}

function flushIotlb(core: Core, range: RangeList): void {
  const iommu = core.machine.iommus[0];
  complete(submitFlush(core, iommu, 0, range, 0));
  complete(awaitSubmission(core, iommu, true));
}

function follow(side: Side, words: Int32Array): void {
  const stream = { vpn: programVpn(0), pages: PROGRAM_PAGES, gapNs: ACCESS_GAP_NS };
  const { control } = side.core.machine;
  for (;;) {
    const mode = Atomics.load(words, MODE);
    if (mode === STOP) return;
    control.setStopped(false);
    Atomics.store(words, FOLLOWS, mode);
    if (mode === RAW) {
      while (Atomics.load(words, MODE) === RAW) {
        const ping = Atomics.load(words, PING);
        if (Atomics.load(words, PONG) !== ping) Atomics.store(words, PONG, ping);
      }
    } else if (mode === IOTLB) {
      complete(serveInvalidations(side.unit));
    } else {
      complete(runProgram(side.core, stream, ACCESS_GAP_NS, 0));
    }
  }
}
