// Context switches: what a core has loaded, and what it does when it has nothing to run.

import type { Protocol } from "../engine/executor/cpu.ts";
import { pcidOf } from "../engine/machine/machine.ts";
import type { Core } from "../engine/protocol/core.ts";
import { drainQueues } from "../engine/protocol/flush-queue.ts";
import { serviceInterrupts } from "../engine/protocol/interrupts.ts";

/** Of a stretch in which a core changes nothing, how much is done before it counts as progress. */
export const SLICE_NS = 1_000_000;

/**
 * Loads another space. The core first counts as having it, then drops what it had of it: whoever
 * unmaps either tells it, or has changed the page table before it fills its TLB again.
 */
export function* switchTo(core: Core, space: number): Protocol<void> {
  const { machine, cpu, costs, tlb } = core;
  const former = core.space;
  if (former === space) return;
  if (cpu.point()) yield;
  machine.spaces.load(space, core.id);
  cpu.spend(costs.flushContextNs);
  tlb.flushContext(pcidOf(space));
  core.space = space;
  if (cpu.point()) yield;
  machine.spaces.unload(former, core.id);
}

/** An idle core sleeps; an interrupt wakes it for as long as the handler takes. */
export function* sleepUntil(core: Core, untilNs: number): Protocol<void> {
  const { cpu, machine } = core;
  while (cpu.now() < untilNs) {
    machine.actors.progressed(cpu.id);
    if (core.timerNs <= cpu.now()) yield* drainQueues(core);
    const interruptNs = machine.mailboxes.dueNs(core.id);
    if (interruptNs <= cpu.now()) {
      yield* serviceInterrupts(core);
      continue;
    }
    const sliceNs = Math.min(untilNs, core.timerNs, cpu.now() + SLICE_NS);
    if (cpu.sleep(Math.min(sliceNs, interruptNs))) yield;
  }
}
