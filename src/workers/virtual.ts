// A worker thread's entry point in virtual time: one call is one whole point, all of its actors.
// It runs from `dist/virtual`, where nested calls of protocols are cheap to suspend; the first
// core, which is always an initiator, runs from `dist/inline` as plain functions at the bottom of
// the stack.

import { NoProgressError } from "../engine/errors.ts";
import { LoggedCpu } from "../engine/executor/step-log.ts";
import { VirtualExecutor } from "../engine/executor/virtual.ts";
import { Random } from "../engine/random.ts";
import { type Part, partOf } from "../workloads/cast.ts";
import { type BrokenRun, brokenInvariantOf } from "./broken-run.ts";
import { auditOf, machineOf, type Point, playOf, type RunRecord } from "./point.ts";

/** No actor's: those have their numbers. */
const JITTER_STREAM = -1;

/** The two modules of the other form that the first core needs. */
interface Inline {
  readonly cast: typeof import("../workloads/cast.ts");
  readonly machine: typeof import("../engine/machine/machine.ts");
}

export interface VirtualRun extends RunRecord {
  /** Turns of all actors. */
  readonly turns: number;
}

/** A run that came to no end; as data, since an error's class does not cross to other threads. */
export interface StuckRun {
  readonly stuck: string;
}

/** Runs a point to its end in virtual time. */
export default async function runVirtually(
  point: Point,
): Promise<VirtualRun | StuckRun | BrokenRun> {
  try {
    return await run(point);
  } catch (error) {
    if (error instanceof NoProgressError) return { stuck: error.message };
    throw error;
  }
}

async function run(point: Point): Promise<VirtualRun | BrokenRun> {
  const { cast, machine: inlineMachine } = await inline();
  const machine = machineOf(point);
  const play = playOf(point);
  const first = new inlineMachine.Machine(machine.memory, machine.shape);
  const jitter = point.jitter === undefined ? undefined : new Random(point.jitter, JITTER_STREAM);
  const executor = new VirtualExecutor(machine, first.mailboxes, jitter);
  const began = process.hrtime.bigint();
  const cpus = executor.cpus.map((cpu) => (point.logsSteps ? new LoggedCpu(cpu) : cpu));
  const others = cpus.slice(1).map((cpu) => partOf(cpu, machine, play));
  let firstPart: Part | undefined;
  const reportAll = () => {
    const parts = firstPart === undefined ? others : [firstPart, ...others];
    return parts.map(({ report }, actor) => {
      const cpu = cpus[actor];
      return { ...report(), ...(cpu instanceof LoggedCpu && { steps: cpu.steps }) };
    });
  };
  try {
    executor.complete(
      others.map(({ start }) => start()),
      () => {
        firstPart = cast.partOf(cpus[0], first, play);
        firstPart.start();
      },
    );
  } catch (error) {
    const broken = brokenInvariantOf(error, executor.current.id, executor.current.now());
    if (broken === undefined) throw error;
    return { broken, checks: reportAll().flatMap(({ check }) => check ?? []) };
  }
  const reports = reportAll();
  const wallS = Number(process.hrtime.bigint() - began) / 1e9;
  return { reports, turns: executor.turns, wallS, atRest: auditOf(machine) };
}

async function inline(): Promise<Inline> {
  const root = new URL("../../../inline/src/", import.meta.url).href;
  const [cast, machine] = await Promise.all([
    import(`${root}workloads/cast.js`),
    import(`${root}engine/machine/machine.js`),
  ]);
  return { cast, machine };
}
