// A machine whose cores a test plays itself: one protocol here and there, in virtual time.

import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import { createMachine, type Machine } from "../../dist/src/engine/machine/machine.js";
import { type Plan, planOf } from "../../dist/src/engine/policy/plan.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { numbersOf, type Profile } from "../../dist/src/engine/profile/profile.js";
import { Core } from "../../dist/src/engine/protocol/core.js";
import { InvalidationUnit } from "../../dist/src/engine/protocol/invalidation-unit.js";
import { serveInvalidations } from "../../dist/src/engine/protocol/iommu.js";
import { idle } from "../../dist/src/engine/protocol/user.js";
import { Random } from "../../dist/src/engine/random.js";
import { mapPrograms } from "../../dist/src/workloads/memory-map.js";
import { smallShape } from "./virtual-run.ts";

/** A stream of the seed that no core has. */
const JITTER = -1;

export interface Parts {
  readonly machine: Machine;
  readonly executor: VirtualExecutor;
  readonly cores: readonly Core[];
}

/**
 * A machine whose cores all have space 0 loaded, for protocols that a test plays itself; with
 * `jitterSeed` in an order of steps that it draws.
 */
export function partsOf(
  profile: Profile,
  count: number,
  plan: Plan = planOf(STRICT),
  iommus = 0,
  jitterSeed?: number,
): Parts {
  const shape = smallShape(count, iommus, 0, profile);
  const machine = createMachine({ ...shape, tracksAccesses: plan.accessedOnly }, true);
  mapPrograms(machine);
  machine.control.expectInitiators(0);
  const jitter = jitterSeed === undefined ? undefined : new Random(jitterSeed, JITTER);
  const executor = new VirtualExecutor(machine, machine.mailboxes, jitter);
  const numbers = numbersOf(profile);
  const cores = executor.cpus.slice(0, count).map((cpu) => {
    machine.spaces.load(0, cpu.id);
    return new Core(cpu.id, cpu, machine, numbers, plan, new Random(1, cpu.id));
  });
  return { machine, executor, cores };
}

/** Some cores do `part`; all others sleep and answer, and IOMMUs serve, until these are done. */
export function play(
  { machine, executor, cores }: Parts,
  players: readonly number[],
  part: (core: Core) => Protocol<unknown>,
): void {
  let playing = players.length;
  function* run(core: Core): Protocol<void> {
    yield* part(core);
    if (--playing > 0) {
      yield* idle(core);
      return;
    }
    machine.control.setStopped(true);
    for (let actor = 0; actor < machine.actorCount; actor++) core.cpu.ring(actor, core.cpu.now());
  }
  const units = machine.iommus.map(({ id }) => {
    return new InvalidationUnit(executor.cpus[cores.length + id], machine, id, cores[0].costs);
  });
  executor.complete([
    ...cores.map((core) => (players.includes(core.id) ? run(core) : idle(core))),
    ...units.map(serveInvalidations),
  ]);
}
