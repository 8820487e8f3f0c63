// The initiator's half towards the cores: telling the others, and waiting for their answers.

import type { Protocol } from "../executor/cpu.ts";
import { WAIT_ACK, WAIT_MAILBOX, WAIT_NONE } from "../machine/actors.ts";
import { KERNEL_MESSAGE } from "../machine/mailboxes.ts";
import { CORES_CHAIN } from "../probe/critical-path.ts";
import {
  ACK_RETURN,
  DELIVERY,
  HANDLER,
  LATE,
  MASKED,
  QUEUE_FULL,
  SEND,
} from "../probe/segments.ts";
import type { Core } from "./core.ts";
import { serviceInterrupts } from "./interrupts.ts";

/**
 * Sends `kind` to every other core that has `space` loaded, one after the other. Reads the set now:
 * the caller has changed the page table before, so that a core which loads the space from here on
 * sees that.
 */
export function* sendToLoaded(
  core: Core,
  space: number,
  kind: number,
  vpn: number,
  pages: number,
): Protocol<void> {
  const { cpu, machine } = core;
  core.targets = 0;
  if (cpu.point()) yield;
  for (let word = 0; word < machine.spaces.loadedWords; word++) {
    let bits = machine.spaces.loadedBits(space, word);
    while (bits !== 0) {
      const lowest = bits & -bits;
      bits ^= lowest;
      const target = 32 * word + (31 - Math.clz32(lowest));
      if (target !== core.id) yield* send(core, target, kind, space, vpn, pages);
    }
  }
}

/** Sends one message and interrupts its target. */
export function* send(
  core: Core,
  target: number,
  kind: number,
  space: number,
  vpn: number,
  pages: number,
): Protocol<void> {
  const { cpu, machine, costs } = core;
  const { mailboxes } = machine;
  if ((kind & KERNEL_MESSAGE) !== 0) cpu.spend(costs.kernelMessageNs);
  cpu.spend(costs.ipiSendNs);
  if (cpu.point()) yield;
  const sequence = mailboxes.reserve(target);
  if (!mailboxes.hasRoom(target, sequence)) yield* awaitRoom(core, target, sequence);
  const dueNs = cpu.effectNs(costs.deliveryNs);
  const i = core.targets++;
  core.targetCores[i] = target;
  core.targetSequences[i] = sequence;
  core.targetSentNs[i] = cpu.now();
  mailboxes.post(target, sequence, kind, core.id, space, vpn, pages, dueNs);
  cpu.ring(target, dueNs);
  core.counters.ipis++;
}

/** Waits until every core that was told has acknowledged; answers IPIs meanwhile. */
export function* awaitAcks(core: Core): Protocol<void> {
  const { cpu, machine, path } = core;
  if (core.targets === 0) return;
  const { mailboxes, actors } = machine;
  let last = 0;
  let lastNs = -1;
  let lateNs = 0;
  for (let i = 0; i < core.targets; i++) {
    const target = core.targetCores[i];
    const sequence = core.targetSequences[i];
    actors.waits(cpu.id, WAIT_ACK, target);
    for (;;) {
      const ackedNs = mailboxes.ackedNs(target, sequence);
      if (ackedNs <= cpu.now()) {
        if (ackedNs > lastNs) {
          lastNs = ackedNs;
          last = i;
        }
        break;
      }
      const interruptNs = mailboxes.dueNs(core.id);
      if (interruptNs <= cpu.now()) {
        yield* serviceInterrupts(core);
        continue;
      }
      if (cpu.sleep(Math.min(ackedNs, interruptNs))) yield;
      lateNs = cpu.lateNs;
    }
  }
  actors.waits(cpu.id, WAIT_NONE, 0);
  if (!path.enabled) return;
  recordChain(core, last, lastNs);
  path.join(CORES_CHAIN, lastNs, lateNs, cpu.now());
}

/**
 * Adds the chain of the last answer: how its interrupt travelled, was held up, handled
 * and answered.
 */
function recordChain(core: Core, i: number, ackedNs: number): void {
  const { path, costs, machine } = core;
  const target = core.targetCores[i];
  const sequence = core.targetSequences[i];
  const sentNs = core.targetSentNs[i];
  path.fork(CORES_CHAIN, sentNs);
  const enteredNs = machine.mailboxes.enteredNs(target, sequence);
  const lateNs = machine.mailboxes.lateNs(target, sequence);
  const heldUpNs = machine.mailboxes.heldUpNs(target, sequence);
  const dueNs = machine.mailboxes.postedDueNs(target, sequence);
  const sentLateNs = dueNs - sentNs - costs.deliveryNs;
  path.add(CORES_CHAIN, DELIVERY, costs.deliveryNs);
  path.add(CORES_CHAIN, MASKED, enteredNs - lateNs - dueNs);
  path.add(CORES_CHAIN, LATE, sentLateNs + lateNs + heldUpNs);
  path.add(CORES_CHAIN, HANDLER, ackedNs - costs.cacheLineNs - heldUpNs - enteredNs);
  path.add(CORES_CHAIN, ACK_RETURN, costs.cacheLineNs);
}

/** The target's mailbox is full: waits until the slot that was reserved has been emptied. */
function* awaitRoom(core: Core, target: number, sequence: number): Protocol<void> {
  const { cpu, machine, path, counters } = core;
  const { mailboxes, actors } = machine;
  counters.mailboxFull++;
  path.mark(SEND, cpu.now());
  actors.waits(cpu.id, WAIT_MAILBOX, target);
  while (!mailboxes.hasRoom(target, sequence)) {
    const interruptNs = mailboxes.dueNs(core.id);
    if (interruptNs <= cpu.now()) yield* serviceInterrupts(core);
    else if (cpu.sleep(Math.min(interruptNs, cpu.now() + POLL_NS))) yield;
  }
  actors.waits(cpu.id, WAIT_NONE, 0);
  path.mark(QUEUE_FULL, cpu.now());
}

/** How often a sender looks at a full mailbox: nobody rings it, as nobody knows that it waits. */
const POLL_NS = 200;
