// What cores flush by themselves: at their own tick each sweeps what the others have published in
// their flush queues since its last sweep (LATR, ASPLOS'18), and drops these pages.

import type { Protocol } from "../executor/cpu.ts";
import { pcidOf } from "../machine/machine.ts";
import { TICK } from "../policy/plan.ts";
import { SWEEP } from "../probe/timeline.ts";
import type { Core } from "./core.ts";
import { reapLocked } from "./flush-queue.ts";
import { flushOwnContext } from "./interrupts.ts";

/** This core's tick: sweeps, and frees what of its own queue has waited long enough. */
export function* tick(core: Core): Protocol<void> {
  const { cpu, machine, plan, counters } = core;
  const beganNs = cpu.now();
  machine.timers.setTick(core.id, beganNs + plan.tickNs);
  if (plan.coresWhen === TICK && core.space === core.home) yield* sweep(core);
  core.timeline?.did(SWEEP, beganNs, cpu.now());
  counters.responderNs += cpu.now() - beganNs;
  if (machine.flushQueues.isEmpty(core.id)) return;
  const reapingNs = cpu.now();
  yield* reapLocked(core, core.id);
  counters.backgroundNs += cpu.now() - reapingNs;
}

/** Drops what is new in the queues of all other cores. */
function* sweep(core: Core): Protocol<void> {
  const { cpu, machine, plan, home } = core;
  if (cpu.point()) yield;
  let pages = 0;
  let overrun = false;
  for (let owner = 0; owner < machine.shape.cores; owner++) {
    if (owner === core.id || core.sweptTo[owner] === machine.flushQueues.tailOf(owner)) continue;
    cpu.spend(core.lineNs(owner));
    const swept = sweepQueue(core, owner);
    if (swept < 0) overrun = true;
    else pages += swept;
  }
  if (overrun || pages > plan.fullAbovePages) {
    flushOwnContext(core, home);
  } else {
    cpu.spend(core.costs.invalidatePageNs * pages);
    core.counters.pageFlushes += pages;
  }
  if (cpu.point()) yield;
  machine.coreStates.countSweep(core.id);
}

/** Everything of the home space has been flushed here: nothing that is published now is news. */
export function skipPublished(core: Core): void {
  const { flushQueues } = core.machine;
  for (let owner = 0; owner < core.sweptTo.length; owner++) {
    core.sweptTo[owner] = flushQueues.tailOf(owner);
  }
}

/** Drops what is new in one queue; returns how many pages, or −1 if some of it is lost. */
function sweepQueue(core: Core, owner: number): number {
  const { machine, queued, home, tlb } = core;
  const tail = machine.flushQueues.tailOf(owner);
  const lost = ((tail - core.sweptTo[owner]) | 0) >= machine.flushQueues.slots;
  let pages = 0;
  for (let index = core.sweptTo[owner]; !lost && index !== tail; index = (index + 1) | 0) {
    if (!machine.flushQueues.read(owner, index, queued)) {
      pages = LOST;
      break;
    }
    for (let page = queued.vpn; page < queued.vpn + queued.pages; page++) {
      tlb.invalidatePage(pcidOf(home), page);
    }
    pages += queued.pages;
  }
  core.sweptTo[owner] = tail;
  return lost ? LOST : pages;
}

const LOST = -1;
