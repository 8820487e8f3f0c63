// Columns of `stress.csv`.

import { VERDICTS } from "../../engine/check/sums.ts";
import type { Column, RowOf } from "./column.ts";
import { EXECUTOR_COLUMN, POLICY_COLUMN } from "./keys.ts";

/** One row for each policy of a stress run. */
export const STRESS_COLUMNS = [
  POLICY_COLUMN,
  EXECUTOR_COLUMN,
  { name: "seed", type: "integer", unit: "", meaning: "Seed of the whole run." },
  {
    name: "ops",
    type: "integer",
    unit: "operations",
    meaning: "Changes of the address space and accesses, of all cores.",
  },
  {
    name: "ops_per_s",
    type: "number",
    unit: "1/s",
    meaning: "Operations of all cores in a second of modelled time.",
  },
  { name: "shootdowns", type: "integer", unit: "shootdowns", meaning: "Shootdowns of all cores." },
  {
    name: "faults",
    type: "integer",
    unit: "faults",
    meaning: "Faults that were injected, and workers that were ended by force.",
  },
  {
    name: "late_accesses",
    type: "integer",
    unit: "accesses",
    meaning: "Accesses through a translation whose end had been promised.",
  },
  {
    name: "stale_uses",
    type: "integer",
    unit: "accesses",
    meaning: "Late accesses that reached a frame with a new owner.",
  },
  {
    name: "verdict",
    type: "string",
    unit: "",
    meaning: "The worst of its rounds: safe, exposed or unsafe.",
    words: VERDICTS,
  },
] as const satisfies readonly Column[];

export type StressRow = RowOf<typeof STRESS_COLUMNS>;
