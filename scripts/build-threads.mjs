// The second half of the build: the threads version of the compiled program, in dist/threads.
//
// Under the threads executor no `yield` ever executes, but each nested `yield*` costs a generator
// object. So protocols are compiled once more as plain functions: `function*` becomes `function`,
// `yield* f()` becomes `f()` and `if (x) yield;` becomes `x;`. Everything else is copied as it is.
// A protocol that yields in any other way, or that calls a suspending method without `if (…)
// yield`, is refused here.

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";

/** Methods of `Cpu` that ask for control back by returning true. */
const SUSPENDING = new Set(["run", "sleep", "point"]);

/** Rewrites one module of protocols. Throws where it is not written in the two allowed forms. */
export function toPlainFunctions(file, source) {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0].message}`);
  const edits = [];
  const allowedYields = new Set();
  const allowedCalls = new Set();
  const plain = (node) => {
    if (!node.generator) return;
    const star = source.indexOf("*", node.start);
    if (!/^(async )?function\s*\*$/.test(source.slice(node.start, star + 1))) {
      throw new SyntaxError(`${at(file, source, node)}: a protocol is a function, not a method`);
    }
    edits.push({ start: star, end: star + 1, text: "" });
  };
  new Visitor({
    FunctionDeclaration: plain,
    FunctionExpression: plain,
    IfStatement(node) {
      const body = node.consequent;
      if (body.type !== "ExpressionStatement" || body.expression.type !== "YieldExpression") return;
      if (body.expression.delegate || body.expression.argument || node.alternate) return;
      allowedYields.add(body.expression.start);
      allowedCalls.add(node.test.start);
      edits.push({ start: node.start, end: node.test.start, text: "" });
      edits.push({ start: node.test.end, end: node.end, text: ";" });
    },
    YieldExpression(node) {
      if (node.delegate) {
        edits.push({ start: node.start, end: node.argument.start, text: "" });
      } else if (!allowedYields.has(node.start)) {
        throw new SyntaxError(`${at(file, source, node)}: a yield outside of \`if (…) yield\``);
      }
    },
    CallExpression(node) {
      if (node.callee.type !== "MemberExpression") return;
      const { object, property } = node.callee;
      const onCpu = object.name === "cpu" || object.property?.name === "cpu";
      if (!onCpu || !SUSPENDING.has(property.name) || allowedCalls.has(node.start)) return;
      throw new SyntaxError(
        `${at(file, source, node)}: cpu.${property.name}() outside of \`if (…) yield\``,
      );
    },
  }).visit(program);
  return edits
    .sort((a, b) => b.start - a.start)
    .reduce(
      (text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end),
      source,
    );
}

function at(file, source, node) {
  return `${file}:${source.slice(0, node.start).split("\n").length}`;
}

/** Folders, below dist/src, whose modules hold protocols. */
export const PROTOCOL_FOLDERS = ["engine/protocol", "workloads"];

function build(dist) {
  const to = join(dist, "threads");
  rmSync(to, { recursive: true, force: true });
  for (const part of ["src", "bench"])
    cpSync(join(dist, part), join(to, part), { recursive: true });
  for (const folder of PROTOCOL_FOLDERS) {
    for (const name of readdirSync(join(to, "src", folder))) {
      if (!name.endsWith(".js")) continue;
      const file = join(to, "src", folder, name);
      writeFileSync(file, toPlainFunctions(`${folder}/${name}`, readFileSync(file, "utf8")));
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  build(fileURLToPath(new URL("../dist", import.meta.url)));
}
