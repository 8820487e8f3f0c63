// What all points have in common that a fitted profile predicts with: Linux on x86 in virtual time,
// and nothing around the cores.

import { LINUX_X86 } from "../engine/policy/presets/linux.ts";
import type { Profile } from "../engine/profile/profile.ts";
import type { Point } from "../workers/point.ts";
import type { WorkloadPlan } from "../workloads/workload.ts";

const ACCESS_GAP_NS = 1000;

/** What differs from one workload to another. */
type Particulars = Pick<
  WorkloadPlan,
  | "kind"
  | "pages"
  | "initiators"
  | "operations"
  | "warmup"
  | "gapNs"
  | "idleCores"
  | "windows"
  | "trace"
>;

export function modelledPoint(
  profile: Profile,
  cores: number,
  seed: number,
  particulars: Particulars,
): Point {
  return {
    executor: "virtual",
    policy: LINUX_X86,
    profile,
    workload: {
      ...particulars,
      mode: 0,
      accessGapNs: ACCESS_GAP_NS,
      maskedEveryNs: 1,
      maskedNs: 0,
      otherCores: 0,
      dmaPeriodNs: 1,
      ats: false,
    },
    cores,
    iommus: 0,
    devices: 0,
    seed,
    jitter: undefined,
    dilation: 1,
    hostCpus: 1,
    checks: false,
    logsSteps: false,
  };
}
