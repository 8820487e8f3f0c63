// A window of pages that a program maps and uses before an operation takes it away.

import { InvariantError } from "../engine/errors.ts";
import type { Protocol } from "../engine/executor/cpu.ts";
import { isPresent } from "../engine/layout/pte.ts";
import { NO_LEAF } from "../engine/machine/page-table.ts";
import type { Core } from "../engine/protocol/core.ts";
import { map } from "../engine/protocol/memory.ts";
import { windowVpn } from "./memory-map.ts";
import type { WorkloadPlan } from "./workload.ts";

/** First page of the window that operation number `index` of this initiator is about. */
export function windowOf(core: Core, { windows, pages }: WorkloadPlan, index: number): number {
  return windowVpn(core.id, windows, pages, index % windows);
}

/** A page gets a frame, unless it has one. The machine has been laid out with enough of them. */
export function* mapOrFail(core: Core, page: number, flags: number): Protocol<void> {
  if (!(yield* map(core, page, flags))) {
    throw new InvariantError(`no frame was left for page ${page} of core ${core.id}`);
  }
}

/** The same for pages of a window that stays mapped and that only this core maps. */
export function* mapOnce(core: Core, page: number, flags: number): Protocol<void> {
  if (!isPresent(entryOf(core, page))) yield* mapOrFail(core, page, flags);
}

/** A page's entry; 0 also where no table leads to it. */
export function entryOf(core: Core, page: number): number {
  const { pageTables, spaces } = core.machine;
  const leaf = pageTables.leafOf(spaces.rootOf(core.space), page);
  return leaf === NO_LEAF ? 0 : pageTables.read(leaf);
}
