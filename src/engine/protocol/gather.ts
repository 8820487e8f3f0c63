// What an unmap takes away is gathered until it may be given back: the range, the frames that its
// entries named, and the page-table pages that are empty now.

import { TABLE_ENTRIES } from "../layout/address.ts";
import { END_OF_CHAIN, NO_FRAME } from "../machine/frames.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import { AT_ONCE } from "../policy/plan.ts";
import type { Core } from "./core.ts";
import {
  countFreed,
  flushesAtReuse,
  freeChain,
  freeNamed,
  freeTables,
  holdsAddresses,
  ringAddressWaiters,
} from "./free.ts";

/** Adds a range whose entries were cleared; gives back what the policy gives back at once. */
export function gather(core: Core, vpn: number, pages: number, withTables: boolean): void {
  const { cpu, machine, plan, gathered, space } = core;
  const unflushed = flushesAtReuse(plan); // Whatever is flushed later: now nothing has been.
  machine.spaces.addHeld(space, pages);
  const chained = plan.addressesReuse === AT_ONCE || withTables;
  const holds = holdsAddresses(plan);
  let frames = chained ? takeFrames(core, vpn, pages, holds) : NO_FRAME;
  if (plan.framesReuse === AT_ONCE) {
    if (chained) countFreed(core, space, freeChain(core, frames, unflushed));
    else freeNamed(core, space, vpn, pages, unflushed);
    if (chained) frames = END_OF_CHAIN;
  }
  let tables = withTables ? unlinkTables(core, vpn, pages, holds) : END_OF_CHAIN;
  if (plan.tablesReuse === AT_ONCE) {
    freeTables(core, space, vpn, pages, tables);
    tables = END_OF_CHAIN;
  }
  gathered.add(vpn, pages, cpu.now(), frames, tables);
}

/**
 * Takes the frames of a range out of its entries, which are free then, or with `holds` go on
 * holding the addresses; returns their chain.
 */
function takeFrames(core: Core, vpn: number, pages: number, holds: boolean): number {
  const { pageTables, frames, spaces } = core.machine;
  const root = spaces.rootOf(core.space);
  let leaf = NO_LEAF;
  let first = END_OF_CHAIN;
  let zeroes = 0;
  for (let page = vpn; page < vpn + pages; page++) {
    leaf = pageTables.leafAfter(leaf, root, page);
    const frame = holds ? pageTables.releaseFrame(leaf) : pageTables.takeUnflushed(leaf);
    if (frame === frames.zeroFrame) zeroes++;
    if (frame === NO_FRAME || frame === frames.zeroFrame) continue;
    frames.chain(frame, first);
    first = frame;
  }
  countFreed(core, core.space, zeroes); // It is never free, and no chain can hold it twice.
  if (!holds) ringAddressWaiters(core, core.space);
  return first;
}

/**
 * Unlinks the leaf tables of a range that are empty and may go; returns their chain. With `holds`
 * the addresses of their regions wait until they are freed.
 */
function unlinkTables(core: Core, vpn: number, pages: number, holds: boolean): number {
  const { pageTables, frames, spaces } = core.machine;
  const root = spaces.rootOf(core.space);
  const firstRegion = Math.ceil(Math.max(vpn - TABLE_ENTRIES + 1, core.tablesFrom) / TABLE_ENTRIES);
  const lastRegion = Math.ceil(Math.min(vpn + pages, core.tablesTo) / TABLE_ENTRIES) - 1;
  let first = END_OF_CHAIN;
  let unlinked = 0;
  for (let region = firstRegion; region <= lastRegion; region++) {
    const table = pageTables.unlinkLeafTable(root, region * TABLE_ENTRIES, holds);
    if (table === NO_FRAME) continue;
    frames.chain(table, first);
    first = table;
    unlinked++;
  }
  if (unlinked > 0) spaces.addHeldTables(core.space, unlinked);
  return first;
}
