// Asynchronous invalidation: descriptors are submitted and nobody waits for them. Only every so
// many flushes are followed by a wait descriptor, and what was unmapped is freed once one has
// completed (FreeBSD sys/x86/iommu/intel_qi.c: dmar_qi_invalidate_emit, dmar_batch_coalesce). Where
// FreeBSD's task frees, here whoever queues the next range does.

import type { Protocol } from "../executor/cpu.ts";
import type { Core } from "./core.ts";
import { awaitPosted, isPostedDone, LATER, NEVER, submitPosted } from "./invalidation.ts";
import type { RangeList } from "./ranges.ts";

/**
 * Submits the flush of ranges to every attached IOMMU; it is number `asyncStarted` of this core.
 */
export function* submitAsynchronously(
  core: Core,
  space: number,
  ranges: RangeList,
  from: number,
): Protocol<void> {
  const { machine, plan } = core;
  const number = core.asyncStarted + 1;
  const awaited = number % plan.waitEvery === 0;
  if (awaited) yield* completeSubmitted(core);
  for (let left = machine.spaces.attachedTo(space); left !== 0; left &= left - 1) {
    const iommu = machine.firstIommu(left);
    yield* submitPosted(core, iommu, space, ranges, from, awaited ? LATER : NEVER);
  }
  core.asyncStarted = number;
  if (awaited) core.asyncWaited = number;
}

/** Makes known which flushes of this core are complete, if their waits have been answered. */
export function* noteCompleted(core: Core): Protocol<void> {
  const { machine, id } = core;
  if (core.asyncWaited === machine.flushQueues.completedOf(id)) return;
  for (const iommu of machine.iommus) if (!isPostedDone(core, iommu)) return;
  yield* completeSubmitted(core);
}

/** Waits for all wait descriptors that this core has posted. */
export function* completeSubmitted(core: Core): Protocol<void> {
  for (const iommu of core.machine.iommus) yield* awaitPosted(core, iommu, core.home);
  core.machine.flushQueues.complete(core.id, core.asyncWaited);
}
