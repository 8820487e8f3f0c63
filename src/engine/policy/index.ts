// What a user's own policy module imports as `shootdown/policy`: that with which the presets
// are made.

export type { Decisions } from "./choices.ts";
export { type About, compose } from "./compose.ts";
export { parsePolicy } from "./parse.ts";
export type { Extent, IommuChoices, Policy, Reuse, ReuseChoices, When, Whom } from "./policy.ts";
export { batch, deferred, PRESETS, STRICT } from "./presets.ts";
export { printPolicy } from "./print.ts";
