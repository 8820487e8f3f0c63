// What an initiator does between two operations.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { type AccessStream, userWork } from "../engine/protocol/user.ts";

/**
 * User work until the next operation: of about `gapNs`, or until it is due if operations come at a
 * rate of their own. One that is already due is begun at once.
 */
export function* awaitArrival(core: Core, stream: AccessStream, gapNs: number): Protocol<void> {
  const { arrivals, cpu, random } = core;
  if (arrivals === undefined) {
    yield* userWork(core, stream, random.around(gapNs));
    return;
  }
  arrivals.advance();
  if (arrivals.dueNs <= cpu.now()) return;
  yield* userWork(core, stream, Number.POSITIVE_INFINITY, arrivals.dueNs);
}
