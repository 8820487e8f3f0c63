// A policy out of another one and parts that set one choice each.

import { UsageError } from "../errors.ts";
import { type Choice, type Choices, choicesOf, decisionsOf } from "./choices.ts";
import type { Policy } from "./policy.ts";
import { refuseUnfit } from "./refusals.ts";
import { parsePart } from "./words.ts";

/** What a policy is called and where it comes from. */
export interface About {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly assumed?: string;
}

/** Texts of parts and what they choose. */
type Said = readonly (readonly [text: string, chosen: Partial<Choices>])[];

/**
 * The choices of `base` but for those that `parts` set: `compose(STRICT, ["batch(64,cores)",
 * "early-ack"], { name, … })`. Throws a UsageError for parts that contradict each other, and for
 * what cannot mean anything or is not modelled.
 */
export function compose(base: Policy, parts: readonly string[], about: About): Policy {
  const said = parts.map((text) => [text, parsePart(text)] as const);
  const policy = {
    assumed: "",
    ...about,
    ...decisionsOf({ ...choicesOf(base), ...together(said) }),
  };
  refuseUnfit(about.name, policy);
  return policy;
}

/** What was assumed of a policy, for one that chooses otherwise in part. */
export function assumedOf({ name, assumed }: Policy): string {
  return assumed === "" ? "" : `of ${name}, where nothing else is chosen: ${assumed}`;
}

/** All that the parts choose. Throws a UsageError where two of them choose the same. */
export function together(said: Said): Partial<Choices> {
  const by = new Map<Choice, string>();
  for (const [text, chosen] of said) {
    for (const choice of Object.keys(chosen) as Choice[]) {
      const other = by.get(choice);
      if (other !== undefined) {
        throw new UsageError(`"${other}" and "${text}" choose the same thing: leave one of them`);
      }
      by.set(choice, text);
    }
  }
  return Object.assign({}, ...said.map(([, chosen]) => chosen));
}
