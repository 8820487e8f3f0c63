// The policies that tests of protocols run under.

import { BASIC_POLICIES } from "../../dist/src/engine/policy/presets.js";

/** Those whose choices protocols obey so far; all of them will be PRESETS. */
export const POLICIES = BASIC_POLICIES;
