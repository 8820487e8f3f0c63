// `trace:NAME`: each core does what one CPU of a recorded program did, at the same times. Faults
// map pages and break copy-on-write, system calls unmap and protect, context switches decide what a
// core has loaded. Operations that narrow a translation are measured; the others only prepare them.

import type { Protocol } from "../engine/executor/cpu.ts";
import { TABLE_ENTRIES } from "../engine/layout/address.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
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
import { enterIdle, leaveIdle, loadSpace, unloadSpace } from "../engine/protocol/switch.ts";
import { type AccessStream, sleepUntil, userWork } from "../engine/protocol/user.ts";
import type { CauseTally } from "./cause-tally.ts";
import { PROGRAM_PAGES, programVpn } from "./memory-map.ts";
import {
  FREES_TABLES,
  KEEPS_FIRST_TABLE,
  KEEPS_LAST_TABLE,
  OPERATION_KINDS,
  type TraceOperationsData,
} from "./traces/index.ts";

const MAP = OPERATION_KINDS.indexOf("map");
const MAP_ZERO = OPERATION_KINDS.indexOf("map-zero");
const UNMAP = OPERATION_KINDS.indexOf("unmap");
const COW = OPERATION_KINDS.indexOf("cow");
const PROTECT = OPERATION_KINDS.indexOf("protect");
const LOAD = OPERATION_KINDS.indexOf("load");
const IDLE = OPERATION_KINDS.indexOf("idle");
const OTHER = OPERATION_KINDS.indexOf("other");

/** The traced process, and all other processes together. */
const TRACED_SPACE = 0;
const OTHER_SPACE = 1;

/** Of a stretch in which a core changes nothing, how much is done before it counts as progress. */
const SLICE_NS = 1_000_000;

/** Does everything that the CPU with index `core.id` did; adds up in `causes` what it took. */
export function* replayCpu(
  core: Core,
  trace: TraceOperationsData,
  accessGapNs: number,
  causes: CauseTally,
): Protocol<void> {
  const streams = [TRACED_SPACE, OTHER_SPACE].map((space): AccessStream => {
    return { vpn: programVpn(space), pages: PROGRAM_PAGES, gapNs: accessGapNs };
  });
  let asleep = false;
  for (let place = trace.firsts[core.id]; place < trace.firsts[core.id + 1]; place++) {
    const atNs = trace.atNs[place];
    yield* passTime(core, asleep, streams[core.space], atNs);
    core.skippedNs = trace.skippedNs[place];
    const kind = trace.kinds[place];
    if (kind === LOAD || kind === IDLE || kind === OTHER) {
      asleep = kind === IDLE;
      runNext(core, kind);
    } else {
      causes.begin(core.counters, core.path);
      yield* change(core, trace, place);
      causes.end(core.counters, core.path, trace.causes[place]);
    }
  }
}

/** One change of the address space. */
function* change(core: Core, trace: TraceOperationsData, place: number): Protocol<void> {
  const kind = trace.kinds[place];
  const vpn = trace.vpns[place];
  const pages = trace.pages[place];
  const flags = trace.writable[place] === 1 ? WRITABLE : 0;
  if (kind === MAP || kind === MAP_ZERO) {
    for (let page = vpn; page < vpn + pages; page++) {
      if (kind === MAP) yield* map(core, page, flags);
      else yield* mapZero(core, page);
    }
    return;
  }
  if (kind === PROTECT && flags !== 0) {
    yield* unprotect(core, vpn, pages);
    return;
  }
  // A present page that no fault has mapped: from the page cache, or from before a fork.
  if (kind === COW) yield* mapZero(core, vpn);
  core.timeline?.setSubject(place);
  beginOperation(core);
  let narrowed = 0;
  if (kind === UNMAP) {
    const withTables = boundTables(core, trace, place);
    narrowed = yield* unmap(core, vpn, pages, withTables);
  } else if (kind === PROTECT) narrowed = yield* protect(core, vpn, pages);
  else if (yield* copyOnWrite(core, vpn)) narrowed = 1;
  // What took nothing away, as nothing was there, is no operation.
  if (narrowed > 0) yield* finishOperation(core);
}

/** Says which page-table pages an unmap may free; whether there are any. */
function boundTables(core: Core, trace: TraceOperationsData, place: number): boolean {
  const tables = trace.tables[place];
  const firstVpn = trace.vpns[place];
  const lastVpn = firstVpn + trace.pages[place] - 1;
  const keepsFirst = (tables & KEEPS_FIRST_TABLE) !== 0;
  const keepsLast = (tables & KEEPS_LAST_TABLE) !== 0;
  core.tablesFrom = keepsFirst ? (Math.floor(firstVpn / TABLE_ENTRIES) + 1) * TABLE_ENTRIES : 0;
  core.tablesTo = keepsLast
    ? Math.floor(lastVpn / TABLE_ENTRIES) * TABLE_ENTRIES
    : Number.POSITIVE_INFINITY;
  return (tables & FREES_TABLES) !== 0;
}

/** A context switch: to the traced process, to another one, or to nothing. */
function runNext(core: Core, kind: number): void {
  if (kind === IDLE) {
    enterIdle(core);
    return;
  }
  if (kind === OTHER) {
    unloadSpace(core, TRACED_SPACE); // First: a core that idled in it does not come back to it.
    core.space = OTHER_SPACE;
  }
  leaveIdle(core);
  if (kind === LOAD && core.space !== TRACED_SPACE) loadSpace(core, TRACED_SPACE);
}

/** Until it is time for the next operation the core sleeps, or runs the program it has loaded. */
function* passTime(
  core: Core,
  asleep: boolean,
  stream: AccessStream,
  untilNs: number,
): Protocol<void> {
  const { cpu, machine } = core;
  while (cpu.now() < untilNs) {
    const sliceNs = Math.min(untilNs - cpu.now(), SLICE_NS);
    if (asleep) yield* sleepUntil(core, cpu.now() + sliceNs);
    else yield* userWork(core, stream, sliceNs);
    machine.actors.progressed(cpu.id);
  }
}
