// The profiles that come with the program: one file a machine, put together here.

import { AKAROS_2020 } from "./akaros-2020.ts";
import { ARM_BROADCAST } from "./arm-broadcast.ts";
import { HASWELL_2S } from "./haswell-2s.ts";
import { HOST } from "./host.ts";
import { ICELAKE_2S } from "./icelake-2s.ts";
import { IVB_EX_8S } from "./ivb-ex-8s.ts";
import type { Profile } from "./profile.ts";
import { SKYLAKE_2S, SKYLAKE_2S_PTI } from "./skylake-2s.ts";
import { ZEN3_2S } from "./zen3-2s.ts";

export { HOST };

/** The default first, then by age of the hardware; last what costs nothing. */
export const PROFILES: readonly Profile[] = [
  AKAROS_2020,
  IVB_EX_8S,
  HASWELL_2S,
  SKYLAKE_2S,
  SKYLAKE_2S_PTI,
  ICELAKE_2S,
  ZEN3_2S,
  ARM_BROADCAST,
  HOST,
];
