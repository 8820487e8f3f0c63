// The initiator's half towards the cores: telling the others, and waiting for their answers.

import type { Protocol } from "../executor/cpu.ts";
import { WAIT_ACK, WAIT_MAILBOX, WAIT_NONE } from "../machine/actors.ts";
import { KERNEL_MESSAGE, NO_SENDER } from "../machine/mailboxes.ts";
import { CORES_CHAIN } from "../probe/critical-path.ts";
import {
  ACK_RETURN,
  DELIVERY,
  HANDLER,
  LATE,
  MASKED,
  QUEUE_FULL,
  SEND,
  SERVING,
} from "../probe/segments.ts";
import type { Timeline } from "../probe/timeline.ts";
import type { Core } from "./core.ts";
import { serviceInterrupts, sleepOrServe } from "./interrupts.ts";

/**
 * Sends `kind` to the first `targets` of `targetCores`, one after the other, or those of a cluster
 * together where the machine can.
 */
export function* sendToTargets(
  core: Core,
  targets: number,
  space: number,
  kind: number,
  vpn: number,
  pages: number,
): Protocol<void> {
  const { cpu, costs } = core;
  const { targetLines } = core.machine.shape;
  if (targetLines !== undefined) yield* fetchFromTargets(core, targets, targetLines);
  core.targets = 0;
  const multicasts = costs.clusterSendNs > 0 && (kind & KERNEL_MESSAGE) === 0;
  while (core.targets < targets) {
    const end = multicasts ? clusterEnd(core, core.targets, targets) : core.targets + 1;
    if (end - core.targets > 1) cpu.spend(costs.clusterSendNs);
    else spendOnOne(core, kind);
    while (core.targets < end) yield* post(core, kind, space, vpn, pages);
  }
}

/** Fetches `lines` from each target; answers IPIs meanwhile, as interrupts are not masked. */
function* fetchFromTargets(core: Core, targets: number, lines: number): Protocol<void> {
  const { cpu, machine, path, targetCores } = core;
  for (let i = 0; i < targets; i++) {
    cpu.spend(lines * core.lineNs(targetCores[i]));
    if (cpu.point()) yield;
    if (machine.mailboxes.dueNs(core.id) > cpu.now()) continue;
    path.mark(SEND, cpu.now());
    yield* serviceInterrupts(core);
    path.mark(SERVING, cpu.now());
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
  core.targetCores[core.targets] = target;
  spendOnOne(core, kind);
  yield* post(core, kind, space, vpn, pages);
}

/** One behind the last target of the cluster that target number `from` stands in. */
function clusterEnd(core: Core, from: number, targets: number): number {
  const { places, targetCores } = core;
  const cluster = places.clusterOf(targetCores[from]);
  let end = from + 1;
  while (end < targets && places.clusterOf(targetCores[end]) === cluster) end++;
  return end;
}

/** What the initiator spends on interrupting one core. */
function spendOnOne({ cpu, costs }: Core, kind: number): void {
  if ((kind & KERNEL_MESSAGE) !== 0) cpu.spend(costs.kernelMessageNs);
  cpu.spend(costs.ipiSendNs);
}

/** Tells the next of `targetCores`, for which the caller has spent the time. */
function* post(
  core: Core,
  kind: number,
  space: number,
  vpn: number,
  pages: number,
): Protocol<void> {
  const { cpu, machine, targets } = core;
  const { mailboxes } = machine;
  const target = core.targetCores[targets];
  if (cpu.point()) yield;
  const sequence = mailboxes.reserve(target);
  if (!mailboxes.hasRoom(target, sequence)) yield* awaitRoom(core, target, sequence);
  const sentNs = lineFromNs(core, target, sequence);
  const deliveryNs = core.deliveryNs(target);
  const dueNs = Math.max(cpu.effectNs(deliveryNs), sentNs + deliveryNs);
  core.targetSequences[targets] = sequence;
  core.targetToldNs[targets] = cpu.now();
  core.targets = targets + 1;
  const { id, generation } = core;
  mailboxes.post(target, sequence, kind, id, space, vpn, pages, generation, sentNs, dueNs);
  cpu.ring(target, dueNs);
  core.counters.ipis++;
  core.timeline?.sent(SEND, cpu.now(), target, sequence);
}

/**
 * From when on a message has the line of its mailbox: at once, or one transfer after the message
 * before it had, if another core posted that.
 */
function lineFromNs(core: Core, target: number, sequence: number): number {
  const { cpu, machine } = core;
  const { mailboxes } = machine;
  const before = (sequence - 1) | 0;
  const isOwn = core.lastPosted[target] === before; // Usual, and then no other line is read.
  core.lastPosted[target] = sequence;
  if (isOwn) return cpu.now();
  const sender = mailboxes.senderOf(target, before);
  if (sender === NO_SENDER) return cpu.now();
  const sentNs = mailboxes.sentNs(target, before);
  if (mailboxes.senderOf(target, before) !== sender) return cpu.now();
  return Math.max(cpu.now(), sentNs + core.lineNs(sender));
}

/**
 * Waits until every core that was told has acknowledged, and the line on which they do has let all
 * of these through; answers IPIs meanwhile. Looks at the core that was told last first: mostly all
 * others have answered when it has, and then there was one wait instead of many.
 */
export function* awaitAcks(core: Core): Protocol<void> {
  const { cpu, machine, path, acks } = core;
  if (core.targets === 0) return;
  const { mailboxes, actors } = machine;
  let lateNs = 0;
  acks.begin(core.targets);
  for (let i = core.targets - 1; i >= 0; i--) {
    const target = core.targetCores[i];
    const sequence = core.targetSequences[i];
    const lineNs = core.lineNs(target);
    actors.waits(cpu.id, WAIT_ACK, target);
    for (;;) {
      const storedNs = mailboxes.ackedNs(target, sequence);
      const visibleNs = storedNs + lineNs;
      if (visibleNs <= cpu.now()) {
        acks.note(i, storedNs, lineNs);
        core.check?.acknowledged(target, sequence);
        break;
      }
      const interruptNs = mailboxes.dueNs(core.id);
      if (interruptNs <= cpu.now()) {
        yield* serviceInterrupts(core);
        continue;
      }
      if (cpu.sleep(Math.min(visibleNs, interruptNs), target)) yield;
      lateNs = cpu.lateNs;
    }
  }
  acks.fold();
  if (core.timeline !== undefined) noteAnswers(core, core.timeline);
  while (acks.seenNs > cpu.now()) {
    const interruptNs = mailboxes.dueNs(core.id);
    if (interruptNs <= cpu.now()) {
      yield* serviceInterrupts(core);
      continue;
    }
    if (cpu.sleep(Math.min(acks.seenNs, interruptNs))) yield;
    lateNs = cpu.lateNs;
  }
  actors.waits(cpu.id, WAIT_NONE, 0);
  if (!path.enabled) return;
  recordChain(core);
  path.join(CORES_CHAIN, acks.seenNs, lateNs, cpu.now());
}

/**
 * Adds the chain of the answer that was seen last: how its interrupt travelled, was held up,
 * handled and answered.
 */
function recordChain(core: Core): void {
  const { path, machine, acks } = core;
  const { mailboxes } = machine;
  const i = acks.last;
  const target = core.targetCores[i];
  const sequence = core.targetSequences[i];
  const toldNs = core.targetToldNs[i];
  core.timeline?.answered(CORES_CHAIN, target, sequence);
  path.fork(CORES_CHAIN, toldNs);
  const enteredNs = mailboxes.enteredNs(target, sequence);
  const lateNs = mailboxes.lateNs(target, sequence);
  const heldUpNs = mailboxes.heldUpNs(target, sequence);
  const dueNs = mailboxes.postedDueNs(target, sequence);
  const arrivesNs = mailboxes.sentNs(target, sequence) + core.deliveryNs(target);
  path.add(CORES_CHAIN, DELIVERY, arrivesNs - toldNs); // With its wait for the mailbox's line.
  path.add(CORES_CHAIN, MASKED, enteredNs - lateNs - dueNs);
  path.add(CORES_CHAIN, LATE, dueNs - arrivesNs + lateNs + heldUpNs);
  path.add(CORES_CHAIN, HANDLER, acks.lastStoredNs - heldUpNs - enteredNs);
  path.add(CORES_CHAIN, ACK_RETURN, acks.seenNs - acks.lastStoredNs); // With its time in the queue.
}

/** For the time line: each acknowledgement on its way through the line. */
function noteAnswers({ acks, targetCores, targetSequences }: Core, timeline: Timeline): void {
  acks.forEach((i, fromNs, seenNs) => {
    timeline.beside(ACK_RETURN, fromNs, seenNs, targetCores[i], targetSequences[i]);
  });
}

/** The target's mailbox is full: waits until the slot that was reserved has been emptied. */
function* awaitRoom(core: Core, target: number, sequence: number): Protocol<void> {
  const { cpu, machine, path, counters } = core;
  const { mailboxes, actors } = machine;
  counters.mailboxFull++;
  path.mark(SEND, cpu.now());
  actors.waits(cpu.id, WAIT_MAILBOX, target);
  while (!mailboxes.hasRoom(target, sequence)) {
    yield* sleepOrServe(core, cpu.now() + POLL_NS);
  }
  actors.waits(cpu.id, WAIT_NONE, 0);
  path.mark(QUEUE_FULL, cpu.now());
}

/** How often a sender looks at a full mailbox: nobody rings it, as nobody knows that it waits. */
const POLL_NS = 200;
