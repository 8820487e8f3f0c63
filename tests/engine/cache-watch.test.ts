// What caches of translations tell their watch, against the simplest model: whatever was put in has
// left exactly once when all is over.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOut, viewsOf } from "../../dist/src/engine/layout/regions.js";
import type { CacheWatch } from "../../dist/src/engine/machine/cache-watch.js";
import { ALL_DOMAINS, Iotlb } from "../../dist/src/engine/machine/iotlb.js";
import { CoreTlb, TLB_MISS } from "../../dist/src/engine/machine/tlb.js";
import { shapeWith } from "./shapes.js";

const shape = shapeWith({ checks: true });
const regions = layOut(shape);

/** Notes the leaf of each translation that is gone: tests give each one of its own. */
class Gone implements CacheWatch {
  readonly leaves: number[] = [];

  gone(context: number, vpn: number, leaf: number, pte: number, version: number): void {
    expect([context, vpn]).toEqual([pte, version]); // As it was put in.
    this.leaves.push(leaf);
  }

  flushed(): void {}

  get inOrder(): number[] {
    return this.leaves.toSorted((a, b) => a - b);
  }
}

const step = fc.record({
  kind: fc.constantFrom("use", "use", "use", "page", "flush"),
  context: fc.integer({ min: 1, max: 3 }),
  vpn: fc.nat(80),
});

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

describe("a watched cache: each translation leaves it once", () => {
  it("a core's TLB, of which both levels may have one", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const memory = new SharedArrayBuffer(regions.bytes);
        const tlb = new CoreTlb(viewsOf(memory, regions.coreTlbs), shape, 0);
        const gone = new Gone();
        tlb.watchBy(gone);
        let leaves = 0;
        for (const { kind, context, vpn } of steps) {
          if (kind === "page") tlb.invalidatePage(context, vpn);
          else if (kind === "flush") tlb.flushContext(context);
          else if (tlb.lookup(context, vpn) === TLB_MISS) {
            tlb.insert(context, vpn, context, vpn, 0, ++leaves, tlb.epochOf(context));
          }
        }
        tlb.reportAll();
        expect(gone.inOrder).toEqual(upTo(leaves));
      }),
      { numRuns: 300 },
    );
  });

  it("an IOTLB, whose domains are flushed by raising an epoch", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const memory = new SharedArrayBuffer(regions.bytes);
        const iotlb = new Iotlb(memory, regions.iotlbs, shape.iotlb, 0);
        const gone = new Gone();
        const flushes = [0, 0, 0, 0];
        const epochs = { epochOf: (did: number) => flushes[did] };
        let leaves = 0;
        for (const { kind, context: did, vpn } of steps) {
          if (kind === "page") iotlb.invalidatePages(did, vpn, 1, epochs, gone);
          else if (kind === "flush") {
            const domain = vpn < 10 ? ALL_DOMAINS : did;
            iotlb.reportDomain(domain, epochs, leaves, gone);
            if (domain === ALL_DOMAINS) for (let i = 1; i < 4; i++) flushes[i]++;
            else flushes[did]++;
          } else if (!iotlb.holds(did, vpn, flushes[did])) {
            const leaf = ++leaves;
            iotlb.insert(did, vpn, did, vpn, 0, leaf, flushes[did], leaf, gone, epochs);
          }
        }
        iotlb.reportAll(epochs, gone);
        expect(gone.inOrder).toEqual(upTo(leaves));
      }),
      { numRuns: 300 },
    );
  });
});
