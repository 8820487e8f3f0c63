// Which cores a shootdown has to tell. They are read after the page table was changed: a core that
// loads the space, accesses a page or comes back from idling after that sees the change.

import { NO_LEAF, NOBODY_SHARES, SHARED } from "../machine/page-table.ts";
import type { Core } from "./core.ts";
import type { RangeList } from "./ranges.ts";

/** Everything of the space is flushed, whatever the ranges. */
export const EVERYTHING = -2;

/**
 * Puts the other cores that have to be told of `ranges` from range `from` on, or of EVERYTHING,
 * into `targetCores`; returns how many these are. Where page-table pages are freed everybody counts
 * who has the space loaded, as an idle core may still walk (Linux: tlb_gather, freed_tables).
 */
export function findTargets(core: Core, space: number, ranges: RangeList, from: number): number {
  const { plan, freesTables } = core;
  if (!plan.accessedOnly || freesTables || from === EVERYTHING) return findLoaded(core, space);
  const sharer = sharerOf(core, space, ranges, from);
  if (sharer === SHARED) return findLoaded(core, space);
  if (sharer === NOBODY_SHARES || sharer === core.id) return 0;
  return addTarget(core, 0, sharer);
}

function findLoaded(core: Core, space: number): number {
  const { spaces } = core.machine;
  let targets = 0;
  for (let word = 0; word < spaces.loadedWords; word++) {
    let bits = spaces.loadedBits(space, word);
    while (bits !== 0) {
      const lowest = bits & -bits;
      bits ^= lowest;
      const target = 32 * word + (31 - Math.clz32(lowest));
      if (target !== core.id) targets = addTarget(core, targets, target);
    }
  }
  return targets;
}

/** Returns how many targets there are now: an idle core may only be marked instead. */
function addTarget(core: Core, targets: number, target: number): number {
  const { cpu, machine, plan, freesTables } = core;
  if (plan.skipIdle && !freesTables && machine.coreStates.mark(target, cpu.now())) return targets;
  core.targetCores[targets] = target;
  return targets + 1;
}

/** The only core that accessed any of the pages; NOBODY_SHARES, or SHARED for any number. */
function sharerOf(core: Core, space: number, ranges: RangeList, from: number): number {
  const { pageTables, spaces } = core.machine;
  const root = spaces.rootOf(space);
  let sharer = NOBODY_SHARES;
  for (let range = from; range < ranges.length; range++) {
    const vpn = ranges.vpnOf(range);
    let leaf = NO_LEAF;
    for (let page = vpn; page < vpn + ranges.pagesOf(range); page++) {
      leaf = pageTables.leafAfter(leaf, root, page);
      if (leaf === NO_LEAF) return SHARED; // Its table is gone: nobody knows any more.
      const one = pageTables.onlySharer(leaf);
      if (one === NOBODY_SHARES || one === sharer) continue;
      if (sharer !== NOBODY_SHARES) return SHARED;
      sharer = one;
    }
    if (sharer === SHARED) return SHARED;
  }
  return sharer;
}
