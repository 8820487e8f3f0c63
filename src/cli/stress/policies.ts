// Which policies a stress run goes through by itself: those with a name that promise to be right,
// and in between as many drawn at random from those that do.

import { UsageError } from "../../engine/errors.ts";
import { parsePolicy } from "../../engine/policy/parse.ts";
import type { Policy } from "../../engine/policy/policy.ts";
import { PRESETS } from "../../engine/policy/presets.ts";
import type { Half } from "../../engine/policy/words.ts";
import { Random } from "../../engine/random.ts";

/** Enough for hours; each gets a row. */
const DRAWN_POLICIES = 48;
/** Drawn policies flush IOMMUs by register, one in so many: there is less that can go wrong. */
const BY_REGISTER_ONE_IN = 8;
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
    const whens = drawWhens(random);
    const parts = [...whens, ...drawOthers(random), ...drawIommu(random)];
    try {
      return parsePolicy([...(whens.length > 0 ? [] : ["strict"]), ...parts].join("+"));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error; // There is no such policy: another one.
    }
  }
}

/** Of both halves alike, of one, or of each its own; a half of which nothing is said is strict. */
function drawWhens(random: Random): string[] {
  switch (random.below(4)) {
    case 0:
      return drawWhen(random, "cores");
    case 1:
      return drawWhen(random, "iommus");
    case 2:
      return [...drawWhen(random, "cores"), ...drawWhen(random, "iommus")];
    default:
      return drawWhen(random, "both");
  }
}

/** One word; none where the half is flushed at each unmap. */
function drawWhen(random: Random, half: Half): string[] {
  switch (random.below(5)) {
    case 0:
      return [`batch(${1 + random.below(64)},${half})`];
    case 1:
      return [`queue(${2 << random.below(8)},${drawTimeout(random)},${half})`];
    case 2:
      if (half === "iommus") return []; // Only cores have ticks.
      return [`tick(${8 << random.below(6)},${10 << random.below(6)}us)`];
    case 3: {
      const limit = ["", "other-owner,", "read-only,"][random.below(3)];
      return [`reuse(${limit}${half})`];
    }
    default:
      return [];
  }
}

function drawTimeout(random: Random): string {
  return random.below(4) === 0 ? "never" : `${1 << random.below(12)}us`;
}

/** Of each pair of words one, mostly none: what is left out is as in `strict`. */
function drawOthers(random: Random): string[] {
  const words = [
    "accessed",
    "skip-idle",
    `broadcast(${1 + random.below(8)})`,
    "early-ack",
    "concurrent",
    `full-above(${random.below(64)})`,
    "generations",
  ];
  return words.filter(() => random.below(3) === 0);
}

/** The same for the IOMMUs, which are now and then flushed by register. */
function drawIommu(random: Random): string[] {
  if (random.below(BY_REGISTER_ONE_IN) === 0) {
    const hint = ["leaf-hint", "no-leaf-hint"][random.below(2)];
    return ["register", ["page", "domain", "global"][random.below(3)], hint];
  }
  const scope = ["domain", "global"][random.below(2)];
  const words = [scope, "overlapped", "no-leaf-hint", `wait-every(${2 + random.below(15)})`];
  return words.filter(() => random.below(3) === 0);
}
