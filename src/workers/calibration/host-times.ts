// What else this host takes, so that a cell can be told apart from what it was measured with.

import ping from "../ping.ts";
import { LONGEST_ANSWER_NS } from "./gate.ts";
import type { Peers } from "./peers.ts";
import type { HostSamples } from "./requests.ts";

const CLOCK_READS = 100;
/** Waking takes many time slices where others use the peer's CPU. */
const WAKE_UPS_WITHIN_NS = 2_000_000_000;

/** Samples of each; none of what needs a peer where there is none or it does not run. */
export function measureHost(peers: Peers, samples: number, hostNowNs: () => number): HostSamples {
  const clockNs = Array.from({ length: samples }, () => clockBurst(hostNowNs));
  if (peers.threadIds.length === 0) return { clockNs, roundTripNs: [], wakeUpNs: [] };
  const roundTripNs = roundTrips(peers, samples);
  const wakeUpNs = wakeUps(peers, samples, hostNowNs);
  peers.spin(0);
  return { clockNs, roundTripNs, wakeUpNs };
}

/** One read of the clock: the mean of many. */
function clockBurst(hostNowNs: () => number): number {
  const beganNs = hostNowNs();
  let endedNs = beganNs;
  for (let read = 0; read < CLOCK_READS; read++) endedNs = hostNowNs();
  return (endedNs - beganNs) / CLOCK_READS;
}

/**
 * The first ones are taken while the code is still being compiled. Threads that do not run at the
 * same time exchange words at the pace of time slices, which is nothing that a cache line takes.
 */
function roundTrips(peers: Peers, samples: number): number[] {
  peers.echo();
  const bursts = ping({ leader: true, words: peers.pingWords, bursts: 2 * samples });
  const warm = bursts.length > samples ? bursts.slice(samples) : bursts;
  return warm.filter((ns) => ns <= LONGEST_ANSWER_NS);
}

function wakeUps(peers: Peers, samples: number, hostNowNs: () => number): number[] {
  const untilNs = hostNowNs() + WAKE_UPS_WITHIN_NS;
  const found: number[] = [];
  for (let sample = 0; sample < samples && hostNowNs() < untilNs; sample++) {
    const ns = peers.wakeUpNs();
    if (ns !== undefined) found.push(ns);
  }
  return found;
}
