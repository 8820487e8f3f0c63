// What the engine must not use, so that the same seed gives the same run.

import { Visitor } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { lineOf, parsed, part, SOURCES, type Source } from "../support/sources.ts";

/** Where the engine meets the clock and the other threads. */
const THREADS = "engine/executor/threads.ts";

const NOT_REPEATABLE = new Set([
  "Date",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);
const MATH = new Set(["random", "pow"]);

/** Uses of the host's clock, chance, environment or scheduling, and of powers. */
function notRepeatable(source: Source): string[] {
  const found: string[] = [];
  const report = (node: { start: number }, what: string) =>
    found.push(`${lineOf(source, node.start)}: ${what}`);
  new Visitor({
    Identifier(node) {
      if (NOT_REPEATABLE.has(node.name)) report(node, node.name);
    },
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.object.name !== "Math") return;
      if (node.property.type !== "Identifier" || MATH.has(node.property.name)) {
        report(node, "Math.random or Math.pow");
      }
    },
    BinaryExpression(node) {
      if (node.operator === "**") report(node, "**");
    },
    AssignmentExpression(node) {
      if (node.operator === "**=") report(node, "**=");
    },
    AwaitExpression(node) {
      report(node, "await");
    },
    ForOfStatement(node) {
      if (node.await) report(node, "for await");
    },
  }).visit(source.parsed.program);
  return found;
}

describe("what the engine does not use", () => {
  it("no clock, no chance, no timers, no await, no process, no powers outside of the threads executor", () => {
    const engine = SOURCES.filter(({ file }) => part(file) === "engine" && file !== THREADS);
    expect(engine.length).toBeGreaterThan(40);
    expect(engine.flatMap(notRepeatable)).toEqual([]);
  });

  it.each([
    "const now = Date.now();",
    "export const now = () => performance.now();",
    "const x = Math.random();",
    "const x = Math.pow(2, 3);",
    "const x = 2 ** 3;",
    "let x = 2; x **= 2;",
    "setTimeout(() => {}, 1);",
    "const x = process.env.SEED;",
    "export async function f(x: Promise<void>) { await x; }",
    "export async function f(x: AsyncIterable<number>) { for await (const y of x) void y; }",
  ])("planted: `%s` is found", (text) => {
    expect(notRepeatable(parsed(text))).toHaveLength(1);
  });
});
