// arm64: 32 programs of one thread, each of which changes the protection of a page in a loop. Each
// change is broadcast to all cores, or flushed where the only thread runs.
//
// The programs are one space here, in which each has pages of its own: interconnect and flush know
// no difference. Alone, one program is as fast as 32.

import type { Costs } from "../../../src/engine/profile/costs.ts";
import type { Lab } from "../lab.ts";
import { OPERATIONS_PER_S } from "../metrics.ts";
import { type Effect, type Paper, percent, type Reproduction } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** Seconds of a fixed number of loops. */
const PUBLISHED = { broadcastS: 2.121, localS: 0.12 };
/** An mprotect with a flush that nobody else is in the way of, on another arm64 machine. */
const MPROTECT_US = 3.2;

const ALONE: Setup = {
  machine: "arm-broadcast",
  workload: "mprotect",
  policy: "arm-broadcast",
  cores: 1,
  operations: 500,
  accessGapNs: 100_000,
  privateAccesses: true,
};

const PROGRAMS = 32;
const CALLS_PER_S = 1e6 / MPROTECT_US;

/** By how many per cent the time of the loops changes. */
export async function timeOfLoops(lab: Lab, costs: Partial<Costs> = {}): Promise<Reproduction> {
  const { setup, parameter } = await lab.calibrate(
    { ...ALONE, costs },
    "gapNs",
    OPERATIONS_PER_S,
    CALLS_PER_S,
    { low: 0, high: 10_000 },
  );
  const all = { ...setup, cores: PROGRAMS, initiators: PROGRAMS };
  const [broadcast, local] = await Promise.all([
    lab.measure(all, OPERATIONS_PER_S),
    lab.measure({ ...setup, shootsBy: "both" }, OPERATIONS_PER_S),
  ]);
  return { value: percent(PROGRAMS / broadcast, 1 / local), parameters: [parameter] };
}

export const LOOPS: Effect = {
  machine: ALONE.machine,
  setup: "32 programs of one thread, mprotect loops, broadcast → local",
  metric: "time of the loops",
  unit: "%",
  published: percent(PUBLISHED.broadcastS, PUBLISHED.localS),
  note:
    "broadcastServiceNs is fitted to this very figure; how many calls a loop has is not published, " +
    "so that a call's time is another machine's; local: what a program alone takes",
  reproduce: (lab) => timeOfLoops(lab),
};

export const LOCAL_TLBI: Paper = {
  row: 19,
  source:
    "A. Arcangeli, LKML 2020, 'arm64: tlb: skip tlbi broadcast'; the time of one mprotect: Linux " +
    "c320dbb7c80d",
  effects: [LOOPS],
};
