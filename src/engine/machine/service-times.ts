// What an IOMMU says of an invalidation when it is done.

/** When an invalidation was served, as its initiator reads it. */
export interface ServiceTimes {
  /** Service began: nothing of another submission stood before it any more. */
  startedNs: number;
  /** Of the service, how long it waited for walks and DMA in flight. */
  drainNs: number;
  /** The initiator can see it. */
  visibleNs: number;
  /** By how much the host delayed the start … */
  lateNs: number;
  /** … and the end. */
  heldUpNs: number;
}
