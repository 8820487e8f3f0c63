import fc from "fast-check";
import { describe, expect, it } from "vitest";
import draw from "../../dist/src/results/report/draw.js";
import { type Named, placed, type Spot } from "../../dist/src/results/report/labels.js";
import { amounts, fromNothing, placeOn } from "../../dist/src/results/report/picture.js";
import { LETTER_WIDTH } from "../../dist/src/results/report/theme.js";

const PANEL = { width: 250, height: 190 };
const HALF = 6;

/** What the names that have a place cover: [left, right, top, bottom]. */
function covered(names: readonly Named[], places: ReturnType<typeof placed>) {
  return names.flatMap(({ x, y, name }, i) => {
    const place = places[i];
    if (place === undefined) return [];
    const from = x + place.dx;
    const width = name.length * LETTER_WIDTH;
    const left = place.align === "left" ? from : from - width;
    const middle = y + place.dy;
    return [[left, left + width, middle - HALF, middle + HALF] as const];
  });
}

describe("names beside marks", () => {
  const one = (x: number, y: number, name = "strict") => {
    return placed([{ x, y, name }], [{ x, y }], [], PANEL)[0];
  };

  it("to the right; at the right edge above, to the left; long ones as far right as there is room", () => {
    expect(one(100, 100)).toEqual({ align: "left", dx: 8, dy: 0 });
    expect(one(230, 100)).toEqual({ align: "right", dx: -4, dy: -11 });
    const place = one(200, 100, "deferred(256,10ms,cores) and 1 more")!;
    expect(place.dx).toBeCloseTo(250 - 200 - 35 * LETTER_WIDTH, 6);
  });

  it("longer than the panel: none", () => {
    expect(one(100, 100, "x".repeat(60))).toBeUndefined();
  });

  it("not on the line that leads to the mark", () => {
    const spots = [100, 112].map((x) => ({ x, y: 100 }));
    const line = [
      { x: 100, y: 100 },
      { x: 250, y: 100 },
    ];
    const [place] = placed([{ ...spots[0], name: "strict" }], spots, line, PANEL);
    expect(place!.dy).not.toBe(0);
  });

  it("any: none covers a mark or another name, and all are in the panel", () => {
    const spot = fc.record({
      x: fc.integer({ min: 20, max: 230 }),
      y: fc.integer({ min: 20, max: 170 }),
    });
    const named = fc.record({ spot, length: fc.integer({ min: 3, max: 30 }) });
    fc.assert(
      fc.property(
        fc.array(named, { maxLength: 12 }),
        fc.array(spot, { maxLength: 8 }),
        (own, others) => {
          const names = own.map(({ spot: at, length }) => ({ ...at, name: "x".repeat(length) }));
          const marks: Spot[] = [...names, ...others];
          const boxes = covered(names, placed(names, marks, [], PANEL));
          boxes.forEach(([left, right, top, bottom], i) => {
            expect(left >= 0 && right <= PANEL.width && top >= 0 && bottom <= PANEL.height).toBe(
              true,
            );
            const onMark = marks.some(({ x, y }) => x > left && x < right && y > top && y < bottom);
            expect(onMark).toBe(false);
            const onOther = boxes.some(([l, r, t, b], j) => {
              return j !== i && l < right && r > left && t < bottom && b > top;
            });
            expect(onOther).toBe(false);
          });
        },
      ),
    );
  });
});

describe("where a value is on an axis: as Vega draws it", () => {
  it.each([
    ["near each other", amounts, [3, 4, 5.5]],
    ["far apart", amounts, [2, 30, 900]],
    ["from nothing, near each other", fromNothing, [0, 3, 5]],
    ["from nothing, far apart", fromNothing, [0, 1, 20, 3000]],
    ["from nothing, far apart, without nothing", fromNothing, [1, 20, 3000]],
    ["all the same", amounts, [7, 7]],
  ])("%s", async (_, axisOf, values) => {
    const axis = axisOf(values);
    const spec = {
      ...{ data: { values: values.map((value) => ({ value })) }, width: 300, mark: "point" },
      encoding: { x: { field: "value", type: "quantitative", title: null, ...axis } },
    };
    const { file } = await draw({ spec, title: "", policies: [], scheme: "light" });
    const marks = [...file.matchAll(/translate\(([\d.]+),[\d.]+\)" d="M2\.7/g)];
    const place = placeOn(axis, values, 300);
    expect(marks).toHaveLength(values.length);
    marks.forEach(([, x], i) => {
      expect(Number(x)).toBeCloseTo(place(values[i]), 3);
    });
  });
});
