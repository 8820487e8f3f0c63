// Taking and handing over ticket locks. A waiter answers IPIs, unless its caller has interrupts
// masked: otherwise a holder that waits for this core's acknowledgement would never let go.

import type { Protocol } from "../executor/cpu.ts";
import { WAIT_LOCK, WAIT_NONE } from "../machine/actors.ts";
import { NOBODY } from "../machine/locks.ts";
import type { Core } from "./core.ts";
import { serviceInterrupts } from "./interrupts.ts";

/** Takes a lock, answering IPIs while it waits. Returns the ticket, for `release`. */
export function* acquire(core: Core, lock: number): Protocol<number> {
  const { cpu, machine, costs } = core;
  const { locks, mailboxes } = machine;
  if (cpu.point()) yield;
  const ticket = locks.takeTicket(lock);
  if (locks.handedNs(lock, ticket) <= cpu.now()) return ticket;
  locks.await(lock, ticket, cpu.id);
  machine.actors.waits(cpu.id, WAIT_LOCK, lock);
  for (;;) {
    const handedNs = locks.handedNs(lock, ticket) + costs.cacheLineNs;
    if (handedNs <= cpu.now()) break;
    const interruptNs = mailboxes.dueNs(core.id);
    if (interruptNs <= cpu.now()) yield* serviceInterrupts(core);
    else if (cpu.sleep(Math.min(handedNs, interruptNs))) yield;
  }
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
  return ticket;
}

/** Takes a lock with interrupts masked. Its holders must wait for no core. */
export function* acquireMasked(core: Core, lock: number): Protocol<number> {
  const { cpu, machine, costs } = core;
  const { locks } = machine;
  if (cpu.point()) yield;
  const ticket = locks.takeTicket(lock);
  if (locks.handedNs(lock, ticket) <= cpu.now()) return ticket;
  locks.await(lock, ticket, cpu.id);
  machine.actors.waits(cpu.id, WAIT_LOCK, lock);
  for (;;) {
    const handedNs = locks.handedNs(lock, ticket) + costs.cacheLineNs;
    if (handedNs <= cpu.now()) break;
    if (cpu.sleep(handedNs)) yield;
  }
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
  return ticket;
}

/** Lets go; the next holder can go on one cache-line transfer later. */
export function* release(core: Core, lock: number, ticket: number): Protocol<void> {
  const { cpu, machine, costs } = core;
  if (cpu.point()) yield;
  const next = machine.locks.release(lock, ticket, cpu.now());
  if (next !== NOBODY) cpu.ring(next, cpu.now() + costs.cacheLineNs);
}
