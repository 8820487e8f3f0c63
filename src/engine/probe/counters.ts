// What an actor counts while it runs. Counters are the actor's own and cross to the main thread
// once, when the run is over; names as they are summed there.

export class CoreCounters {
  tlbHits = 0;
  tlbMisses = 0;
  pageFaults = 0;
  acknowledgements = 0;
  fullFlushes = 0;
  pageFlushes = 0;
  /** Time in handlers for others' shootdowns, while this core waited for nothing itself. */
  responderNs = 0;
  /** Flushing and freeing outside any operation's latency. */
  backgroundNs = 0;
  operations = 0;
  shootdowns = 0;
  ipis = 0;
  /** Shootdowns with at least one other core that counts as having the space, told or not … */
  requests = 0;
  /** … and among these, full flushes. */
  fullRequests = 0;
  broadcasts = 0;
  iotlbInvalidations = 0;
  iommuWaits = 0;
  iommuFaults = 0;
  /** Faults that the workload itself injects. */
  faultsInjected = 0;
  mailboxFull = 0;
  framesHeld = 0;
  framesFreed = 0;
  heldPagesMax = 0;
  heldPageNs = 0;

  reset(): void {
    Object.assign(this, new CoreCounters());
  }
}

export class IommuCounters {
  pageFlushes = 0;
  domainFlushes = 0;
  globalFlushes = 0;
  contextCache = 0;
  deviceTlb = 0;
  waits = 0;
}

export class DeviceCounters {
  dmas = 0;
  faults = 0;
  iotlbMisses = 0;
  /** Page-table reads of these misses. */
  tableReads = 0;
}
