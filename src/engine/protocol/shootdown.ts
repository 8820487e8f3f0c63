// The initiator of a shootdown: tells the cores and the IOMMUs, flushes its own TLB, waits.
// Page-table entries have been cleared before; only now is it read who must be told (cores,
// IOMMUs), so that one which arrives in between either sees the cleared entries or is told.

import type { Protocol } from "../executor/cpu.ts";
import { FLUSH_PAGES, FLUSH_SPACE } from "../machine/mailboxes.ts";
import { LOCAL, SEND } from "../probe/segments.ts";
import { broadcast } from "./broadcast.ts";
import type { Core } from "./core.ts";
import { flushOwnTlb } from "./interrupts.ts";
import {
  awaitSubmission,
  flushByRegister,
  submitDomainFlush,
  submitFlush,
} from "./invalidation.ts";
import { awaitAcks, sendToLoaded } from "./ipi.ts";
import type { RangeList } from "./ranges.ts";

/** From here on nobody is asked about a range: the half is not flushed now. */
export const SKIP = -1;
/** Everything of the space is flushed, whatever the ranges. */
export const EVERYTHING = -2;

/**
 * Flushes ranges of `space` that are unmapped by now: for the cores those from `coresFrom` on, for
 * the IOMMUs those from `iommuFrom` on; SKIP leaves a half out, EVERYTHING flushes the whole space
 * there. Returns when both have answered as far as the policy waits.
 */
export function* shootdown(
  core: Core,
  space: number,
  ranges: RangeList,
  coresFrom: number,
  iommuFrom: number,
): Protocol<void> {
  const { plan, counters } = core;
  counters.shootdowns++;
  const early = plan.overlapped && plan.queuedInvalidation && iommuFrom !== SKIP;
  if (early) yield* submitToAttached(core, space, ranges, iommuFrom);
  if (coresFrom !== SKIP) yield* flushCores(core, space, ranges, coresFrom);
  if (early) yield* awaitAttached(core);
  else if (iommuFrom !== SKIP) yield* flushIommusInTurn(core, space, ranges, iommuFrom);
  core.path.settle();
}

/**
 * IPIs to the others and the initiator's own flush, then the answers if the policy wants any; or
 * where the machine has it one broadcast, which reaches the initiator's own TLB as well.
 */
function* flushCores(core: Core, space: number, ranges: RangeList, from: number): Protocol<void> {
  const { cpu, plan, path } = core;
  const vpn = from === EVERYTHING ? 0 : ranges.coverStart(from);
  const pages = from === EVERYTHING ? Number.POSITIVE_INFINITY : ranges.coverEnd(from) - vpn;
  const full = pages > plan.fullAbovePages;
  if (core.broadcasts) {
    yield* broadcast(core, space, full ? 0 : vpn, full ? 0 : pages);
    return;
  }
  if (!plan.concurrentLocal) {
    flushOwnTlb(core, space, vpn, pages);
    path.mark(LOCAL, cpu.now());
  }
  const kind = (full ? FLUSH_SPACE : FLUSH_PAGES) | plan.ack;
  yield* sendToLoaded(core, space, kind, full ? 0 : vpn, full ? 0 : pages);
  path.mark(SEND, cpu.now());
  if (plan.concurrentLocal) {
    flushOwnTlb(core, space, vpn, pages);
    path.mark(LOCAL, cpu.now());
  }
  if (plan.ack !== 0) yield* awaitAcks(core);
}

/**
 * One IOMMU after the other, each awaited before the next. With none attached this reads one word.
 */
function* flushIommusInTurn(
  core: Core,
  space: number,
  ranges: RangeList,
  from: number,
): Protocol<void> {
  const { machine, plan } = core;
  let attached = machine.spaces.attachedTo(space);
  while (attached !== 0) {
    const iommu = machine.iommus[31 - Math.clz32(attached & -attached)];
    attached &= attached - 1;
    if (plan.queuedInvalidation) {
      if (from === EVERYTHING) yield* submitDomainFlush(core, iommu, space);
      else yield* submitFlush(core, iommu, space, ranges, from);
      yield* awaitSubmission(core, iommu, true);
    } else {
      yield* flushByRegister(core, iommu, space);
    }
  }
}

/** Hands the flush to every attached IOMMU, and waits for none. */
function* submitToAttached(
  core: Core,
  space: number,
  ranges: RangeList,
  from: number,
): Protocol<void> {
  const { machine } = core;
  let attached = machine.spaces.attachedTo(space);
  while (attached !== 0) {
    const iommu = machine.iommus[31 - Math.clz32(attached & -attached)];
    attached &= attached - 1;
    if (from === EVERYTHING) yield* submitDomainFlush(core, iommu, space);
    else yield* submitFlush(core, iommu, space, ranges, from);
  }
}

/** Waits for all that `submitToAttached` submitted, answering IPIs. */
function* awaitAttached(core: Core): Protocol<void> {
  for (const iommu of core.machine.iommus) yield* awaitSubmission(core, iommu, false);
}
