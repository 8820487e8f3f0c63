// Which cores a shootdown has to tell. They are read after the page table was changed: a core that
// loads the space, accesses a page or comes back from idling after that sees the change.
//
// With skipIdle as Linux does it (arch/x86/mm/tlb.c: should_flush_tlb, should_trim_cpumask): cores
// that are idle or have another space loaded go on counting, and are told only where page-table
// pages are freed; once a second also those that are not idle, so that they no longer count.

import { NO_LEAF, NOBODY_SHARES, SHARED } from "../machine/page-table.ts";
import type { Core } from "./core.ts";
import type { RangeList } from "./ranges.ts";

/** Linux arch/x86/mm/tlb.c, should_trim_cpumask: HZ jiffies. */
const TRIM_PERIOD_MS = 1000;
const NS_PER_MS = 1_000_000;

/** Everything of the space is flushed, whatever the ranges. */
export const EVERYTHING = -2;

/**
 * Puts the other cores that have to be told of `ranges` from range `from` on, or of EVERYTHING,
 * into `targetCores`; returns how many these are. `core.others` is how many count, told or not.
 * Where page-table pages are freed everybody is told who has the space loaded, as an idle core may
 * still walk (Linux: tlb_gather, freed_tables).
 */
export function findTargets(core: Core, space: number, ranges: RangeList, from: number): number {
  const { plan, freesTables } = core;
  if (!plan.accessedOnly || freesTables || from === EVERYTHING) return findLoaded(core, space);
  const sharer = sharerOf(core, space, ranges, from);
  if (sharer === SHARED) return findLoaded(core, space);
  core.others = 0;
  if (sharer === NOBODY_SHARES || sharer === core.id) return 0;
  core.others = 1;
  core.trims = false;
  return addTarget(core, space, 0, sharer);
}

/**
 * How many cores it would be, without marking anyone. Who loads the space from here on need not
 * have been counted: it is for a choice between ways that all tell who has to be told.
 */
export function countTargets(core: Core, space: number, ranges: RangeList, from: number): number {
  const { plan, machine, freesTables } = core;
  const { spaces, coreStates } = machine;
  if (plan.accessedOnly && !freesTables && from !== EVERYTHING) {
    const sharer = sharerOf(core, space, ranges, from);
    if (sharer !== SHARED) return sharer === NOBODY_SHARES || sharer === core.id ? 0 : 1;
  }
  const others = listLoaded(core, space);
  if (!plan.skipIdle || freesTables) return others;
  let targets = 0;
  for (let i = 0; i < others; i++) {
    const other = core.targetCores[i];
    if (spaces.isRunning(space, other) && !coreStates.isIdle(other)) targets++;
  }
  return targets;
}

function findLoaded(core: Core, space: number): number {
  const others = listLoaded(core, space);
  core.others = others;
  core.trims = false;
  if (!core.plan.skipIdle) return others;
  core.trims = others > 0 && takeTrim(core, space);
  let targets = 0;
  for (let i = 0; i < others; i++) {
    targets = addTarget(core, space, targets, core.targetCores[i]);
  }
  return targets;
}

/** Puts the other cores that have the space loaded into `targetCores`; returns how many. */
function listLoaded(core: Core, space: number): number {
  const { spaces } = core.machine;
  let others = 0;
  for (let word = 0; word < spaces.loadedWords; word++) {
    let bits = spaces.loadedBits(space, word);
    while (bits !== 0) {
      const lowest = bits & -bits;
      bits ^= lowest;
      const other = 32 * word + (31 - Math.clz32(lowest));
      if (other !== core.id) core.targetCores[others++] = other;
    }
  }
  return others;
}

/** Whether this flush is the one of its second that also goes to cores with another space. */
function takeTrim(core: Core, space: number): boolean {
  const { cpu, machine, skippedNs } = core;
  const nowMs = Math.floor((cpu.now() + skippedNs) / NS_PER_MS);
  return machine.spaces.takeTrim(space, nowMs, TRIM_PERIOD_MS);
}

/** Returns how many targets there are now: an idle core may only be marked instead. */
function addTarget(core: Core, space: number, targets: number, target: number): number {
  const { cpu, machine, plan, freesTables, trims } = core;
  if (plan.skipIdle && !freesTables) {
    if (machine.coreStates.mark(target, cpu.now())) return targets;
    // It compares generations, or flushes, when it loads the space again.
    if (!trims && !machine.spaces.isRunning(space, target)) return targets;
  }
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
