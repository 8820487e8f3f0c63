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
  private readonly coresPerSocket: number;
  private readonly coresPerComplex: number;
  private readonly complexesPerSocket: number;
  private readonly clusterCores: number;
  private readonly clustersPerSocket: number;

  constructor(topology: Topology, cores: number) {
    const { sockets, coresPerSocket, coresPerComplex, clusterCores } = topology;
    this.coresPerSocket = Math.max(coresPerSocket, Math.ceil(cores / sockets));
    this.coresPerComplex = coresPerComplex;
    this.complexesPerSocket = Math.ceil(this.coresPerSocket / coresPerComplex);
    this.clusterCores = Math.max(1, clusterCores); // Without clusters each core is one.
    this.clustersPerSocket = Math.ceil(this.coresPerSocket / this.clusterCores);
  }

  /** 0 for core 0. */
  socketOf(core: number): number {
    return Math.floor(core / this.coresPerSocket);
  }

  /** Number of the core's complex on the whole machine; numbers may be left out. */
  complexOf(core: number): number {
    const inSocket = core % this.coresPerSocket;
    const complex = Math.floor(inSocket / this.coresPerComplex);
    return this.socketOf(core) * this.complexesPerSocket + complex;
  }

  /**
   * Number of the core's cluster on the whole machine; numbers may be left out. Where there are no
   * clusters, each core is alone in its own.
   */
  clusterOf(core: number): number {
    const inSocket = core % this.coresPerSocket;
    const cluster = Math.floor(inSocket / this.clusterCores);
    return this.socketOf(core) * this.clustersPerSocket + cluster;
  }

  /** A core is in its own complex. */
  distance(a: number, b: number): Distance {
    if (this.socketOf(a) !== this.socketOf(b)) return OTHER_SOCKET;
    return this.complexOf(a) === this.complexOf(b) ? SAME_COMPLEX : SAME_SOCKET;
  }
}
