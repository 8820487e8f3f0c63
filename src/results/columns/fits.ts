// Columns of `fits.csv`.

import { ANY_SIGN, type Column, type RowOf } from "./column.ts";
import { CONFIGURATION_COLUMNS, EXPERIMENT_COLUMN } from "./keys.ts";

/** One row for each series of points that differ in one size, and each model. */
export const FIT_COLUMNS = [
  EXPERIMENT_COLUMN,
  ...CONFIGURATION_COLUMNS,
  {
    name: "dilation",
    type: "number",
    unit: "",
    meaning: "Nanoseconds of the host that one modelled nanosecond lasted.",
  },
  {
    name: "over",
    type: "string",
    unit: "",
    meaning:
      "In what the points differ: cores, pages, or batch: how many pages the policy gathers, for " +
      "which its name has an n; n below.",
  },
  {
    name: "model",
    type: "string",
    unit: "",
    meaning:
      "linear: a + b n; usl: a + b (n-1) + c n (n-1); amortized: of one page, a + b / n; over " +
      "batch of its mean, with what is done in the background.",
  },
  { name: "sizes", type: "integer", unit: "", meaning: "How many different n there were." },
  { name: "n_min", type: "integer", unit: "", meaning: "The smallest of them." },
  { name: "n_max", type: "integer", unit: "", meaning: "The largest of them." },
  ...coefficientColumns("a", "What does not depend on n."),
  ...coefficientColumns("b", "linear, usl: what each core adds; amortized: paid once for n pages."),
  ...coefficientColumns("c", "usl: what each pair of cores adds."),
  {
    name: "residual_rms",
    type: "number",
    unit: "",
    meaning: "Root of the mean square of the relative residuals.",
  },
  {
    name: "residual_max",
    type: "number",
    unit: "",
    meaning: "The largest relative residual.",
  },
  {
    name: "knee",
    type: "number",
    unit: "",
    meaning:
      "The n where the curve turns. linear: from there b n is the larger part; usl: more " +
      "cores get less done in all; amortized: a is the larger part.",
  },
  {
    name: "break_even",
    type: "number",
    unit: "",
    meaning:
      "The n from which on this policy costs less than break_even_with, n_min or more; empty: " +
      "never, or this law is off by more than half somewhere.",
  },
  { name: "break_even_with", type: "string", unit: "", meaning: "The policy it is compared with." },
] as const satisfies readonly Column[];

export type FitRow = RowOf<typeof FIT_COLUMNS>;

/** A coefficient of a fit, and its interval. */
function coefficientColumns<Name extends string>(name: Name, meaning: string) {
  const column = <Suffix extends string>(suffix: Suffix, what: string) => {
    return {
      name: `${name}_ns${suffix}`,
      type: "number",
      unit: "ns",
      meaning: what,
      least: ANY_SIGN,
    } as const;
  };
  return [
    column("", meaning),
    column("_low", "Lower end of its 95 % interval."),
    column("_high", "Upper end of its 95 % interval."),
  ] as const;
}
