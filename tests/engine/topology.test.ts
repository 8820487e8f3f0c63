import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topologyOf } from "../../dist/src/engine/profile/profile.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import {
  CorePlaces,
  OTHER_SOCKET,
  SAME_COMPLEX,
  SAME_SOCKET,
  type Topology,
} from "../../dist/src/engine/profile/topology.js";

/** Two sockets of 16 cores, in complexes of 8 and clusters of 4. */
const SMALL: Topology = {
  sockets: 2,
  coresPerSocket: 16,
  coresPerComplex: 8,
  clusterCores: 4,
  cachedRegions: 8,
};

const upTo = (max: number) => fc.integer({ min: 1, max });
const anyTopology: fc.Arbitrary<Topology> = fc.record({
  sockets: upTo(9),
  coresPerSocket: upTo(40),
  coresPerComplex: upTo(50),
  clusterCores: fc.integer({ min: 0, max: 20 }),
  cachedRegions: fc.constant(8),
});
const anyMachine = fc.record({ topology: anyTopology, cores: upTo(300) });

interface Place {
  readonly socket: number;
  readonly complex: number;
  readonly cluster: number;
}

/** The slow way: deals the cores out one by one, and begins anew wherever something is full. */
function dealt(topology: Topology, cores: number): Place[] {
  const { sockets, coresPerSocket, coresPerComplex, clusterCores } = topology;
  let room = coresPerSocket;
  while (room * sockets < cores) room++;
  const places: Place[] = [];
  let socket = 0;
  let complex = 0;
  let cluster = 0;
  let taken = { socket: 0, complex: 0, cluster: 0 };
  for (let core = 0; core < cores; core++) {
    if (taken.socket === room) {
      taken = { socket: 0, complex: 0, cluster: 0 };
      socket++;
      complex++;
      cluster++;
    }
    if (taken.complex === coresPerComplex) {
      taken.complex = 0;
      complex++;
    }
    if (taken.cluster === Math.max(1, clusterCores)) {
      taken.cluster = 0;
      cluster++;
    }
    places.push({ socket, complex, cluster });
    taken.socket++;
    taken.complex++;
    taken.cluster++;
  }
  return places;
}

function allOf(cores: number, of: (core: number) => number): number[] {
  return Array.from({ length: cores }, (_, core) => of(core));
}

/** The first core of the complex that a core stands in. */
function firstInComplex(places: CorePlaces, core: number): number {
  let first = core;
  while (first > 0 && places.distance(first - 1, core) === SAME_COMPLEX) first--;
  return first;
}

/** The same with 0, 1, 2 … for the numbers as they first appear: some may have been left out. */
function inOrder(numbers: readonly number[]): number[] {
  const seen = [...new Set(numbers)];
  return numbers.map((number) => seen.indexOf(number));
}

describe("places of cores", () => {
  it("are dealt to sockets in order, and cut into complexes and clusters inside of them", () => {
    const places = new CorePlaces(SMALL, 32);
    expect([0, 15, 16, 31].map((core) => places.socketOf(core))).toEqual([0, 0, 1, 1]);
    expect([0, 7, 8, 16, 31].map((core) => firstInComplex(places, core))).toEqual([
      0, 0, 8, 16, 24,
    ]);
    expect([0, 3, 4, 15, 16].map((core) => places.clusterOf(core))).toEqual([0, 0, 1, 3, 4]);
  });

  it("fewer cores than the machine has: the last sockets stay empty", () => {
    const places = new CorePlaces(SMALL, 4);
    expect(allOf(4, (core) => places.socketOf(core))).toEqual([0, 0, 0, 0]);
  });

  it("more cores than the machine has: every socket grows, and there are no more of them", () => {
    const places = new CorePlaces(SMALL, 100);
    const sockets = allOf(100, (core) => places.socketOf(core));
    expect(sockets.filter((socket) => socket === 0)).toHaveLength(50);
    expect(sockets.filter((socket) => socket === 1)).toHaveLength(50);
    // 50 cores are six complexes of 8 and one of 2, and the next socket begins a new one.
    expect([48, 49, 50].map((core) => firstInComplex(places, core))).toEqual([48, 48, 50]);
  });

  it("without clusters each core is one", () => {
    const places = new CorePlaces({ ...SMALL, clusterCores: 0 }, 32);
    expect(new Set(allOf(32, (core) => places.clusterOf(core))).size).toBe(32);
  });

  it("distances: the complex, the socket, the machine", () => {
    const places = new CorePlaces(SMALL, 32);
    expect(places.distance(5, 5)).toBe(SAME_COMPLEX);
    expect(places.distance(0, 7)).toBe(SAME_COMPLEX);
    expect(places.distance(7, 8)).toBe(SAME_SOCKET);
    expect(places.distance(15, 16)).toBe(OTHER_SOCKET);
    expect([SAME_COMPLEX, SAME_SOCKET, OTHER_SOCKET]).toEqual([0, 1, 2]);
  });

  it("any machine: cores are together exactly where dealing them out puts them together", () => {
    fc.assert(
      fc.property(anyMachine, ({ topology, cores }) => {
        const places = new CorePlaces(topology, cores);
        const model = dealt(topology, cores);
        expect(allOf(cores, (core) => places.socketOf(core))).toEqual(
          model.map(({ socket }) => socket),
        );
        const complexes = allOf(cores, (core) => firstInComplex(places, core));
        expect(inOrder(complexes)).toEqual(model.map(({ complex }) => complex));
        const clusters = allOf(cores, (core) => places.clusterOf(core));
        expect(inOrder(clusters)).toEqual(model.map(({ cluster }) => cluster));
      }),
      { numRuns: 300 },
    );
  });

  it("any machine: no socket, complex or cluster is larger than it may be", () => {
    fc.assert(
      fc.property(anyMachine, ({ topology, cores }) => {
        const places = new CorePlaces(topology, cores);
        const room = Math.max(topology.coresPerSocket, Math.ceil(cores / topology.sockets));
        const largest = (of: (core: number) => number) => {
          const numbers = allOf(cores, of);
          const sizes = [...new Set(numbers)].map((number) => {
            return numbers.filter((other) => other === number).length;
          });
          return Math.max(...sizes);
        };
        expect(largest((core) => places.socketOf(core))).toBeLessThanOrEqual(room);
        expect(largest((core) => firstInComplex(places, core))).toBeLessThanOrEqual(
          topology.coresPerComplex,
        );
        expect(largest((core) => places.clusterOf(core))).toBeLessThanOrEqual(
          Math.max(1, topology.clusterCores),
        );
        expect(places.socketOf(cores - 1)).toBeLessThan(topology.sockets);
      }),
    );
  });

  it("any two cores: are as far from each other as back, and nearest to themselves", () => {
    const pair = anyMachine.chain(({ topology, cores }) =>
      fc.record({
        topology: fc.constant(topology),
        cores: fc.constant(cores),
        a: fc.nat(cores - 1),
        b: fc.nat(cores - 1),
      }),
    );
    fc.assert(
      fc.property(pair, ({ topology, cores, a, b }) => {
        const places = new CorePlaces(topology, cores);
        const distance = places.distance(a, b);
        expect(places.distance(b, a)).toBe(distance);
        expect(places.distance(a, a)).toBe(SAME_COMPLEX);
        expect(distance === OTHER_SOCKET).toBe(places.socketOf(a) !== places.socketOf(b));
      }),
    );
  });

  it.each(PROFILES.map((profile) => [profile.name, topologyOf(profile)] as const))(
    "%s: has room for 1024 cores",
    (_name, topology) => {
      const places = new CorePlaces(topology, 1024);
      const sockets = new Set(allOf(1024, (core) => places.socketOf(core)));
      expect([...sockets]).toEqual(allOf(topology.sockets, (socket) => socket));
    },
  );
});
