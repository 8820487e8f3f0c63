// `reclaim`: a core like Linux's kswapd unmaps batches of pages that the other cores use, one page
// after the other (mm/vmscan.c, shrink_folio_list: it is the policy that gathers them). The pages
// stay addresses of the program: each faults back in, with another frame, on the core that it is
// assigned to.
//
// The reclaimer goes through its windows in turn and takes a page only when it is there, so that
// each operation takes as many, however long anybody takes to fault them in.

import type { Protocol } from "../engine/executor/cpu.ts";
import { isHeld, isPresent, WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import { type AccessStream, access, runProgram, userWork } from "../engine/protocol/user.ts";
import { windowVpn } from "./memory-map.ts";
import { entryOf, mapOrFail, unmapEach, windowOf } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Pages that are reclaimed at a time (Linux include/linux/swap.h, SWAP_CLUSTER_MAX). */
export const RECLAIM_PAGES = 32;

/** Operation number `index`: one batch is unmapped, once all of it is there. */
export function* reclaimBatch(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const vpn = windowOf(core, plan, index);
  yield* userWork(core, stream, core.random.around(plan.gapNs));
  for (let page = vpn; page < vpn + plan.pages; page++) yield* awaitPage(core, stream, page);
  yield* unmapEach(core, vpn, plan.pages);
}

/**
 * Does something else until a page is there. A page whose flush is still put off cannot fault in
 * anywhere: that forces the flush, as every use of the address would.
 */
function* awaitPage(core: Core, stream: AccessStream, page: number): Protocol<void> {
  for (;;) {
    const entry = entryOf(core, page);
    if (isPresent(entry)) return;
    if (isHeld(entry)) yield* mapOrFail(core, page, WRITABLE);
    else yield* userWork(core, stream, stream.gapNs);
  }
}

/** A core whose program uses the pages, until the run is over; what is gone then comes back. */
export function* useReclaimed(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
): Protocol<void> {
  const { maskedEveryNs, maskedNs } = plan;
  yield* runProgram(core, stream, maskedEveryNs, maskedNs, () => faultIn(core, plan));
  yield* faultIn(core, plan);
}

/** Faults in what has been reclaimed of this core's share, which nobody else faults in. */
function* faultIn(core: Core, plan: WorkloadPlan): Protocol<void> {
  const { initiators, windows, pages, idleCores, otherCores } = plan;
  if (core.id < initiators || core.space !== 0) return;
  const programs = core.machine.shape.cores - idleCores - otherCores - initiators;
  const perInitiator = windows * pages;
  for (let i = core.id - initiators; i < initiators * perInitiator; i += programs) {
    const initiator = Math.floor(i / perInitiator);
    const page = windowVpn(initiator, windows, pages, 0) + (i % perInitiator);
    if (entryOf(core, page) !== 0) continue;
    yield* mapOrFail(core, page, WRITABLE);
    access(core, page, true);
  }
}
