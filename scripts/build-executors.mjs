// The second half of the build: the compiled program once more in the forms that executors run.
//
// form      where protocols            Atomics           for
// src       are generators             are kept          everything that is not timed, the tests
// threads   are plain functions        are kept          worker threads: no `yield` ever executes
// virtual   call through `call`        are plain         virtual time: all actors in one thread
// inline    are plain functions        are plain         the one actor of virtual time that runs at
//                                                        the bottom of the stack
//
// As a plain function: `function*` becomes `function`, `yield* f()` becomes `f()` and `if (x)
// yield;` becomes `x;`. Through `call` (src/engine/executor/calls.ts): `yield* f()` becomes an
// expression that yields only if `f` has. In one thread a plain access does what an atomic does, at
// a tenth of its cost. A protocol that yields in any other way, or that calls a suspending method
// without `if (…) yield`, is refused here.

import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";

/** Methods of `Cpu` that ask for control back by returning true. */
const SUSPENDING = new Set(["run", "sleep", "point"]);

/** One module of protocols as plain functions. Throws where it is not in the allowed forms. */
export function toPlainFunctions(file, source) {
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
  visit(file, source, {
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
  });
  return edited(source, edits);
}

/** One module of protocols whose nested calls go through `call`, which `callsModule` exports. */
export function toCalls(file, source, callsModule) {
  const edits = [];
  visit(file, source, {
    YieldExpression(node) {
      if (!node.delegate) return;
      const { start, end } = node.argument;
      edits.push({ start: node.start, end: start, text: "((called = call(" });
      edits.push({ start: end, end: node.end, text: ")) === SUSPENDED ? yield : called)" });
    },
  });
  if (edits.length === 0) return source;
  return `import { call, SUSPENDED } from "${callsModule}";\nlet called;\n${edited(source, edits)}`;
}

/** What an atomic read-modify-write becomes: the new value, from the old one and its operands. */
const MODIFIED = {
  add: "old + a",
  sub: "old - a",
  and: "old & a",
  or: "old | a",
  exchange: "a",
  compareExchange: "old === a ? b : old",
};

/** One module with plain accesses instead of atomic ones. */
export function toPlainAccesses(file, source) {
  const edits = [];
  const used = new Set();
  visit(file, source, {
    CallExpression({ callee, arguments: [words, index, value], start, end }) {
      if (callee.type !== "MemberExpression" || callee.object.name !== "Atomics") return;
      const method = callee.property.name;
      if (method === "load" || method === "store") {
        edits.push({ start, end: words.start, text: "(" });
        edits.push({ start: words.end, end: index.start, text: "[" });
        if (method === "load") edits.push({ start: index.end, end, text: "])" });
        else edits.push({ start: index.end, end: value.start, text: "] = " });
      } else if (method in MODIFIED) {
        used.add(method);
        edits.push({ start: callee.start, end: callee.end, text: `plain_${method}` });
      }
    },
  });
  const functions = [...used].map(
    (method) =>
      `function plain_${method}(words, i, a, b) { const old = words[i]; ` +
      `words[i] = ${MODIFIED[method]}; return old; }\n`,
  );
  return edited(source, edits) + (functions.length > 0 ? `\n${functions.join("")}` : "");
}

function visit(file, source, visitor) {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0].message}`);
  new Visitor(visitor).visit(program);
}

function edited(source, edits) {
  return edits
    .sort((a, b) => b.start - a.start || b.end - a.end)
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

/** Folders whose modules access shared memory. */
const MEMORY_FOLDERS = ["engine/machine"];

const CALLS_MODULE = "engine/executor/calls.js";

/** What of the program a worker loads. */
const RUN_FOLDERS = ["src/engine", "src/workers", "src/workloads"];

/** By form: folders of the program that it has, and what becomes of protocols and machine parts. */
const FORMS = {
  threads: { folders: [...RUN_FOLDERS, "bench/floors"], ofProtocols: toPlainFunctions },
  virtual: { folders: RUN_FOLDERS, ofProtocols: toCallsOf, ofMemory: toPlainAccesses },
  inline: { folders: RUN_FOLDERS, ofProtocols: toPlainFunctions, ofMemory: toPlainAccesses },
};

/** Changes of one file, below dist/src: texts that stand there once, and what replaces each. */
export function patched(file, source, edits) {
  return edits.reduce((text, { find, replace }) => {
    const found = text.split(find).length - 1;
    if (found === 1) return text.replace(find, () => replace);
    throw new Error(`${file} has ${found} times what is to be replaced, not once: ${find}`);
  }, source);
}

/** A module of the program, by its name below dist/src, in one form. */
function inForm(form, file, source) {
  const { ofProtocols, ofMemory } = FORMS[form];
  const folder = dirname(file);
  if (PROTOCOL_FOLDERS.includes(folder)) return ofProtocols(file, source);
  if (ofMemory && MEMORY_FOLDERS.includes(folder)) return ofMemory(file, source);
  return source;
}

function toCallsOf(name, source) {
  return toCalls(name, source, relative(dirname(name), CALLS_MODULE));
}

/** Writes the program in one form. */
function writeForm(dist, form) {
  const to = join(dist, form);
  rmSync(to, { recursive: true, force: true });
  for (const folder of FORMS[form].folders) copy(join(dist, folder), join(to, folder));
  for (const folder of [...PROTOCOL_FOLDERS, ...MEMORY_FOLDERS]) {
    const names = readdirSync(join(dist, "src", folder)).filter((name) => name.endsWith(".js"));
    for (const name of names) writeModule(dist, form, to, `${folder}/${name}`, []);
  }
}

/**
 * Writes a copy of what was built in one form, with some files changed: by their name below
 * dist/src, in what the compiler has made of them.
 */
export function writeChanged(dist, form, to, edits) {
  rmSync(to, { recursive: true, force: true });
  copy(join(dist, form), to);
  for (const [file, changes] of Object.entries(edits)) writeModule(dist, form, to, file, changes);
}

function writeModule(dist, form, to, file, changes) {
  const source = patched(file, readFileSync(join(dist, "src", file), "utf8"), changes);
  writeFileSync(join(to, "src", file), inForm(form, file, source));
}

/** Declarations are for compilers. */
function copy(from, to) {
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith(".d.ts") });
}

function build(dist) {
  chmodSync(join(dist, "src/cli/main.js"), 0o755); // The compiler does not, and npx runs it.
  for (const form of Object.keys(FORMS)) writeForm(dist, form);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  build(fileURLToPath(new URL("../dist", import.meta.url)));
}
