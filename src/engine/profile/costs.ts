// What each hardware step costs, in ns of modelled time: the numbers that protocols spend. Where
// they come from stands in the profiles.

export interface Costs {
  /** Initiator: one IPI to one target (an ICR write). */
  readonly ipiSendNs: number;
  /** From the ICR write to the first instruction of the target's entry. */
  readonly deliveryNs: number;
  readonly interruptEntryNs: number;
  readonly interruptExitNs: number;
  /** Queueing or dequeueing one kernel message (Akaros). */
  readonly kernelMessageNs: number;
  /** INVLPG of one page. */
  readonly invalidatePageNs: number;
  /** Flush of one context by a CR3 write. */
  readonly flushContextNs: number;
  /** One cache line from core to core: an acknowledgement, a lock hand-over. */
  readonly cacheLineNs: number;
  readonly walkNs: number;
  /** Changing one page-table entry. */
  readonly pteNs: number;
  /** Giving one frame back, or taking one. */
  readonly frameNs: number;
  readonly iotlbPageNs: number;
  readonly iotlbDomainNs: number;
  readonly iotlbGlobalNs: number;
  readonly contextCacheNs: number;
  readonly deviceTlbNs: number;
  /** A further invalidation of one submission. */
  readonly furtherDescriptorNs: number;
  /** An MMIO write: the queue's tail or the IOTLB register. */
  readonly tailWriteNs: number;
  /** From completion until the initiator's poll of the register returns. */
  readonly registerPollNs: number;
  /** From completion until the status write reaches the initiator. */
  readonly statusWriteNs: number;
  readonly iotlbMissNs: number;
  /** A DMA of one page, once translated. */
  readonly dmaNs: number;
}

export type CostName = keyof Costs;
