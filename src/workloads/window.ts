// A window of pages that a program maps and uses before an operation takes it away, and the
// operation that does so page by page.

import { InvariantError } from "../engine/errors.ts";
import type { Protocol } from "../engine/executor/cpu.ts";
import { isPresent, WRITABLE } from "../engine/layout/pte.ts";
import { NO_LEAF } from "../engine/machine/page-table.ts";
import type { Core } from "../engine/protocol/core.ts";
import { beginOperation, finishOperation, map, unmap } from "../engine/protocol/memory.ts";
import { access } from "../engine/protocol/user.ts";
import { windowVpn } from "./memory-map.ts";
import type { WorkloadPlan } from "./workload.ts";

/** First page of the window that operation number `index` of this initiator is about. */
export function windowOf(core: Core, { windows, pages }: WorkloadPlan, index: number): number {
  return windowVpn(core.id, windows, pages, index % windows);
}

/** The program maps pages, which nobody has mapped, and writes to them. */
export function* mapPages(core: Core, vpn: number, pages: number): Protocol<void> {
  for (let page = vpn; page < vpn + pages; page++) {
    yield* mapOrFail(core, page, WRITABLE);
    access(core, page, true);
  }
}

/** The program writes to pages that stay mapped and that only this core maps, or reads them. */
export function* usePages(core: Core, vpn: number, pages: number, writes: boolean): Protocol<void> {
  const flags = writes ? WRITABLE : 0;
  for (let page = vpn; page < vpn + pages; page++) {
    yield* mapOnce(core, page, flags);
    access(core, page, writes);
  }
}

/** A page of those that stay mapped and that only this core maps gets a frame. */
export function* mapOnce(core: Core, page: number, flags: number): Protocol<void> {
  if (!isPresent(entryOf(core, page))) yield* mapOrFail(core, page, flags);
}

/** An operation that unmaps pages one after the other, each by a call of its own. */
export function* unmapEach(core: Core, vpn: number, pages: number): Protocol<void> {
  beginOperation(core);
  for (let page = vpn; page < vpn + pages; page++) yield* unmap(core, page, 1);
  yield* finishOperation(core);
}

/** A page gets a frame, unless it has one. The machine has been laid out with enough of them. */
export function* mapOrFail(core: Core, page: number, flags: number): Protocol<void> {
  if (!(yield* map(core, page, flags))) {
    throw new InvariantError(`no frame was left for page ${page} of core ${core.id}`);
  }
}

/** A page's entry; 0 also where no table leads to it. */
export function entryOf(core: Core, page: number): number {
  const { pageTables, spaces } = core.machine;
  const leaf = pageTables.leafOf(spaces.rootOf(core.space), page);
  return leaf === NO_LEAF ? 0 : pageTables.read(leaf);
}
