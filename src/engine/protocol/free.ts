// Giving back what was unmapped: frames, addresses and page-table pages.
//
// An unmapped entry goes on naming its frame until the flush is over, as in Akaros: that holds
// frame and address at once. Where a policy gives the address back earlier, or the entry's table is
// to go, the frames wait in a chain of their own; a table that waits holds the addresses of its
// region, as the entry that led to it still names it, and of one that has to stay the entries do.
// Where a policy gives the frames back earlier, the entry is marked and still holds the address,
// until its range is given back; where addresses are flushed at reuse until somebody wants it.

import { violated } from "../errors.ts";
import { TABLE_ENTRIES } from "../layout/address.ts";
import { isHeld, pfnOf } from "../layout/pte.ts";
import { END_OF_CHAIN, NO_FRAME } from "../machine/frames.ts";
import { NO_PAGE } from "../machine/live-pages.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import { AT_ONCE, type Plan, REUSE } from "../policy/plan.ts";
import type { Core } from "./core.ts";

/** What is given back: a range of unmapped pages, and what was held with it. */
export interface Unmapped {
  readonly vpn: number;
  readonly pages: number;
  readonly unmappedNs: number;
  /** First of a chain; NO_FRAME while its entries name them. */
  readonly frames: number;
  /** First of a chain. */
  readonly tables: number;
}

/** Whether a policy gives frames back that some TLB or IOTLB has cached: it flushes at reuse. */
export function flushesAtReuse({ coresWhen, iommuWhen }: Plan): boolean {
  return coresWhen === REUSE || iommuWhen === REUSE;
}

/** Whether addresses wait for the flush, also where the frames of a range are in a chain. */
export function holdsAddresses({ addressesReuse, tablesReuse }: Plan): boolean {
  return addressesReuse !== AT_ONCE && tablesReuse !== AT_ONCE;
}

/** Gives back what a range still holds; `unflushed` if some TLB or IOTLB may have it cached. */
export function freeRange(core: Core, space: number, range: Unmapped, unflushed: boolean): void {
  const { cpu, counters, plan } = core;
  const { vpn, pages, unmappedNs, frames, tables } = range;
  if (frames !== NO_FRAME && holdsAddresses(plan)) releaseAddresses(core, space, vpn, pages);
  const freed =
    frames === NO_FRAME
      ? releaseEntries(core, space, vpn, pages, unflushed)
      : freeChain(core, frames, unflushed);
  freeTables(core, space, vpn, pages, tables);
  countFreed(core, space, freed);
  counters.heldPageNs += freed * (cpu.now() - unmappedNs);
  ringAddressWaiters(core, space);
}

/** Addresses of a space are free now, or wait in a ring: whoever waits for one looks again. */
export function ringAddressWaiters(core: Core, space: number): void {
  const { cpu, machine } = core;
  const { spaces } = machine;
  if (!spaces.hasAddressWaiters(space)) return;
  for (let word = 0; word < spaces.loadedWords; word++) {
    let bits = spaces.addressWaiters(space, word);
    while (bits !== 0) {
      const waiter = 32 * word + (31 - Math.clz32(bits & -bits));
      bits &= bits - 1;
      if (waiter !== core.id) cpu.ring(waiter, cpu.effectNs(core.lineNs(waiter)));
    }
  }
}

/**
 * Frees the frames that the entries of a range name; these go on holding the addresses until
 * `freeRange`. `unflushed` as there.
 */
export function freeNamed(
  core: Core,
  space: number,
  vpn: number,
  pages: number,
  unflushed: boolean,
): void {
  const { machine } = core;
  const root = machine.spaces.rootOf(space);
  let leaf = NO_LEAF;
  let freed = 0;
  for (let page = vpn; page < vpn + pages; page++) {
    leaf = machine.pageTables.leafAfter(leaf, root, page);
    if (unflushed) noteUnflushed(core, leaf);
    const frame = machine.pageTables.releaseFrame(leaf);
    if (frame === NO_FRAME) continue;
    freeFrame(core, frame, page, unflushed);
    freed++;
  }
  countFreed(core, space, freed);
}

/** Frees a chain of frames; returns how many these were. */
export function freeChain(core: Core, first: number, unflushed: boolean): number {
  const { frames } = core.machine;
  let freed = 0;
  for (let frame = first; frame !== END_OF_CHAIN; freed++) {
    // What was put on a chain twice makes it a ring.
    if (freed === frames.frames) violated("a chain of frames has no end", first);
    const next = frames.nextOf(frame);
    freeFrame(core, frame, NO_PAGE, unflushed);
    frame = next;
  }
  return freed;
}

/** Frees a chain of page-table pages that nothing leads to any more, and the regions they held. */
export function freeTables(
  core: Core,
  space: number,
  vpn: number,
  pages: number,
  first: number,
): void {
  const { frames, spaces, pageTables } = core.machine;
  const root = spaces.rootOf(space);
  let freed = 0;
  for (let table = first; table !== END_OF_CHAIN; freed++) {
    if (freed === frames.frames) violated("a chain of page-table pages has no end", first);
    const next = frames.nextOf(table);
    const start = vpn - (vpn % TABLE_ENTRIES);
    for (let region = start; region < vpn + pages; region += TABLE_ENTRIES) {
      pageTables.releaseRegion(root, region, table);
    }
    pageTables.clearTable(table);
    frames.freeTable(table);
    table = next;
  }
  if (freed > 0) spaces.addHeldTables(space, -freed);
}

export function countFreed(core: Core, space: number, frames: number): void {
  const { cpu, machine, costs, counters } = core;
  cpu.spend(costs.frameNs * frames);
  counters.framesFreed += frames;
  machine.spaces.addHeld(space, -frames);
}

/** Lets the entries go that hold no more than the addresses of a range; some tables may be gone. */
function releaseAddresses(core: Core, space: number, vpn: number, pages: number): void {
  const { pageTables, spaces } = core.machine;
  const root = spaces.rootOf(space);
  let leaf = NO_LEAF;
  for (let page = vpn; page < vpn + pages; page++) {
    leaf = pageTables.leafAfter(leaf, root, page);
    if (leaf !== NO_LEAF) pageTables.releaseAddress(leaf);
  }
}

/**
 * Lets the entries of a range go, but for the addresses where these are flushed at reuse too; frees
 * the frames that nobody has freed yet. Returns how many these were.
 */
function releaseEntries(
  core: Core,
  space: number,
  vpn: number,
  pages: number,
  unflushed: boolean,
): number {
  const { machine, plan } = core;
  const { pageTables } = machine;
  const root = machine.spaces.rootOf(space);
  let leaf = NO_LEAF;
  let freed = 0;
  for (let page = vpn; page < vpn + pages; page++) {
    leaf = pageTables.leafAfter(leaf, root, page);
    if (leaf === NO_LEAF) continue;
    if (unflushed && plan.framesReuse === AT_ONCE) {
      pageTables.offerAddress(leaf);
      continue;
    }
    if (unflushed) noteUnflushed(core, leaf);
    const frame = unflushed ? pageTables.release(leaf) : pageTables.takeHeld(leaf);
    if (frame === NO_FRAME || plan.framesReuse === AT_ONCE) continue;
    freeFrame(core, frame, page, unflushed);
    freed++;
  }
  return freed;
}

/**
 * Gives one frame back that was mapped at `vpn`, or was to be; `unflushed` if some TLB or IOTLB may
 * have it cached.
 */
export function freeFrame(core: Core, frame: number, vpn: number, unflushed: boolean): void {
  const { machine, plan, home, id, check } = core;
  check?.freed(frame, vpn);
  // What had been handed back to its owner unflushed may be cached under a former address as well.
  if (unflushed || plan.sameOwner) {
    machine.frames.noteUnflushed(frame, machine.spaces.deferredFlushesStarted(home));
  }
  machine.frames.free(id, frame);
}

/** Before an entry is released: whoever wants its address looks at the stamp of its frame. */
function noteUnflushed({ machine, home }: Core, leaf: number): void {
  const { pageTables, frames, spaces } = machine;
  const entry = pageTables.read(leaf);
  if (isHeld(entry)) frames.noteUnflushed(pfnOf(entry), spaces.deferredFlushesStarted(home));
}
