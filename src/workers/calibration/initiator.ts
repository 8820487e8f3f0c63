// Entry point of a process that causes real shootdowns: its main thread is the initiator, its
// worker threads are the peers, as many as its argument says. Whoever started it asks and waits; it
// ends with the connection.

import { monotonicClock } from "../clock.ts";
import { takeBatch } from "./batch.ts";
import { measureHost } from "./host-times.ts";
import { Peers } from "./peers.ts";
import type { Ready, Request } from "./requests.ts";
import { RunDelay } from "./run-delay.ts";

/** What V8 offers under --expose-gc. */
const { gc } = globalThis as { gc?: () => void };
if (gc === undefined || process.send === undefined) {
  throw new Error("calibration/initiator: started without --expose-gc or without a connection");
}

const hostNowNs = monotonicClock();
const runDelay = new RunDelay();
const peers = await Peers.start(Number(process.argv[2]), hostNowNs);
const surroundings = { peers, runDelay, hostNowNs, collectGarbage: gc };

process.on("disconnect", () => process.exit());
process.on("message", (request: Request) => {
  process.send?.(
    request.kind === "batch"
      ? takeBatch(request, surroundings)
      : measureHost(peers, request.samples, hostNowNs),
  );
});
const ready: Ready = { threadIds: peers.threadIds, seesWaits: runDelay.isKnown };
process.send(ready);
