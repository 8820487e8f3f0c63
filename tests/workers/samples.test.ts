import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SampleLog } from "../../dist/src/engine/probe/sample-log.js";
import type { RunRecord } from "../../dist/src/workers/point.js";
import { samplesOf } from "../../dist/src/workers/samples.js";

type Pair = readonly [startNs: number, lastsNs: number];

/** A run whose only initiator did `operations` and whose other worker collected garbage. */
function ran(operations: readonly Pair[], collections: readonly Pair[] = []): RunRecord {
  const log = new SampleLog(1);
  for (const [start, ns] of operations) log.add(start, ns);
  const endedNs = Math.max(0, ...operations.map(([start, ns]) => start + ns));
  const core = { measured: { endedNs }, path: { samples: log.toData() } };
  const other = collections.map(([startNs, ns]) => {
    return { startNs, endNs: startNs + ns, hostNs: ns };
  });
  return { reports: [{ core }, { collections: other }] } as unknown as RunRecord;
}

const pair = fc.tuple(fc.nat(1_000_000), fc.nat(50_000));

describe("samples", () => {
  it("are marked exactly where a collection overlaps them, or ended within the cursor's lead", () => {
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), fc.array(pair), (operations, collections) => {
        const { startNs, latencyNs, gc } = samplesOf([ran(operations, collections)], true)!;
        startNs.forEach((start, i) => {
          const end = start + latencyNs[i];
          const overlaps = collections.some(([from, ns]) => {
            return from <= end && from + ns > start - 1000;
          });
          expect(gc![i] === 1, `${start}–${end}`).toBe(overlaps);
        });
      }),
    );
  });

  it("of several rounds: as if these had followed each other", () => {
    const { startNs, latencyNs } = samplesOf([ran([[5, 10]]), ran([[7, 1]])], true)!;
    expect([...startNs]).toEqual([5, 22]);
    expect([...latencyNs]).toEqual([10, 1]);
  });

  it("of several initiators: in the order in which they began", () => {
    const [a, b] = [
      ran([
        [1, 1],
        [30, 1],
      ]),
      ran([[20, 1]]),
    ];
    const { startNs } = samplesOf([{ ...a, reports: [...a.reports, ...b.reports] }], true)!;
    expect([...startNs]).toEqual([1, 20, 30]);
  });

  it("in virtual time: nothing is collected", () => {
    expect(samplesOf([ran([[5, 10]])], false)!.gc).toBeUndefined();
  });

  it("none where none were logged", () => {
    const record = { reports: [{ core: { path: {} } }] } as unknown as RunRecord;
    expect(samplesOf([record], true)).toBeUndefined();
  });
});

describe("a log of samples", () => {
  it("keeps all, however few it was made for, and none from before it was emptied", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(pair),
        fc.array(pair),
        (n, early, kept) => {
          const log = new SampleLog(n);
          for (const [start, ns] of early) log.add(start, ns);
          log.reset();
          for (const [start, ns] of kept) log.add(start, ns);
          const { startNs, latencyNs } = log.toData();
          expect([...startNs].map((start, i) => [start, latencyNs[i]])).toEqual(kept);
        },
      ),
    );
  });
});
