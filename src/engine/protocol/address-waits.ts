// Waiting for an address that is unmapped and not free yet: forces the flush that it is queued for,
// or lets the core that is at it come to its end. Whoever frees addresses, or queues them, rings
// (free.ts).

import type { Protocol } from "../executor/cpu.ts";
import { isHeld } from "../layout/pte.ts";
import { WAIT_ADDRESS, WAIT_NONE } from "../machine/actors.ts";
import { REGION_HELD } from "../machine/page-table.ts";
import type { Core } from "./core.ts";
import { drainQueues } from "./flush-queue.ts";
import { sleepOrServe } from "./interrupts.ts";
import { takeAddress } from "./reuse.ts";

const NEVER_NS = Number.POSITIVE_INFINITY;

/** Waits until an entry no longer names a frame that is unmapped and not free yet. */
export function* awaitReleased(core: Core, leaf: number): Protocol<void> {
  const { machine } = core;
  const { pageTables } = machine;
  if (!isHeld(pageTables.read(leaf))) return;
  beginWait(core);
  for (;;) {
    yield* drainIfQueued(core);
    yield* takeAddress(core, leaf);
    if (!isHeld(pageTables.read(leaf))) break;
    yield* sleepOrServe(core, NEVER_NS);
  }
  endWait(core);
}

/** The same where a page-table page that was unlinked and not freed yet holds the whole region. */
export function* awaitRegion(core: Core, vpn: number): Protocol<number> {
  const { machine, space } = core;
  const { pageTables, spaces } = machine;
  const root = spaces.rootOf(space);
  beginWait(core);
  let leaf = REGION_HELD;
  for (;;) {
    yield* drainIfQueued(core);
    leaf = pageTables.ensureLeaf(root, vpn, space);
    if (leaf !== REGION_HELD) break;
    yield* sleepOrServe(core, NEVER_NS);
  }
  endWait(core);
  return leaf;
}

/** From here on whoever frees an address rings; the caller looks whether its own is free after. */
function beginWait({ machine, space, id, cpu }: Core): void {
  machine.spaces.awaitAddress(space, id);
  machine.actors.waits(cpu.id, WAIT_ADDRESS, space);
}

function endWait({ machine, space, id, cpu }: Core): void {
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
  machine.spaces.endAddressWait(space, id);
}

/** A flush of everything would be in vain for what another core's operation still has. */
function* drainIfQueued(core: Core): Protocol<void> {
  const { flushQueues, shape } = core.machine;
  if (core.plan.queueEntries === 0) return;
  for (let owner = 0; owner < shape.cores; owner++) {
    if (flushQueues.isEmpty(owner)) continue;
    yield* drainQueues(core);
    return;
  }
}
