// `npm run -s planted`: which planted bug is found, and after how many operations. Names of bugs as
// arguments: only these.

import { endWithUsageErrors } from "../../bench/usage.ts";
import { outliveReaders, print } from "../../src/cli/output.ts";
import { byName } from "../../src/engine/names.ts";
import { toCsv } from "../../src/results/csv.ts";
import { BUGS } from "./bugs.ts";
import { hunt } from "./hunt.ts";

const LIMIT_OPERATIONS = 200_000;

const COLUMNS = [
  { name: "name", type: "string", unit: "", meaning: "The bug." },
  { name: "rule", type: "string", unit: "", meaning: "The rule that it breaks." },
  { name: "detected", type: "boolean", unit: "", meaning: "Whether it was found." },
  { name: "operations", type: "integer", unit: "operations", meaning: "How many until then." },
  { name: "finding", type: "string", unit: "", meaning: "What was found." },
] as const;

outliveReaders();
endWithUsageErrors();
// There are no options: one is no bug's name either.
const named = process.argv.slice(2).map((name) => byName("planted bug", name, BUGS));
const bugs = named.length === 0 ? BUGS : named;
print(toCsv(COLUMNS, []));
for (const bug of bugs) {
  const { name, rule } = bug;
  const { detected, operations, finding } = await hunt(bug, LIMIT_OPERATIONS);
  const [, row] = toCsv(COLUMNS, [{ name, rule, detected, operations, finding }]).split("\r\n");
  print(`${row}\r\n`);
  if (!detected) process.exitCode = 1;
}
