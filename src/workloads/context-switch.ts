// Context switches of a workload: what a core has loaded, and what it does without anything to run.

import type { Protocol } from "../engine/executor/cpu.ts";
import { IDLE } from "../engine/probe/timeline.ts";
import type { Core } from "../engine/protocol/core.ts";
import { drainQueues } from "../engine/protocol/flush-queue.ts";
import { serviceInterrupts } from "../engine/protocol/interrupts.ts";
import { enterIdle, leaveIdle, loadSpace, unloadSpace } from "../engine/protocol/switch.ts";

/** Of a stretch in which a core changes nothing, how much is done before it counts as progress. */
export const SLICE_NS = 1_000_000;

/** Loads another space instead of the one that the core has. */
export function* switchTo(core: Core, space: number): Protocol<void> {
  const { cpu } = core;
  const former = core.space;
  if (former === space) return;
  if (cpu.point()) yield;
  loadSpace(core, space);
  if (cpu.point()) yield;
  unloadSpace(core, former);
}

/** Idles with the space still loaded. */
export function* idleUntil(core: Core, untilNs: number): Protocol<void> {
  const { cpu } = core;
  if (cpu.point()) yield;
  const beganNs = cpu.now();
  enterIdle(core);
  yield* sleepUntil(core, untilNs);
  core.timeline?.did(IDLE, beganNs, cpu.now());
  if (cpu.point()) yield;
  leaveIdle(core);
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
