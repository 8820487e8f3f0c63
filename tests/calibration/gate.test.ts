import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { awayNsOf, LONGEST_ANSWER_NS, verdictOf } from "../../dist/src/workers/calibration/gate.js";
import { PeerWords } from "../../dist/src/workers/calibration/peer-words.js";
import { runDelayIn } from "../../dist/src/workers/calibration/run-delay.js";

const UNDISTURBED = { ns: 20_000, waitedNs: 0, peersObey: true, awayNs: 0 };

describe("the gate", () => {
  it("nobody lost a CPU: the sample counts, however long it took", () => {
    expect(verdictOf(UNDISTURBED)).toBe("kept");
    expect(verdictOf({ ...UNDISTURBED, ns: 1e9 })).toBe("kept");
  });

  it("the initiator had to wait for its CPU: dropped for that, whatever the peers did", () => {
    expect(verdictOf({ ...UNDISTURBED, waitedNs: 201 })).toBe("initiator");
    expect(verdictOf({ ns: 5000, waitedNs: 5000, peersObey: false, awayNs: 1e9 })).toBe(
      "initiator",
    );
  });

  it("a peer was away, or did not do what it was told: dropped for that", () => {
    expect(verdictOf({ ...UNDISTURBED, awayNs: 100_001 })).toBe("peer");
    expect(verdictOf({ ...UNDISTURBED, peersObey: false })).toBe("peer");
  });

  it("a long sample: may have been disturbed for a hundredth of its time", () => {
    const long = { ...UNDISTURBED, ns: 13_000_000 };
    expect(verdictOf({ ...long, waitedNs: 90_000, awayNs: 120_000 })).toBe("kept");
    expect(verdictOf({ ...long, waitedNs: 131_000 })).toBe("initiator");
    expect(verdictOf({ ...long, awayNs: 131_000 })).toBe("peer");
  });

  it("answering an interrupt, the timer's too: not away", () => {
    expect(awayNsOf([700, 11_000, LONGEST_ANSWER_NS])).toBe(0);
    expect(awayNsOf([700, LONGEST_ANSWER_NS + 1, 3_000_000])).toBe(3_000_000 + 100_001);
  });
});

describe("gaps of a heartbeat", () => {
  it("those that touch a time: found, whichever they are, as far as the ring reaches", () => {
    const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat(50)), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(lengths, fc.nat(8000), fc.nat(3000), (steps, beganNs, lastsNs) => {
        const words = new PeerWords();
        const all: { beganNs: number; endedNs: number }[] = [];
        let nowNs = 0;
        for (const [turnsNs, gapNs] of steps) {
          const gap = { beganNs: nowNs + turnsNs, endedNs: nowNs + turnsNs + gapNs };
          words.addGap(gap.beganNs, gap.endedNs);
          all.push(gap);
          nowNs = gap.endedNs;
        }
        const endedNs = beganNs + lastsNs;
        const touching = all.filter((gap) => gap.endedNs >= beganNs && gap.beganNs <= endedNs);
        expect(words.gapsWithin(beganNs, endedNs).toReversed()).toEqual(touching);
      }),
    );
  });

  it("more than the ring holds: the last ones are there", () => {
    const words = new PeerWords();
    for (let gap = 0; gap < 10_000; gap++) words.addGap(10 * gap, 10 * gap + 5);
    expect(words.gapsWithin(0, 1e9)).toHaveLength(4096);
    expect(words.gapsWithin(99_990, 99_991)).toEqual([{ beganNs: 99_990, endedNs: 99_995 }]);
  });
});

describe("schedstat", () => {
  it("its second number: how long the thread waited for its CPU", () => {
    expect(runDelayIn("529748 87691 2\n")).toBe(87_691);
  });

  it("anything else: our own bug", () => {
    expect(() => runDelayIn("")).toThrow("not a schedstat");
  });
});
