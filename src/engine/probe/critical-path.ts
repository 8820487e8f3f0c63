// The recorder of critical paths. The initiator marks its own work as it goes, forks a chain when
// it asks somebody for something, and joins it when it has waited for the answer. When nothing is
// outstanding any more, `settle` walks back from there: through the initiator's own work, and at
// each wait that really waited through the chain that ended it, back to where that chain was
// forked. Segments on the walk add up to the time that passed; work beside it gets its slack.
//
// Chain 0 is the responding core whose acknowledgement was seen last; chain 1 + i is IOMMU i.

import { MAX_IOMMUS } from "../layout/shape.ts";
import { Histogram, type HistogramData } from "./histogram.ts";
import type { SampleData, SampleLog } from "./sample-log.ts";
import { LATE, SEGMENTS, SERVING } from "./segments.ts";
import type { Timeline } from "./timeline.ts";

/** No chain: the initiator's own work. */
export const OWN_CHAIN = -1;
export const CORES_CHAIN = 0;
export const FIRST_IOMMU_CHAIN = 1;
const CHAINS = 1 + MAX_IOMMUS;
const PIECES = 6;
const FIRST_CAPACITY = 256;

export interface SegmentData {
  /** Of each operation that has the segment on its critical path: how long. */
  readonly onPath: HistogramData;
  readonly slackSumNs: number;
  readonly slackCount: number;
}

export interface CriticalPathData {
  readonly latency: HistogramData;
  readonly late: HistogramData;
  readonly segments: readonly SegmentData[];
  /** Each operation by itself, if they were logged. */
  readonly samples?: SampleData;
}

export class CriticalPath {
  enabled = true;
  readonly latency = new Histogram();
  readonly late = new Histogram();
  /** How long the last operation took. */
  lastNs = 0;
  /** Where each operation is kept by itself; undefined: nowhere. */
  samples: SampleLog | undefined;
  private readonly onPath = Array.from({ length: SEGMENTS }, () => new Histogram());
  private readonly slackSumNs = new Float64Array(SEGMENTS);
  private readonly slackCount = new Float64Array(SEGMENTS);
  private readonly operationNs = new Float64Array(SEGMENTS);
  /** A bit for each segment that the operation has had on its path so far: 32 at most. */
  private segmentBits = 0;

  // The initiator's own time line since the last settling.
  private length = 0;
  private kinds = new Int8Array(FIRST_CAPACITY);
  private chains = new Int8Array(FIRST_CAPACITY);
  private starts = new Float64Array(FIRST_CAPACITY);
  private ends = new Float64Array(FIRST_CAPACITY);
  private markedNs = 0;

  // The chains under way.
  private readonly forkNs = new Float64Array(CHAINS);
  private readonly endNs = new Float64Array(CHAINS);
  private readonly lateNs = new Float64Array(CHAINS);
  private readonly pieces = new Int8Array(CHAINS);
  private readonly pieceKinds = new Int8Array(CHAINS * PIECES);
  private readonly pieceNs = new Float64Array(CHAINS * PIECES);

  private beganNs = 0;
  /** An operation was begun and has not ended. */
  private isOpen = false;
  /** Where each step and each piece of the path goes besides, if that is wanted. */
  private readonly timeline: Timeline | undefined;

  constructor(timeline?: Timeline) {
    this.timeline = timeline;
  }

  /** How long a segment has been on the path so far, over all operations. */
  sumNs(segment: number): number {
    return this.onPath[segment].sum;
  }

  /** An operation begins; one that was begun before and has not ended is forgotten. */
  begin(nowNs: number): void {
    this.beganNs = nowNs;
    this.markedNs = nowNs;
    this.length = 0;
    if (this.isOpen) this.forgetOperation();
    else this.timeline?.beginOperation(nowNs);
    this.isOpen = true;
  }

  /** All since the last mark or join was the initiator's own work of this segment. */
  mark(segment: number, nowNs: number): void {
    if (!this.enabled || nowNs === this.markedNs) return;
    this.append(segment, OWN_CHAIN, nowNs);
  }

  /** Somebody has been asked for something at `nowNs`; `chain` is empty and grows by `add`. */
  fork(chain: number, nowNs: number): void {
    this.forkNs[chain] = nowNs;
    this.pieces[chain] = 0;
  }

  /** When a chain was forked. */
  forkedNs(chain: number): number {
    return this.forkNs[chain];
  }

  /** The next segment of a chain took `ns`; together they must cover the time from fork to end. */
  add(chain: number, segment: number, ns: number): void {
    if (ns <= 0) return;
    const piece = chain * PIECES + this.pieces[chain]++;
    this.pieceKinds[piece] = segment;
    this.pieceNs[piece] = ns;
  }

  /**
   * The initiator has waited for a chain that ended at `endNs`, and goes on at `nowNs`. What lies
   * between the two was the host's (`lateNs` of it) or went into serving others.
   */
  join(chain: number, endNs: number, lateNs: number, nowNs: number): void {
    if (!this.enabled) return;
    this.endNs[chain] = endNs;
    this.lateNs[chain] = lateNs;
    this.append(SERVING, chain, nowNs);
  }

  /** Nothing is outstanding: attributes the time since the last settling. */
  settle(): void {
    // The initiator's own work is on the path before this.
    let ownPathEndNs = Number.POSITIVE_INFINITY;
    let slackNs = 0;
    for (let i = this.length - 1; i >= 0; i--) {
      const startNs = this.starts[i];
      const endNs = this.ends[i];
      const chain = this.chains[i];
      if (chain === OWN_CHAIN) {
        const onPathNs = Math.max(0, Math.min(endNs, ownPathEndNs) - startNs);
        if (onPathNs > 0) slackNs = 0;
        this.attribute(this.kinds[i], OWN_CHAIN, startNs, onPathNs, slackNs);
        continue;
      }
      const chainEndNs = this.endNs[chain];
      if (ownPathEndNs < endNs) {
        this.attributeChain(chain, false, slackNs + endNs - chainEndNs);
      } else if (chainEndNs <= startNs) {
        this.attributeChain(chain, false, startNs - chainEndNs);
        // It had ended before the wait: what passed since then is the host's or the initiator's.
        const lateNs = Math.min(this.lateNs[chain], endNs - startNs);
        this.attribute(LATE, OWN_CHAIN, startNs, lateNs, 0);
        this.attribute(SERVING, OWN_CHAIN, startNs + lateNs, endNs - startNs - lateNs, 0);
      } else {
        const lateNs = Math.min(this.lateNs[chain], endNs - chainEndNs);
        this.attribute(LATE, OWN_CHAIN, chainEndNs, lateNs, 0);
        this.attribute(SERVING, OWN_CHAIN, chainEndNs + lateNs, endNs - chainEndNs - lateNs, 0);
        this.attributeChain(chain, true, 0);
        ownPathEndNs = this.forkNs[chain];
        slackNs = endNs - startNs;
      }
    }
    this.length = 0;
  }

  /** An operation ends; it must have been settled. */
  end(nowNs: number): void {
    const latencyNs = nowNs - this.beganNs;
    this.latency.record(latencyNs);
    this.lastNs = latencyNs;
    if (this.samples !== undefined) this.samples.add(this.beganNs, latencyNs);
    this.isOpen = false;
    if (this.enabled) this.sumUp();
    this.timeline?.endOperation(this.beganNs, nowNs);
  }

  private sumUp(): void {
    if (this.length > 0) this.settle();
    const { operationNs } = this;
    this.late.record(rounded(operationNs[LATE]));
    for (let left = this.segmentBits; left !== 0; left &= left - 1) {
      const segment = 31 - Math.clz32(left & -left);
      this.onPath[segment].record(rounded(operationNs[segment]));
      operationNs[segment] = 0;
    }
    this.segmentBits = 0;
  }

  private forgetOperation(): void {
    this.operationNs.fill(0);
    this.segmentBits = 0;
  }

  /** Forgets everything, so that the warm-up is not part of the result. */
  reset(): void {
    this.latency.reset();
    this.late.reset();
    this.samples?.reset();
    for (const histogram of this.onPath) histogram.reset();
    this.slackSumNs.fill(0);
    this.slackCount.fill(0);
    this.forgetOperation();
    this.length = 0;
    this.timeline?.countFromHere();
  }

  toData(): CriticalPathData {
    return {
      latency: this.latency.toData(),
      late: this.late.toData(),
      segments: this.onPath.map((histogram, segment) => ({
        onPath: histogram.toData(),
        slackSumNs: this.slackSumNs[segment],
        slackCount: this.slackCount[segment],
      })),
      ...(this.samples && { samples: this.samples.toData() }),
    };
  }

  private append(kind: number, chain: number, nowNs: number): void {
    if (this.length === this.kinds.length) this.grow();
    const i = this.length++;
    this.kinds[i] = kind;
    this.chains[i] = chain;
    this.starts[i] = this.markedNs;
    this.ends[i] = nowNs;
    this.timeline?.step(kind, chain, this.markedNs, nowNs);
    this.markedNs = nowNs;
  }

  private grow(): void {
    const capacity = 2 * this.kinds.length;
    const kinds = new Int8Array(capacity);
    const chains = new Int8Array(capacity);
    const starts = new Float64Array(capacity);
    const ends = new Float64Array(capacity);
    kinds.set(this.kinds);
    chains.set(this.chains);
    starts.set(this.starts);
    ends.set(this.ends);
    this.kinds = kinds;
    this.chains = chains;
    this.starts = starts;
    this.ends = ends;
  }

  /** Of a segment that began at `startNs`, the initiator's own or of a chain. */
  private attribute(
    segment: number,
    chain: number,
    startNs: number,
    onPathNs: number,
    slackNs: number,
  ): void {
    this.slackCount[segment]++;
    if (onPathNs <= 0) {
      this.slackSumNs[segment] += slackNs;
      return;
    }
    this.operationNs[segment] += onPathNs;
    this.segmentBits |= 1 << segment;
    this.timeline?.onPath(segment, chain, startNs, startNs + onPathNs);
  }

  private attributeChain(chain: number, onPath: boolean, slackNs: number): void {
    const first = chain * PIECES;
    let startNs = this.forkNs[chain];
    for (let piece = first; piece < first + this.pieces[chain]; piece++) {
      const ns = this.pieceNs[piece];
      this.attribute(this.pieceKinds[piece], chain, startNs, onPath ? ns : 0, slackNs);
      startNs += ns;
    }
  }
}

/** As Math.round, of what is not negative: without its branch. */
function rounded(ns: number): number {
  return Math.floor(ns + 0.5);
}
