import fc from "fast-check";
import { expect, test } from "vitest";
import { AddressRanges } from "../../../dist/src/workloads/traces/address-ranges.js";

const PAGES = 40;

test("ranges hold the same pages as a set of pages", () => {
  const page = fc.nat(PAGES - 1);
  const step = fc.record({ adds: fc.boolean(), vpn: page, pages: fc.nat(12) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), page, fc.nat(12), (steps, vpn, pages) => {
      const ranges = new AddressRanges();
      const model = new Set<number>();
      for (const { adds, vpn: first, pages: count } of steps) {
        if (adds) ranges.add(first, count);
        else ranges.remove(first, count);
        for (let i = first; i < first + count; i++) {
          if (adds) model.add(i);
          else model.delete(i);
        }
      }
      const expected = [...model].some((held) => held >= vpn && held < vpn + pages);
      expect(ranges.hasAny(vpn, pages)).toBe(expected);
      for (let i = 0; i < PAGES + 12; i++) expect(ranges.hasAny(i, 1)).toBe(model.has(i));
    }),
  );
});
