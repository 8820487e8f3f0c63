// Some samples of one cell. Shrinking a resizable ArrayBuffer gives its pages back at once: V8
// clears them and makes them inaccessible, one mprotect and one madvise for each call (checked with
// strace on Node 20 and 24), each of which shoots down the CPUs that run a thread of this process.
//
// All buffers of a batch are made, and each page written to, before the first sample; the garbage
// of the last batch is collected before that, and V8 has no threads here to do so meanwhile.

import { awayNsOf, verdictOf } from "./gate.ts";
import type { Peers } from "./peers.ts";
import type { BatchRequest, Sample } from "./requests.ts";
import type { RunDelay } from "./run-delay.ts";

const PAGE_BYTES = 4096;

/** What a batch needs of its process. */
export interface Surroundings {
  readonly peers: Peers;
  readonly runDelay: RunDelay;
  readonly hostNowNs: () => number;
  readonly collectGarbage: () => void;
}

export function takeBatch(request: BatchRequest, around: Surroundings): Sample[] {
  const { pages, calls, samples } = request;
  around.collectGarbage();
  const buffers = Array.from({ length: samples }, () => touchedBuffer(pages));
  const othersSleep = around.peers.spin(request.spinning);
  const taken = buffers.map((buffer) => {
    return takeSample(buffer, pages / calls, othersSleep, around);
  });
  around.peers.spin(0);
  return taken;
}

function touchedBuffer(pages: number): ArrayBuffer {
  const bytes = pages * PAGE_BYTES;
  const buffer = new ArrayBuffer(bytes, { maxByteLength: bytes });
  const view = new Uint8Array(buffer);
  for (let at = 0; at < bytes; at += PAGE_BYTES) view[at] = 1;
  return buffer;
}

function takeSample(
  buffer: ArrayBuffer,
  pagesPerCall: number,
  othersSleep: boolean,
  around: Surroundings,
): Sample {
  const { peers, runDelay, hostNowNs } = around;
  const step = pagesPerCall * PAGE_BYTES;
  peers.awaitTurns(); // A peer that does not run now would only cost the sample.
  const waitedBeforeNs = runDelay.readNs();
  const beganNs = hostNowNs();
  for (let left = buffer.byteLength - step; left >= 0; left -= step) buffer.resize(left);
  const endedNs = hostNowNs();
  const waitedNs = runDelay.readNs() - waitedBeforeNs;
  const peersTurn = peers.awaitTurns(); // Then a gap that outlasted the sample is known, too.
  const gapsNs = peers.gapsNs(beganNs, endedNs);
  const ns = endedNs - beganNs;
  const peersObey = othersSleep && peersTurn;
  return {
    ns,
    verdict: verdictOf({ ns, waitedNs, peersObey, awayNs: awayNsOf(gapsNs) }),
    stolenNs: gapsNs.reduce((sum, ns) => sum + ns, 0),
  };
}
