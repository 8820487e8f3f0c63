import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { batchSizeOf, describeInFamily } from "../../dist/src/results/batch-size.js";
import { fitRows } from "../../dist/src/results/fits.js";
import { regress } from "../../dist/src/results/regression.js";
import { took } from "../support/took.ts";

const CORES = [2, 4, 8, 16, 64, 256, 1024];
const PAGES = [1, 8, 32, 512];

describe("a regression", () => {
  it("finds what a law was made of, whatever it was", () => {
    const coefficient = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(coefficient, coefficient, coefficient, (a, b, c) => {
        const observations = CORES.map((x) => ({ x, y: a + b * (x - 1) + c * x * (x - 1) }));
        const { coefficients, residuals } = regress(observations, [
          () => 1,
          (x) => x - 1,
          (x) => x * (x - 1),
        ]);
        [a, b, c].forEach((truth, i) => {
          expect(Math.abs(coefficients[i].value / truth - 1)).toBeLessThan(0.02);
        });
        expect(Math.max(...residuals.map(Math.abs))).toBeLessThan(1e-3);
      }),
    );
  });

  it("of a line with an error that is known: the textbook's intervals", () => {
    const observations = [99, 101, 99, 101, 99, 101].map((y) => ({ x: 1, y }));
    const [{ value, low, high }] = regress(observations, [() => 1]).coefficients;
    // Relative residuals of 1 %, five degrees of freedom: ± 2.571 · 0.0110 / √6 of it.
    expect(value).toBeCloseTo(100, 1);
    expect(high - value).toBeCloseTo(1.15, 1);
    expect(value - low).toBeCloseTo(high - value, 6);
  });
});

describe("fits over cores", () => {
  const points = CORES.flatMap((cores) => [
    took("strict", cores, 1, 1000 + 100 * cores),
    took("batch(32)", cores, 1, 3000 + 50 * cores),
    took("crowded", cores, 1, 1000 + 20 * (cores - 1) + 0.5 * cores * (cores - 1)),
  ]);
  const rows = fitRows(points);

  it("there is one of each law for each policy, and none over pages", () => {
    expect(rows.map(({ policy, over, model }) => `${policy} ${over} ${model}`)).toEqual([
      ...["strict", "batch(32)", "crowded"].map((policy) => `${policy} cores linear`),
      ...["strict", "batch(32)", "crowded"].map((policy) => `${policy} cores usl`),
    ]);
  });

  it("linear: its parts, its knee, and where it crosses strict", () => {
    const [strict, batch] = rows;
    expect(strict).toMatchObject({ a_ns: 1000, b_ns: 100, c_ns: undefined, knee: 10 });
    expect(strict).toMatchObject({ sizes: 7, cores: undefined, break_even: undefined });
    expect(batch).toMatchObject({ a_ns: 3000, b_ns: 50, knee: 60 });
    expect(batch).toMatchObject({ break_even: 40, break_even_with: "strict" });
  });

  it("usl: how many cores get most done; a straight line has no such number", () => {
    const [strict, , crowded] = rows.slice(3);
    expect(Number(crowded.knee)).toBeCloseTo(Math.sqrt(980 / 0.5), 0);
    expect(Number(crowded.residual_max)).toBeLessThan(0.01);
    expect(strict.knee === undefined || Number(strict.knee) > 1e4).toBe(true);
  });

  it("a law that does not hold shows in its residuals", () => {
    const [, , crowded] = rows;
    expect(Number(crowded.residual_max)).toBeGreaterThan(0.5);
  });
});

describe("fits over pages", () => {
  const points = PAGES.flatMap((pages) => [
    took("strict", 2, pages, 700 * pages),
    took("batch(32)", 2, pages, 2000 + 100 * pages),
  ]);

  it("amortized: what a page costs for ever, what is shared, and from when on it pays", () => {
    const [strict, batch] = fitRows(points);
    expect(strict).toMatchObject({ over: "pages", model: "amortized", a_ns: 700, b_ns: 0 });
    expect(Number(batch.a_ns)).toBeCloseTo(100, 0);
    expect(Number(batch.b_ns)).toBeCloseTo(2000, 0);
    expect(Number(batch.knee)).toBeCloseTo(20, 0);
    expect(Number(batch.break_even)).toBeCloseTo(2000 / 600, 1);
  });

  it("three sizes are too few, and what took no time fits nothing", () => {
    expect(fitRows(points.filter(({ pages }) => pages !== 512))).toEqual([]);
    expect(fitRows(PAGES.map((pages) => took("strict", 2, pages, 0)))).toEqual([]);
  });
});

describe("fits over what a policy gathers", () => {
  const BATCHES = [1, 2, 4, 8, 16, 32, 64];
  const QUEUES = BATCHES.map((n) => 16 * n);
  const inSizes = (
    sizes: readonly number[],
    cost: (n: number) => number,
    name: (n: number) => string,
  ) => sizes.map((n) => took(name(n), 2, 16, 16 * cost(n)));
  const points = [
    took("strict", 2, 16, 16 * 900),
    ...inSizes(
      BATCHES,
      (n) => 100 + 1600 / Math.min(n, 16),
      (n) => `batch(${n})`,
    ),
    ...inSizes(
      QUEUES,
      (n) => 300 + 4800 / n,
      (n) => `queue(${n},10ms,cores)+early-ack`,
    ),
  ];
  const rows = fitRows(points).filter(({ over }) => over === "batch");

  it("each family has a law, by its name with n in it, and a size that was measured from which on it beats strict", () => {
    const [batch, deferred] = rows;
    expect(rows).toHaveLength(2);
    expect(batch).toMatchObject({ policy: "batch(n)", pages: 16, cores: 2, model: "amortized" });
    expect(batch).toMatchObject({ a_ns: 100, b_ns: 1600, break_even: 2, knee: 16 });
    expect(deferred).toMatchObject({ policy: "queue(n,10ms,cores)+early-ack", break_even: 16 });
  });

  it("batches end with their operation, so that larger ones do not count; queues outlast it", () => {
    expect(rows.map(({ sizes }) => sizes)).toEqual([5, 7]);
    expect(rows.map(({ break_even_with }) => break_even_with)).toEqual(["strict", "strict"]);
  });

  it("where full flushes take the place of ranged ones: a law for either, with its sizes", () => {
    const cost = (n: number) => (n > 8 ? 20 + 4000 / n : 300 + 2000 / n);
    const sizes = [1, 2, 4, 8, 16, 32, 64, 128];
    const both = sizes.map((n) => took(`batch(${n})`, 2, 128, 128 * cost(n), n > 8 ? 1 : 0));
    const laws = fitRows(both);
    expect(laws).toHaveLength(2);
    expect(laws[0]).toMatchObject({ a_ns: 300, b_ns: 2000, n_min: 1, n_max: 8 });
    expect(laws[1]).toMatchObject({ n_min: 16, n_max: 128 });
    expect(Number(laws[1].b_ns)).toBeCloseTo(4000, -2);
  });

  it("a law that is off by more than half somewhere: says nothing of where it beats strict", () => {
    const erratic = inSizes(
      BATCHES,
      (n) => (n === 4 ? 700 : 100),
      (n) => `batch(${n})`,
    );
    const [batch] = fitRows([points[0], ...erratic]).filter(({ over }) => over === "batch");
    expect(Number(batch.residual_max)).toBeGreaterThan(0.5);
    expect(batch).toMatchObject({ break_even: undefined, break_even_with: "strict" });
  });

  it("without strict beside them: a law that is compared with nothing", () => {
    const [, ...others] = points;
    const [batch] = fitRows(others).filter(({ over }) => over === "batch");
    expect(batch).toMatchObject({ a_ns: 100, break_even: undefined, break_even_with: undefined });
  });
});

describe("the family of a policy", () => {
  it.each([
    ["deferred(256,10ms,iommus)", "deferred(n,10ms,iommus)", 256, "each", "queue(n,10ms)"],
    [
      "tick(64,1ms)+batch(64,iommus)",
      "tick(64,1ms)+batch(n,iommus)",
      64,
      "tick(64,1ms)",
      "batch(n)",
    ],
    [
      "batch(6,cores)+queue(64,10ms,iommus)",
      "batch(n,cores)+queue(64,10ms,iommus)",
      ...[6, "batch(n)", "queue(64,10ms)"],
    ],
  ] as const)("%s: that of its first half that gathers", (text, family, n, cores, iommu) => {
    const policy = parsePolicy(text);
    const size = batchSizeOf(policy)!;
    expect(size).toMatchObject({ family, n });
    const halves = [policy.whenCores, policy.whenIommu];
    expect(halves.map((half) => describeInFamily(half, size))).toEqual([cores, iommu]);
  });

  it.each(["strict", "latr", "linux-lazy", "arm-broadcast"])("%s: none", (text) => {
    expect(batchSizeOf(parsePolicy(text))).toBeUndefined();
  });
});
