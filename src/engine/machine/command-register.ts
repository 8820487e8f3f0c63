// The register interface of an IOMMU: one invalidation at a time (VT-d specification, chapter 11).
//
// word               writer              readers     meaning
// IOTLB_REG          initiator, IOMMU    both        the register command; IVT in bit 31
// IVA_REG            initiator           IOMMU       what a page-selective command is about (plain:
//                                                    published by setting IVT)
// DUE_NS, FROM       initiator           IOMMU       (plain) published by setting IVT
// the others         IOMMU               initiator   (plain) published by clearing IVT

import {
  type Descriptor,
  domainOf,
  drainsOf,
  granularityOf,
  iotlbDescriptor,
} from "../layout/descriptor.ts";
import {
  floatsOf,
  type Regions,
  type SharedFloats,
  type SharedWords,
  wordsOf,
} from "../layout/regions.ts";
import { type Bits, checkBits, checkWords, LINE_WORDS, maskOf, wordNs } from "../layout/words.ts";
import type { ServiceTimes } from "./service-times.ts";

/** The line of the IOMMU's region that it is. */
export const COMMAND_LINE = 3;
const IOTLB_REG = COMMAND_LINE * LINE_WORDS;
const FROM = COMMAND_LINE * LINE_WORDS + 1;
const DUE_NS = [COMMAND_LINE * LINE_WORDS + 2, 64] as const;
const STARTED_NS = [COMMAND_LINE * LINE_WORDS + 4, 64] as const;
const VISIBLE_NS = [COMMAND_LINE * LINE_WORDS + 6, 64] as const;
const DRAIN_NS = COMMAND_LINE * LINE_WORDS + 8;
const LATE_NS = COMMAND_LINE * LINE_WORDS + 9;
const HELD_UP_NS = COMMAND_LINE * LINE_WORDS + 10;
/** IVA_REG (VT-d: ADDR 63:12, IH 6, AM 5:0), as it stands in words 2 and 3 of a descriptor. */
const IVA_REG = [COMMAND_LINE * LINE_WORDS + 12, 64] as const;

checkWords("command", (COMMAND_LINE + 1) * LINE_WORDS, {
  IOTLB_REG,
  FROM,
  DUE_NS,
  STARTED_NS,
  VISIBLE_NS,
  DRAIN_NS,
  LATE_NS,
  HELD_UP_NS,
  IVA_REG,
});

/** The upper half of IOTLB_REG (VT-d: IVT 63, IIRG 61:60, DR 49, DW 48, DID 47:32). */
const REG_DID: Bits = { shift: 0, width: 16 };
const REG_DRAIN_WRITES: Bits = { shift: 16, width: 1 };
const REG_DRAIN_READS: Bits = { shift: 17, width: 1 };
const REG_GRANULARITY: Bits = { shift: 28, width: 2 };
const REG_IVT: Bits = { shift: 31, width: 1 };
checkBits("IOTLB_REG", { REG_DID, REG_DRAIN_WRITES, REG_DRAIN_READS, REG_GRANULARITY, REG_IVT });
const IVT = 1 << REG_IVT.shift;

export class CommandRegister {
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;

  constructor(memory: SharedArrayBuffer, regions: Regions, iommu: number) {
    this.words = wordsOf(memory, regions.iommus, iommu);
    this.floats = floatsOf(memory, regions.iommus, iommu);
  }

  /**
   * Initiator, under the IOMMU's lock: writes a command, which an IOTLB descriptor says as well; it
   * arrives at `dueNs`.
   */
  write(command: Descriptor, from: number, dueNs: number): void {
    this.floats[DUE_NS[0] / 2] = dueNs; // Plain, as the next three: published by IVT.
    this.words[FROM] = from;
    this.words[IVA_REG[0]] = command[2];
    this.words[IVA_REG[0] + 1] = command[3];
    const drains = (1 << REG_DRAIN_READS.shift) | (1 << REG_DRAIN_WRITES.shift);
    const word =
      IVT |
      (granularityOf(command) << REG_GRANULARITY.shift) |
      (drainsOf(command) ? drains : 0) |
      domainOf(command);
    Atomics.store(this.words, IOTLB_REG, word);
  }

  /** IOMMU: whether a command is pending. */
  get isPending(): boolean {
    return (Atomics.load(this.words, IOTLB_REG) & IVT) !== 0;
  }

  /** IOMMU: the pending command, as the descriptor that says the same. */
  pending(): Descriptor {
    const word = Atomics.load(this.words, IOTLB_REG);
    const granularity = (word >>> REG_GRANULARITY.shift) & maskOf(REG_GRANULARITY.width);
    const did = word & maskOf(REG_DID.width);
    const drains = (word & ((1 << REG_DRAIN_READS.shift) | (1 << REG_DRAIN_WRITES.shift))) !== 0;
    const [head, reserved] = iotlbDescriptor(granularity, did, drains, 0, 0, false);
    return [head, reserved, this.words[IVA_REG[0]], this.words[IVA_REG[0] + 1]];
  }

  /** IOMMU: the actor that polls for the pending command. */
  from(): number {
    return this.words[FROM];
  }

  dueNs(): number {
    return this.floats[DUE_NS[0] / 2];
  }

  /** IOMMU: clears IVT; the initiator's poll may see it from `times.visibleNs` on. */
  complete(times: ServiceTimes): void {
    this.floats[STARTED_NS[0] / 2] = times.startedNs; // Plain, as below: published by IVT.
    this.floats[VISIBLE_NS[0] / 2] = times.visibleNs;
    this.words[DRAIN_NS] = wordNs(times.drainNs);
    this.words[LATE_NS] = wordNs(times.lateNs);
    this.words[HELD_UP_NS] = wordNs(times.heldUpNs);
    Atomics.and(this.words, IOTLB_REG, ~IVT);
  }

  /** Initiator: when it can see IVT clear; Infinity while it is set. */
  visibleNs(): number {
    if ((Atomics.load(this.words, IOTLB_REG) & IVT) !== 0) return Number.POSITIVE_INFINITY;
    return this.floats[VISIBLE_NS[0] / 2];
  }

  times(times: ServiceTimes): void {
    times.startedNs = this.floats[STARTED_NS[0] / 2];
    times.visibleNs = this.floats[VISIBLE_NS[0] / 2];
    times.drainNs = this.words[DRAIN_NS];
    times.lateNs = this.words[LATE_NS];
    times.heldUpNs = this.words[HELD_UP_NS];
  }
}
