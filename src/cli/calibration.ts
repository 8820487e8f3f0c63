// A calibration as people read it: a row for each cell, and below what else the host takes.

import type { CellTimes, Estimate, HostTimes } from "../calibration/cell.ts";
import type { HostMeasurement } from "../calibration/measure-host.ts";
import { type Heading, renderTable } from "./render.ts";

interface CellColumn extends Heading {
  cell(times: CellTimes): string;
}

const right = { align: "right" } as const;

const COLUMNS: readonly CellColumn[] = [
  { title: "pages", ...right, cell: ({ cell }) => `${cell.pages}` },
  { title: "calls", ...right, cell: ({ cell }) => `${cell.calls}` },
  { title: "peers", align: "left", cell: ({ cell }) => peersOf(cell) },
  { title: "p50 µs", ...right, cell: ({ p50 }) => micros(p50.ns) },
  { title: "p99 µs", ...right, cell: ({ p99Ns }) => micros(p99Ns) },
  { title: "excess µs", ...right, cell: ({ excess }) => (excess ? micros(excess.ns) : "") },
  { title: "95 %", ...right, cell: ({ excess }) => (excess ? intervalOf(excess) : "") },
  { title: "samples", ...right, cell: ({ samples }) => `${samples}` },
  { title: "dropped", ...right, cell: ({ dropped }) => `${dropped}` },
];

export function calibrationTable({ cells, host, sendsPerCall }: HostMeasurement): string {
  const rows = cells.map((times) => COLUMNS.map(({ cell }) => cell(times)));
  return `${renderTable(COLUMNS, rows)}\n\n${hostLines(host, sendsPerCall)}\n`;
}

function hostLines(host: HostTimes, sendsPerCall: number | undefined): string {
  const lines: readonly (readonly [what: string, value: Estimate | undefined])[] = [
    ["one send takes from a CPU that is told", host.stolenPerSend],
    ["a word to another CPU and one back", host.cacheLineRoundTrip],
    ["waking a thread that sleeps", host.wakeUp],
    ["reading the clock", host.clock],
  ];
  const rows = lines.map(([what, value]) => [
    what,
    value === undefined ? "not measured" : micros(value.ns),
    value === undefined ? "" : intervalOf(value),
  ]);
  const counted = sendsPerCall?.toFixed(2) ?? "not counted";
  const headings = [
    { title: "this host", align: "left" },
    { title: "µs", align: "right" },
    { title: "95 %", align: "right" },
  ] as const;
  return renderTable(headings, [...rows, ["sends per call, by tlb:tlb_flush", counted, ""]]);
}

/** `1 spinning`; `none`. */
function peersOf({ state, peers }: CellTimes["cell"]): string {
  return state === "none" ? state : `${peers} ${state}`;
}

function intervalOf({ lowNs, highNs }: Estimate): string {
  return `${micros(lowNs)} to ${micros(highNs)}`;
}

function micros(ns: number): string {
  return (ns / 1000).toFixed(2);
}
