// The checker of one actor: watches what it accesses through cached translations and what its
// caches lose. It is asked at the access itself: for a core that is the load, for a device the
// moment at which its DMA lands.

import { isPresent, pfnOf, WRITABLE } from "../layout/pte.ts";
import type { CacheWatch } from "../machine/cache-watch.ts";
import type { Machine } from "../machine/machine.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import { Histogram } from "../probe/histogram.ts";
import { ALL_FRAMES, CACHED, EventLog, FLUSHED, USED } from "./event-log.ts";
import type { Finding, FindingKind } from "./finding.ts";
import type { CheckData } from "./sums.ts";

/** What the checker needs of an executor. */
export interface Clock {
  now(): number;
}

/** Findings of one actor that are kept whole; the others are counted. */
const KEPT_FINDINGS = 16;

export class ActorCheck implements CacheWatch {
  protected readonly machine: Machine;
  protected readonly actor: number;
  protected readonly clock: Clock;
  protected readonly events: EventLog;
  private readonly exposure = new Histogram();
  private readonly findings: Finding[] = [];
  private findingCount = 0;
  private lateAccesses = 0;
  private staleUses = 0;
  private staleUsesSameOwner = 0;

  constructor(machine: Machine, actor: number, clock: Clock) {
    this.machine = machine;
    this.actor = actor;
    this.clock = clock;
    this.events = new EventLog(machine);
  }

  /** An access to a page of `space`, through a translation as it was cached. */
  used(
    space: number,
    vpn: number,
    leaf: number,
    pte: number,
    version: number,
    tag: number,
    write: boolean,
  ): void {
    const { promises, frames } = this.machine;
    const frame = pfnOf(pte);
    if (promises.forbids(leaf, version, write))
      this.usedLate(space, vpn, leaf, pte, version, write);
    if (frames.tagOf(frame) === tag) return;
    if (frames.lastOwnerOf(frame) === space) {
      this.staleUsesSameOwner++;
      return;
    }
    this.staleUses++;
    this.findUse("stale-use", space, vpn, frame);
  }

  /** A walk went straight to a leaf table; `tag` is the table's when the way was cached. */
  walkedThrough(space: number, vpn: number, table: number, tag: number): void {
    if (this.machine.frames.tagOf(table) === tag) return;
    this.find("stale-table-walk", space, vpn, table);
  }

  /** A translation is cached from now on. */
  cached(vpn: number, pte: number): void {
    this.events.note(this.actor, CACHED, pfnOf(pte), vpn, this.clock.now());
  }

  gone(context: number, vpn: number, leaf: number, pte: number, version: number): void {
    const { promises } = this.machine;
    this.events.note(this.actor, FLUSHED, pfnOf(pte), vpn, this.clock.now());
    if (!promises.forbids(leaf, version, (pte & WRITABLE) !== 0)) return;
    const exposedNs = this.usableUntilNs(context) - promises.atNs(leaf);
    if (exposedNs > 0) this.exposure.record(Math.ceil(exposedNs));
  }

  flushed(): void {
    this.events.note(this.actor, FLUSHED, ALL_FRAMES, -1, this.clock.now());
  }

  toData(): CheckData {
    const { lateAccesses, staleUses, staleUsesSameOwner, findings, findingCount } = this;
    return {
      ...{ lateAccesses, staleUses, staleUsesSameOwner, findings, findingCount },
      exposure: this.exposure.toData(),
    };
  }

  /** Until when the actor can use what it has cached in a context: now, if nothing keeps it. */
  protected usableUntilNs(_context: number): number {
    return this.clock.now();
  }

  protected find(kind: FindingKind, space: number, vpn: number, frame: number): void {
    this.findingCount++;
    if (this.findings.length === KEPT_FINDINGS) return;
    const { actor } = this;
    const atNs = this.clock.now();
    const history = frame < 0 ? [] : this.events.historyOf(frame);
    this.findings.push({ kind, actor, atNs, space, vpn, frame, history });
  }

  /** Of all uses only those that are found wrong are worth noting. */
  private findUse(kind: FindingKind, space: number, vpn: number, frame: number): void {
    this.events.note(this.actor, USED, frame, vpn, this.clock.now());
    this.find(kind, space, vpn, frame);
  }

  /** What an operation promised to be gone has been used, if it has returned by now. */
  private usedLate(
    space: number,
    vpn: number,
    leaf: number,
    pte: number,
    version: number,
    write: boolean,
  ): void {
    const { promises } = this.machine;
    if (this.clock.now() <= promises.atNs(leaf)) return;
    this.lateAccesses++;
    const frame = pfnOf(pte);
    if (promises.isRelied(leaf, version, write)) {
      this.findUse("late-access-after-promise", space, vpn, frame);
    } else if (this.leadsElsewhere(space, vpn, frame)) {
      this.findUse("address-reused-early", space, vpn, frame);
    }
  }

  /** Whether the page is mapped again, to another frame. */
  private leadsElsewhere(space: number, vpn: number, frame: number): boolean {
    const { pageTables, spaces } = this.machine;
    const leaf = pageTables.leafOf(spaces.rootOf(space), vpn);
    if (leaf === NO_LEAF) return false;
    const pte = pageTables.read(leaf);
    return isPresent(pte) && pfnOf(pte) !== frame;
  }
}
