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

/** Waits until an entry no longer names a frame that is unmapped and not free yet. */
export function* awaitReleased(core: Core, leaf: number): Protocol<void> {
  const { machine, space, id } = core;
  const { pageTables, spaces } = machine;
  if (!isHeld(pageTables.read(leaf))) return;
  spaces.awaitAddress(space, id);
  for (;;) {
    if (isAnyQueued(core)) yield* drainQueues(core);
    yield* takeAddress(core, leaf);
    if (!isHeld(pageTables.read(leaf))) break;
    yield* awaitRing(core);
  }
  spaces.endAddressWait(space, id);
}

/** The same where a page-table page that was unlinked and not freed yet holds the whole region. */
export function* awaitRegion(core: Core, vpn: number): Protocol<number> {
  const { machine, space, id } = core;
  const { pageTables, spaces } = machine;
  const root = spaces.rootOf(space);
  spaces.awaitAddress(space, id);
  let leaf = REGION_HELD;
  for (;;) {
    if (isAnyQueued(core)) yield* drainQueues(core);
    leaf = pageTables.ensureLeaf(root, vpn, space);
    if (leaf !== REGION_HELD) break;
    yield* awaitRing(core);
  }
  spaces.endAddressWait(space, id);
  return leaf;
}

/**
 * Sleeps until an address may be free, answering IPIs; not at all if something was queued
 * meanwhile: the waits of a drain have used up the ring for that.
 */
function* awaitRing(core: Core): Protocol<void> {
  const { cpu, machine, space } = core;
  if (isAnyQueued(core)) return;
  machine.actors.waits(cpu.id, WAIT_ADDRESS, space);
  yield* sleepOrServe(core, Number.POSITIVE_INFINITY);
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
}

/** A flush of everything would be in vain for what another core's operation still has. */
function isAnyQueued({ plan, machine }: Core): boolean {
  const { flushQueues, shape } = machine;
  if (plan.queueEntries === 0) return false;
  for (let owner = 0; owner < shape.cores; owner++) {
    if (!flushQueues.isEmpty(owner)) return true;
  }
  return false;
}
