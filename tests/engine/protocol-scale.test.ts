// What depends on how many cores are told, where they stand and how: sending by cluster, lines that
// several cores write, distances, broadcasts, walks behind a flush. In virtual time, with times from
// the profiles.

import { describe, expect, test } from "vitest";
import { BROADCAST_SLOTS } from "../../dist/src/engine/layout/shape.js";
import { pcidOf } from "../../dist/src/engine/machine/machine.js";
import { ACK_LATE, KERNEL_MESSAGE, POKE } from "../../dist/src/engine/machine/mailboxes.js";
import { DEFAULT_DEFERRED, STRICT } from "../../dist/src/engine/policy/presets.js";
import { numbersOf, type Profile } from "../../dist/src/engine/profile/profile.js";
import { HOST, PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { broadcast } from "../../dist/src/engine/protocol/broadcast.js";
import type { Core } from "../../dist/src/engine/protocol/core.js";
import { flushOwnTlb } from "../../dist/src/engine/protocol/interrupts.js";
import { awaitAcks, send, sendToTargets } from "../../dist/src/engine/protocol/ipi.js";
import { acquire, release } from "../../dist/src/engine/protocol/lock.js";
import { RangeList } from "../../dist/src/engine/protocol/ranges.js";
import { EVERYTHING, findTargets } from "../../dist/src/engine/protocol/targets.js";
import { access } from "../../dist/src/engine/protocol/user.js";
import { programVpn } from "../../dist/src/workloads/memory-map.js";
import { MUNMAP_RANGE, type WorkloadPlan } from "../../dist/src/workloads/workload.js";
import { partsOf, play } from "../support/parts.ts";
import { POLICIES } from "../support/policies.ts";
import { type Outcome, pathNs, runVirtually } from "../support/virtual-run.ts";

const AKAROS = POLICIES.find(({ name }) => name === "akaros")!;
const profileCalled = (wanted: string): Profile => PROFILES.find(({ name }) => name === wanted)!;
const HASWELL = profileCalled("haswell-2s");
const ZEN3 = profileCalled("zen3-2s");
const ARM = profileCalled("arm-broadcast");

const NO_RANGES = new RangeList();

/** `strict` from core 0 to cores that are idle: nothing but the shootdown takes time. */
function strict(profile: Profile, cores: number, workload: Partial<WorkloadPlan> = {}): Outcome {
  const idleCores = cores - 1;
  return runVirtually({ policy: STRICT, profile, cores, workload: { idleCores, ...workload } });
}

/** The latency of all operations, which is the same. */
function alwaysNs({ latency }: Outcome): number {
  expect(latency.max).toBe(latency.min);
  return latency.min;
}

describe("strict on haswell-2s", () => {
  const { costs } = numbersOf(HASWELL);
  /** Own work, and what each responder does until it acknowledges. */
  const ownNs = costs.pteNs + costs.invalidatePageNs + costs.frameNs;
  const handlerNs = costs.interruptEntryNs + costs.invalidatePageNs;

  test("one responder: send, delivery, handler and one transfer back", () => {
    const expectedNs = ownNs + costs.ipiSendNs + costs.deliveryNs + handlerNs + costs.cacheLineNs;
    expect(alwaysNs(strict(HASWELL, 2))).toBe(expectedNs);
  });

  test.each([2, 3, 9, 15])(
    "%i responders in one cluster: told at once, seen in turn",
    (targets) => {
      const outcome = strict(HASWELL, targets + 1);
      const answeredNs = costs.deliveryNs + handlerNs + targets * costs.cacheLineNs;
      expect(alwaysNs(outcome)).toBe(ownNs + costs.clusterSendNs + answeredNs);
      expect(outcome.counters.ipis).toBe(50 * targets);
      expect(outcome.segments["ack-return"]).toBe(targets * costs.cacheLineNs);
      expect(outcome.segments.send).toBe(costs.clusterSendNs);
    },
  );

  test("both sockets: cluster after cluster is told, and far answers move at the far pace", () => {
    // 15 + 2 cores here, 16 + 2 there. The near answers are through before the far ones come.
    const farNs = costs.deliveryRemoteNs + handlerNs + 18 * costs.cacheLineRemoteNs;
    const outcome = strict(HASWELL, 36);
    expect(alwaysNs(outcome)).toBe(ownNs + 3 * costs.clusterSendNs + farNs);
    expect(outcome.counters.ipis).toBe(50 * 35);
  });

  test("with every further core it takes longer", () => {
    const times = [2, 3, 8, 16, 17, 18, 19, 28, 36].map((cores) =>
      alwaysNs(strict(HASWELL, cores)),
    );
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
  });

  test("one responder on the other socket: interrupt and answer travel further", () => {
    // All others run another process.
    const far = strict(HASWELL, 20, { idleCores: 1, otherCores: 18 });
    const furtherNs =
      costs.deliveryRemoteNs - costs.deliveryNs + (costs.cacheLineRemoteNs - costs.cacheLineNs);
    expect(alwaysNs(far) - alwaysNs(strict(HASWELL, 2))).toBe(furtherNs);
    expect(far.counters.ipis).toBe(50);
    expect(far.segments.delivery).toBe(costs.deliveryRemoteNs);
  });
});

describe("telling a set of cores", () => {
  const { costs } = numbersOf(ZEN3);

  /** When core 0 has told everybody, and when each target's message was sent. */
  function sentBy(
    profile: Profile,
    count: number,
    kind: number,
  ): { endNs: number; sent: number[] } {
    const parts = partsOf(profile, count);
    const { cores } = parts;
    play(parts, [0], function* (core) {
      const targets = findTargets(core, 0, NO_RANGES, EVERYTHING);
      yield* sendToTargets(core, targets, 0, kind, 0, 0);
      core.targetToldNs[core.targets] = core.cpu.now();
      yield* awaitAcks(core);
    });
    const sent = [...cores[0].targetToldNs.subarray(0, count)];
    return { endNs: sent[count - 1], sent: sent.slice(0, count - 1) };
  }

  test("16 targets in one cluster take one clusterSendNs", () => {
    // 15 in the cluster of the initiator, 16 in the next one.
    const { endNs, sent } = sentBy(ZEN3, 32, POKE | ACK_LATE);
    expect(endNs).toBe(2 * costs.clusterSendNs);
    expect(sent.slice(0, 15)).toEqual(Array(15).fill(costs.clusterSendNs));
    expect(sent.slice(15)).toEqual(Array(16).fill(2 * costs.clusterSendNs));
  });

  test("a cluster with one target takes an IPI of its own", () => {
    const { endNs, sent } = sentBy(ZEN3, 17, POKE | ACK_LATE);
    expect(sent[14]).toBe(costs.clusterSendNs);
    expect(endNs).toBe(costs.clusterSendNs + costs.ipiSendNs);
  });

  test("kernel messages go to one core after the other", () => {
    const { endNs } = sentBy(ZEN3, 32, POKE | ACK_LATE | KERNEL_MESSAGE);
    expect(endNs).toBe(31 * (costs.kernelMessageNs + costs.ipiSendNs));
  });

  test("without multicast so do all", () => {
    const akaros = profileCalled("akaros-2020");
    const { endNs } = sentBy(akaros, 17, POKE | ACK_LATE);
    expect(endNs).toBe(16 * numbersOf(akaros).costs.ipiSendNs);
  });
});

describe("several initiators that tell the same core", () => {
  const { costs } = numbersOf(HASWELL);

  /** When the messages that `senders` send to `target` at once take effect, in their order. */
  function dueTimes(senders: readonly number[], target: number, count: number): number[] {
    const parts = partsOf(HASWELL, count);
    play(parts, senders, function* (core) {
      yield* send(core, target, POKE | ACK_LATE, 0, 0, 0);
      yield* awaitAcks(core);
    });
    return senders.map((_, i) => parts.machine.mailboxes.postedDueNs(target, i + 1));
  }

  test("their messages are one line transfer apart", () => {
    const firstNs = costs.ipiSendNs + costs.deliveryNs;
    const { cacheLineNs } = costs;
    expect(dueTimes([0, 1], 2, 3)).toEqual([firstNs, firstNs + cacheLineNs]);
    const three = [firstNs, firstNs + cacheLineNs, firstNs + 2 * cacheLineNs];
    expect(dueTimes([0, 1, 3], 2, 4)).toEqual(three);
  });

  test("from two sockets: the line goes across, and the nearer interrupt is delivered faster", () => {
    const [nearNs, farNs] = dueTimes([0, 18], 1, 19);
    expect(nearNs).toBe(costs.ipiSendNs + costs.deliveryNs);
    expect(farNs).toBe(costs.ipiSendNs + costs.cacheLineRemoteNs + costs.deliveryRemoteNs);
  });

  test("one that sends alone does not wait for its own messages", () => {
    const parts = partsOf(HASWELL, 2);
    play(parts, [0], function* (core) {
      for (; core.counters.ipis < 3; core.targets = 0) yield* send(core, 1, POKE, 0, 0, 0);
    });
    const due = [1, 2, 3].map((i) => parts.machine.mailboxes.postedDueNs(1, i));
    expect(due).toEqual([1, 2, 3].map((i) => i * costs.ipiSendNs + costs.deliveryNs));
  });
});

test.each([
  ["the same complex", 1, "cacheLineNs"],
  ["another complex", 8, "cacheLineSocketNs"],
  ["another socket", 64, "cacheLineRemoteNs"],
] as const)("a lock that goes to a core of %s takes that transfer", (_, other, cost) => {
  const parts = partsOf(ZEN3, other + 1);
  const lock = parts.machine.lockOfSpace(0);
  const heldNs: number[] = [];
  play(parts, [0, other], function* (core) {
    const ticket = yield* acquire(core, lock);
    heldNs.push(core.cpu.now());
    core.cpu.spend(1000);
    yield* release(core, lock, ticket);
  });
  expect(heldNs).toEqual([0, 1000 + numbersOf(ZEN3).costs[cost]]);
});

describe("arm-broadcast", () => {
  const { costs } = numbersOf(ARM);
  const uncontendedNs = costs.pteNs + costs.broadcastSendNs + costs.broadcastSyncNs + costs.frameNs;

  test.each([1, 2, 16, 64, 200])("one initiator of %i cores: one broadcast, no IPI", (cores) => {
    const outcome = runVirtually({ policy: STRICT, profile: ARM, cores });
    expect(alwaysNs(outcome)).toBe(uncontendedNs);
    const { broadcasts, ipis, acknowledgements, responderNs } = outcome.counters;
    expect([broadcasts, ipis, acknowledgements, responderNs]).toEqual([50, 0, 0, 0]);
    expect(outcome.segments).toMatchObject({ queued: 0, delivery: costs.broadcastSyncNs });
  });

  test("more initiators than the interconnect can serve: they queue, and the path says so", () => {
    const runs = [1, 2, 4, 8, 16, 32].map((initiators) => {
      const workload = { initiators, gapNs: 0 };
      return runVirtually({ policy: STRICT, profile: ARM, cores: 32, workload });
    });
    const means = runs.map(({ latency }) => latency.mean!);
    expect(means).toEqual([...means].sort((a, b) => a - b));
    for (const outcome of runs) expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
    // Each waits for about all others.
    const { queued } = runs[5].segments;
    expect(queued).toBeGreaterThan(25 * costs.broadcastServiceNs);
    expect(queued).toBeLessThan(32 * costs.broadcastServiceNs);
  });

  test("a range takes an instruction a page, and one where everything is flushed", () => {
    const send = (pages: number) => {
      const workload = { kind: MUNMAP_RANGE, pages, operations: 10, windows: 8 };
      return runVirtually({ policy: STRICT, profile: ARM, workload }).segments.send;
    };
    expect([send(1), send(33), send(34)]).toEqual([1, 33, 1].map((n) => n * costs.broadcastSendNs));
  });

  test("akaros, which waits for nobody: it goes on once the broadcast is sent", () => {
    const outcome = runVirtually({ policy: AKAROS, profile: ARM, cores: 8 });
    expect(alwaysNs(outcome)).toBe(uncontendedNs - costs.broadcastSyncNs);
    expect(outcome.counters.broadcasts).toBe(50);
  });

  test("deferred: one broadcast for all that had been queued", () => {
    const workload = { warmup: 0, operations: 200 };
    const { counters } = runVirtually({ policy: DEFAULT_DEFERRED, profile: ARM, workload });
    expect([counters.broadcasts, counters.ipis]).toEqual([1, 0]);
  });

  /** Core 1 has used the program's first two pages; core 0 broadcasts that `pages` are gone. */
  function told(pages: number): { core: Core; missesAt: (ns: number, page: number) => number } {
    const parts = partsOf(ARM, 2);
    const [, core] = parts.cores;
    for (const page of [0, 1]) access(core, programVpn(0) + page, false);
    play(parts, [0], (initiator) =>
      broadcast(initiator, 0, pages === 0 ? 0 : programVpn(0), pages),
    );
    const missesAt = (ns: number, page: number) => {
      const before = core.counters.tlbMisses;
      core.cpu.spend(ns - core.cpu.now());
      access(core, programVpn(0) + page, false);
      return core.counters.tlbMisses - before;
    };
    return { core, missesAt };
  }

  const DONE_NS = costs.broadcastSendNs + costs.broadcastSyncNs;

  test("a core uses its TLB until the broadcast is due, and then no longer for those pages", () => {
    const { core, missesAt } = told(1);
    // At rest, both cores stand where the last event was: it has to be asked from there on.
    expect(core.machine.tlbOf(1).holds(pcidOf(0), programVpn(0))).toBe(true);
    expect(missesAt(DONE_NS, 0)).toBe(1);
    expect(missesAt(DONE_NS, 1)).toBe(0);
    expect(core.counters.pageFlushes).toBe(0); // The hardware did it.
  });

  test("before it is due, a core does not know of it", () => {
    const { machine, cores } = partsOf(ARM, 2);
    const [, core] = cores;
    access(core, programVpn(0), false);
    const nowNs = core.cpu.now();
    machine.interconnect.broadcast(0, programVpn(0), 1, nowNs, 300, 320);
    core.cpu.spend(319);
    access(core, programVpn(0), false);
    expect(core.counters.tlbMisses).toBe(1);
    core.cpu.spend(1);
    access(core, programVpn(0), false);
    expect(core.counters.tlbMisses).toBe(2);
  });

  test("everything of a space: all of its pages are gone, those of others stay", () => {
    const { core, missesAt } = told(0);
    expect([missesAt(DONE_NS, 0), missesAt(DONE_NS + 200, 1)]).toEqual([1, 1]);
    expect([core.counters.pageFlushes, core.counters.fullFlushes]).toEqual([0, 0]);
  });

  test("a core that was overrun drops everything, once", () => {
    const { machine, cores } = partsOf(ARM, 2);
    const [, core] = cores;
    for (const page of [0, 1]) access(core, programVpn(0) + page, false);
    for (let i = 0; i <= BROADCAST_SLOTS; i++) machine.interconnect.broadcast(1, 0, 1, 0, 0, 0);
    for (const page of [0, 1, 0, 1]) access(core, programVpn(0) + page, false);
    expect([core.counters.tlbMisses, core.counters.tlbHits]).toEqual([4, 2]);
    expect([core.counters.fullFlushes, core.counters.pageFlushes]).toEqual([0, 0]);
  });
});

test("where there are IPIs as well, nobody broadcasts", () => {
  const { counters } = runVirtually({ policy: STRICT, profile: ZEN3, cores: 3 });
  expect([counters.broadcasts, counters.ipis]).toEqual([0, 100]);
});

describe("page walks", () => {
  const { costs } = numbersOf(HASWELL);

  /** What an access of `page` takes. */
  function accessNs(core: Core, page: number): number {
    const beganNs = core.cpu.now();
    access(core, programVpn(0) + page, false);
    return core.cpu.now() - beganNs;
  }

  test("the first of a region is cold, the next ones are not; hits take nothing", () => {
    const [core] = partsOf(HASWELL, 1).cores;
    const times = [0, 1, 2, 0].map((page) => accessNs(core, page));
    expect(times).toEqual([costs.walkColdNs, costs.walkNs, costs.walkNs, 0]);
  });

  test.each([
    ["one page", 1, [costs.walkColdNs, 0]],
    ["everything", Number.POSITIVE_INFINITY, [costs.walkColdNs, costs.walkNs]],
  ])("after a flush of %s the next walk is cold", (_, pages, expected) => {
    const [core] = partsOf(HASWELL, 1).cores;
    for (const page of [0, 1]) accessNs(core, page);
    flushOwnTlb(core, 0, programVpn(0), pages, 0);
    expect([0, 1].map((page) => accessNs(core, page))).toEqual(expected);
  });

  test("a page that has no table is walked to in vain, and leaves nothing behind", () => {
    const [core] = partsOf(HASWELL, 1).cores;
    const far = 0x300_0000;
    expect([accessNs(core, far), accessNs(core, far)]).toEqual(Array(2).fill(costs.walkColdNs));
    expect(core.counters.pageFaults).toBe(2);
  });
});

describe.each(PROFILES.map((profile) => [profile.name, profile] as const))("%s", (_, profile) => {
  test.each(POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s, with initiators on all sockets: segments add up to the latency",
    (_name, policy) => {
      const workload = { initiators: 5, operations: 4, gapNs: 300, windows: 16 };
      const outcome = runVirtually({ policy, profile, cores: 70, iommus: 1, devices: 1, workload });
      expect(outcome.counters.operations).toBe(20);
      expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
      expect(outcome.machine.frames.countOwned()).toBe(outcome.framesAtStart);
    },
  );

  test("36 initiators that all tell each other: segments add up, and nothing is lost", () => {
    const workload = { initiators: 36, operations: 3, gapNs: 0, windows: 12 };
    const outcome = runVirtually({ policy: STRICT, profile, cores: 36, workload });
    expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
    expect(outcome.machine.frames.countOwned()).toBe(outcome.framesAtStart);
    if (profile !== HOST) expect(outcome.latency.min).toBeGreaterThan(0);
  });
});
