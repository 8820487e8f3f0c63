// `resize`: what `ArrayBuffer.prototype.resize(0)` makes of a resizable buffer's touched pages. One
// call is two system calls, and each of these tells the other cores: mprotect takes the access
// away, then madvise (MADV_DONTNEED) gives the pages back. What `calibrate` measures for real.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { beginOperation, finishOperation, protect, unmap } from "../engine/protocol/memory.ts";
import type { AccessStream } from "../engine/protocol/user.ts";
import { awaitArrival } from "./arrival.ts";
import { mapPages, windowOf } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Operation number `index`: the buffer's pages are touched, then it is made empty in one call. */
export function* emptyBuffer(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const { pages, gapNs } = plan;
  const vpn = windowOf(core, plan, index);
  yield* mapPages(core, vpn, pages);
  yield* awaitArrival(core, stream, gapNs);
  beginOperation(core);
  yield* protect(core, vpn, pages);
  yield* unmap(core, vpn, pages);
  yield* finishOperation(core);
}
