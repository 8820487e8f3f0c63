// The audit of a machine at rest, when every actor has left: no cache may disagree with the page
// table, and every frame must be somewhere. A translation whose page is unmapped may stay as long
// as its frame is still held, or free: that is what deferring policies do.

import { isPresent, pfnOf, WRITABLE } from "../layout/pte.ts";
import { deviceActor, iommuActor } from "../layout/shape.ts";
import { DEVICE_EPOCHS } from "../machine/iotlb.ts";
import { type Machine, spaceOf } from "../machine/machine.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import { EventLog } from "./event-log.ts";
import type { Finding, FindingKind } from "./finding.ts";

/** Findings of one audit; what is wrong is mostly wrong many times. */
const MOST_FINDINGS = 16;

class Audit {
  readonly findings: Finding[] = [];
  readonly machine: Machine;
  private readonly events: EventLog;

  constructor(machine: Machine) {
    this.machine = machine;
    this.events = new EventLog(machine);
  }

  find(kind: FindingKind, actor: number, space: number, vpn: number, frame: number): void {
    if (this.findings.length === MOST_FINDINGS) return;
    const history = this.events.historyOf(frame);
    const atNs = history.at(-1)?.atNs ?? 0;
    this.findings.push({ kind, actor, atNs, space, vpn, frame, history });
  }

  /** A translation that `actor` still has cached. */
  translation(actor: number, space: number, vpn: number, cached: number): void {
    const { pageTables, spaces, frames } = this.machine;
    const frame = pfnOf(cached);
    const leaf = pageTables.leafOf(spaces.rootOf(space), vpn);
    const pte = leaf === NO_LEAF ? 0 : pageTables.read(leaf);
    const owner = frames.ownerOf(frame);
    const agrees = isPresent(pte)
      ? pfnOf(pte) === frame && (cached & WRITABLE & ~pte) === 0
      : owner < 0 || owner === space; // Free, or held for its space.
    if (!agrees) this.find("disagreement-at-rest", actor, space, vpn, frame);
  }

  /** A way to a leaf table that `actor` still has cached; `tag` is the table's of then. */
  structure(actor: number, space: number, vpn: number, table: number, tag: number): void {
    const { pageTables, spaces, frames } = this.machine;
    const leaf = pageTables.leafOf(spaces.rootOf(space), vpn);
    const agrees =
      leaf === NO_LEAF ? frames.tagOf(table) === tag : pageTables.tableOf(leaf) === table;
    if (!agrees) this.find("disagreement-at-rest", actor, space, vpn, table);
  }

  /** Every data frame is named by some entry, or is free; and free only once. */
  everyFrame(): void {
    const { frames, pageTables, spaces } = this.machine;
    const isSomewhere = new Uint8Array(frames.frames);
    frames.forEachFree((frame) => {
      if (isSomewhere[frame] === 1) this.find("double-free", 0, -1, -1, frame);
      isSomewhere[frame] = 1;
    });
    for (let space = 0; space < spaces.count; space++) {
      pageTables.visitAll(spaces.rootOf(space), (pte) => {
        isSomewhere[pfnOf(pte)] = 1;
      });
    }
    for (let frame = frames.zeroFrame + 1; frame < frames.frames; frame++) {
      if (isSomewhere[frame] === 0) this.find("frame-lost", 0, frames.ownerOf(frame), -1, frame);
    }
  }
}

/**
 * What is wrong with a machine whose actors have all left. What a core has cached of a space that
 * it does not run, or idles in, it compares or flushes before it uses any of it.
 */
export function auditAtRest(machine: Machine): readonly Finding[] {
  const { shape, iommus, iotlbs, deviceTlbs, spaces, coreStates } = machine;
  const audit = new Audit(machine);
  for (let core = 0; core < shape.cores; core++) {
    if (coreStates.isIdle(core)) continue;
    const tlb = machine.tlbOf(core);
    tlb.visitAll((pcid, vpn, pte) => {
      const space = spaceOf(pcid);
      if (spaces.isRunning(space, core)) audit.translation(core, space, vpn, pte);
    });
    tlb.structures.visitAll((pcid, vpn, table, tag) => {
      const space = spaceOf(pcid);
      if (spaces.isRunning(space, core)) audit.structure(core, space, vpn, table, tag);
    });
  }
  iotlbs.forEach((iotlb, iommu) => {
    const actor = iommuActor(shape, iommu);
    iotlb.visitAll(iommus[iommu], (did, vpn, pte) =>
      audit.translation(actor, spaceOf(did), vpn, pte),
    );
  });
  deviceTlbs.forEach((tlb, device) => {
    const actor = deviceActor(shape, device);
    tlb.visitAll(DEVICE_EPOCHS, (did, vpn, pte) =>
      audit.translation(actor, spaceOf(did), vpn, pte),
    );
  });
  audit.everyFrame();
  return audit.findings;
}
