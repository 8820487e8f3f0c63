// A port: one device with a descriptor ring for each of its flows, and the cores that drive these.
// Data of the flows comes in any order, some pages of one flow in a row; the device has one DMA in
// flight, so that whatever slows a translation slows the port.

import type { Protocol } from "../executor/cpu.ts";
import { WAIT_DMA, WAIT_NONE, WAIT_WORK } from "../machine/actors.ts";
import type { Core } from "./core.ts";
import type { DmaEngine } from "./dma.ts";
import { serviceInterrupts } from "./interrupts.ts";
import { serveTimers } from "./user.ts";

/** Pages that come in while the device waits; what is beyond that the sender sends later. */
const BUFFER_PAGES = 64;
/** No flow's. */
const NONE = -1;

/** What a port serves: `flows` rings of descriptors of `pages` pages, `burstPages` in a row. */
export interface PortTraffic {
  readonly flows: number;
  readonly burstPages: number;
  /** Cores that drive it; flow f is the business of core f modulo these. */
  readonly drivers: number;
  readonly pages: number;
}

/** How far the device is with each flow. */
class Positions {
  /** The flow's current descriptor, and its next page in that. */
  readonly descriptors: Int32Array;
  readonly pages: Int32Array;

  constructor(flows: number) {
    this.descriptors = new Int32Array(flows);
    this.pages = new Int32Array(flows);
  }
}

/** The device, until the run is over; `move` transfers one page. */
export function* servePort(
  engine: DmaEngine,
  traffic: PortTraffic,
  move: (engine: DmaEngine, vpn: number) => Protocol<void>,
): Protocol<void> {
  const { cpu, machine, random, periodNs } = engine;
  const { rings, control } = machine;
  const positions = new Positions(traffic.flows);
  const { descriptors, pages } = positions;
  machine.actors.waits(cpu.id, WAIT_WORK, 0);
  let flow = NONE;
  let leftInBurst = 0;
  let nextNs = 0;
  while (!control.stopped) {
    if (nextNs > cpu.now()) {
      if (cpu.sleep(nextNs)) yield;
      continue;
    }
    if (leftInBurst === 0 || rings.postedNs(flow, descriptors[flow]) > cpu.now()) {
      const first = random.below(traffic.flows);
      flow = nextPosted(engine, positions, first);
      leftInBurst = flow === NONE ? 0 : traffic.burstPages;
    }
    if (flow === NONE) {
      const dueNs = soonestPostedNs(engine, positions);
      if (cpu.sleep(dueNs)) yield;
      continue;
    }
    leftInBurst--;
    yield* move(engine, rings.vpnOf(flow, descriptors[flow]) + pages[flow]);
    // What came in while a translation was waited for stands in the port's buffer.
    nextNs = Math.max(nextNs + random.around(periodNs), cpu.now() - BUFFER_PAGES * periodNs);
    if (++pages[flow] < traffic.pages) continue;
    pages[flow] = 0;
    descriptors[flow]++;
    if (cpu.point()) yield;
    const visibleNs = cpu.effectNs(engine.costs.statusWriteNs);
    rings.complete(flow, visibleNs);
    cpu.ring(flow % traffic.drivers, visibleNs);
  }
}

/** From `first` on, the next flow that has a descriptor for the device; NONE if none has. */
function nextPosted(engine: DmaEngine, positions: Positions, first: number): number {
  const { rings } = engine.machine;
  const { descriptors } = positions;
  const nowNs = engine.cpu.now();
  for (let i = 0; i < descriptors.length; i++) {
    const flow = (first + i) % descriptors.length;
    if (rings.postedNs(flow, descriptors[flow]) <= nowNs) return flow;
  }
  return NONE;
}

function soonestPostedNs(engine: DmaEngine, positions: Positions): number {
  const { rings } = engine.machine;
  let soonestNs = Number.POSITIVE_INFINITY;
  positions.descriptors.forEach((descriptor, flow) => {
    soonestNs = Math.min(soonestNs, rings.postedNs(flow, descriptor));
  });
  return soonestNs;
}

/**
 * A driver whose rings are full: waits until the oldest descriptor of any of them has come back,
 * answering IPIs meanwhile. Returns the flow whose came first.
 */
export function* awaitAnyFlow(
  core: Core,
  device: number,
  flows: number,
  drivers: number,
): Protocol<number> {
  const { cpu, machine } = core;
  const { mailboxes, actors } = machine;
  actors.waits(cpu.id, WAIT_DMA, device);
  for (;;) {
    const flow = firstCompleted(core, flows, drivers);
    const completedNs = oldestCompletedNs(core, flow);
    if (completedNs <= cpu.now()) {
      actors.waits(cpu.id, WAIT_NONE, 0);
      return flow;
    }
    if (machine.timers.nextNs(core.id) <= cpu.now()) yield* serveTimers(core);
    const interruptNs = mailboxes.dueNs(core.id);
    if (interruptNs <= cpu.now()) yield* serviceInterrupts(core);
    else if (cpu.sleep(Math.min(completedNs, machine.timers.nextNs(core.id), interruptNs))) yield;
  }
}

function firstCompleted(core: Core, flows: number, drivers: number): number {
  let first = core.id;
  for (let flow = core.id + drivers; flow < flows; flow += drivers) {
    if (oldestCompletedNs(core, flow) < oldestCompletedNs(core, first)) first = flow;
  }
  return first;
}

function oldestCompletedNs({ machine }: Core, flow: number): number {
  const { rings } = machine;
  return rings.completedNs(flow, rings.posted(flow) - rings.slots);
}
