// Which numbers are drawn over which sizes.

import { type Inputs, medianOver, type ReportPoint } from "../inputs.ts";
import type { Policies } from "../picture.ts";
import type { Chapter } from "../plot.ts";
import { type Measure, type OverSize, overSizeChapter } from "./over-size.ts";

const CORES = ["core", "cores"] as const;

const LATENCY: OverSize = {
  name: "latency-over-cores",
  title: "Latency over cores",
  reading: "The median of an operation; thin and dashed, its 99th percentile. Lower is better.",
  size: "cores",
  sizeNames: CORES,
  measures: [
    latency("latency (µs)", "median", "latency_ns_p50"),
    latency("p99 (µs)", "99th percentile", "latency_ns_p99"),
  ],
};

const THROUGHPUT: OverSize = {
  name: "throughput-over-cores",
  title: "Throughput over cores",
  reading:
    "Operations of all initiators in a second of modelled time, user work in between included. " +
    "Higher is better.",
  size: "cores",
  sizeNames: CORES,
  measures: [
    {
      title: "operations/s",
      name: "throughput",
      unit: " operations/s",
      of: (point) => medianOver(point, "ops_per_s"),
    },
  ],
};

const AMORTIZATION: OverSize = {
  name: "amortization",
  title: "Amortization over batch size",
  reading:
    "What one page costs when an operation takes away so many: the median latency over the " +
    "pages. A line that falls amortizes; a level one pays again for each page.",
  size: "pages",
  sizeNames: ["page", "pages per operation"],
  measures: [
    {
      title: "latency per page (µs)",
      name: "latency per page",
      unit: " µs",
      of(point) {
        const ns = medianOver(point, "latency_ns_p50");
        return ns === undefined ? undefined : ns / 1000 / Number(point.key.pages);
      },
    },
  ],
};

export function overSizeChapters(inputs: Inputs, policies: Policies): Chapter[] {
  return [LATENCY, THROUGHPUT, AMORTIZATION].map((kind) => {
    return overSizeChapter(kind, inputs, policies);
  });
}

function latency(title: string, name: string, column: string): Measure {
  const of = (point: ReportPoint) => {
    const ns = medianOver(point, column);
    return ns === undefined ? undefined : ns / 1000;
  };
  return { title, name, unit: " µs", of };
}
