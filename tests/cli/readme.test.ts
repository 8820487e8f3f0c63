// What the README says that programs print, of traces that lie in the repository and of virtual
// time: the same on every machine, and so it must be what they print now.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shootdown } from "../support/program.ts";

const README = readFileSync("README.md", "utf8");
const TRACES = ["munmap-loop", "node-gc", "redis"];
const trace = (name: string): string => `bench/traces/${name}.perf.txt.gz`;

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-readme-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** The block that follows a command, without the line that says which computer it was. */
function blockAfter(command: string): string[] {
  const from = README.indexOf("```\n", README.indexOf(`\`npx shootdown ${command}\``)) + 4;
  return README.slice(from, README.indexOf("\n```", from))
    .split("\n")
    .filter((line) => !line.startsWith("node "));
}

/** Takes seconds each time, as it has a hundred thousand lines: predicted from itself alone. */
const LARGE = "redis";

describe.concurrent("the README's", () => {
  it("analysis of a trace", async () => {
    const command = `analyze ${trace("munmap-loop")}`;
    const { stdout } = await shootdown([...command.split(" "), "--format", "table"]);
    expect(stdout.trimEnd().split("\n")).toEqual(blockAfter(command));
  });

  it("replay of it under each policy", async () => {
    const command = `replay ${trace("munmap-loop")} --iommus 0,1 --executor virtual`;
    const out = join(base, "replay");
    const args = [...command.split(" "), "--format", "table", "--out", out];
    const { stdout } = await shootdown(args);
    const expected = blockAfter(command);
    const lines = stdout.split("\n");
    expect(lines.slice(0, expected.length)).toEqual(expected);
  });

  it.each(TRACES)("predictions of each trace from %s", async (from) => {
    const fitted = join(base, from);
    await shootdown(["calibrate", "--from", trace(from), "--out", fitted]);
    const cells: string[] = [];
    const held = TRACES.filter((on) => on === from || on !== LARGE);
    for (const on of held) {
      const args = ["validate", join(fitted, "host.json"), "--on", trace(on), "--format", "table"];
      const { stdout } = await shootdown([...args, "--out", join(base, `${from}-on-${on}`)]);
      const [, error, nullError] = /told somebody: (\S+) % \(null model (\S+) %\)/.exec(stdout)!;
      const own = on === from ? `*${error} %*` : `${error} %`;
      cells.push(`${own} (${nullError} %)`.replaceAll("-", "−"));
    }
    const row = README.split("\n").find((text) => {
      return text.startsWith(`| ${from} `) && /\*.*%/.test(text);
    });
    const stated = row?.split(/ *\| */).slice(2, -1);
    expect(stated?.filter((_, i) => held.includes(TRACES[i]))).toEqual(cells);
  });
});
