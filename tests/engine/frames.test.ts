import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import type { MachineShape } from "../../dist/src/engine/layout/shape.js";
import { Frames, MAGAZINE_FRAMES, NO_FRAME } from "../../dist/src/engine/machine/frames.js";
import { shapeWith } from "./shapes.js";

const CORES = 3;
const DATA = 300;
const TABLES = 8;
const SHAPE = shapeWith({ cores: CORES, dataFrames: DATA, tableFrames: TABLES });

function formatted(shape: MachineShape = SHAPE): Frames {
  const regions = layOut(shape);
  const frames = new Frames(new SharedArrayBuffer(regions.bytes), regions, shape);
  frames.format();
  return frames;
}

/** Allocates on one core until nothing is left. */
function takeAll(frames: Frames, core: number): number[] {
  const taken: number[] = [];
  for (;;) {
    const frame = frames.allocate(core, 0);
    if (frame === NO_FRAME) return taken;
    taken.push(frame);
  }
}

describe("data frames", () => {
  it("any order of allocations and frees by several cores: none is handed out twice, owners are right", () => {
    const step = fc.record({
      core: fc.nat(CORES - 1),
      space: fc.nat(5),
      frees: fc.boolean(),
      times: fc.integer({ min: 1, max: 90 }),
      choice: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const frames = formatted();
        const owned: { frame: number; space: number }[] = [];
        for (const { core, space, frees, times, choice } of steps) {
          for (let i = 0; i < times; i++) {
            if (frees) {
              if (owned.length === 0) break;
              const [{ frame }] = owned.splice((choice + i) % owned.length, 1);
              frames.free(core, frame);
              expect(frames.ownerOf(frame)).toBe(-1);
              continue;
            }
            const frame = frames.allocate(core, space);
            if (frame === NO_FRAME) break;
            expect(owned.some((other) => other.frame === frame)).toBe(false);
            expect(frame).toBeGreaterThan(frames.zeroFrame);
            expect(frame).toBeLessThan(TABLES + DATA);
            owned.push({ frame, space });
          }
        }
        for (const { frame, space } of owned) expect(frames.ownerOf(frame)).toBe(space);
        expect(frames.countOwned()).toBe(owned.length);
      }),
      { numRuns: 60 },
    );
  });

  it("all taken and freed, core after core: each time all of them come back", () => {
    const frames = formatted();
    const all = takeAll(frames, 0);
    expect(new Set(all).size).toBe(DATA - 1); // All but the zero frame.
    for (let core = 1; core < 4 * CORES; core++) {
      for (const frame of all) frames.free(core % CORES, frame);
      expect(frames.countOwned()).toBe(0);
      // What stays in the other's magazine is the only thing that a core cannot get.
      const got = takeAll(frames, (core + 1) % CORES);
      expect(got.length).toBeGreaterThanOrEqual(DATA - 1 - MAGAZINE_FRAMES);
      const rest = takeAll(frames, core % CORES);
      expect(new Set([...got, ...rest])).toEqual(new Set(all));
    }
  });

  it("exhausted: NO_FRAME, and a frame that is freed then can be had again", () => {
    const frames = formatted();
    const all = takeAll(frames, 0);
    expect(frames.allocate(1, 0)).toBe(NO_FRAME);
    frames.free(0, all[17]);
    expect(frames.allocate(0, 0)).toBe(all[17]);
    expect(frames.allocate(0, 0)).toBe(NO_FRAME);
  });

  it("handed out again, even to the same space: its tag has changed", () => {
    const frames = formatted();
    const first = frames.allocate(0, 2);
    const tag = frames.tagOf(first);
    frames.free(0, first);
    expect(frames.tagOf(first)).toBe(tag);
    expect(frames.allocate(0, 2)).toBe(first);
    expect(frames.tagOf(first)).not.toBe(tag);
  });

  it("the zero frame: never handed out, never owned, and freeing it does nothing", () => {
    const frames = formatted();
    const { zeroFrame } = frames;
    for (let i = 0; i < 3; i++) frames.free(0, zeroFrame);
    expect(frames.ownerOf(zeroFrame)).toBe(-1);
    const all = takeAll(frames, 0);
    expect(all).not.toContain(zeroFrame);
    expect(all).toHaveLength(DATA - 1);
  });

  it("two views of one memory, as threads have them: share the list, not a frame", () => {
    const regions = layOut(SHAPE);
    const memory = new SharedArrayBuffer(regions.bytes);
    const [one, other] = [new Frames(memory, regions, SHAPE), new Frames(memory, regions, SHAPE)];
    one.format();
    const taken: number[] = [];
    for (let i = 0; i < 100; i++) taken.push(one.allocate(0, 0), other.allocate(1, 1));
    expect(new Set(taken).size).toBe(200);
    expect(one.countOwned()).toBe(200);
    expect(taken.filter((frame) => one.ownerOf(frame) === 1)).toHaveLength(100);
  });

  it("a machine of almost 2^20 frames: every one can be had", () => {
    const dataFrames = 2 ** 20 - 1 - TABLES;
    const frames = formatted(shapeWith({ dataFrames, tableFrames: TABLES }));
    let taken = 0;
    while (frames.allocate(0, 0) !== NO_FRAME) taken++;
    expect(taken).toBe(dataFrames - 1);
  });
});

describe("table frames", () => {
  it("come from their own list, lowest first, and run out by themselves", () => {
    const frames = formatted();
    const taken = Array.from({ length: TABLES }, () => frames.allocateTable(3));
    expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(frames.allocateTable(3)).toBe(NO_FRAME);
    expect(takeAll(frames, 0)).toHaveLength(DATA - 1);
    expect(taken.every((frame) => frames.ownerOf(frame) === 3)).toBe(true);
  });

  it("freed and handed out again: the same frame under another tag and owner", () => {
    const frames = formatted();
    const frame = frames.allocateTable(1);
    const tag = frames.tagOf(frame);
    frames.freeTable(frame);
    expect(frames.ownerOf(frame)).toBe(-1);
    expect(frames.allocateTable(2)).toBe(frame);
    expect(frames.ownerOf(frame)).toBe(2);
    expect(frames.tagOf(frame)).not.toBe(tag);
  });

  it("more hand-outs than the list's serial can count: still each frame once", () => {
    const frames = formatted();
    for (let i = 0; i < 10_000; i++) frames.freeTable(frames.allocateTable(0));
    const taken = Array.from({ length: TABLES }, () => frames.allocateTable(0));
    expect(new Set(taken).size).toBe(TABLES);
    expect(taken).not.toContain(NO_FRAME);
  });
});
