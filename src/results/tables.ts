// The CSV files of result folders: what columns they have, and which of these tell rows apart.

import { CALIBRATION_COLUMNS, VALIDATION_COLUMNS } from "./columns/calibration.ts";
import { COUNTS_COLUMNS } from "./columns/counts.ts";
import { CRITICAL_PATH_COLUMNS } from "./columns/critical-path.ts";
import { DISTRIBUTION_COLUMNS, SAMPLE_COLUMNS } from "./columns/distributions.ts";
import { FIT_COLUMNS } from "./columns/fits.ts";
import { STRESS_COLUMNS } from "./columns/stress.ts";
import { SUMMARY_COLUMNS } from "./columns/summary.ts";
import type { Table } from "./datapackage.ts";

export const SUMMARY = {
  file: "summary.csv",
  title: "One row for each point and repetition",
  columns: SUMMARY_COLUMNS,
  primaryKey: ["experiment", "point", "repetition"],
} satisfies Table;

export const CRITICAL_PATH = {
  file: "critical-path.csv",
  title: "One row for each point, repetition and segment of the critical path",
  columns: CRITICAL_PATH_COLUMNS,
  primaryKey: ["experiment", "point", "repetition", "segment"],
} satisfies Table;

export const DISTRIBUTIONS = {
  file: "distributions.csv",
  title: "One row for each point, repetition and latency that occurred",
  columns: DISTRIBUTION_COLUMNS,
  primaryKey: ["point", "repetition", "latency_ns"],
} satisfies Table;

export const FITS = {
  file: "fits.csv",
  title: "One row for each series of points that differ in one size only, and each law",
  columns: FIT_COLUMNS,
  primaryKey: [
    ...["experiment", "executor", "profile", "workload", "policy", "cores", "idle_cores"],
    ...["other_cores", "masked_every_ns", "masked_ns", "iommus", "devices", "rate"],
    ...["arrivals", "pages", "dilation", "over", "model", "n_min"],
  ],
} satisfies Table;

export const SAMPLES = {
  file: "samples.csv.gz",
  title: "One row for each operation",
  columns: SAMPLE_COLUMNS,
  primaryKey: ["point", "repetition", "sample"],
} satisfies Table;

export const COUNTS = {
  file: "counts.csv",
  title: "One row for each point, repetition, cause and metric of a replay",
  columns: COUNTS_COLUMNS,
  primaryKey: ["experiment", "point", "repetition", "cause", "metric"],
} satisfies Table;

export const STRESS = {
  file: "stress.csv",
  title: "One row for each policy",
  columns: STRESS_COLUMNS,
  primaryKey: ["policy"],
} satisfies Table;

export const CALIBRATION = {
  file: "calibration.csv",
  title: "One row for each cell",
  columns: CALIBRATION_COLUMNS,
  primaryKey: ["cell"],
} satisfies Table;

export const VALIDATION = {
  file: "validation.csv",
  title: "One row for each prediction",
  columns: VALIDATION_COLUMNS,
  primaryKey: ["cell"],
} satisfies Table;
