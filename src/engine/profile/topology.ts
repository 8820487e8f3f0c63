// Where the cores of a machine stand: in which socket, core complex and x2APIC cluster, and how far
// from each other. Cores are numbered through the sockets, one socket after the other.

/** How many of what a machine has. */
export interface Topology {
  readonly sockets: number;
  readonly coresPerSocket: number;
  /** Cores that share a last-level cache; no fewer than a socket has where all of them do. */
  readonly coresPerComplex: number;
  /** Cores that one ICR write can reach; 0 where each takes its own. */
  readonly clusterCores: number;
  /** 2 MiB regions that an IOMMU's paging-structure caches hold for a device; a power of two. */
  readonly cachedRegions: number;
}

export type TopologyName = keyof Topology;

/** How far two cores are from each other: the nearest of what they share. */
export const SAME_COMPLEX = 0;
export const SAME_SOCKET = 1;
export const OTHER_SOCKET = 2;
export type Distance = typeof SAME_COMPLEX | typeof SAME_SOCKET | typeof OTHER_SOCKET;

/**
 * The places of a machine's cores. A machine with more cores than its topology has gets larger
 * sockets, not more of them; one with fewer leaves the last sockets empty. Complexes and clusters
 * never reach beyond a socket: its last ones may be smaller.
 */
export class CorePlaces {
  readonly cores: number;
  /** All cores stand in one complex: every distance is the same. */
  readonly isUniform: boolean;
  // By core, as divisions would cost more than all else that protocols do with a place.
  private readonly sockets: Int16Array;
  private readonly complexes: Int16Array;
  private readonly clusters: Int16Array;

  constructor(topology: Topology, cores: number) {
    const { sockets, coresPerComplex, clusterCores } = topology;
    const coresPerSocket = Math.max(topology.coresPerSocket, Math.ceil(cores / sockets));
    const numbers = (size: number): Int16Array => {
      const perSocket = Math.ceil(coresPerSocket / size);
      return Int16Array.from({ length: cores }, (_, core) => {
        const socket = Math.floor(core / coresPerSocket);
        return socket * perSocket + Math.floor((core % coresPerSocket) / size);
      });
    };
    this.cores = cores;
    this.sockets = numbers(coresPerSocket);
    this.complexes = numbers(coresPerComplex);
    this.isUniform = this.complexes[cores - 1] === 0;
    this.clusters = numbers(Math.max(1, clusterCores)); // Without clusters each core is one.
  }

  /** 0 for core 0. */
  socketOf(core: number): number {
    return this.sockets[core];
  }

  /**
   * Number of the core's cluster on the whole machine; numbers may be left out. Where there are no
   * clusters, each core is alone in its own.
   */
  clusterOf(core: number): number {
    return this.clusters[core];
  }

  /** A core is in its own complex. */
  distance(a: number, b: number): Distance {
    if (this.sockets[a] !== this.sockets[b]) return OTHER_SOCKET;
    return this.complexes[a] === this.complexes[b] ? SAME_COMPLEX : SAME_SOCKET;
  }
}

const known = new WeakMap<Topology, CorePlaces>();

/** The places of a machine's cores, which do not change: one object for all actors of a thread. */
export function placesOf(topology: Topology, cores: number): CorePlaces {
  const before = known.get(topology);
  if (before?.cores === cores) return before;
  const places = new CorePlaces(topology, cores);
  known.set(topology, places);
  return places;
}
