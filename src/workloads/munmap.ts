// `munmap`: one operation unmaps a window of pages that were mapped and touched before, one page
// after the other, as a program does that gives back scattered pages: it is the policy that gathers
// them. `munmap-range`: the same in one call, which every policy sees as one unmap.
//
// Two more differ from `munmap-range` only in their numbers. `madvise` (MADV_DONTNEED) has one
// window: the addresses stay, and the program uses them again at once. In `server` all cores
// initiate: each request maps a buffer, fills it, and unmaps it.

import type { Protocol } from "../engine/executor/cpu.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import { beginOperation, finishOperation, unmap } from "../engine/protocol/memory.ts";
import { type AccessStream, access } from "../engine/protocol/user.ts";
import { awaitArrival } from "./arrival.ts";
import { mapOrFail, windowOf } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/**
 * Operation number `index` of this initiator: user work and mapping outside its latency, then
 * the unmaps, one a page.
 */
export function* unmapPages(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const vpn = windowOf(core, plan, index);
  yield* useWindow(core, plan, stream, vpn);
  beginOperation(core);
  for (let page = vpn; page < vpn + plan.pages; page++) yield* unmap(core, page, 1);
  yield* finishOperation(core);
}

/** The same with one unmap for all pages. */
export function* unmapRange(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const vpn = windowOf(core, plan, index);
  yield* useWindow(core, plan, stream, vpn);
  beginOperation(core);
  yield* unmap(core, vpn, plan.pages);
  yield* finishOperation(core);
}

/** Maps a window and writes to it; then the program does something else. */
function* useWindow(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  vpn: number,
): Protocol<void> {
  for (let page = vpn; page < vpn + plan.pages; page++) {
    yield* mapOrFail(core, page, WRITABLE);
    access(core, page, true);
  }
  yield* awaitArrival(core, stream, plan.gapNs);
}
