// The seven modes of Akaros's own benchmark (kern/drivers/dev/regress.c at 69a6dc1d): one core
// signals another and waits until that has answered. Our extension: with IOMMUs attached, each mode
// flushes them as Akaros's shootdown does, before the clock stops.

import { violated } from "../engine/errors.ts";
import type { Protocol } from "../engine/executor/cpu.ts";
import { ACK_LATE, FLUSH_SPACE, KERNEL_MESSAGE, POKE } from "../engine/machine/mailboxes.ts";
import { LOCAL, SEND } from "../engine/probe/segments.ts";
import type { Core } from "../engine/protocol/core.ts";
import { flushOwnContext } from "../engine/protocol/interrupts.ts";
import { flushByRegister } from "../engine/protocol/invalidation.ts";
import { awaitAcks, send } from "../engine/protocol/ipi.ts";
import { beginLatency } from "../engine/protocol/memory.ts";

/** In the order in which Akaros numbers them. */
export const TLB_BENCH_MODES = [
  "NOOP",
  "LOCAL",
  "POKE",
  "IPI",
  "KMSG",
  "NOACK-KMSG",
  "NOACK-IPI",
] as const;

const NOOP = 0;
const LOCAL_FLUSH = 1;
const FIRST_NOACK = 5;

const MESSAGES = [
  0,
  0,
  POKE | ACK_LATE,
  FLUSH_SPACE | ACK_LATE,
  FLUSH_SPACE | ACK_LATE | KERNEL_MESSAGE,
  FLUSH_SPACE | ACK_LATE | KERNEL_MESSAGE,
  FLUSH_SPACE | ACK_LATE,
] as const;

/** One iteration of `mode` from this core at `target`. */
export function* signal(core: Core, target: number, mode: number): Protocol<void> {
  const { cpu, machine, path, space } = core;
  if (mode < NOOP || mode >= TLB_BENCH_MODES.length) violated("no such mode", mode);
  core.targets = 0;
  beginLatency(core);
  if (mode === LOCAL_FLUSH) {
    flushOwnContext(core, space);
    path.mark(LOCAL, cpu.now());
  } else if (mode !== NOOP) {
    yield* send(core, target, MESSAGES[mode], space, 0, 0);
    path.mark(SEND, cpu.now());
  }
  if (mode < FIRST_NOACK) yield* awaitAcks(core);
  let attached = machine.spaces.attachedTo(space);
  while (attached !== 0) {
    yield* flushByRegister(core, machine.iommus[31 - Math.clz32(attached & -attached)], space);
    attached &= attached - 1;
  }
  path.settle();
  path.end(cpu.now());
  core.counters.operations++;
  machine.actors.progressed(cpu.id);
  // Without acknowledgement the clock stops above; the answer is awaited all the same before
  // the next.
  if (mode < FIRST_NOACK) return;
  path.enabled = false;
  yield* awaitAcks(core);
  path.enabled = true;
}
