// The initiator of a shootdown: tells the cores and the IOMMUs, flushes its own TLB, waits.
// Page-table entries have been cleared before; only now is it read who must be told (cores,
// IOMMUs), so that one which arrives in between either sees the cleared entries or is told.

import type { Protocol } from "../executor/cpu.ts";
import { ACK_EARLY, ACK_LATE, FLUSH_PAGES, FLUSH_SPACE } from "../machine/mailboxes.ts";
import { LOCAL, SEND } from "../probe/segments.ts";
import { completeSubmitted, submitAsynchronously } from "./async.ts";
import { broadcast } from "./broadcast.ts";
import type { Core } from "./core.ts";
import { flushOwnTlb } from "./interrupts.ts";
import {
  awaitSubmission,
  flushByRegister,
  flushRangesByRegister,
  submitDomainFlush,
  submitFlush,
} from "./invalidation.ts";
import { awaitAcks, sendToTargets } from "./ipi.ts";
import type { RangeList } from "./ranges.ts";
import { countTargets, EVERYTHING, findTargets } from "./targets.ts";

/** From here on nobody is asked about a range: the half is not flushed now. */
export const SKIP = -1;

/**
 * Flushes ranges of `space` that are unmapped by now: for the cores those from `coresFrom` on, for
 * the IOMMUs those from `iommuFrom` on; SKIP leaves a half out, EVERYTHING flushes the whole space
 * there. Returns when both have answered as far as the policy waits; for EVERYTHING, and where the
 * caller must know, it always waits for the IOMMUs.
 */
export function* shootdown(
  core: Core,
  space: number,
  ranges: RangeList,
  coresFrom: number,
  iommuFrom: number,
): Protocol<void> {
  const { plan, counters, machine } = core;
  counters.shootdowns++;
  const everything = coresFrom === EVERYTHING || iommuFrom === EVERYTHING;
  core.freesTables = everything
    ? machine.spaces.heldTables(space) > 0
    : ranges.haveTables(Math.max(0, Math.min(coresFrom, iommuFrom)));
  const queued = plan.queuedInvalidation && iommuFrom !== SKIP;
  const async = queued && plan.waitEvery > 1 && iommuFrom !== EVERYTHING && !core.mustFlush;
  const early = queued && plan.overlapped;
  if (queued && plan.waitEvery > 1 && !async) yield* completeSubmitted(core);
  if (early) {
    if (async) yield* submitAsynchronously(core, space, ranges, iommuFrom);
    else yield* submitToAttached(core, space, ranges, iommuFrom);
  }
  if (coresFrom !== SKIP) yield* flushCores(core, space, ranges, coresFrom);
  if (async) {
    if (!early) yield* submitAsynchronously(core, space, ranges, iommuFrom);
  } else if (early) yield* awaitAttached(core);
  else if (iommuFrom !== SKIP) yield* flushIommusInTurn(core, space, ranges, iommuFrom);
  core.freesTables = false;
  core.generation = 0;
  core.path.settle();
}

/**
 * IPIs to the others and the initiator's own flush, then the answers if the policy wants any; or
 * where the machine has it one broadcast, which reaches the initiator's own TLB as well.
 */
function* flushCores(core: Core, space: number, ranges: RangeList, from: number): Protocol<void> {
  const { cpu, machine, plan, path } = core;
  const vpn = from === EVERYTHING ? 0 : ranges.coverStart(from);
  const pages = from === EVERYTHING ? Number.POSITIVE_INFINITY : ranges.coverEnd(from) - vpn;
  const full = pages > plan.fullAbovePages;
  let tellsAll = core.broadcasts;
  if (!tellsAll && plan.broadcastFrom > 0) {
    if (cpu.point()) yield;
    tellsAll = countTargets(core, space, ranges, from) >= plan.broadcastFrom;
  }
  if (tellsAll) {
    yield* broadcast(core, space, full ? 0 : vpn, full ? 0 : pages);
    return;
  }
  // Before it is read who must be told: who loads the space in between sees that it missed one.
  if (plan.generations) {
    if (cpu.point()) yield;
    core.generation = machine.spaces.nextGeneration(space);
  }
  if (!plan.concurrentLocal) {
    flushOwnTlb(core, space, vpn, pages, core.generation);
    path.mark(LOCAL, cpu.now());
  }
  if (cpu.point()) yield;
  const targets = findTargets(core, space, ranges, from);
  if (core.others > 0) {
    core.counters.requests++;
    if (full) core.counters.fullRequests++;
  }
  // A core that has only entered its handler may still walk what is about to be freed.
  const ack = core.freesTables && plan.ack === ACK_EARLY ? ACK_LATE : plan.ack;
  const kind = (full ? FLUSH_SPACE : FLUSH_PAGES) | ack;
  yield* sendToTargets(core, targets, space, kind, full ? 0 : vpn, full ? 0 : pages);
  path.mark(SEND, cpu.now());
  if (plan.concurrentLocal) {
    flushOwnTlb(core, space, vpn, pages, core.generation);
    path.mark(LOCAL, cpu.now());
  }
  if (ack !== 0) yield* awaitAcks(core);
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
  for (let left = machine.spaces.attachedTo(space); left !== 0; left &= left - 1) {
    const iommu = machine.firstIommu(left);
    if (plan.queuedInvalidation) {
      if (from === EVERYTHING) yield* submitDomainFlush(core, iommu, space);
      else yield* submitFlush(core, iommu, space, ranges, from);
      yield* awaitSubmission(core, iommu, true);
    } else if (from === EVERYTHING) {
      yield* flushByRegister(core, iommu, space);
    } else {
      yield* flushRangesByRegister(core, iommu, space, ranges, from);
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
  for (let left = machine.spaces.attachedTo(space); left !== 0; left &= left - 1) {
    const iommu = machine.firstIommu(left);
    if (from === EVERYTHING) yield* submitDomainFlush(core, iommu, space);
    else yield* submitFlush(core, iommu, space, ranges, from);
  }
}

/** Waits for all that `submitToAttached` submitted, answering IPIs. */
function* awaitAttached(core: Core): Protocol<void> {
  for (const iommu of core.machine.iommus) yield* awaitSubmission(core, iommu, false);
}
