// `stress`: every core maps, uses, protects, copies and unmaps at random, pages of its own and
// pages that all cores share, while devices do DMA to both. Frames go back and forth between the
// process and the kernel, so that a translation which has outlived its page soon leads to somebody
// else's.
//
// An operation is one change of the address space or one access of the program: each round has
// both. Two changes in three take something away, so that a quarter of all operations shoot down.

import type { Protocol } from "../engine/executor/cpu.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import { NO_FRAME } from "../engine/machine/frames.ts";
import { NO_PAGE } from "../engine/machine/live-pages.ts";
import type { Core } from "../engine/protocol/core.ts";
import { freeFrame } from "../engine/protocol/free.ts";
import {
  beginOperation,
  copyOnWrite,
  finishOperation,
  map,
  mapZero,
  protect,
  unmap,
  unprotect,
} from "../engine/protocol/memory.ts";
import { takeFrame } from "../engine/protocol/reuse.ts";
import { type AccessStream, access, userWork } from "../engine/protocol/user.ts";
import { ownVpn, SHARED_VPN } from "./memory-map.ts";
import { FAULTS, type Fault, injectFault } from "./stress-faults.ts";
import type { StressPlan, WorkloadPlan } from "./workload.ts";

/** Operations of one round: a change and an access. */
const OPERATIONS_PER_ROUND = 2;

/** Of a hundred changes, how many do what; the rest allow writes. */
const UNMAPS = 38;
const PROTECTS = 10;
const COPIES = 18;
const MAPS = 28;
const WRITES = 4;

/** Most pages of one change; an unmap of own pages takes up to all of them. */
const MAX_MAPPED_PAGES = 24;
const MAX_SHARED_PAGES = 8;
/** Of the unmaps, one in so many takes all of a core's own pages, and their page table. */
const TABLES_ONE_IN = 8;
/** Frames that the kernel takes for itself at once, at most. */
const MAX_TAKEN = 24;

/** What a core of a stress run remembers between its operations. */
class Stressed {
  readonly core: Core;
  readonly plan: StressPlan;
  readonly stream: AccessStream;
  /** Frames that the kernel has on this core. */
  readonly taken: number[] = [];
  /** Faults that this machine can have, each as often as its weight says. */
  readonly faults: readonly Fault[];

  constructor(core: Core, plan: StressPlan, accessGapNs: number) {
    this.core = core;
    this.plan = plan;
    this.stream = { vpn: SHARED_VPN, pages: plan.sharedPages, gapNs: accessGapNs };
    this.faults = FAULTS.filter(({ isPossible }) => isPossible(core)).flatMap((fault) => {
      return Array.from({ length: fault.weight }, () => fault);
    });
  }
}

/** All operations of one core. */
export function* stress(core: Core, workload: WorkloadPlan, plan: StressPlan): Protocol<void> {
  const { random } = core;
  const stressed = new Stressed(core, plan, workload.accessGapNs);
  core.path.enabled = false; // Times are of no interest here.
  for (let done = 0; done < plan.operations; done += OPERATIONS_PER_ROUND) {
    yield* change(stressed);
    yield* userWork(core, stressed.stream, random.around(workload.gapNs));
    if (plan.faultEvery === 0 || random.below(plan.faultEvery) > 0) continue;
    core.counters.faultsInjected++;
    yield* injectFault(core, stressed.faults[random.below(stressed.faults.length)]);
  }
  giveBack(stressed);
}

/** One change of the address space, at random. */
function* change(stressed: Stressed): Protocol<void> {
  const { core } = stressed;
  let draw = core.random.below(100);
  if (draw < UNMAPS) return yield* unmapSome(stressed);
  draw -= UNMAPS;
  if (draw < PROTECTS) return yield* protectSome(stressed);
  draw -= PROTECTS;
  if (draw < COPIES) return yield* copySome(stressed);
  draw -= COPIES;
  if (draw < MAPS) return yield* mapSome(stressed);
  draw -= MAPS;
  if (draw < WRITES) return yield* write(core, pickPage(stressed));
  yield* unprotect(core, pickPage(stressed), 1);
}

/** One operation of up to three unmaps. */
function* unmapSome(stressed: Stressed): Protocol<void> {
  const { core, plan } = stressed;
  const { random } = core;
  beginOperation(core);
  // Nobody else maps anything there: the table goes as well.
  if (random.below(TABLES_ONE_IN) === 0) yield* unmap(core, ownVpn(core.id), plan.ownPages, true);
  for (let calls = 1 + random.below(3); calls > 0; calls--) {
    const isOwn = random.below(2) === 0;
    const most = isOwn ? plan.ownPages : MAX_SHARED_PAGES;
    const pages = 1 + random.below(1 + random.below(most));
    yield* unmap(core, pickRange(stressed, isOwn, pages), pages);
  }
  yield* finishOperation(core);
  yield* takeFrames(stressed);
}

function* protectSome(stressed: Stressed): Protocol<void> {
  const { core } = stressed;
  const pages = 1 + core.random.below(MAX_SHARED_PAGES);
  beginOperation(core);
  yield* protect(core, pickRange(stressed, core.random.below(2) === 0, pages), pages);
  yield* finishOperation(core);
}

/** Another frame takes the place of a page's: copy on write, or migration. */
function* copySome(stressed: Stressed): Protocol<void> {
  const { core } = stressed;
  beginOperation(core);
  yield* copyOnWrite(core, pickPage(stressed));
  yield* finishOperation(core);
  yield* takeFrames(stressed);
}

/** What is mapped by now stays as it is; without frames left, less is mapped. */
function* mapSome(stressed: Stressed): Protocol<void> {
  const { core } = stressed;
  const { random } = core;
  const pages = 1 + random.below(MAX_MAPPED_PAGES);
  const first = pickRange(stressed, random.below(2) === 0, pages);
  const isZero = random.below(16) === 0;
  for (let page = first; page < first + pages; page++) {
    if (isZero) yield* mapZero(core, page);
    else yield* map(core, page, WRITABLE);
  }
}

/** A write of the program, and what the kernel makes of it if it faults. */
function* write(core: Core, vpn: number): Protocol<void> {
  const { counters } = core;
  const faults = counters.pageFaults;
  access(core, vpn, true);
  if (counters.pageFaults === faults) return;
  beginOperation(core);
  if (!(yield* copyOnWrite(core, vpn))) yield* map(core, vpn, WRITABLE);
  yield* finishOperation(core);
}

/** The kernel gives back the frames that it had, and takes others that were freed lately. */
function* takeFrames(stressed: Stressed): Protocol<void> {
  const { core, taken } = stressed;
  giveBack(stressed);
  for (let count = core.random.below(MAX_TAKEN); count > 0; count--) {
    const frame = yield* takeFrame(core, KERNEL);
    if (frame === NO_FRAME) break;
    core.check?.handedOut(frame, NO_PAGE);
    taken.push(frame);
  }
  core.cpu.spend(core.costs.frameNs * taken.length);
}

function giveBack({ core, taken }: Stressed): void {
  for (const frame of taken) freeFrame(core, frame, NO_PAGE, false);
  taken.length = 0;
}

/** Owner of what the kernel uses itself; any but the process's own space. */
const KERNEL = 1;

function pickPage(stressed: Stressed): number {
  return pickRange(stressed, stressed.core.random.below(2) === 0, 1);
}

function pickRange({ core, plan }: Stressed, isOwn: boolean, pages: number): number {
  const { random, id } = core;
  const vpn = isOwn ? ownVpn(id) : SHARED_VPN;
  const most = isOwn ? plan.ownPages : plan.sharedPages;
  return vpn + random.below(most - pages + 1);
}
