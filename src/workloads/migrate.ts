// `migrate`: one operation moves the pages of a window to other frames, one after the other, as
// compaction and NUMA balancing do. Each page is flushed before its former frame is free: a write
// through an old translation would be lost, so that no policy may defer it. Copying takes no time.

import type { Protocol } from "../engine/executor/cpu.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import { beginOperation, finishOperation, replacePage } from "../engine/protocol/memory.ts";
import { type AccessStream, access } from "../engine/protocol/user.ts";
import { awaitArrival } from "./arrival.ts";
import { mapOnce, windowOf } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Operation number `index`: the program uses the window, then its pages move. */
export function* migrateWindow(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const { pages, gapNs } = plan;
  const vpn = windowOf(core, plan, index);
  for (let page = vpn; page < vpn + pages; page++) {
    yield* mapOnce(core, page, WRITABLE);
    access(core, page, true);
  }
  yield* awaitArrival(core, stream, gapNs);
  beginOperation(core);
  for (let page = vpn; page < vpn + pages; page++) yield* replacePage(core, page, 0);
  yield* finishOperation(core);
}
