// Cells as the virtual executor would measure them on a machine whose costs are known, for tests
// that must come to these again.

import type { Cell, CellTimes, Estimate, HostTimes } from "../../dist/src/calibration/cell.js";
import { cellName } from "../../dist/src/calibration/cell.js";
import { modelCells, withoutPeers } from "../../dist/src/calibration/cell-model.js";
import type { FittedProfile } from "../../dist/src/calibration/fitted-profile.js";
import type { CostName } from "../../dist/src/engine/profile/costs.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { VirtualPool } from "../../dist/src/workers/virtual-pool.js";

export const BASE = PROFILES.find(({ name }) => name === "skylake-2s")!;

/** What the machine takes for each step that can be seen. */
export const TRUTH = {
  ipiSendNs: 900,
  deliveryNs: 4500,
  interruptEntryNs: 4000,
  interruptExitNs: 4000,
  cacheLineNs: 60,
  invalidatePageNs: 75,
  flushContextNs: 850,
  pteNs: 100,
  frameNs: 50,
} as const satisfies Partial<Record<CostName, number>>;

/** Of each call, and of the first one besides: no cost of a profile stands for these. */
const CALL_NS = 3000;
const FIRST_NS = 1500;

const MACHINE: FittedProfile = {
  profile: {
    ...BASE,
    name: "known",
    costs: {
      ...BASE.costs,
      ...(Object.fromEntries(
        Object.entries(TRUTH).map(([name, ns]) => [name, { ns, grade: "given", source: "test" }]),
      ) as Record<keyof typeof TRUTH, { ns: number; grade: "given"; source: string }>),
    },
  },
  fit: {
    from: "cells",
    base: BASE.name,
    where: "test",
    seed: 1,
    beforeNs: CALL_NS,
    afterNs: 0,
    line: { baseNs: 0, perPageNs: 0, perSendNs: 0 },
  },
};

const WORK: readonly (readonly [pages: number, calls: number])[] = [
  ...[1, 10, 33, 34, 100, 512].map((pages) => [pages, 1] as const),
  ...[10, 33, 34, 100].map((pages) => [pages, pages] as const),
];

function peersOf(pages: number, calls: number): Cell[] {
  return [
    { state: "none", peers: 0, pages, calls },
    { state: "asleep", peers: 3, pages, calls },
    { state: "spinning", peers: 1, pages, calls },
    { state: "spinning", peers: 3, pages, calls },
  ];
}

/** A median that is known to 1 %. */
export function known(ns: number): Estimate {
  return { ns, lowNs: 0.99 * ns, highNs: 1.01 * ns };
}

export const HOST_TIMES: HostTimes = {
  clock: known(80),
  cacheLineRoundTrip: known(2 * TRUTH.cacheLineNs),
  wakeUp: undefined,
  stolenPerSend: known(TRUTH.interruptEntryNs + TRUTH.invalidatePageNs + TRUTH.interruptExitNs),
};

/** All cells of the machine, each known to 1 %. */
export async function modelledCells(): Promise<CellTimes[]> {
  const cells = WORK.flatMap(([pages, calls]) => peersOf(pages, calls));
  const pool = new VirtualPool(cells.length);
  try {
    const model = await modelCells(cells, MACHINE, 1, pool);
    return cells.map((cell) => {
      const modelNs = model.get(cellName(cell))!;
      const ns = FIRST_NS + CALL_NS * cell.calls + modelNs;
      const aloneNs = model.get(cellName(withoutPeers(cell)))!;
      const excess = cell.state === "none" ? undefined : known(modelNs - aloneNs);
      const p50 = known(ns);
      return { cell, samples: 100, dropped: 0, minNs: ns, p50, p90Ns: ns, p99Ns: ns, excess };
    });
  } finally {
    await pool.close();
  }
}
