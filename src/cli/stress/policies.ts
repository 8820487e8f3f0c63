// Which policies a stress run goes through by itself: those with a name that promise to be right,
// and in between as many drawn at random from those that do.

import type { Policy } from "../../engine/policy/policy.ts";
import { ALL_POLICIES, batch, deferred, HALVES } from "../../engine/policy/presets.ts";
import { Random } from "../../engine/random.ts";

/** Enough for hours; each gets a row. */
const DRAWN_POLICIES = 48;
/** No round's: those have their numbers. */
const POLICY_STREAM = -1;

/** Presets and drawn policies in turn. The same seed draws the same. */
export function soundPolicies(seed: number): Policy[] {
  const random = new Random(seed, POLICY_STREAM);
  const presets = ALL_POLICIES.filter(promises);
  const drawn = Array.from({ length: DRAWN_POLICIES }, () => drawPolicy(random));
  return drawn.flatMap((policy, turn) => [presets[turn % presets.length], policy]);
}

/** Whether a policy waits for what it must wait for. */
function promises({ ack }: Policy): boolean {
  return ack !== "none";
}

function drawPolicy(random: Random): Policy {
  const half = HALVES[random.below(HALVES.length)];
  if (random.below(2) === 0) return batch(1 + random.below(64), half);
  return deferred(2 << random.below(8), 1000 << random.below(14), half);
}
