// Context switches of a workload: what a core has loaded.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { loadSpace, unloadSpace } from "../engine/protocol/switch.ts";

/** Loads another space instead of the one that the core has. */
export function* switchTo(core: Core, space: number): Protocol<void> {
  const { cpu } = core;
  const former = core.space;
  if (former === space) return;
  if (cpu.point()) yield;
  loadSpace(core, space);
  if (cpu.point()) yield;
  unloadSpace(core, former);
}
