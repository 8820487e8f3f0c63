// `idle-heavy`: `munmap` on a machine most of whose cores sleep. Each that does not initiate wakes
// now and then, works for a moment, and sleeps again with the address space still loaded.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { type AccessStream, idle, runProgram } from "../engine/protocol/user.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Sleep between two stints of user work, of 20 µs each: a machine at a twentieth of its load. */
const SLEEP_NS = 400_000;

/** A core that mostly sleeps, until the run is over. */
export function* doze(core: Core, plan: WorkloadPlan, stream: AccessStream): Protocol<void> {
  const { maskedEveryNs, maskedNs } = plan;
  yield* runProgram(core, stream, maskedEveryNs, maskedNs, () => {
    return idle(core, core.cpu.now() + core.random.around(SLEEP_NS));
  });
}
