import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../dist/src/engine/errors.js";
import { layOut, type Region, wordsOf } from "../../dist/src/engine/layout/regions.js";
import { checkShape, type MachineShape } from "../../dist/src/engine/layout/shape.js";
import { LINE_BYTES } from "../../dist/src/engine/layout/words.js";
import { shapeWith } from "./shapes.js";

const powerOfTwo = (bits: number) => fc.nat(bits).map((log) => 2 ** log);
const tlb = fc.record({ sets: powerOfTwo(7), ways: fc.integer({ min: 1, max: 12 }) });
const anyShape: fc.Arbitrary<MachineShape> = fc.record({
  cores: fc.integer({ min: 1, max: 1024 }),
  iommus: fc.integer({ min: 0, max: 8 }),
  devices: fc.integer({ min: 0, max: 16 }),
  spaces: fc.integer({ min: 1, max: 14 }),
  dataFrames: fc.integer({ min: 1, max: 100_000 }),
  tableFrames: fc.integer({ min: 1, max: 1000 }),
  flushQueueSlots: powerOfTwo(10),
  tracksAccesses: fc.boolean(),
  rings: fc.integer({ min: 0, max: 64 }),
  cachedRegions: powerOfTwo(5),
  ringSlots: fc.oneof(fc.constant(0), powerOfTwo(6)),
  l1: tlb,
  l2: tlb,
  iotlb: tlb,
  ats: fc.boolean(),
  checks: fc.boolean(),
});

function placed(shape: MachineShape): { name: string; region: Region }[] {
  const { bytes: _, ...regions } = layOut(shape);
  return Object.entries(regions).map(([name, region]) => ({ name, region }));
}

describe("regions", () => {
  it("any shape: regions are disjoint, start on a cache line and lie inside of `bytes`", () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const { bytes } = layOut(shape);
        let end = 0;
        const ascending = placed(shape).sort((a, b) => a.region.offset - b.region.offset);
        for (const { name, region } of ascending) {
          expect(region.offset, name).toBeGreaterThanOrEqual(end);
          expect(region.offset % LINE_BYTES, name).toBe(0);
          expect(region.stride % LINE_BYTES, name).toBe(0);
          end = region.offset + region.stride * region.count;
        }
        expect(end).toBeLessThanOrEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it("the same shape in another thread: the same layout", () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        expect(layOut(structuredClone(shape))).toEqual(layOut(shape));
      }),
      { numRuns: 50 },
    );
  });

  it("1024 cores with everything: a record for each, in memory that a host can give", () => {
    const shape = shapeWith({ cores: 1024, iommus: 8, devices: 16, spaces: 14 });
    const regions = layOut(shape);
    expect(regions.actors.count).toBe(1024 + 8 + 16);
    expect(regions.locks.count).toBe(14 + 8 + 1024 + 1);
    // A lock knows a waiter for every core, a space has a bit for every core.
    expect(regions.locks.stride).toBeGreaterThanOrEqual(LINE_BYTES + 1024 * 4);
    expect(regions.spaces.stride).toBeGreaterThanOrEqual(LINE_BYTES + 1024 / 8);
    expect(regions.mailboxSlots.stride).toBe(256 * LINE_BYTES);
    expect(regions.bytes).toBeLessThan(64 * 1024 * 1024);
  });

  it("a record that a region does not have: refused instead of read as undefined", () => {
    const regions = layOut(shapeWith({ iommus: 2 }));
    const memory = new SharedArrayBuffer(regions.bytes);
    expect(wordsOf(memory, regions.iommus, 1).byteOffset).toBe(
      regions.iommus.offset + regions.iommus.stride,
    );
    expect(() => wordsOf(memory, regions.iommus, 2)).toThrow(RangeError);
    expect(() => wordsOf(memory, regions.iommus, -1)).toThrow(RangeError);
  });
});

describe("limits of a shape", () => {
  it.each([
    ["cores", { cores: 1025 }],
    ["cores", { cores: 0 }],
    ["cores", { cores: 1.5 }],
    ["IOMMUs", { iommus: 9 }],
    ["devices", { devices: 17 }],
    ["an IOMMU", { iommus: 0, devices: 1 }],
    ["frames", { dataFrames: 2 ** 20 - 16, tableFrames: 16 }],
  ])("%s beyond the limit: a usage error that names it", (what, changes) => {
    const check = () => checkShape(shapeWith(changes));
    expect(check).toThrow(UsageError);
    expect(check).toThrow(what);
  });

  it("the largest machine: accepted", () => {
    expect(() => checkShape(shapeWith({ cores: 1024, iommus: 8, devices: 16 }))).not.toThrow();
  });
});
