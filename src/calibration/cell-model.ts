// A cell in virtual time: the same pages are taken away by the same system calls, under the policy
// of the kernel that is measured, while the peers do what they do in the cell.

import type { Point } from "../workers/point.ts";
import type { VirtualPool } from "../workers/virtual-pool.ts";
import { RESIZE } from "../workloads/workload.ts";
import { type Cell, cellName } from "./cell.ts";
import type { FittedProfile } from "./fitted-profile.ts";
import { modelledPoint } from "./modelled-point.ts";

/** Calls that are averaged over: times differ by little more than the walks of the peers. */
const CALLS = 100;
const WARMUP = 5;
/** User time before a single call, so that no handler of the one before is in the way. */
const PAUSE_NS = 50_000;

/** By name of the cell: what all its calls together take of modelled time, in ns. */
export type ModelTimes = ReadonlyMap<string, number>;

/**
 * Runs cells on the machine that the profile is of. What the kernel does in a call besides is no
 * part of the times; it passes between the calls.
 */
export async function modelCells(
  cells: readonly Cell[],
  fitted: FittedProfile,
  seed: number,
  pool: VirtualPool,
): Promise<ModelTimes> {
  const times = await Promise.all(
    cells.map(async (cell): Promise<[string, number]> => {
      const { latency } = await pool.run(cellPoint(cell, fitted, seed));
      return [cellName(cell), cell.calls * latency.mean!];
    }),
  );
  return new Map(times);
}

/** The cell as a point, one operation of which is one call. */
export function cellPoint(cell: Cell, { profile, fit }: FittedProfile, seed: number): Point {
  const { peers, state, pages, calls } = cell;
  return modelledPoint(profile, 1 + peers, seed, {
    kind: RESIZE,
    pages: pages / calls,
    initiators: 1,
    operations: Math.max(CALLS, calls),
    warmup: WARMUP,
    gapNs: calls > 1 ? fit.beforeNs : PAUSE_NS,
    idleCores: state === "asleep" ? peers : 0,
    windows: 1,
    trace: undefined,
  });
}

/** The same pages and calls, and nobody else. */
export function withoutPeers({ pages, calls }: Cell): Cell {
  return { state: "none", peers: 0, pages, calls };
}
