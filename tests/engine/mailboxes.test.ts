import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import { MAILBOX_SLOTS } from "../../dist/src/engine/layout/shape.js";
import { LINE_WORDS } from "../../dist/src/engine/layout/words.js";
import {
  FLUSH_PAGES,
  Mailboxes,
  type Message,
  NO_SENDER,
  RANGE_LIMIT,
} from "../../dist/src/engine/machine/mailboxes.js";
import { shapeWith } from "./shapes.js";

const TARGET = 1;
const NONE = Number.POSITIVE_INFINITY;
const regions = layOut(shapeWith({ cores: 3 }));

function emptyMailboxes(): Mailboxes {
  return new Mailboxes(new SharedArrayBuffer(regions.bytes), regions);
}

function post(mailboxes: Mailboxes, vpn: number, dueNs = 0): number {
  const sequence = mailboxes.reserve(TARGET);
  mailboxes.post(TARGET, sequence, FLUSH_PAGES, 0, 0, vpn, 1, 0, 0, dueNs);
  return sequence;
}

function next(mailboxes: Mailboxes): Message {
  const blank = {
    sequence: 0,
    kind: 0,
    sender: 0,
    space: 0,
    vpn: 0,
    pages: 0,
    generation: 0,
  };
  mailboxes.read(TARGET, blank);
  return blank;
}

/** Takes the next message; acknowledges it at `ackedNs` if that is given. */
function handle(mailboxes: Mailboxes, ackedNs?: number): Message {
  const message = next(mailboxes);
  if (ackedNs !== undefined) {
    mailboxes.acknowledge(TARGET, message.sequence, ackedNs - 1, 0, 0, ackedNs);
  }
  mailboxes.release(TARGET);
  return message;
}

/** Mailboxes whose last message, already handled, had the sequence number `last`. */
function mailboxesAfter(last: number): Mailboxes {
  const memory = new SharedArrayBuffer(regions.bytes);
  const { offset, stride } = regions.mailboxHeads;
  const head = new Int32Array(memory, offset + TARGET * stride, stride / 4);
  head[0] = last; // TAIL
  head[16] = last; // HANDLED
  const slots = regions.mailboxSlots;
  const words = new Int32Array(memory, slots.offset + TARGET * slots.stride, slots.stride / 4);
  for (let sequence = last - MAILBOX_SLOTS + 1; sequence <= last; sequence++) {
    words[(sequence & (MAILBOX_SLOTS - 1)) * LINE_WORDS + 5] = sequence; // ACK
  }
  const mailboxes = new Mailboxes(memory, regions);
  const own = mailboxes as unknown as { next: Int32Array; handledSeen: Int32Array };
  own.next[TARGET] = last + 1;
  own.handledSeen[TARGET] = last;
  return mailboxes;
}

describe("mailboxes", () => {
  it("what is posted: read as it was, up to the largest page and the latest time", () => {
    fc.assert(
      fc.property(
        fc.record({
          kind: fc.nat(0x7ff),
          sender: fc.nat(1023),
          space: fc.nat(13),
          vpn: fc.integer({ min: 0, max: VPN_LIMIT - 1 }),
          pages: fc.nat(RANGE_LIMIT - 1),
          generation: fc.integer(),
          dueNs: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
        }),
        ({ dueNs, ...message }) => {
          const mailboxes = emptyMailboxes();
          const { kind, sender, space, vpn, pages, generation } = message;
          const sequence = mailboxes.reserve(TARGET);
          mailboxes.post(
            TARGET,
            sequence,
            kind,
            sender,
            space,
            vpn,
            pages,
            generation,
            dueNs - 7,
            dueNs,
          );
          expect(next(mailboxes)).toEqual({ ...message, sequence });
          expect(mailboxes.postedDueNs(TARGET, sequence)).toBe(dueNs);
          expect(mailboxes.sentNs(TARGET, sequence)).toBe(dueNs - 7);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("messages of several senders: read in the order of their reservations, each at its due time", () => {
    const mailboxes = emptyMailboxes();
    const first = mailboxes.reserve(TARGET);
    const second = mailboxes.reserve(TARGET);
    mailboxes.post(TARGET, second, FLUSH_PAGES, 2, 0, 20, 1, 0, 0, 50);
    expect(mailboxes.dueNs(TARGET)).toBe(NONE); // The first is reserved but not there yet.
    mailboxes.post(TARGET, first, FLUSH_PAGES, 0, 0, 10, 1, 0, 0, 70);
    expect(mailboxes.dueNs(TARGET)).toBe(70);
    expect(handle(mailboxes).vpn).toBe(10);
    expect(mailboxes.dueNs(TARGET)).toBe(50);
    expect(handle(mailboxes).vpn).toBe(20);
    expect(mailboxes.dueNs(TARGET)).toBe(NONE);
  });

  it("who posted a message: known from when it is there until its slot is used again", () => {
    const mailboxes = emptyMailboxes();
    const sequence = mailboxes.reserve(TARGET);
    expect(mailboxes.senderOf(TARGET, sequence)).toBe(NO_SENDER);
    mailboxes.post(TARGET, sequence, FLUSH_PAGES, 2, 0, 0, 1, 0, 0, 70);
    expect(mailboxes.senderOf(TARGET, sequence)).toBe(2);
    handle(mailboxes);
    expect(mailboxes.senderOf(TARGET, sequence)).toBe(2);
    for (let i = 0; i < MAILBOX_SLOTS; i++) {
      post(mailboxes, i);
      handle(mailboxes);
    }
    expect(mailboxes.senderOf(TARGET, sequence)).toBe(NO_SENDER);
  });

  it("one core's mailbox: other cores see nothing of it", () => {
    const mailboxes = emptyMailboxes();
    post(mailboxes, 1);
    expect([0, 1, 2].map((core) => mailboxes.dueNs(core))).toEqual([NONE, 0, NONE]);
  });

  it("any interleaving of posting and handling: first in, first out, with room for 256", () => {
    const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const mailboxes = emptyMailboxes();
        const model: number[] = [];
        let vpn = 0;
        let reserved: number | undefined; // Reserved while the ring was full.
        for (const [posts, times] of steps) {
          for (let i = 0; i < times; i++) {
            if (!posts) {
              expect(mailboxes.dueNs(TARGET)).toBe(model.length === 0 ? NONE : 0);
              if (model.length === 0) break;
              expect(handle(mailboxes).vpn).toBe(model.shift());
              continue;
            }
            reserved ??= mailboxes.reserve(TARGET);
            expect(mailboxes.hasRoom(TARGET, reserved)).toBe(model.length < MAILBOX_SLOTS);
            if (model.length === MAILBOX_SLOTS) break;
            mailboxes.post(TARGET, reserved, FLUSH_PAGES, 0, 0, ++vpn, 1, 0, 0, 0);
            model.push(vpn);
            reserved = undefined;
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("a full ring: no room until the core is done with the oldest, whoever asks", () => {
    const mailboxes = emptyMailboxes();
    for (let i = 0; i < MAILBOX_SLOTS; i++) post(mailboxes, i);
    const one = mailboxes.reserve(TARGET);
    const two = mailboxes.reserve(TARGET);
    expect(mailboxes.hasRoom(TARGET, one)).toBe(false);
    handle(mailboxes);
    expect(mailboxes.hasRoom(TARGET, one)).toBe(true);
    expect(mailboxes.hasRoom(TARGET, two)).toBe(false);
    handle(mailboxes);
    expect(mailboxes.hasRoom(TARGET, two)).toBe(true);
  });
});

describe("acknowledgements", () => {
  it("one message is acknowledged: its sender sees when, the sender of the next sees nothing", () => {
    const mailboxes = emptyMailboxes();
    const first = post(mailboxes, 1);
    const second = post(mailboxes, 2);
    expect(mailboxes.ackedNs(TARGET, first)).toBe(NONE);
    mailboxes.acknowledge(TARGET, first, 400, 3, 4, 500);
    expect(mailboxes.ackedNs(TARGET, first)).toBe(500);
    expect(mailboxes.enteredNs(TARGET, first)).toBe(400);
    expect(mailboxes.lateNs(TARGET, first)).toBe(3);
    expect(mailboxes.heldUpNs(TARGET, first)).toBe(4);
    expect(mailboxes.ackedNs(TARGET, second)).toBe(NONE);
  });

  it("acknowledged early: seen although the core is not done with the message", () => {
    const mailboxes = emptyMailboxes();
    const sequence = post(mailboxes, 1);
    mailboxes.acknowledge(TARGET, sequence, 10, 0, 0, 20);
    expect(mailboxes.ackedNs(TARGET, sequence)).toBe(20);
    expect(next(mailboxes).sequence).toBe(sequence);
  });

  it("the slot is used again: the old message counts as acknowledged, the new one does not", () => {
    const mailboxes = emptyMailboxes();
    const old = post(mailboxes, 1);
    handle(mailboxes, 100);
    for (let i = 1; i < MAILBOX_SLOTS; i++) {
      post(mailboxes, i);
      handle(mailboxes, 100 + i);
    }
    const fresh = post(mailboxes, 2);
    expect(fresh - old).toBe(MAILBOX_SLOTS);
    expect(mailboxes.ackedNs(TARGET, old)).toBe(100);
    expect(mailboxes.ackedNs(TARGET, fresh)).toBe(NONE);
    handle(mailboxes, 900);
    expect(mailboxes.ackedNs(TARGET, old)).toBe(0);
    expect(mailboxes.ackedNs(TARGET, fresh)).toBe(900);
  });
});

describe("sequence numbers beyond 2^31", () => {
  const LAST = 2 ** 31 - 101;

  it("they go on below zero: messages and acknowledgements stay in order", () => {
    const mailboxes = mailboxesAfter(LAST);
    const sequences: number[] = [];
    for (let i = 0; i < 2 * MAILBOX_SLOTS; i++) {
      const sequence = post(mailboxes, i);
      expect(mailboxes.hasRoom(TARGET, sequence)).toBe(true);
      expect(mailboxes.ackedNs(TARGET, sequence)).toBe(NONE);
      expect(handle(mailboxes, 1000 + i)).toMatchObject({ sequence, vpn: i });
      expect(mailboxes.ackedNs(TARGET, sequence)).toBe(1000 + i);
      sequences.push(sequence);
    }
    expect(Math.min(...sequences)).toBe(-(2 ** 31));
    expect(mailboxes.ackedNs(TARGET, sequences[0])).toBe(0); // 2^31 − 100, a ring ago.
  });

  it("a ring that is full across the wrap: has no room", () => {
    const mailboxes = mailboxesAfter(LAST);
    for (let i = 0; i < MAILBOX_SLOTS; i++) post(mailboxes, i);
    const sequence = mailboxes.reserve(TARGET);
    expect(sequence).toBeLessThan(0);
    expect(mailboxes.hasRoom(TARGET, sequence)).toBe(false);
    handle(mailboxes);
    expect(mailboxes.hasRoom(TARGET, sequence)).toBe(true);
  });
});
