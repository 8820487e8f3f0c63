// `munmap`: one operation unmaps a window of pages that were mapped and touched before, one page
// after the other, as a program does that gives back scattered pages: it is the policy that gathers
// them. `munmap-range`: the same in one call, which every policy sees as one unmap.

import { InvariantError } from "../engine/errors.ts";
import type { Protocol } from "../engine/executor/cpu.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import { beginOperation, finishOperation, map, unmap } from "../engine/protocol/memory.ts";
import { type AccessStream, access, userWork } from "../engine/protocol/user.ts";
import { windowVpn } from "./memory-map.ts";
import { MUNMAP, type WorkloadPlan } from "./workload.ts";

/**
 * Operation number `index` of this initiator: user work and mapping outside its latency, then
 * the unmaps.
 */
export function* unmapWindow(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const { pages, windows } = plan;
  const vpn = windowVpn(core.id, windows, pages, index % windows);
  for (let page = vpn; page < vpn + pages; page++) {
    if (!(yield* map(core, page, WRITABLE))) {
      throw new InvariantError(`no frame was left for page ${page} of operation ${index}`);
    }
    access(core, page, true);
  }
  yield* userWork(core, stream, core.random.around(plan.gapNs));
  beginOperation(core);
  if (plan.kind === MUNMAP) {
    for (let page = vpn; page < vpn + pages; page++) yield* unmap(core, page, 1);
  } else {
    yield* unmap(core, vpn, pages);
  }
  yield* finishOperation(core);
}
