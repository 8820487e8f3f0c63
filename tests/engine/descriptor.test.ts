import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import {
  addressMaskOf,
  alignedRange,
  contextCacheDescriptor,
  type Descriptor,
  descriptorType,
  deviceRangeOf,
  deviceTlbDescriptor,
  domainOf,
  drainsOf,
  GRANULARITY_DOMAIN,
  GRANULARITY_GLOBAL,
  GRANULARITY_PAGE,
  granularityOf,
  iotlbDescriptor,
  isValidDescriptor,
  leafHintOf,
  MAX_ADDRESS_MASK,
  sizedPage,
  sourceIdOf,
  statusAddressOf,
  statusDataOf,
  TYPE_CONTEXT_CACHE,
  TYPE_DEVICE_TLB,
  TYPE_IOTLB,
  TYPE_WAIT,
  vpnOf,
  waitDescriptor,
  writesStatus,
} from "../../dist/src/engine/layout/descriptor.js";

const granularity = fc.constantFrom(GRANULARITY_GLOBAL, GRANULARITY_DOMAIN, GRANULARITY_PAGE);
const sixteenBits = fc.nat(0xffff);
const anyVpn = fc.integer({ min: 0, max: VPN_LIMIT - 1 });
const RUNS = { numRuns: 200 };

/** The two 64-bit halves, as the specification numbers bits. */
function halves(words: Descriptor): [qw0: bigint, qw1: bigint] {
  const half = (low: number, high: number) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return [half(words[0], words[1]), half(words[2], words[3])];
}

/** The queue is an Int32Array: what the IOMMU fetches has been through one. */
function fetched(words: Descriptor): Descriptor {
  const [a, b, c, d] = Int32Array.from(words);
  return [a, b, c, d];
}

function withBit(words: Descriptor, bit: number): Descriptor {
  const changed = [...words];
  changed[bit >> 5] |= 1 << (bit & 31);
  return changed as unknown as Descriptor;
}

describe("descriptors: what is encoded is decoded again", () => {
  it("IOTLB", () => {
    fc.assert(
      fc.property(
        fc.tuple(granularity, sixteenBits, fc.boolean(), anyVpn, fc.nat(18), fc.boolean()),
        ([scope, did, drain, vpn, mask, leaf]) => {
          const words = fetched(iotlbDescriptor(scope, did, drain, vpn, mask, leaf));
          expect(descriptorType(words)).toBe(TYPE_IOTLB);
          expect(granularityOf(words)).toBe(scope);
          expect(domainOf(words)).toBe(did);
          expect(drainsOf(words)).toBe(drain);
          expect(vpnOf(words)).toBe(vpn);
          expect(addressMaskOf(words)).toBe(mask);
          expect(leafHintOf(words)).toBe(leaf);
          expect(isValidDescriptor(words)).toBe(true);
        },
      ),
      RUNS,
    );
  });

  it("context cache", () => {
    fc.assert(
      fc.property(granularity, sixteenBits, sixteenBits, fc.nat(3), (scope, did, sid, mask) => {
        const words = fetched(contextCacheDescriptor(scope, did, sid, mask));
        expect(descriptorType(words)).toBe(TYPE_CONTEXT_CACHE);
        expect(granularityOf(words)).toBe(scope);
        expect(domainOf(words)).toBe(did);
        expect(sourceIdOf(words)).toBe(sid);
        expect(isValidDescriptor(words)).toBe(true);
      }),
      RUNS,
    );
  });

  it("device TLB", () => {
    fc.assert(
      fc.property(sixteenBits, fc.nat(31), anyVpn, fc.boolean(), (sid, depth, vpn, sized) => {
        const words = fetched(deviceTlbDescriptor(sid, depth, vpn, sized));
        expect(descriptorType(words)).toBe(TYPE_DEVICE_TLB);
        expect(sourceIdOf(words)).toBe(sid);
        expect((words[0] >>> 16) & 31).toBe(depth); // Bits 20:16.
        expect(vpnOf(words)).toBe(vpn);
        expect(isValidDescriptor(words)).toBe(true);
      }),
      RUNS,
    );
  });

  it("wait", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.boolean(), (data, address, fence) => {
        const words = fetched(waitDescriptor(data, address, fence));
        expect(descriptorType(words)).toBe(TYPE_WAIT);
        expect(writesStatus(words)).toBe(true);
        expect(statusDataOf(words)).toBe(data);
        expect(statusAddressOf(words)).toBe(address);
        expect(isValidDescriptor(words)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe("descriptors: bits where the VT-d specification has them", () => {
  it("a page-selective IOTLB invalidation with drains and leaf hint", () => {
    const [qw0, qw1] = halves(
      iotlbDescriptor(GRANULARITY_PAGE, 0xabcd, true, 0x123456789, 3, true),
    );
    // Type 2; granularity 3 at 5:4; DW bit 6; DR bit 7; DID at 31:16.
    expect(qw0).toBe(0x2n | (3n << 4n) | (1n << 6n) | (1n << 7n) | (0xabcdn << 16n));
    // AM at 5:0; IH bit 6; address at 63:12.
    expect(qw1).toBe(3n | (1n << 6n) | (0x123456789n << 12n));
  });

  it("a domain-selective IOTLB invalidation without drains", () => {
    const [qw0, qw1] = halves(iotlbDescriptor(GRANULARITY_DOMAIN, 7, false, 0, 0, false));
    expect(qw0).toBe(0x2n | (2n << 4n) | (7n << 16n));
    expect(qw1).toBe(0n);
  });

  it("a device-selective context-cache invalidation", () => {
    const [qw0, qw1] = halves(contextCacheDescriptor(3, 5, 0x1234, 2));
    // Source id at 47:32, function mask at 49:48.
    expect(qw0).toBe(0x1n | (3n << 4n) | (5n << 16n) | (0x1234n << 32n) | (2n << 48n));
    expect(qw1).toBe(0n);
  });

  it("a device-TLB invalidation", () => {
    const [qw0, qw1] = halves(deviceTlbDescriptor(0x8001, 31, 0xfffffffff, true));
    // Queue depth at 20:16, source id at 47:32; S bit 0.
    expect(qw0).toBe(0x3n | (31n << 16n) | (0x8001n << 32n));
    expect(qw1).toBe(1n | (0xfffffffffn << 12n));
  });

  it("a wait that writes its status, with and without fence", () => {
    // SW bit 5, FN bit 6, data at 63:32.
    expect(halves(waitDescriptor(2, 40, false))).toEqual([0x5n | (1n << 5n) | (2n << 32n), 40n]);
    expect(halves(waitDescriptor(2, 40, true))[0]).toBe(
      0x5n | (1n << 5n) | (1n << 6n) | (2n << 32n),
    );
  });
});

describe("descriptors: what hardware refuses", () => {
  /** Inclusive ranges of bits, 0 to 127, that are reserved in each type. */
  const RESERVED: readonly [string, Descriptor, [number, number][]][] = [
    [
      "IOTLB",
      iotlbDescriptor(2, 1, true, 0, 0, false),
      [
        [8, 15],
        [32, 63],
        [71, 75],
      ],
    ],
    [
      "context cache",
      contextCacheDescriptor(2, 1, 0, 0),
      [
        [6, 15],
        [50, 63],
        [64, 127],
      ],
    ],
    [
      "device TLB",
      deviceTlbDescriptor(1, 0, 0, false),
      [
        [4, 15],
        [21, 31],
        [48, 63],
        [65, 75],
      ],
    ],
    [
      "wait",
      waitDescriptor(1, 0, false),
      [
        [8, 31],
        [96, 127],
      ],
    ],
  ];

  it.each(RESERVED)("%s: any reserved bit makes it invalid", (_name, words, ranges) => {
    expect(isValidDescriptor(words)).toBe(true);
    for (const [low, high] of ranges) {
      for (let bit = low; bit <= high; bit++) {
        expect(isValidDescriptor(withBit(words, bit)), `bit ${bit}`).toBe(false);
        expect(isValidDescriptor(fetched(withBit(words, bit))), `bit ${bit}`).toBe(false);
      }
    }
  });

  it("unknown types, zero among them", () => {
    for (const type of [0, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) {
      expect(isValidDescriptor([type, 0, 0, 0]), `type ${type}`).toBe(false);
    }
  });

  it("an address mask above the maximum", () => {
    for (let mask = 0; mask < 64; mask++) {
      const words = iotlbDescriptor(GRANULARITY_PAGE, 1, true, 0, mask, false);
      expect(isValidDescriptor(words), `mask ${mask}`).toBe(mask <= MAX_ADDRESS_MASK);
    }
    expect(MAX_ADDRESS_MASK).toBe(18);
  });

  it("granularity 0, and a wait that reports in no way", () => {
    expect(isValidDescriptor(iotlbDescriptor(0, 1, true, 0, 0, false))).toBe(false);
    expect(isValidDescriptor(contextCacheDescriptor(0, 1, 0, 0))).toBe(false);
    expect(isValidDescriptor([TYPE_WAIT, 1, 0, 0])).toBe(false);
    expect(isValidDescriptor([TYPE_WAIT | (1 << 4), 1, 0, 0])).toBe(true); // An interrupt reports.
  });
});

describe("the size of a device-TLB invalidation", () => {
  it("any aligned range: what is encoded is decoded again", () => {
    fc.assert(
      fc.property(anyVpn, fc.nat(36), (page, addressMask) => {
        const span = 2 ** addressMask;
        const vpn = Math.floor(page / span) * span;
        const isSized = addressMask > 0;
        const encoded = isSized ? sizedPage(vpn, addressMask) : vpn;
        const words = fetched(deviceTlbDescriptor(1, 0, encoded, isSized));
        expect(deviceRangeOf(words)).toEqual({ vpn, addressMask });
      }),
      RUNS,
    );
  });

  it("as Linux writes it: eight pages from page 8 on are address 0xb000 with S", () => {
    const [, qw1] = halves(deviceTlbDescriptor(1, 0, sizedPage(8, 3), true));
    expect(qw1).toBe(0xb001n);
  });
});

describe("aligned ranges", () => {
  it("any range: covered, naturally aligned, and by the fewest pages that can", () => {
    const pages = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 2 ** 20 }));
    fc.assert(
      fc.property(anyVpn, pages, (vpn, length) => {
        fc.pre(vpn + length <= VPN_LIMIT);
        const range = alignedRange(vpn, length);
        const span = 2 ** range.addressMask;
        expect(range.vpn % span).toBe(0);
        expect(range.vpn).toBeLessThanOrEqual(vpn);
        expect(range.vpn + span).toBeGreaterThanOrEqual(vpn + length);
        if (span === 1) return;
        const half = span / 2; // Half as many pages, wherever they are aligned, do not do.
        expect(Math.floor(vpn / half)).not.toBe(Math.floor((vpn + length - 1) / half));
      }),
      RUNS,
    );
  });

  it("two pages across a large boundary: the whole that both are in", () => {
    expect(alignedRange(7, 2)).toEqual({ vpn: 0, addressMask: 4 });
    expect(alignedRange(2 ** 35 - 1, 2)).toEqual({ vpn: 0, addressMask: 36 });
    expect(alignedRange(8, 8)).toEqual({ vpn: 8, addressMask: 3 });
  });
});
