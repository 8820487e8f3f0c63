// Taking and handing over ticket locks. A waiter answers IPIs, unless its caller has interrupts
// masked: otherwise a holder that waits for this core's acknowledgement would never let go.

import type { Protocol } from "../executor/cpu.ts";
import { NOBODY, WAIT_LOCK, WAIT_NONE } from "../machine/actors.ts";
import type { Core } from "./core.ts";
import { serviceInterrupts } from "./interrupts.ts";

/**
 * Takes a lock, answering IPIs while it waits; `masked`, with interrupts masked: then its holders
 * must wait for no core. Returns the ticket, for `release`.
 */
export function* acquire(core: Core, lock: number, masked = false): Protocol<number> {
  const { cpu, machine } = core;
  const { locks, mailboxes } = machine;
  if (cpu.point()) yield;
  const ticket = locks.takeTicket(lock);
  if (core.lastReleased[lock] === ticket) return ticket; // Nobody had it since: nothing to read.
  if (locks.handedNs(lock, ticket) <= cpu.now()) return ticket;
  locks.await(lock, ticket, cpu.id);
  machine.actors.waits(cpu.id, WAIT_LOCK, lock);
  for (;;) {
    const handedNs = locks.handedNs(lock, ticket);
    const heldNs = handedNs + core.lineNs(locks.releasedBy(lock));
    if (heldNs <= cpu.now()) break;
    const interruptNs = masked ? Number.POSITIVE_INFINITY : mailboxes.dueNs(core.id);
    if (interruptNs <= cpu.now()) yield* serviceInterrupts(core);
    else if (cpu.sleep(Math.min(heldNs, interruptNs))) yield;
  }
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
  return ticket;
}

/** Lets go; the next holder can go on when the lock's line has got there. */
export function* release(core: Core, lock: number, ticket: number): Protocol<void> {
  const { cpu, machine } = core;
  if (cpu.point()) yield;
  const releasedNs = cpu.effectNs(0);
  core.lastReleased[lock] = (ticket + 1) | 0;
  const next = machine.locks.release(lock, ticket, core.id, releasedNs);
  if (next !== NOBODY) cpu.ring(next, releasedNs + core.lineNs(next));
}
