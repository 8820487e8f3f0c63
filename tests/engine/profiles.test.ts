// The shipped profiles against the numbers that they were put together from, and what has to hold of
// any profile.

import { describe, expect, it } from "vitest";
import {
  costsOf,
  GRADES,
  isFree,
  type Profile,
  topologyOf,
} from "../../dist/src/engine/profile/profile.js";
import { HOST, PROFILES } from "../../dist/src/engine/profile/profiles.js";

const COLUMNS = [
  ...["akaros-2020", "haswell-2s", "ivb-ex-8s", "skylake-2s", "skylake-2s-pti", "icelake-2s"],
  ...["zen3-2s", "arm-broadcast"],
];

/**
 * One row a cost, one column a profile: ns and the first letter of the grade. A bare 0 is what a
 * machine does not have.
 */
const PUBLISHED: Record<string, string> = {
  ipiSendNs: "60i 68d 68i 60i 60i 55i 70i 0",
  clusterSendNs: "0 150i 150i 130i 130i 120i 150i 0",
  deliveryNs: "300i 300i 400i 300i 300i 280i 350i 0",
  deliveryRemoteNs: "600i 900i 1500i 700i 700i 600i 900i 0",
  interruptEntryNs: "125i 125i 125i 125i 325i 110i 110i 0",
  interruptExitNs: "125i 125i 125i 125i 325i 110i 110i 0",
  broadcastSendNs: "0 0 0 0 0 0 150i 30i",
  broadcastSyncNs: "0 0 0 0 0 0 500i 320i",
  broadcastServiceNs: "0 0 0 0 0 0 150i 300i",
  invalidatePageNs: "90i 90d 95i 65d 180d 65i 30i 30i",
  flushContextNs: "50i 52d 55i 50i 50i 50i 45i 60i",
  cacheLineNs: "44s 44s 50i 47s 47s 51s 23s 46s",
  cacheLineSocketNs: "44s 44s 50i 47s 47s 51s 107s 46s",
  cacheLineRemoteNs: "118s 118s 250i 134s 134s 108s 197s 150i",
  walkNs: "17i 15i 17s 12i 12i 10i 12i 15i",
  walkColdNs: "100i 100i 130i 90i 90i 90i 100i 110i",
  iotlbPageNs: "450i 690d 690i 700i 700i 600i 900i 1000i",
  iotlbDomainNs: "450i 790i 790i 800i 800i 700i 900i 1000i",
  iotlbGlobalNs: "450i 990i 990i 1000i 1000i 900i 1200i 1000i",
  tailWriteNs: "100i 100i 120i 100i 100i 90i 120i 100i",
  statusWriteNs: "250i 300i 350i 300i 300i 280i 400i 350i",
  furtherDescriptorNs: "50i 50i 50i 50i 50i 50i 60i 60i",
  iotlbMissNs: "500i 500m 600i 0 0 0 0 0",
  iotlbReadNs: "0 0 0 197s 197s 180i 250i 220i",
};

/** Sockets, cores of one, cores of a complex, cores of a cluster. */
const SIZES: Record<string, [number, number, number, number]> = {
  "akaros-2020": [2, 16, 16, 0],
  "haswell-2s": [2, 18, 18, 16],
  "ivb-ex-8s": [8, 15, 15, 16],
  "skylake-2s": [2, 28, 28, 16],
  "skylake-2s-pti": [2, 28, 28, 16],
  "icelake-2s": [2, 40, 40, 16],
  "zen3-2s": [2, 64, 8, 16],
  "arm-broadcast": [1, 64, 64, 0],
};

/** First letters of the grades of: how cores are told, L1, L2, IOTLB. */
const ORIGINS: Record<string, string> = {
  "akaros-2020": "ssii",
  "haswell-2s": "sssi",
  "ivb-ex-8s": "sssi",
  "skylake-2s": "sssi",
  "skylake-2s-pti": "sssi",
  "icelake-2s": "smmi",
  "zen3-2s": "smmi",
  "arm-broadcast": "siii",
};

function profileCalled(wanted: string): Profile {
  return PROFILES.find(({ name }) => name === wanted)!;
}

describe("the shipped profiles", () => {
  it("are those of the table, and the one that costs nothing", () => {
    expect(PROFILES.map(({ name }) => name).sort()).toEqual([...COLUMNS, "host"].sort());
    expect(PROFILES.filter(isFree)).toEqual([HOST]);
  });

  it.each(Object.entries(PUBLISHED))("%s: has the table's values and grades", (cost, row) => {
    const found = COLUMNS.map((name) => {
      const { ns, grade } = profileCalled(name).costs[cost as keyof Profile["costs"]];
      return grade === "zero" ? `${ns}` : `${ns}${grade[0]}`;
    });
    expect(found).toEqual(row.split(" "));
  });

  it.each(COLUMNS)("%s: has as many of everything as its machine", (name) => {
    const { sockets, coresPerSocket, coresPerComplex, clusterCores } = topologyOf(
      profileCalled(name),
    );
    expect([sockets, coresPerSocket, coresPerComplex, clusterCores]).toEqual(SIZES[name]);
  });

  it.each(COLUMNS)("%s: says how well TLB sizes and how cores are told are known", (name) => {
    const { shootsBy, l1, l2, iotlb } = profileCalled(name).origins;
    expect([shootsBy, l1, l2, iotlb].map(({ grade }) => grade[0]).join("")).toBe(ORIGINS[name]);
  });

  it("akaros-2020: a flush by register takes the 800 ns that were published", () => {
    const { tailWriteNs, iotlbDomainNs, registerPollNs } = costsOf(profileCalled("akaros-2020"));
    expect(tailWriteNs + iotlbDomainNs + registerPollNs).toBe(800);
  });

  it("skylake-2s: a DMA that misses takes the 412 ns of 79.6 Gb/s", () => {
    const { dmaNs, iotlbReadNs } = costsOf(profileCalled("skylake-2s"));
    expect((4096 * 8) / (dmaNs + 1.76 * iotlbReadNs)).toBeCloseTo(79.6, 0);
  });

  it("arm-broadcast: an uncontended broadcast takes the 350 ns between two published times", () => {
    const { broadcastSendNs, broadcastSyncNs } = costsOf(profileCalled("arm-broadcast"));
    expect(broadcastSendNs + broadcastSyncNs).toBe(350);
  });
});

describe.each(PROFILES.map((profile) => [profile.name, profile] as const))("%s", (_, profile) => {
  const values = Object.entries({ ...profile.costs, ...profile.topology });

  it("how cores are told and how large TLBs are: each with its grade and a source", () => {
    for (const [part, { grade, source }] of Object.entries(profile.origins)) {
      expect(GRADES, part).toContain(grade);
      expect(source.length, part).toBeGreaterThan(5);
    }
  });

  it("every value: whole, at least 0, with a source; zero where and only where it says so", () => {
    for (const [name, value] of values) {
      const number = "ns" in value ? value.ns : value.count;
      expect(Number.isSafeInteger(number) && number >= 0, name).toBe(true);
      expect(value.source.length, name).toBeGreaterThan(5);
      if ("ns" in value) expect(value.grade === "zero", name).toBe(value.ns === 0);
      expect(value.grade, name).not.toBe("given"); // That is for files of users.
    }
    expect(profile.summary.length).toBeGreaterThan(10);
  });

  it("has the costs that all have", () => {
    expect(Object.keys(profile.costs).sort()).toEqual(Object.keys(HOST.costs).sort());
  });

  it("pays for the ways in which it tells cores, and for no others", () => {
    const costs = costsOf(profile);
    const { clusterCores } = topologyOf(profile);
    expect(costs.broadcastSendNs > 0).toBe(profile.shootsBy !== "ipi");
    expect(costs.ipiSendNs > 0).toBe(profile.shootsBy !== "broadcast" && profile !== HOST);
    expect(costs.clusterSendNs > 0).toBe(clusterCores > 0);
    expect(costs.broadcastServiceNs).toBeLessThanOrEqual(costs.broadcastSyncNs);
  });

  it("what is further away is no cheaper", () => {
    const costs = costsOf(profile);
    const { coresPerSocket, coresPerComplex } = topologyOf(profile);
    expect(costs.deliveryRemoteNs).toBeGreaterThanOrEqual(costs.deliveryNs);
    expect(costs.cacheLineSocketNs).toBeGreaterThanOrEqual(costs.cacheLineNs);
    expect(costs.cacheLineRemoteNs).toBeGreaterThanOrEqual(costs.cacheLineSocketNs);
    expect(costs.walkColdNs).toBeGreaterThanOrEqual(costs.walkNs);
    if (coresPerComplex === coresPerSocket) {
      expect(costs.cacheLineSocketNs).toBe(costs.cacheLineNs);
    }
  });

  it("has TLBs that a machine can have", () => {
    for (const { sets, ways } of [profile.l1, profile.l2, profile.iotlb]) {
      expect(sets & (sets - 1)).toBe(0);
      expect(ways).toBeGreaterThan(0);
    }
    expect(profile.l2.sets * profile.l2.ways).toBeGreaterThan(profile.l1.sets * profile.l1.ways);
  });
});
