// `port:…`: a network port that many flows share, driven as a kernel does it: buffers are mapped
// for the device alone, so that no core has anything to flush. What is behind the colon says how:
//
// mapped     each page is mapped and unmapped on its own (Linux dma_map_page, dma_unmap_page)
// pooled     pages stay mapped and go round (Linux page_pool)
// huge       the same, in pages of 2 MiB: each takes one entry of the IOTLB
// ring       the I/O address is the place in the ring, in a flat table that the device reads ahead
//            (rIOMMU, ASPLOS'15): nothing is allocated, and no translation is waited for
// off        the device goes around the IOMMU
//
// The operation is a driver renewing a descriptor that the device is done with. `gap_ns` is what
// the system does with its data.

import type { Protocol } from "../engine/executor/cpu.ts";
import { TABLE_ENTRIES } from "../engine/layout/address.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import { type DmaEngine, transferPage, transferUntranslated } from "../engine/protocol/dma.ts";
import { beginOperation, finishOperation, unmap } from "../engine/protocol/memory.ts";
import { awaitAnyFlow, type PortTraffic, servePort } from "../engine/protocol/port.ts";
import { postDescriptor } from "../engine/protocol/ring.ts";
import { type AccessStream, userWork } from "../engine/protocol/user.ts";
import { windowVpn } from "./memory-map.ts";
import { mapOnce, mapOrFail } from "./window.ts";
import type { PortPlan, WorkloadPlan } from "./workload.ts";

/** Modes in the order of their numbers. */
export const PORT_MODES = ["mapped", "pooled", "huge", "ring", "off"] as const;
const MAPPED = 0;
const HUGE = 2;
export const PORT_RING = 3;
const OFF = 4;

/** The device of this machine that is the port. */
const PORT = 0;
/** So many huge pages have their translation at other places; no more than a descriptor's pages. */
const HUGE_PAGES_APART = 16;

/** One operation of a driver. */
export function* renewFlow(core: Core, plan: WorkloadPlan, stream: AccessStream): Protocol<void> {
  const { port = ONE_FLOW, initiators, gapNs } = plan;
  core.forDevice = true;
  for (let flow = core.id; flow < port.flows; flow += initiators) yield* fill(core, plan, flow);
  const flow = yield* awaitAnyFlow(core, PORT, port.flows, initiators);
  yield* userWork(core, stream, core.random.around(gapNs));
  beginOperation(core);
  if (isUnmapped(plan)) yield* unmapOldest(core, plan, flow);
  yield* finishOperation(core);
  yield* post(core, plan, flow);
}

const ONE_FLOW: PortPlan = { flows: 1, burstPages: 1 };

/** Pages come and go with each descriptor. */
function isUnmapped({ mode }: WorkloadPlan): boolean {
  return mode === MAPPED || mode === PORT_RING;
}

function* fill(core: Core, plan: WorkloadPlan, flow: number): Protocol<void> {
  const { rings } = core.machine;
  while (rings.posted(flow) < rings.slots) yield* post(core, plan, flow);
}

/** Hands the device the flow's next descriptor. */
function* post(core: Core, plan: WorkloadPlan, flow: number): Protocol<void> {
  const { cpu, costs, machine } = core;
  const { rings } = machine;
  const vpn = vpnOf(plan, flow, rings.posted(flow));
  for (let page = vpn; page < vpn + plan.pages; page++) {
    if (plan.mode === MAPPED) cpu.spend(costs.ioMapNs);
    if (isUnmapped(plan)) yield* mapOrFail(core, page, WRITABLE);
    else yield* mapOnce(core, page, WRITABLE);
  }
  yield* postDescriptor(core, PORT, vpn, flow);
}

function* unmapOldest(core: Core, plan: WorkloadPlan, flow: number): Protocol<void> {
  const { cpu, costs, machine } = core;
  const { rings } = machine;
  const vpn = vpnOf(plan, flow, rings.posted(flow) - rings.slots);
  for (let page = vpn; page < vpn + plan.pages; page++) {
    if (plan.mode === MAPPED) cpu.spend(costs.ioUnmapNs);
    yield* unmap(core, page, 1);
  }
}

function vpnOf({ windows, pages }: WorkloadPlan, flow: number, descriptor: number): number {
  return windowVpn(flow, windows, pages, descriptor % windows);
}

/** The device, until the run is over. */
export function* moveFlows(engine: DmaEngine, plan: WorkloadPlan): Protocol<void> {
  const { port = ONE_FLOW, initiators, pages, mode } = plan;
  const traffic: PortTraffic = { ...port, drivers: initiators, pages };
  if (mode === OFF) yield* servePort(engine, traffic, transferUntranslated);
  else if (mode === HUGE) yield* servePort(engine, traffic, transferOfHugePage);
  else yield* servePort(engine, traffic, transferPage);
}

/**
 * A huge page has one translation, whichever of its 4 KiB the DMA is about: that of one of them,
 * another in each, since the IOTLB keeps huge pages in the sets of their own numbers.
 */
function* transferOfHugePage(engine: DmaEngine, vpn: number): Protocol<void> {
  const number = Math.floor(vpn / TABLE_ENTRIES);
  yield* transferPage(engine, number * TABLE_ENTRIES + (number % HUGE_PAGES_APART));
}
