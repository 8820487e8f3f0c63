import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { UsageError } from "../../../dist/src/engine/errors.js";
import { readTrace } from "../../../dist/src/workloads/traces/reader.js";
import { at, given } from "./lines.ts";

const LOOP = "bench/traces/munmap-loop.perf.txt.gz";
const LOOP_EVENTS = 6308;
const folder = mkdtempSync(join(tmpdir(), "shootdown-traces-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const ignore = () => {};

async function failureOf(path: string): Promise<Error> {
  return readTrace(path, ignore).then(
    () => expect.fail("should have been refused"),
    (error: Error) => error,
  );
}

describe("reader", () => {
  it("compressed or not, file or standard input: the same events", async () => {
    const compressed = readFileSync(LOOP);
    const text = gunzipSync(compressed);
    const drip = Array.from({ length: 10 }, (_, i) => compressed.subarray(i, i + 1));
    const inputs = [[text], [compressed], [...drip, compressed.subarray(10)]];
    const files = [LOOP, write("loop.txt", text)];
    const summaries = await Promise.all([
      ...files.map((file) => readTrace(file, ignore)),
      ...inputs.map((parts) => readTrace("-", ignore, { standardInput: Readable.from(parts) })),
    ]);
    for (const { events, linesSkipped } of summaries) {
      expect({ events, linesSkipped }).toEqual({ events: LOOP_EVENTS, linesSkipped: 0 });
    }
  });

  it("events are counted by name, unknown ones too", async () => {
    const lines = [at.irqEntry(1), at.irqEntry(2), "a 1/1 [000] 1.000000: foo:bar: baz"];
    const { eventsByName } = await readTrace("-", ignore, given(lines));
    expect([...eventsByName]).toEqual([
      ["irq_vectors:call_function_entry", 2],
      ["foo:bar", 1],
    ]);
  });

  it("a file that is cut off says where", async () => {
    const path = write("cut.gz", readFileSync(LOOP).subarray(0, 20_000));
    const error = await failureOf(path);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(
      /cut\.gz ends in the middle .* 20000 compressed bytes, behind \d+/,
    );
  });

  it("a damaged file says where", async () => {
    const bytes = Buffer.from(readFileSync(LOOP));
    bytes.fill(0xff, 10_000, 10_100);
    const error = await failureOf(write("bad.gz", bytes));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(
      /bad\.gz is damaged .* compressed bytes, behind \d+ bytes of text/,
    );
  });

  it("no file, a folder, a perf.data file: refused, with the fix", async () => {
    expect((await failureOf(join(folder, "none"))).message).toMatch(/there is no such file/);
    expect(await failureOf(folder)).toBeInstanceOf(UsageError);
    const data = await failureOf(write("perf.data", "PERFILE2 and so on"));
    expect(data.message).toMatch(/is a perf.data file.*perf script/);
  });

  it("strict: the promise is rejected at the first line that is no event", async () => {
    const reading = readTrace("-", ignore, { ...given([at.irqEntry(1), "?"]), strict: true });
    await expect(reading).rejects.toThrow(/^standard input:2: /);
  });

  it("what the caller throws at an event comes back, once", async () => {
    const reading = readTrace(LOOP, () => {
      throw new RangeError("enough");
    });
    await expect(reading).rejects.toThrow("enough");
  });
});
