// A small machine for tests of its parts.

import type { MachineShape } from "../../dist/src/engine/layout/shape.js";

export function shapeWith(changes: Partial<MachineShape> = {}): MachineShape {
  return {
    cores: 2,
    iommus: 1,
    devices: 1,
    spaces: 1,
    dataFrames: 64,
    tableFrames: 16,
    flushQueueSlots: 8,
    tracksAccesses: false,
    rings: 0,
    ringSlots: 0,
    cachedRegions: 32,
    l1: { sets: 4, ways: 2 },
    l2: { sets: 16, ways: 4 },
    iotlb: { sets: 8, ways: 2 },
    ats: false,
    checks: false,
    ...changes,
  };
}
