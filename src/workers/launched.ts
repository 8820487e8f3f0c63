// The entry point of a process that runs points on a gang of its own, for launch.ts.

import { Gang } from "./gang.ts";
import type { Answer, Order } from "./launch.ts";
import { recordOnThreads } from "./on-threads.ts";
import type { Point } from "./point.ts";
import { ENDING_SIGNALS } from "./signals.ts";

const abort = new AbortController();
let gang: Gang | undefined;

for (const signal of ENDING_SIGNALS) process.on(signal, () => {});
process.on("disconnect", () => process.exit());
process.on("message", (order: Order) => {
  if ("abort" in order) abort.abort();
  else if ("actors" in order) gang = new Gang(order.actors);
  else if (gang !== undefined) answer(gang, order.point);
});

async function answer(workers: Gang, point: Point): Promise<void> {
  try {
    send({ record: await recordOnThreads(workers, point, abort.signal) });
  } catch (error) {
    const { name, message, stack } = error as Error;
    const isExpected = name === "NoProgressError" || name === "Aborted";
    send({ failed: { name, message: isExpected ? message : (stack ?? message) } });
  }
}

function send(message: Answer): void {
  process.send?.(message);
}
