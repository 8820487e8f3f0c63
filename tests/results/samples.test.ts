import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import type { MeasuredPoint } from "../../dist/src/results/rows.js";
import { samplesFile } from "../../dist/src/results/samples.js";

function measured(id: string, repetition: number, latencies: readonly number[]): MeasuredPoint {
  const startNs = Float64Array.from(latencies, (_, i) => 1000 * i);
  const samples = { startNs, latencyNs: Float64Array.from(latencies), gc: undefined };
  return { id, repetition, result: { samples } } as unknown as MeasuredPoint;
}

async function rowsOf(points: readonly MeasuredPoint[]): Promise<string[]> {
  const rows: string[][] = parse(gunzipSync(await samplesFile(points)), { from: 2 });
  return rows.map(([point, repetition, sample, , ns]) => `${point} ${repetition} ${sample} ${ns}`);
}

describe("samples.csv.gz", () => {
  it("numbers the operations of each point and repetition from 1", async () => {
    const points = [measured("a", 1, [5, 6]), measured("a", 2, [7]), measured("b", 1, [8])];
    expect(await rowsOf(points)).toEqual(["a 1 1 5", "a 1 2 6", "a 2 1 7", "b 1 1 8"]);
  });

  it("numbers on where two experiments have a point in common: no two rows have one key", async () => {
    const points = [measured("a", 1, [5, 6]), measured("b", 1, [8]), measured("a", 1, [7])];
    expect(await rowsOf(points)).toEqual(["a 1 1 5", "a 1 2 6", "b 1 1 8", "a 1 3 7"]);
  });
});
