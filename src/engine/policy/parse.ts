// The notation that names policies, on command lines and in experiments: parts joined by `+`. The
// first is a preset, or says when; each other one (words.ts) sets one choice of it.
//
// notation                       means
// akaros, linux-x86, …           the preset (presets.ts)
// batch, batch(64,cores)         the preset of that name with its usual parameters, or with these
// deferred(128,5ms,iommus)       the same; it is queue(128,5ms,iommus) by another name
// tick(64,1ms), reuse, …         what strict does but for when
// linux-x86+early-ack            the preset but for one choice
// batch(64,cores)+queue(256,10ms,iommus)+domain
// a,b(1,2)+c,all                 a list; `all`: each preset once

import { UsageError } from "../errors.ts";
import { unknownName } from "../names.ts";
import type { Choices } from "./choices.ts";
import { assumedOf, compose, together } from "./compose.ts";
import { parseCall, splitOutsideParentheses } from "./parameters.ts";
import type { Policy } from "./policy.ts";
import { batch, DEFAULT_BATCH, DEFAULT_DEFERRED, deferred, PRESETS, STRICT } from "./presets.ts";
import { printPolicy } from "./print.ts";
import { PART_WORDS, parsePart, parseWhenPart, WHEN_WORDS } from "./words.ts";

const ALL = "all";

/** The first part of a text: a policy, and what of it the text itself has said. */
interface First {
  readonly policy: Policy;
  readonly chosen: Partial<Choices>;
}

/** Presets that have parameters: those of the `when` that they choose. */
const FAMILIES: ReadonlyMap<string, { readonly when: string; readonly usual: Policy }> = new Map([
  ["batch", { when: "batch", usual: DEFAULT_BATCH }],
  ["deferred", { when: "queue", usual: DEFAULT_DEFERRED }],
]);

/** Every name that a policy can begin with. */
const POLICY_NAMES: readonly string[] = [
  ...PRESETS.map(({ name }) => name).filter((name) => !name.includes("(")),
  ...FAMILIES.keys(),
  ...WHEN_WORDS.filter((word) => !FAMILIES.has(word)),
];

/** One policy. Throws a UsageError that says what would be right. */
export function parsePolicy(text: string): Policy {
  const [first, ...parts] = splitOutsideParentheses(text, "+");
  const { policy, chosen } = parseFirst(first, text);
  if (parts.length === 0) return policy;
  together([[first, chosen], ...parts.map((part) => [part, parseFurther(part)] as const)]);
  return composed(text, policy, parts);
}

/** A list of policies, each once. Throws a UsageError if any of them is wrong. */
export function parsePolicies(text: string): Policy[] {
  const policies = new Map<string, Policy>();
  for (const part of splitOutsideParentheses(text, ",")) {
    const named = part.trim() === ALL ? PRESETS : [parsePolicy(part)];
    for (const policy of named) policies.set(policy.name, policy);
  }
  return [...policies.values()];
}

function parseFirst(first: string, text: string): First {
  const call = parseCall(first);
  if (call === undefined) {
    throw new UsageError(
      `"${text}" names no policy: write NAME or NAME(PARAMETERS), such as batch(64), and perhaps ` +
        "parts behind it, such as batch(64)+early-ack",
    );
  }
  const { word, parameters } = call;
  const family = FAMILIES.get(word);
  if (family !== undefined && parameters === undefined) {
    const { whenCores, whenIommu } = family.usual;
    return { policy: family.usual, chosen: { whenCores, whenIommu } };
  }
  if (family !== undefined || WHEN_WORDS.includes(word)) {
    const chosen = parseWhenPart(call, family?.when ?? word);
    return { policy: policyOfWhen(first, word, chosen), chosen };
  }
  const preset = PRESETS.find(({ name }) => name === word);
  if (preset !== undefined) {
    if (parameters === undefined) return { policy: preset, chosen: {} };
    throw new UsageError(`${word} takes no parameters: write ${word} instead of "${call.text}"`);
  }
  if (PART_WORDS.includes(word)) {
    throw new UsageError(`"${call.text}" is a part of a policy: write strict+${call.text}`);
  }
  throw unknownName("policy", word, POLICY_NAMES);
}

/** A part behind the first. */
function parseFurther(part: string): Partial<Choices> {
  const preset = PRESETS.find(({ name }) => name === parseCall(part)?.word);
  if (preset === undefined || PART_WORDS.includes(preset.name)) return parsePart(part);
  throw new UsageError(`${preset.name} is a policy of its own: it can only stand first`);
}

/** The preset with these parameters, or `strict` but for when. */
function policyOfWhen(text: string, word: string, chosen: Partial<Choices>): Policy {
  const { whenCores, whenIommu } = chosen;
  const half = whenIommu === undefined ? "cores" : whenCores === undefined ? "iommus" : "both";
  const when = whenCores ?? whenIommu;
  if (when?.kind === "batch") return batch(when.pages, half);
  if (when?.kind === "queue" && word === "deferred") {
    return deferred(when.entries, when.timeoutNs, half);
  }
  return composed(text, STRICT, [text]);
}

/** The policy that a text means which names none: it goes by its canonical text. */
function composed(text: string, base: Policy, parts: readonly string[]): Policy {
  const policy = compose(base, parts, {
    name: text.trim(),
    summary: `${base.name} with ${parts.map((part) => part.trim()).join(", ")}`,
    source: `${base.name}: ${base.source}; what is different is yours`,
    assumed: assumedOf(base),
  });
  return { ...policy, name: printPolicy(policy) };
}
