// Inter-processor interrupts: one mailbox a core, a ring of 256 messages that any core may post to
// and that its core empties in order. An acknowledgement stands in the slot of the message it
// answers: what a responder reads and what it answers share one cache line, so a round trip moves
// two lines' worth.
//
// head word     writer              readers     meaning
// TAIL          senders (add)       senders     sequence number of the last reserved slot
// HANDLED       the core            senders     sequence number of the last handled message
//
// slot word     writer     readers      published by
// SEQUENCE      sender     core, next   itself: its store publishes the fields below
//                          sender
// MESSAGE (its bits: KIND, SENDER, SPACE), RANGE (page number · 2¹⁶ + pages), GENERATION,
// SENT_NS, DUE_NS
// ACK           the core   sender       itself: its store publishes the fields below
// ENTERED_NS, ACKED_NS, LATE_NS, HELD_UP_NS

import {
  allFloatsOf,
  allWordsOf,
  MAILBOX_HEAD_LINES,
  type Regions,
  type SharedFloats,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { MAILBOX_SLOTS } from "../layout/shape.ts";
import { checkBits, checkWords, LINE_WORDS, maskOf, wordNs } from "../layout/words.ts";

const TAIL = 0;
const HANDLED = 16;

checkWords("mailbox head", MAILBOX_HEAD_LINES * LINE_WORDS, { TAIL, HANDLED });

const SEQUENCE = 0;
const MESSAGE = 1;
const SENT_NS = [2, 64] as const;
const GENERATION = 4;
const ACK = 5;
const LATE_NS = 6;
const HELD_UP_NS = 7;
const RANGE = [8, 64] as const;
const DUE_NS = [10, 64] as const;
const ENTERED_NS = [12, 64] as const;
const ACKED_NS = [14, 64] as const;

checkWords("mailbox slot", LINE_WORDS, {
  SEQUENCE,
  MESSAGE,
  SENT_NS,
  GENERATION,
  ACK,
  LATE_NS,
  HELD_UP_NS,
  RANGE,
  DUE_NS,
  ENTERED_NS,
  ACKED_NS,
});

const KIND = { shift: 0, width: 11 };
const SENDER = { shift: 11, width: 10 };
const SPACE = { shift: 21, width: 4 };
const KIND_MASK = maskOf(KIND.width);
const SENDER_MASK = maskOf(SENDER.width);
const SPACE_MASK = maskOf(SPACE.width);

checkBits("mailbox message", { KIND, SENDER, SPACE });

/** What the handler does, and when it acknowledges. */
export const FLUSH_PAGES = 1;
export const FLUSH_SPACE = 2;
/** The bare interrupt: nothing is flushed. */
export const POKE = 3;
export const ACTION_MASK = 0xff;
export const ACK_EARLY = 1 << 8;
export const ACK_LATE = 1 << 9;
/** Goes through the kernel-message queue, with its cost on both sides. */
export const KERNEL_MESSAGE = 1 << 10;

export const NO_SENDER = -1;

/** Pages of a ranged message are fewer; above, everything is flushed. */
export const RANGE_LIMIT = 0x10000; // 2¹⁶: with a page number of 36 bits a float64 holds it exactly

/** A message as its core takes it. One object is reused for all. */
export interface Message {
  sequence: number;
  kind: number;
  sender: number;
  space: number;
  vpn: number;
  pages: number;
  /** Of the space, with this change; 0 where nobody counts generations. */
  generation: number;
}

export class Mailboxes {
  private readonly heads: SharedWords;
  private readonly slots: SharedWords;
  private readonly slotFloats: SharedFloats;
  private readonly headStride: number;
  private readonly slotStride: number;
  /** The next sequence number that a core handles; each core uses its own element only. */
  private readonly next: Int32Array;
  /** The last HANDLED that was seen of each core: saves reading a far line for every message. */
  private readonly handledSeen: Int32Array;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.heads = allWordsOf(memory, regions.mailboxHeads);
    this.slots = allWordsOf(memory, regions.mailboxSlots);
    this.slotFloats = allFloatsOf(memory, regions.mailboxSlots);
    this.headStride = strideWords(regions.mailboxHeads);
    this.slotStride = strideWords(regions.mailboxSlots);
    this.next = new Int32Array(regions.mailboxHeads.count).fill(1);
    this.handledSeen = new Int32Array(regions.mailboxHeads.count);
  }

  /** Sender: takes the next slot of `core`'s mailbox; must be followed by `post`. */
  reserve(core: number): number {
    return (Atomics.add(this.heads, core * this.headStride + TAIL, 1) + 1) | 0;
  }

  /** Whether every message that was posted has been handled. */
  get areEmpty(): boolean {
    for (let core = 0; core < this.next.length; core++) {
      const base = core * this.headStride;
      const tail = Atomics.load(this.heads, base + TAIL);
      if (Atomics.load(this.heads, base + HANDLED) !== tail) return false;
    }
    return true;
  }

  /** Sender: whether the reserved slot has been emptied of its former message. */
  hasRoom(core: number, sequence: number): boolean {
    if (((sequence - this.handledSeen[core]) | 0) <= MAILBOX_SLOTS) return true;
    this.handledSeen[core] = Atomics.load(this.heads, core * this.headStride + HANDLED);
    return ((sequence - this.handledSeen[core]) | 0) <= MAILBOX_SLOTS;
  }

  /**
   * Sender: fills the reserved slot, whose line it has from `sentNs` on; the message takes effect
   * at `dueNs`.
   */
  post(
    core: number,
    sequence: number,
    kind: number,
    sender: number,
    space: number,
    vpn: number,
    pages: number,
    generation: number,
    sentNs: number,
    dueNs: number,
  ): void {
    const slot = this.slotOf(core, sequence);
    const words = this.slots;
    // Plain, as all below: published by SEQUENCE.
    words[slot + MESSAGE] = (space << SPACE.shift) | (sender << SENDER.shift) | kind;
    words[slot + GENERATION] = generation;
    this.slotFloats[(slot + RANGE[0]) / 2] = vpn * RANGE_LIMIT + pages;
    this.slotFloats[(slot + SENT_NS[0]) / 2] = sentNs;
    this.slotFloats[(slot + DUE_NS[0]) / 2] = dueNs;
    Atomics.store(words, slot + SEQUENCE, sequence); // Pairs with the load in dueNs().
  }

  /** The core: when its next message takes effect; Infinity if there is none. */
  dueNs(core: number): number {
    const sequence = this.next[core];
    const slot = this.slotOf(core, sequence);
    if (Atomics.load(this.slots, slot + SEQUENCE) !== sequence) return Number.POSITIVE_INFINITY;
    return this.slotFloats[(slot + DUE_NS[0]) / 2];
  }

  /** The core: reads its next message, which dueNs() has said is there. */
  read(core: number, message: Message): void {
    const sequence = this.next[core];
    const slot = this.slotOf(core, sequence);
    const bits = this.slots[slot + MESSAGE];
    message.sequence = sequence;
    message.kind = bits & KIND_MASK;
    message.sender = (bits >>> SENDER.shift) & SENDER_MASK;
    message.space = (bits >>> SPACE.shift) & SPACE_MASK;
    message.generation = this.slots[slot + GENERATION];
    const range = this.slotFloats[(slot + RANGE[0]) / 2];
    message.vpn = Math.floor(range / RANGE_LIMIT);
    message.pages = range - message.vpn * RANGE_LIMIT;
  }

  /**
   * The core: acknowledges a message. `enteredNs` is when it began with it, of which the host was
   * `lateNs` late; it stored the acknowledgement at `ackedNs`, of which the host was `heldUpNs`
   * late. The sender sees it when the line has got there.
   */
  acknowledge(
    core: number,
    sequence: number,
    enteredNs: number,
    lateNs: number,
    heldUpNs: number,
    ackedNs: number,
  ): void {
    const slot = this.slotOf(core, sequence);
    this.slots[slot + LATE_NS] = wordNs(lateNs); // Plain, as the next three: published by ACK.
    this.slots[slot + HELD_UP_NS] = wordNs(heldUpNs);
    this.slotFloats[(slot + ENTERED_NS[0]) / 2] = enteredNs;
    this.slotFloats[(slot + ACKED_NS[0]) / 2] = ackedNs;
    Atomics.store(this.slots, slot + ACK, sequence); // Pairs with the load in ackedNs().
  }

  /** The core: is done with its next message, whose slot may be used again. */
  release(core: number): void {
    const sequence = this.next[core];
    this.next[core] = (sequence + 1) | 0;
    Atomics.store(this.heads, core * this.headStride + HANDLED, sequence);
  }

  /**
   * Sender: when the acknowledgement of its message was stored, to be seen when the line has got
   * there; Infinity if there is none yet. A slot that has been used again can only have been
   * acknowledged before: then 0.
   */
  ackedNs(core: number, sequence: number): number {
    const slot = this.slotOf(core, sequence);
    const acknowledged = Atomics.load(this.slots, slot + ACK);
    if (acknowledged === sequence) return this.slotFloats[(slot + ACKED_NS[0]) / 2];
    return ((acknowledged - sequence) | 0) > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /**
   * Sender: who posted a message, or NO_SENDER if it is not there: not yet, or not any more. To be
   * asked again behind `sentNs` of somebody else's message: the slot may have been used again.
   */
  senderOf(core: number, sequence: number): number {
    const slot = this.slotOf(core, sequence);
    // The first message is number 1; an empty slot has 0.
    if (sequence === 0 || Atomics.load(this.slots, slot + SEQUENCE) !== sequence) return NO_SENDER;
    return (this.slots[slot + MESSAGE] >>> SENDER.shift) & SENDER_MASK;
  }

  /** Whether the last acknowledgement in the slot of a message answers one that was posted. */
  hasAskedForAck(core: number, sequence: number): boolean {
    const slot = this.slotOf(core, sequence);
    const acknowledged = Atomics.load(this.slots, slot + ACK); // First: what it answers is older.
    return ((acknowledged - Atomics.load(this.slots, slot + SEQUENCE)) | 0) <= 0;
  }

  /** Sender: from when on its sender had the line of a message. */
  sentNs(core: number, sequence: number): number {
    return this.slotFloats[(this.slotOf(core, sequence) + SENT_NS[0]) / 2];
  }

  /** Sender, or the core: when a message was to take effect. */
  postedDueNs(core: number, sequence: number): number {
    return this.slotFloats[(this.slotOf(core, sequence) + DUE_NS[0]) / 2];
  }

  /** Sender: when the core began with an acknowledged message. */
  enteredNs(core: number, sequence: number): number {
    return this.slotFloats[(this.slotOf(core, sequence) + ENTERED_NS[0]) / 2];
  }

  /** Sender: by how much the host delayed the start of an acknowledged message. */
  lateNs(core: number, sequence: number): number {
    return this.slots[this.slotOf(core, sequence) + LATE_NS];
  }

  /** Sender: by how much the host delayed its acknowledgement. */
  heldUpNs(core: number, sequence: number): number {
    return this.slots[this.slotOf(core, sequence) + HELD_UP_NS];
  }

  private slotOf(core: number, sequence: number): number {
    return core * this.slotStride + (sequence & (MAILBOX_SLOTS - 1)) * LINE_WORDS;
  }
}
