// Flushing at reuse: what was unmapped is free at once, and whoever takes the frame or the address
// again flushes first, unless everything has been flushed since (Xen xen/arch/x86/flushtlb.c:
// tlbflush_filter; LUF; FPR). Where Xen stamps each CPU here one stamp holds for all.

import type { Protocol } from "../executor/cpu.ts";
import { pfnOf, RELEASED, TAKEN } from "../layout/pte.ts";
import { NO_FRAME } from "../machine/frames.ts";
import { BACKGROUND } from "../probe/timeline.ts";
import type { Core } from "./core.ts";
import { drainQueues, flushEverything } from "./flush-queue.ts";
import { flushesAtReuse, ringAddressWaiters } from "./free.ts";

/**
 * Takes a frame for `space`: from those that are free, or from those that a flush makes free.
 * NO_FRAME if none is left.
 */
export function* takeFrame(core: Core, space: number): Protocol<number> {
  const { frames } = core.machine;
  let frame = frames.take(core.id);
  if (frame === NO_FRAME && core.plan.queueEntries > 0) {
    yield* drainQueues(core);
    frame = frames.take(core.id);
  }
  if (frame === NO_FRAME) return NO_FRAME;
  const former = frames.formerOf(frame);
  const staysAtHome = core.plan.sameOwner && former === space;
  if (former >= 0 && !staysAtHome) yield* flushSince(core, frames.stampOf(frame));
  frames.handOut(frame, space);
  return frame;
}

/**
 * Makes the address of an entry free that is held until somebody wants it; while somebody else is
 * at it nothing: that core rings.
 */
export function* takeAddress(core: Core, leaf: number): Protocol<void> {
  const { cpu, machine, plan, space } = core;
  const { pageTables, frames } = machine;
  if (!flushesAtReuse(plan)) return;
  for (;;) {
    const entry = pageTables.read(leaf);
    if ((entry & (RELEASED | TAKEN)) !== RELEASED) return;
    yield* flushSince(core, frames.stampOf(pfnOf(entry)));
    if (cpu.point()) yield;
    // Another core may have been at it meanwhile: then it is another entry, to be looked at anew.
    if (!pageTables.takeReleased(leaf, entry)) continue;
    ringAddressWaiters(core, space);
    return;
  }
}

/** Flushes everything unless that was done since `stamp`. In the background, as other reuse. */
function* flushSince(core: Core, stamp: number): Protocol<void> {
  const { cpu, machine, path, counters, home } = core;
  if (machine.spaces.hasFlushedSince(home, stamp)) return;
  const beganNs = cpu.now();
  const recording = path.enabled;
  path.enabled = false;
  yield* flushEverything(core);
  path.enabled = recording;
  core.timeline?.did(BACKGROUND, beganNs, cpu.now());
  counters.backgroundNs += cpu.now() - beganNs;
}
