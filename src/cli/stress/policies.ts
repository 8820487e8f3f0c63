// Which policies a stress run goes through by itself: those with a name that promise to be right,
// and in between as many drawn at random from those that do.

import { UsageError } from "../../engine/errors.ts";
import { parsePolicy } from "../../engine/policy/parse.ts";
import type { Policy } from "../../engine/policy/policy.ts";
import { PRESETS } from "../../engine/policy/presets.ts";
import { Random } from "../../engine/random.ts";

/** Enough for hours; each gets a row. */
const DRAWN_POLICIES = 48;
/** No round's: those have their numbers. */
const POLICY_STREAM = -1;

/** Presets and drawn policies in turn. The same seed draws the same. */
export function soundPolicies(seed: number): Policy[] {
  const random = new Random(seed, POLICY_STREAM);
  const presets = PRESETS.filter(waitsForAnswers);
  const drawn = Array.from({ length: DRAWN_POLICIES }, () => drawPolicy(random));
  return drawn.flatMap((policy, turn) => [presets[turn % presets.length], policy]);
}

/**
 * Whether a policy is told that what it frees was flushed. One that does not wait, or for a time
 * only, is right as long as nobody takes longer: here somebody does.
 */
function waitsForAnswers({ ack, reuse }: Policy): boolean {
  const { frames, addresses, tables } = reuse;
  return ack !== "none" && [frames, addresses, tables].every(({ kind }) => kind === "after-flush");
}

/** A policy of random choices, of which all wait for answers. */
function drawPolicy(random: Random): Policy {
  for (;;) {
    const parts = [...drawWhen(random), ...drawOthers(random)];
    const first = parts.length === 0 || !/^(batch|queue|tick|reuse)/.test(parts[0]);
    try {
      return parsePolicy([...(first ? ["strict"] : []), ...parts].join("+"));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error; // It cannot mean anything: another one.
    }
  }
}

function drawWhen(random: Random): string[] {
  const half = ["", ",cores", ",iommus"][random.below(3)];
  switch (random.below(5)) {
    case 0:
      return [`batch(${1 + random.below(64)}${half})`];
    case 1:
      return [`queue(${2 << random.below(8)},${1 << random.below(12)}us${half})`];
    case 2:
      return [`tick(${8 << random.below(6)},${10 << random.below(6)}us)`];
    case 3:
      return [["reuse", "reuse(other-owner)", "reuse(read-only)"][random.below(3)]];
    default:
      return [];
  }
}

/** Of each pair of words one, mostly none: what is left out is as in `strict`. */
function drawOthers(random: Random): string[] {
  const words = [
    "accessed",
    "skip-idle",
    `broadcast(${1 + random.below(8)})`,
    "early-ack",
    "concurrent",
    ["domain", "global"][random.below(2)],
    "overlapped",
    "no-leaf-hint",
    `wait-every(${2 + random.below(15)})`,
    `full-above(${random.below(64)})`,
    "generations",
  ];
  return words.filter(() => random.below(3) === 0);
}
