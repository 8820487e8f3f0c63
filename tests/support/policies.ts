// The policies that tests of protocols run under: all that have a name.

import { PRESETS } from "../../dist/src/engine/policy/presets.js";

export const POLICIES = PRESETS;
