// Telling cores where one instruction reaches all of them (TLBI and DSB, INVLPGB and TLBSYNC): no
// core is interrupted and none answers. What takes time is the interconnect, which serves one
// broadcast after the other.

import type { Protocol } from "../executor/cpu.ts";
import { BROADCAST_LOST, BROADCAST_PENDING, INTERCONNECT_BUSY } from "../machine/interconnect.ts";
import { pcidOf } from "../machine/machine.ts";
import { DELIVERY, LATE, QUEUED, SEND } from "../probe/segments.ts";
import type { Core } from "./core.ts";

/**
 * Invalidates `pages` pages of `space` from `vpn` on, 0 for all, on every core, the own included;
 * waits until all are done with it if the policy waits for anybody. Nothing can interrupt that, and
 * nobody waits for this core meanwhile.
 */
export function* broadcast(core: Core, space: number, vpn: number, pages: number): Protocol<void> {
  const { cpu, machine, costs, plan, path, counters } = core;
  cpu.spend(costs.broadcastSendNs * Math.max(1, pages));
  path.mark(SEND, cpu.now());
  if (cpu.point()) yield;
  const { broadcastServiceNs, broadcastSyncNs } = costs;
  let sentNs: number;
  let startNs: number;
  for (;;) {
    sentNs = cpu.effectNs(0);
    startNs = machine.interconnect.broadcast(
      space,
      vpn,
      pages,
      sentNs,
      broadcastServiceNs,
      broadcastSyncNs,
    );
    if (startNs !== INTERCONNECT_BUSY) break;
    if (cpu.sleep(cpu.now() + POLL_NS)) yield;
  }
  const { sent } = machine.interconnect;
  counters.broadcasts++;
  if (plan.ack === 0) return;
  const doneNs = startNs + broadcastSyncNs;
  while (cpu.now() < doneNs) if (cpu.sleep(doneNs)) yield;
  machine.interconnect.complete(sent);
  yield* awaitAccesses(core, space);
  path.mark(LATE, sentNs);
  path.mark(QUEUED, startNs);
  path.mark(DELIVERY, doneNs);
  path.mark(LATE, cpu.now());
}

/**
 * Waits until no core is in the middle of an access that it began before: the barrier behind a
 * broadcast covers those as well (Arm ARM, DSB after TLBI). Only worker threads can be interrupted
 * there by their host.
 */
function* awaitAccesses(core: Core, space: number): Protocol<void> {
  const { cpu, machine } = core;
  const { coreStates, spaces } = machine;
  for (let other = 0; other < machine.shape.cores; other++) {
    if (other === core.id || !spaces.isLoaded(space, other)) continue;
    const accesses = coreStates.accessesOf(other);
    while ((accesses & 1) === 1 && coreStates.accessesOf(other) === accesses) {
      if (cpu.sleep(cpu.now() + POLL_NS)) yield;
    }
  }
}

/** How often what nobody rings for is looked at: another broadcast, an access in progress. */
const POLL_NS = 100;

/**
 * Drops from the own TLB what broadcasts that are due at `nowNs` invalidate. Before every use of
 * the TLB: hardware does it when the broadcast arrives, and takes no time of the core's. Nor is it
 * counted: when a core looks is no property of the shootdown.
 */
export function applyBroadcasts(core: Core, nowNs: number): void {
  const { machine, tlb, broadcast, check } = core;
  const { interconnect } = machine;
  for (;;) {
    const found = interconnect.read(core.nextBroadcast, nowNs, broadcast);
    if (found === BROADCAST_PENDING) return;
    if (found === BROADCAST_LOST) {
      // Read before the flush: what is broadcast from here on is still to be applied.
      core.nextBroadcast = (interconnect.last + 1) | 0;
      tlb.flushAll();
      continue;
    }
    core.nextBroadcast = (core.nextBroadcast + 1) | 0;
    const { space, vpn, pages } = broadcast;
    const stoppedNs = check?.stopsUsing(broadcast.dueNs); // It could not use any of it since.
    const pcid = pcidOf(space);
    if (pages === 0) tlb.flushContext(pcid);
    for (let page = vpn; page < vpn + pages; page++) tlb.invalidatePage(pcid, page);
    check?.resumes(stoppedNs);
  }
}
