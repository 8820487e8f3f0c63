// The segments that a shootdown's critical path is cut into, in the order in which they come.

/** Names as they stand in critical-path.csv. */
export const SEGMENT_NAMES = [
  "lock",
  "pte",
  "submit",
  "send",
  "local",
  "serving",
  "delivery",
  "masked",
  "handler",
  "ack-return",
  "queue-full",
  "queued",
  "flush",
  "drain",
  "status",
  "late",
  "free",
  "waiting",
] as const;

/** On the initiator: waiting for the lock of the space, of an IOMMU or of a flush queue. */
export const LOCK = 0;
/** On the initiator: clearing page-table entries. */
export const PTE = 1;
/** On the initiator: writing descriptors or registers of an IOMMU. */
export const SUBMIT = 2;
/** On the initiator: sending IPIs, one target or cluster after the other, or a broadcast. */
export const SEND = 3;
/** On the initiator: flushing its own TLB. */
export const LOCAL = 4;
/** On the initiator: answering somebody else's IPI while its own answer was there. */
export const SERVING = 5;
/** The IPI travels, its wait for the mailbox's line included; or the broadcast. */
export const DELIVERY = 6;
/** The responder has interrupts off, or is busy with an earlier message. */
export const MASKED = 7;
/** The responder's handler, until it acknowledges. */
export const HANDLER = 8;
/** The acknowledgement travels, its wait for the others' included. */
export const ACK_RETURN = 9;
/** On the initiator: no free slot in the invalidation queue, or in a mailbox. */
export const QUEUE_FULL = 10;
/** The IOMMU is busy with other descriptors, the interconnect with other broadcasts. */
export const QUEUED = 11;
/** The IOMMU invalidates. */
export const FLUSH = 12;
/** The IOMMU waits for walks and DMA in flight. */
export const DRAIN = 13;
/** The IOMMU's status travels to the initiator. */
export const STATUS = 14;
/** What the host added to a wait. */
export const LATE = 15;
/** On the initiator: giving frames back. */
export const FREE = 16;
/** On the initiator: an operation is due, and it is not ready yet. Comes before all others. */
export const WAITING = 17;

export const SEGMENTS = SEGMENT_NAMES.length;
