// The canonical text of a policy: `strict` and what is different from it, always in the same order.
// Parsing the text gives the same choices, and two policies with the same choices have one text.

import { type Choice, type Choices, choicesOf, type Decisions } from "./choices.ts";
import { describeReuse, describeWhen, type When } from "./policy.ts";
import { STRICT } from "./presets/strict.ts";
import { FIXED_WORDS, type Half } from "./words.ts";

const BASE = choicesOf(STRICT);

/** Words with a number: what is printed where no fixed word says it. */
const NUMBERED: Partial<Record<Choice, string>> = {
  broadcastFrom: "broadcast",
  waitEvery: "wait-every",
  fullAbovePages: "full-above",
};

/** `batch(64,cores)+early-ack`. */
export function printPolicy(policy: Decisions): string {
  const choices = choicesOf(policy);
  const { whenCores, whenIommu, ...others } = choices;
  const parts = (Object.keys(others) as (keyof typeof others)[])
    .filter((choice) => !isSame(choices[choice], BASE[choice]))
    .map((choice) => printChoice(choice, choices));
  const whens = printWhens(whenCores, whenIommu);
  return [...(whens.length > 0 ? whens : [STRICT.name]), ...parts].join("+");
}

/** Only halves that are not flushed at each unmap are named. */
function printWhens(cores: When, iommu: When): string[] {
  if (isSame(cores, iommu)) return cores.kind === "each" ? [] : [printWhen(cores, "both")];
  return [
    ...(cores.kind === "each" ? [] : [printWhen(cores, "cores")]),
    ...(iommu.kind === "each" ? [] : [printWhen(iommu, "iommus")]),
  ];
}

/** A `when` with its half, unless it goes without saying. */
export function printWhen(when: When, half: Half): string {
  const text = describeWhen(when);
  if (half === (when.kind === "tick" ? "cores" : "both")) return text;
  return text.endsWith(")") ? `${text.slice(0, -1)},${half})` : `${text}(${half})`;
}

function printChoice(choice: Exclude<Choice, "whenCores" | "whenIommu">, choices: Choices): string {
  const value = choices[choice];
  if (typeof value === "object") return `${choice}(${describeReuse(value)})`;
  const fixed = Object.entries(FIXED_WORDS).find(([, says]) => says[choice] === value);
  return fixed?.[0] ?? `${NUMBERED[choice]}(${value})`;
}

/** Values are numbers and words, or flat objects of them whose keys stand in one order. */
function isSame(a: Choices[Choice], b: Choices[Choice]): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof typeof a>;
  return [...fields].every((field) => a[field] === b[field]);
}
