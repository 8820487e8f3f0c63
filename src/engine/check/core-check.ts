// The checker of one core: besides its accesses it watches the operations that the core does. What
// these narrow is gathered, and is promised to be gone when the operation returns.

import { pfnOf } from "../layout/pte.ts";
import { PCIDS } from "../layout/regions.ts";
import type { Iommu } from "../machine/iommu.ts";
import { type Machine, pcidOf } from "../machine/machine.ts";
import { REPLACED, WRITE_PROTECTED } from "../machine/promises.ts";
import type { CoreTlb } from "../machine/tlb.ts";
import { ActorCheck, type Clock } from "./actor-check.ts";
import { FREED, HANDED_OUT, MAPPED, PROTECTED, TAKEN_AWAY } from "./event-log.ts";
import type { CheckData } from "./sums.ts";

const NEVER_NS = Number.POSITIVE_INFINITY;
const FIRST_CAPACITY = 64;
/** Words of a step that narrowed something: leaf, version, how. */
const STEP_WORDS = 3;

export class CoreCheck extends ActorCheck {
  private readonly tlb: CoreTlb;
  /** Steps of the operation under way, kept between operations so that none allocates. */
  private steps = new Int32Array(STEP_WORDS * FIRST_CAPACITY);
  private stepCount = 0;
  /** Since when this core uses nothing that it has cached … */
  private stoppedNs = NEVER_NS;
  /** … or nothing of one context. */
  private readonly unloadedNs = new Float64Array(PCIDS).fill(NEVER_NS);

  constructor(machine: Machine, core: number, clock: Clock, tlb: CoreTlb) {
    super(machine, core, clock);
    this.tlb = tlb;
    tlb.watchBy(this);
  }

  /** The step that was just done has narrowed the entry of a page, which was `pte`. */
  narrowed(leaf: number, how: number, vpn: number, pte: number): void {
    if (STEP_WORDS * this.stepCount === this.steps.length) this.grow();
    const step = STEP_WORDS * this.stepCount++;
    this.steps[step] = leaf;
    this.steps[step + 1] = this.machine.pageTables.narrowedTo;
    this.steps[step + 2] = how;
    const kind = how === WRITE_PROTECTED ? PROTECTED : TAKEN_AWAY;
    this.events.note(this.actor, kind, pfnOf(pte), vpn, this.clock.now());
    if (how === REPLACED) this.mapped(pfnOf(this.machine.pageTables.read(leaf)), vpn);
  }

  /** The operation returns: from here on nobody may use what it has taken away. */
  returned(): void {
    const { promises } = this.machine;
    const nowNs = this.clock.now();
    for (let i = 0; i < this.stepCount; i++) {
      const step = STEP_WORDS * i;
      promises.make(this.steps[step], this.steps[step + 1], this.steps[step + 2], nowNs);
    }
    this.stepCount = 0;
  }

  /**
   * Since `sinceNs` this core uses no translation, until it `resumes`. Returns since when it used
   * none before, to be handed back then.
   */
  stopsUsing(sinceNs: number): number {
    const { stoppedNs } = this;
    this.stoppedNs = Math.min(stoppedNs, sinceNs);
    return stoppedNs;
  }

  resumes(stoppedNs: number | undefined): void {
    this.stoppedNs = stoppedNs ?? NEVER_NS;
  }

  /** Since `sinceNs` it uses nothing of `space`, until that is `loaded`. */
  unloaded(space: number, sinceNs: number): void {
    this.unloadedNs[pcidOf(space)] = sinceNs;
  }

  loaded(space: number): void {
    this.unloadedNs[pcidOf(space)] = NEVER_NS;
  }

  /** A frame has been handed to this core, to be mapped at a page, or at none by the kernel. */
  handedOut(frame: number, vpn: number): void {
    const owner = this.machine.frames.ownerOf(frame);
    this.events.note(this.actor, HANDED_OUT, frame, vpn, this.clock.now(), owner);
  }

  mapped(frame: number, vpn: number): void {
    this.events.note(this.actor, MAPPED, frame, vpn, this.clock.now());
  }

  /** A frame that had been mapped at a page is about to be freed. */
  freed(frame: number, vpn: number): void {
    const { frames } = this.machine;
    const isFree = frame !== frames.zeroFrame && frames.ownerOf(frame) < 0;
    if (isFree) this.find("double-free", -1, vpn, frame);
    this.events.note(this.actor, FREED, frame, vpn, this.clock.now());
  }

  /** The acknowledgement of a message to core `target` has been seen. */
  acknowledged(target: number, sequence: number): void {
    if (this.machine.mailboxes.hasAskedForAck(target, sequence)) return;
    this.find("acknowledgement-of-nothing", -1, -1, -1);
  }

  /** The wait descriptor at `wait` has been seen done. */
  waited(iommu: Iommu, wait: number): void {
    if (((iommu.head - wait) | 0) < 0) this.find("wait-completed-early", -1, -1, -1);
  }

  /** When the core has left: what its TLB still holds has been exposed until now. */
  override toData(): CheckData {
    this.tlb.reportAll();
    return super.toData();
  }

  protected override usableUntilNs(context: number): number {
    return Math.min(this.clock.now(), this.stoppedNs, this.unloadedNs[context]);
  }

  private grow(): void {
    const steps = new Int32Array(2 * this.steps.length);
    steps.set(this.steps);
    this.steps = steps;
  }
}
