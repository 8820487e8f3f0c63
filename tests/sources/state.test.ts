// What modules keep from one call to the next: next to nothing.

import { type Node, Visitor } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { parsed, SOURCES, type Source } from "../support/sources.ts";

/** Where a module may keep something from one call to the next, and what. */
const STATE: readonly (readonly [file: string, name: string])[] = [
  ["cli/user-code.ts", "hasRun"], // Of the process: such code cannot be undone.
  ["engine/executor/calls.ts", "suspended"], // Empty whenever an executor has taken a step.
  ["engine/profile/topology.ts", "known"], // What follows from its key alone.
  ["workers/clock.ts", "offsetNs"], // Between two clocks of the host: the same all the time.
  ["workers/host-checks.ts", "sink"], // What is computed for its time alone.
  ["workers/launched.ts", "gang"], // Of a process that has nothing else.
];

/** Methods that change arrays, typed arrays, maps and sets. */
const CHANGING = new Set([
  ...["add", "clear", "delete", "set"],
  ...["copyWithin", "fill", "pop", "push", "reverse", "shift", "sort", "splice", "unshift"],
]);

/** Functions that change their first argument. */
const CHANGING_FIRST = /^(Atomics\.(?!load)|Object\.assign$)/;

/** Variables of a whole module, by their kind. */
function variablesOf({ parsed }: Source): { name: string; constant: boolean }[] {
  return parsed.program.body.flatMap((statement) => {
    const node = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (node?.type !== "VariableDeclaration") return [];
    return node.declarations.map(({ id }) => ({
      name: id.type === "Identifier" ? id.name : "(pattern)",
      constant: node.kind === "const",
    }));
  });
}

/** `known` of known, known[i] and known.rows[i]. */
function ownerOf(node: Node): string | undefined {
  if (node.type === "MemberExpression") return ownerOf(node.object);
  return node.type === "Identifier" ? node.name : undefined;
}

/** Names of what is changed in place, of a module or not. */
function changedIn({ parsed }: Source): Set<string | undefined> {
  const found = new Set<string | undefined>();
  const assigned = (node: Node) => {
    if (node.type === "MemberExpression") found.add(ownerOf(node));
  };
  new Visitor({
    AssignmentExpression: ({ left }) => assigned(left),
    UpdateExpression: ({ argument }) => assigned(argument),
    UnaryExpression({ operator, argument }) {
      if (operator === "delete") assigned(argument);
    },
    CallExpression({ callee, arguments: [first] }) {
      if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
      const owner = ownerOf(callee.object);
      const { name } = callee.property;
      if (CHANGING.has(name)) found.add(owner);
      if (CHANGING_FIRST.test(`${owner}.${name}`)) found.add(ownerOf(first));
    },
  }).visit(parsed.program);
  return found;
}

/** What a module keeps: variables, and constants whose contents it changes. */
function stateOf(source: Source): string[] {
  const changed = changedIn(source);
  return variablesOf(source)
    .filter(({ name, constant }) => !constant || changed.has(name))
    .map(({ name }) => name);
}

describe("modules keep nothing, so that runs and tests can follow each other in one process", () => {
  it("no variable of a whole module, and no collection that it changes, but those that are known", () => {
    const found = SOURCES.flatMap((source) => stateOf(source).map((name) => [source.file, name]));
    expect(found).toEqual(STATE);
  });

  it.each([
    "let kept = 0;",
    "export let kept = 0;",
    "const kept = new Map(); const f = (x) => kept.set(x, 1);",
    "const kept = new WeakMap(); const f = (x) => kept.set(x, 1);",
    "export const kept = new Set(); export const f = (x) => kept.delete(x);",
    "const kept = []; function f(x) { kept.push(x); }",
    "const kept = [0]; function f() { kept[0] += 1; }",
    "const kept = { rows: [0] }; function f() { kept.rows[0]++; }",
    "const kept = {}; function f(x) { delete kept[x]; }",
    "const kept = {}; function f(x) { Object.assign(kept, x); }",
    "const kept = new Int32Array(1); function f() { Atomics.add(kept, 0, 1); }",
  ])("planted: `%s` is found", (text) => {
    expect(stateOf(parsed(text))).toEqual(["kept"]);
  });

  it("a constant that is only read, and what a function has for itself: no state", () => {
    const text =
      "const known = new Map(); const f = (x) => { const a = []; a.push(known.get(x)); };";
    expect(stateOf(parsed(text))).toEqual([]);
  });
});
