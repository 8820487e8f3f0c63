// What `--help` gives as examples is what the program takes. Nothing is run, as some take minutes.

import { existsSync } from "node:fs";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { experimentNames } from "../../dist/src/cli/experiments/load.js";
import { createProgram } from "../../dist/src/cli/program.js";

/** The program, with actions that do nothing. */
function idle(): Command {
  const program = createProgram();
  for (const command of program.commands) command.action(() => {}).configureOutput(SILENT);
  return program.configureOutput(SILENT);
}

const SILENT = { writeErr: () => {} };

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

/** What stands behind `shootdown` in each line of examples, one or several times. */
function examplesIn(help: string): string[][] {
  const [, lines = ""] = help.split("\nExamples:\n");
  return lines
    .split("\n\n")[0]
    .split("\n")
    .map((line) => line.trim().replace(/ {2,}.*/, "")) // What it is for.
    .flatMap((line) => line.split(/ && | \| | > /))
    .filter((part) => part.startsWith("shootdown "))
    .map((part) => [...part.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare))
    .map(([, ...words]) => words);
}

const PROGRAM = createProgram();
const COMMANDS: (readonly [string, Command])[] = PROGRAM.commands.map((one) => [one.name(), one]);

describe("the examples", () => {
  it.each([...COMMANDS, ["shootdown", PROGRAM] as const])("of %s", async (name, command) => {
    const examples = examplesIn(helpOf(command));
    expect(examples.length).toBeGreaterThan(1);
    if (command !== PROGRAM) expect(examples.flat()).toContain(name);
    for (const words of examples) {
      await idle().parseAsync(words, { from: "user" });
      const shipped = words.filter((word) => /^(bench|examples)\//.test(word));
      expect(shipped.filter((path) => !existsSync(path))).toEqual([]);
    }
  });

  it("of bench: name experiments that there are, but for a user's own", () => {
    const bench = PROGRAM.commands.find((one) => one.name() === "bench")!;
    const named = examplesIn(helpOf(bench)).flatMap(([, ...words]) => {
      const end = words.findIndex((word) => word.startsWith("--"));
      return (end < 0 ? words : words.slice(0, end)).filter((word) => !word.endsWith(".json"));
    });
    expect(named.length).toBeGreaterThan(1);
    expect(experimentNames()).toEqual(expect.arrayContaining(named));
  });

  it("planted: one that the program does not take is found", async () => {
    const [words] = examplesIn("\nExamples:\n  shootdown bench --quik     small\n");
    await expect(idle().parseAsync(words, { from: "user" })).rejects.toThrow("--quik");
  });
});
