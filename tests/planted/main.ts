// `npm run -s planted`: which planted bug is found, and after how many operations.

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

/** Those that are named, or all. */
const wanted = new Set(process.argv.slice(2));
const bugs = BUGS.filter(({ name }) => wanted.size === 0 || wanted.has(name));
process.stdout.write(toCsv(COLUMNS, []));
for (const bug of bugs) {
  const { name, rule } = bug;
  const { detected, operations, finding } = await hunt(bug, LIMIT_OPERATIONS);
  const [, row] = toCsv(COLUMNS, [{ name, rule, detected, operations, finding }]).split("\r\n");
  process.stdout.write(`${row}\r\n`);
  if (!detected) process.exitCode = 1;
}
