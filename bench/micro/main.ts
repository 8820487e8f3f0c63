// `npm run micro`: what the steps of a run cost on this host, one by one, in ns. With --quick each
// is measured for so short a time that it only shows that all of them run.
//
// A sample is the mean over many operations, between two reads of the clock; p50 and p99 are those
// of samples. Under `npm run floors` is what the steps cost together, between two threads.

import { Bench, type FnReturnedObject, type Task } from "tinybench";
import { outliveReaders, print } from "../../src/cli/output.ts";
import { type Heading, renderTable } from "../../src/cli/render.ts";
import { type MicroTask, microTasks } from "./tasks.ts";

const NS_PER_MS = 1_000_000;
const FULL = { time: 500, warmupTime: 200 };
const QUICK = { time: 20, warmupTime: 10 };

const HEADINGS: readonly Heading[] = [
  { title: "task", align: "left" },
  { title: "p50 ns/op", align: "right" },
  { title: "p99 ns/op", align: "right" },
  { title: "samples", align: "right" },
  { title: "ops/sample", align: "right" },
  { title: "rme %", align: "right" },
];

outliveReaders();
const bench = new Bench({ ...(process.argv.includes("--quick") ? QUICK : FULL), throws: true });
const tasks = microTasks();
for (const task of tasks) bench.add(task.name, () => timed(task));
bench.runSync();
print(renderTable(HEADINGS, bench.tasks.map(row)));

/** One sample: the mean of a call's operations; the budget of time sees the whole call. */
function timed(task: MicroTask): FnReturnedObject {
  const began = bench.now();
  task.run();
  const elapsed = bench.now() - began;
  return { overriddenDuration: elapsed / task.operations, overriddenIterationCost: elapsed };
}

function row({ name, result }: Task, place: number): string[] {
  if (result.state !== "completed") throw new Error(`${name} did not complete: ${result.state}`);
  const { p50, p99, samplesCount, rme } = result.latency;
  const ns = (ms: number): string => (ms * NS_PER_MS).toFixed(1);
  return [name, ns(p50), ns(p99), `${samplesCount}`, `${tasks[place].operations}`, rme.toFixed(2)];
}
