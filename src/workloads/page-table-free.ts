// `page-table-free`: one operation unmaps a region of the address space together with the
// page-table pages that led to it, as a program does that gives back a large buffer or exits. Each
// window lies in regions of 2 MiB of its own, whose tables are made anew every time.

import type { Protocol } from "../engine/executor/cpu.ts";
import { TABLE_ENTRIES } from "../engine/layout/address.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import { beginOperation, finishOperation, unmap } from "../engine/protocol/memory.ts";
import { type AccessStream, access } from "../engine/protocol/user.ts";
import { awaitArrival } from "./arrival.ts";
import { windowVpn } from "./memory-map.ts";
import { mapOrFail } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Maps and touches a window, works, then the unmap with its tables, which is what is timed. */
export function* unmapWithTables(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const { pages, windows } = plan;
  const vpn = windowVpn(core.id, windows, tablesFor(pages) * TABLE_ENTRIES, index % windows);
  for (let page = vpn; page < vpn + pages; page++) {
    yield* mapOrFail(core, page, WRITABLE);
    access(core, page, true);
  }
  yield* awaitArrival(core, stream, plan.gapNs);
  beginOperation(core);
  yield* unmap(core, vpn, pages, true);
  yield* finishOperation(core);
}

/** Leaf tables of one window. */
export function tablesFor(pages: number): number {
  return Math.ceil(pages / TABLE_ENTRIES);
}
