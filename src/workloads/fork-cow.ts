// `fork-cow`: before an operation a window is write-protected, as fork does to all memory that
// parent and child share from then on. The operation is the parent writing to the window, one page
// after the other: each write breaks copy on write, and no policy may defer a flush whose page
// somebody else goes on reading.
//
// The child is not there: what it shares goes back when the parent has its own copy, as if the
// child had replaced its memory by then (exec). Copying takes no time.

import type { Protocol } from "../engine/executor/cpu.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import {
  beginOperation,
  copyOnWrite,
  finishOperation,
  protect,
} from "../engine/protocol/memory.ts";
import { type AccessStream, access } from "../engine/protocol/user.ts";
import { awaitArrival } from "./arrival.ts";
import { mapOnce, windowOf } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Operation number `index`: fork and user work outside its latency, then the writes. */
export function* writeAfterFork(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const { path } = core;
  const { pages, gapNs } = plan;
  const vpn = windowOf(core, plan, index);
  for (let page = vpn; page < vpn + pages; page++) {
    yield* mapOnce(core, page, WRITABLE);
    access(core, page, true);
  }
  path.enabled = false; // The fork belongs to no operation.
  yield* protect(core, vpn, pages);
  core.check?.returned();
  path.enabled = true;
  yield* awaitArrival(core, stream, gapNs);
  beginOperation(core);
  for (let page = vpn; page < vpn + pages; page++) {
    yield* copyOnWrite(core, page);
    access(core, page, true);
  }
  yield* finishOperation(core);
}
