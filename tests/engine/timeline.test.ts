import { describe, expect, it } from "vitest";
import {
  CORES_CHAIN,
  CriticalPath,
  FIRST_IOMMU_CHAIN,
  OWN_CHAIN,
} from "../../dist/src/engine/probe/critical-path.js";
import { DELIVERY, FLUSH, HANDLER, PTE, SEND } from "../../dist/src/engine/probe/segments.js";
import {
  NO_LINK,
  OPERATION,
  ORIGIN_ROW,
  OWN_ROW,
  PATH_ROW,
  RECORD_FIELDS,
  RUN,
  SIDE_ROW,
  Timeline,
  timelineOf,
  WAIT,
} from "../../dist/src/engine/probe/timeline.js";
import { smallShape } from "../support/virtual-run.ts";

class Gate {
  recording = false;

  record(): void {
    this.recording = true;
  }
}

/** A recorder whose warm-up is over, and the gate that it shares with others. */
function recorder(fromOperation = 1, maxSlices = 1000): { timeline: Timeline; gate: Gate } {
  const gate = new Gate();
  const timeline = new Timeline(gate, {
    fromOperation,
    fromNs: 0,
    toNs: Number.POSITIVE_INFINITY,
    maxSlices,
  });
  timeline.countFromHere();
  return { timeline, gate };
}

/** What was recorded, a row a record. */
function recordsOf(timeline: Timeline): number[][] {
  const { records } = timeline.toData();
  return Array.from({ length: records.length / RECORD_FIELDS }, (_, i) => {
    return [...records.subarray(i * RECORD_FIELDS, (i + 1) * RECORD_FIELDS)];
  });
}

/** One operation without anything in it. */
function operate(timeline: Timeline, beganNs: number): void {
  timeline.beginOperation(beganNs);
  timeline.endOperation(beganNs, beganNs + 10);
}

describe("the recorder of a time line", () => {
  it("before the operation that is asked for: nothing; from there on what is done, by all", () => {
    const { timeline, gate } = recorder(2);
    const other = new Timeline(gate, {
      fromOperation: 2,
      fromNs: 0,
      toNs: Number.POSITIVE_INFINITY,
      maxSlices: 10,
    });
    operate(timeline, 0);
    other.did(RUN, 0, 5);
    expect(gate.recording).toBe(false);
    operate(timeline, 20);
    other.did(RUN, 25, 30);
    expect(recordsOf(timeline)).toEqual([[OWN_ROW, OPERATION, 20, 30, 2, NO_LINK, NO_LINK]]);
    expect(recordsOf(other)).toEqual([[OWN_ROW, RUN, 25, 30, 0, NO_LINK, NO_LINK]]);
  });

  it("operations of the warm-up: do not count", () => {
    const gate = new Gate();
    const timeline = new Timeline(gate, {
      fromOperation: 1,
      fromNs: 0,
      toNs: Number.POSITIVE_INFINITY,
      maxSlices: 10,
    });
    operate(timeline, 0);
    expect(gate.recording).toBe(false);
    timeline.countFromHere();
    operate(timeline, 20);
    expect(recordsOf(timeline).map(([, kind, , , number]) => [kind, number])).toEqual([
      [OPERATION, 1],
    ]);
  });

  it("a time after the first operation: recorded is from the first that begins then", () => {
    const gate = new Gate();
    const window = { fromOperation: 1, fromNs: 30, toNs: 60, maxSlices: 10 };
    const [timeline, other] = [new Timeline(gate, window), new Timeline(gate, window)];
    operate(timeline, 0); // Of the warm-up.
    timeline.countFromHere();
    other.countFromHere();
    for (const beganNs of [100, 115]) operate(timeline, beganNs);
    expect(gate.recording).toBe(false);
    other.beginOperation(128);
    operate(timeline, 130);
    other.endOperation(128, 135);
    expect(recordsOf(timeline).map((record) => record.slice(2, 5))).toEqual([[130, 140, 3]]);
    expect(timeline.toData().operations).toEqual({ firstNs: 100, lastNs: 130, wholeFromNs: 130 });
    expect(other.toData().operations?.wholeFromNs).toBe(Number.POSITIVE_INFINITY);
    expect([160, 161].map((ns) => timeline.isOver(ns))).toEqual([false, true]);
  });

  it("a time of a replay: counts from its beginning, and operations have subjects", () => {
    const gate = new Gate();
    const window = { fromOperation: 0, fromNs: 110, toNs: Number.POSITIVE_INFINITY, maxSlices: 10 };
    const timeline = new Timeline(gate, window);
    timeline.countFromHere();
    timeline.setSubject(7);
    operate(timeline, 100);
    timeline.setSubject(8);
    operate(timeline, 120);
    expect(recordsOf(timeline)).toEqual([[OWN_ROW, OPERATION, 120, 130, 2, NO_LINK, 8]]);
  });

  it("what took no time: is left out, unless it is a part of a message", () => {
    const { timeline, gate } = recorder();
    gate.record();
    timeline.did(RUN, 7, 7);
    timeline.didFor(HANDLER, 7, 7, 0, 3, 12);
    timeline.sent(SEND, 7, 3, 12);
    timeline.beside(FLUSH, 6, 7, 3, 12);
    expect(recordsOf(timeline)).toEqual([
      [OWN_ROW, HANDLER, 7, 7, 0, 3, 12],
      [ORIGIN_ROW, SEND, 7, 7, 0, 3, 12],
      [SIDE_ROW, FLUSH, 6, 7, 0, 3, 12],
    ]);
  });

  it("no room left: what came first is kept, and the rest is counted, with when it began", () => {
    const { timeline, gate } = recorder(1, 300);
    gate.record();
    for (let ns = 0; ns < 310; ns++) timeline.did(RUN, ns, ns + 1);
    const { leftOut, leftOutFromNs } = timeline.toData();
    expect([recordsOf(timeline).length, leftOut, leftOutFromNs]).toEqual([300, 10, 300]);
    expect(recordsOf(timeline)[299][2]).toBe(299);
  });

  it("steps between two operations: belong to none, and are left out", () => {
    const { timeline, gate } = recorder();
    gate.record();
    timeline.step(PTE, OWN_CHAIN, 0, 5);
    timeline.beginOperation(10);
    timeline.step(PTE, OWN_CHAIN, 10, 15);
    timeline.step(PTE, FIRST_IOMMU_CHAIN, 15, 20);
    expect(recordsOf(timeline).map((record) => record.slice(1, 5))).toEqual([
      [PTE, 10, 15, OWN_CHAIN],
      [WAIT, 15, 20, FIRST_IOMMU_CHAIN],
    ]);
  });

  it("behind the recorder of critical paths: each piece of the path, with whose answer it is", () => {
    const { timeline } = recorder();
    const path = new CriticalPath(timeline);
    path.begin(0);
    path.mark(SEND, 10);
    path.fork(CORES_CHAIN, 10);
    timeline.answered(CORES_CHAIN, 5, 77);
    path.add(CORES_CHAIN, DELIVERY, 70);
    path.add(CORES_CHAIN, HANDLER, 20);
    path.join(CORES_CHAIN, 100, 0, 100);
    path.settle();
    path.end(100);
    const pieces = recordsOf(timeline).filter(([row]) => row === PATH_ROW);
    expect(pieces).toEqual([
      [PATH_ROW, DELIVERY, 10, 80, CORES_CHAIN, 5, 77],
      [PATH_ROW, HANDLER, 80, 100, CORES_CHAIN, 5, 77],
      [PATH_ROW, SEND, 0, 10, OWN_CHAIN, NO_LINK, NO_LINK],
    ]);
  });

  it("a machine of whose run nobody wants a timeline: no recorder", () => {
    const shape = smallShape(2, 0, 0);
    expect(timelineOf({ control: new Gate(), shape })).toBeUndefined();
    const timeline = { fromOperation: 1, fromNs: 0, toNs: Number.POSITIVE_INFINITY, maxSlices: 1 };
    expect(timelineOf({ control: new Gate(), shape: { ...shape, timeline } })).toBeDefined();
  });
});
