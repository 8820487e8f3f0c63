// What each hardware step costs, in ns of modelled time: the numbers that protocols spend. Where
// they come from stands in the profiles. A step that a machine does not have costs 0 there.

export interface Costs {
  /** Initiator: one IPI to one target (an ICR write). */
  readonly ipiSendNs: number;
  /**
   * Initiator: one ICR write that reaches all targets in one x2APIC cluster, of up to
   * `clusterCores` cores; 0 where there is no multicast, so that each takes a write of its own.
   */
  readonly clusterSendNs: number;
  /** From the ICR write to the first instruction of the target's entry, within a socket. */
  readonly deliveryNs: number;
  /** The same from one socket to another. */
  readonly deliveryRemoteNs: number;
  readonly interruptEntryNs: number;
  readonly interruptExitNs: number;
  /** Queueing or dequeueing one kernel message (Akaros). */
  readonly kernelMessageNs: number;
  /**
   * Initiator: issuing one instruction that invalidates on all cores (TLBI, INVLPGB). This and the
   * next two are spent where cores are told by broadcast: always, or where there are IPIs as well
   * (`shootsBy` is "both") from as many targets on as the policy says.
   */
  readonly broadcastSendNs: number;
  /**
   * From when the interconnect takes up a broadcast until the initiator knows that all cores are
   * done with it (DSB, TLBSYNC).
   */
  readonly broadcastSyncNs: number;
  /**
   * For how long the interconnect then takes up no other broadcast, of nobody: with many initiators
   * they queue here. Usually a part of `broadcastSyncNs`; longer where it is busy beyond the sync.
   */
  readonly broadcastServiceNs: number;
  /** Local invalidation of one page (INVLPG). */
  readonly invalidatePageNs: number;
  /** Flush of one context by a CR3 write. */
  readonly flushContextNs: number;
  /**
   * One cache line from core to core within a core complex: an acknowledgement, a lock hand-over,
   * the slot of a mailbox that another core posted to before.
   */
  readonly cacheLineNs: number;
  /** The same within a socket, to another complex. */
  readonly cacheLineSocketNs: number;
  /** The same from one socket to another. */
  readonly cacheLineRemoteNs: number;
  /** A page walk that finds the upper levels in the paging-structure caches. */
  readonly walkNs: number;
  /** A page walk that reads all levels again, since these were flushed or hold other regions. */
  readonly walkColdNs: number;
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
  /** What an IOTLB miss takes besides the next; all of it where only that was published. */
  readonly iotlbMissNs: number;
  /** Each page-table read of an IOTLB miss: one, and more for levels that no cache holds. */
  readonly iotlbReadNs: number;
  /** A DMA of one page, once translated. */
  readonly dmaNs: number;
  /**
   * Software that maps one page for a device alone: takes an I/O address and writes the I/O page
   * table.
   */
  readonly ioMapNs: number;
  /** Software that unmaps one, without its invalidation: finds and frees the address. */
  readonly ioUnmapNs: number;
}

export type CostName = keyof Costs;
