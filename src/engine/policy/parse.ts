// The notation that names policies, on command lines and in experiments.
//
// notation                       means
// akaros, strict, overlapped     the preset
// batch, deferred                batch(32), deferred(256,10ms)
// batch(64,cores)                64 pages, on the cores' half only; `iommus`: on the IOMMUs' half
//                                only
// deferred(128,5ms,cores)        a queue of 128, flushed after 5 ms at the latest (ns, us, ms, s)
// a,b(1,2),all                   a list; `all`: each policy once, with its usual parameters

import { UsageError } from "../errors.ts";
import { unknownName } from "../names.ts";
import type { Policy } from "./policy.ts";
import {
  ALL_POLICIES,
  batch,
  DEFAULT_BATCH,
  DEFAULT_DEFERRED,
  deferred,
  FIXED_POLICIES,
  HALVES,
  type Half,
  MAX_BATCH_PAGES,
  MAX_QUEUE_ENTRIES,
} from "./presets.ts";

const ALL = "all";
const MIN_QUEUE_ENTRIES = 2;
const MAX_TIMEOUT_NS = 1_000_000_000_000;
const NS_PER_UNIT = { ns: 1, us: 1000, ms: 1_000_000, s: 1_000_000_000 } as const;

/** Name, and what stands in the parentheses if there are any. */
const NOTATION = /^([a-z][a-z0-9-]*)(?:\((.*)\))?$/;

/** What a policy with parameters takes. */
interface Family {
  readonly usual: Policy;
  readonly usage: string;
  /** Parameters without the half. */
  readonly parameters: number;
  make(parameters: readonly string[], half: Half): Policy;
}

const BATCH: Family = {
  usual: DEFAULT_BATCH,
  usage: "batch(PAGES) or batch(PAGES,HALF)",
  parameters: 1,
  make: ([pages], half) => batch(parseBatchPages(pages), half),
};

const DEFERRED: Family = {
  usual: DEFAULT_DEFERRED,
  usage: "deferred(ENTRIES,TIMEOUT) or deferred(ENTRIES,TIMEOUT,HALF)",
  parameters: 2,
  make: ([entries, timeout], half) => {
    return deferred(parseEntries(entries), parseTimeoutNs(timeout), half);
  },
};

const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ["batch", BATCH],
  ["deferred", DEFERRED],
]);

/** Every name that a policy can begin with. */
export const POLICY_NAMES: readonly string[] = [
  ...FIXED_POLICIES.map(({ name }) => name),
  ...FAMILIES.keys(),
];

/** One policy. Throws a UsageError that says what would be right. */
export function parsePolicy(text: string): Policy {
  const [, name, inner] = NOTATION.exec(text.replaceAll(/\s/g, "")) ?? [];
  if (name === undefined) {
    throw new UsageError(
      `"${text}" names no policy: write NAME or NAME(PARAMETERS), such as batch(64)`,
    );
  }
  const fixed = FIXED_POLICIES.find((policy) => policy.name === name);
  if (fixed !== undefined) {
    if (inner === undefined) return fixed;
    throw new UsageError(`${name} takes no parameters: write ${name} instead of "${text}"`);
  }
  const family = FAMILIES.get(name);
  if (family === undefined) throw unknownName("policy", name, POLICY_NAMES);
  return inner === undefined ? family.usual : parseMember(family, inner.split(","), text);
}

/** A list of policies, each once. Throws a UsageError if any of them is wrong. */
export function parsePolicies(text: string): Policy[] {
  const policies = new Map<string, Policy>();
  for (const part of splitOutsideParentheses(text)) {
    const named = part.trim() === ALL ? ALL_POLICIES : [parsePolicy(part)];
    for (const policy of named) policies.set(policy.name, policy);
  }
  return [...policies.values()];
}

function parseMember(family: Family, parts: readonly string[], text: string): Policy {
  const { parameters } = family;
  if (parts.length !== parameters && parts.length !== parameters + 1) {
    throw new UsageError(`"${text}" has ${parts.length} parameters: write ${family.usage}`);
  }
  return family.make(parts, parseHalf(parts[parameters] ?? "both"));
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function parseHalf(text: string): Half {
  const half = HALVES.find((known) => known === text);
  if (half === undefined) throw unknownName("half of a shootdown", text, HALVES);
  return half;
}

function parseBatchPages(text: string): number {
  const pages = parseCount(text);
  if (pages >= 1 && pages <= MAX_BATCH_PAGES) return pages;
  throw new UsageError(`a batch of "${text}" pages: it takes 1 to ${MAX_BATCH_PAGES}`);
}

function parseEntries(text: string): number {
  const entries = parseCount(text);
  const isPowerOfTwo = Number.isInteger(Math.log2(entries));
  if (isPowerOfTwo && entries >= MIN_QUEUE_ENTRIES && entries <= MAX_QUEUE_ENTRIES) return entries;
  throw new UsageError(
    `a queue of "${text}" entries: it takes a power of two, ` +
      `${MIN_QUEUE_ENTRIES} to ${MAX_QUEUE_ENTRIES}`,
  );
}

function parseTimeoutNs(text: string): number {
  const [, digits, unit] = /^(\d+)(ns|us|ms|s)$/.exec(text) ?? [];
  const ns =
    digits === undefined ? 0 : Number(digits) * NS_PER_UNIT[unit as keyof typeof NS_PER_UNIT];
  if (ns >= 1 && ns <= MAX_TIMEOUT_NS) return ns;
  throw new UsageError(
    `a timeout of "${text}": write a whole number with ns, us, ms or s, 1ns to 1000s, such as 10ms`,
  );
}

/** A whole number written in digits; NaN for anything else. */
function parseCount(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
