// A device that is driven through its descriptor ring, and the core that drives it. The device
// reads or writes the pages of each descriptor in order, at its own pace, and hands it back; the
// core sees that by the status that the device writes to memory, as drivers that poll do (Linux
// NAPI). Between a descriptor's posting and its completion the device may be at any of its pages.

import type { Protocol } from "../executor/cpu.ts";
import { deviceActor } from "../layout/shape.ts";
import { WAIT_DMA, WAIT_NONE, WAIT_WORK } from "../machine/actors.ts";
import type { Core } from "./core.ts";
import { type DmaEngine, transferPage } from "./dma.ts";
import { sleepOrServe } from "./interrupts.ts";
import { serveTimers } from "./user.ts";

/**
 * The driver: hands the pages from `vpn` on, which are mapped, to the device, whose ring has room:
 * its only one, or `ring` of those that it has.
 */
export function* postDescriptor(
  core: Core,
  device: number,
  vpn: number,
  ring = device,
): Protocol<void> {
  const { cpu, machine, costs } = core;
  if (cpu.point()) yield;
  const dueNs = cpu.effectNs(costs.tailWriteNs);
  machine.rings.post(ring, vpn, dueNs);
  cpu.ring(deviceActor(machine.shape, device), dueNs);
}

/** The driver: waits until the device has handed a descriptor back; answers IPIs meanwhile. */
export function* awaitDescriptor(core: Core, device: number, descriptor: number): Protocol<void> {
  const { cpu, machine } = core;
  const { rings, actors } = machine;
  actors.waits(cpu.id, WAIT_DMA, device);
  for (;;) {
    const completedNs = rings.completedNs(device, descriptor);
    if (completedNs <= cpu.now()) break;
    if (machine.timers.nextNs(core.id) <= cpu.now()) yield* serveTimers(core);
    yield* sleepOrServe(core, Math.min(completedNs, machine.timers.nextNs(core.id)));
  }
  actors.waits(cpu.id, WAIT_NONE, 0);
}

/**
 * The device, until the run is over: descriptors of `pages` pages in their order, and nothing while
 * its ring is empty. `driver` is the core that is told.
 */
export function* serveRing(engine: DmaEngine, driver: number, pages: number): Protocol<void> {
  const { cpu, machine, costs, random, periodNs, id } = engine;
  const { rings, control } = machine;
  machine.actors.waits(cpu.id, WAIT_WORK, 0);
  let descriptor = 0;
  let page = 0;
  let nextNs = 0;
  while (!control.stopped) {
    const dueNs = Math.max(nextNs, rings.postedNs(id, descriptor));
    if (dueNs > cpu.now()) {
      if (cpu.sleep(dueNs)) yield;
      continue;
    }
    yield* transferPage(engine, rings.vpnOf(id, descriptor) + page);
    nextNs = Math.max(nextNs + random.around(periodNs), cpu.now());
    if (++page < pages) continue;
    if (cpu.point()) yield;
    const visibleNs = cpu.effectNs(costs.statusWriteNs);
    rings.complete(id, visibleNs);
    cpu.ring(driver, visibleNs);
    page = 0;
    descriptor = (descriptor + 1) | 0;
  }
}
