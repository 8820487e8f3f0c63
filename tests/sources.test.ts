// The rules of the sources that no compiler checks: who imports whom, what the engine must not use,
// how a file begins, and how protocols suspend.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type Comment, type Node, type ParseResult, parseSync, Visitor } from "oxc-parser";
import { describe, expect, it } from "vitest";
// @ts-expect-error: a build script, without declarations.
import * as script from "../scripts/build-executors.mjs";

const { toPlainFunctions, toCalls, toPlainAccesses, PROTOCOL_FOLDERS } = script as {
  toPlainFunctions(file: string, source: string): string;
  toCalls(file: string, source: string, callsModule: string): string;
  toPlainAccesses(file: string, source: string): string;
  PROTOCOL_FOLDERS: readonly string[];
};

/** Folders of src/, and what each may import. */
const EDGES: Record<string, readonly string[]> = {
  cli: ["calibration", "engine", "results", "workers", "workloads"],
  calibration: ["engine", "results", "workers", "workloads"],
  results: ["engine", "workers", "workloads"],
  workers: ["engine", "workloads"],
  workloads: ["engine"],
  engine: [],
};

/**
 * Folders and single files of src/engine/, and what each may import. A policy is data that
 * protocols read.
 */
const ENGINE_EDGES: Record<string, readonly string[]> = {
  errors: [],
  random: [],
  names: ["errors"],
  layout: ["errors"],
  machine: ["errors", "layout"],
  probe: ["errors", "layout"],
  profile: ["errors", "layout"],
  check: ["errors", "layout", "machine", "probe"],
  executor: ["errors", "layout", "machine", "random"],
  policy: ["errors", "names", "layout", "machine"],
  protocol: [
    "check",
    "errors",
    "executor",
    "layout",
    "machine",
    "policy",
    "probe",
    "profile",
    "random",
  ],
};

/** Packages and Node modules that the engine may use, and where. */
const ENGINE_PACKAGES: Record<string, readonly string[]> = {
  "engine/names.ts": ["fastest-levenshtein"],
};

/** Where the engine meets the clock and the other threads. */
const THREADS = "engine/executor/threads.ts";

const COLUMNS = 100;

interface Source {
  /** Below src/, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly parsed: ParseResult;
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const SOURCES: readonly Source[] = filesBelow("src", ".ts").map((path) => {
  const text = readFileSync(path, "utf8");
  return { file: relative("src", path), text, parsed: parseSync(path, text) };
});

function lineOf({ file, text }: Source, start: number): string {
  return `${file}:${text.slice(0, start).split("\n").length}`;
}

/** What a file imports or exports again, types included. */
function importsOf({ parsed }: Source): string[] {
  const found: string[] = [];
  const from = (node: { source: { value: string } | null }) => {
    if (node.source !== null) found.push(node.source.value);
  };
  new Visitor({
    ImportDeclaration: from,
    ExportNamedDeclaration: from,
    ExportAllDeclaration: from,
    ImportExpression(node) {
      found.push(node.source.type === "Literal" ? String(node.source.value) : "(computed)");
    },
  }).visit(parsed.program);
  return found;
}

/** Pairs of file and imported file, below src/, for all relative imports. */
const LINKS = SOURCES.flatMap((source) =>
  importsOf(source)
    .filter((to) => to.startsWith("."))
    .map((to) => ({ from: source.file, to: join(dirname(source.file), to) })),
);

/** `engine` of engine/machine/tlb.ts. */
function part(file: string): string {
  return file.split("/")[0];
}

/** `machine` of engine/machine/tlb.ts, `errors` of engine/errors.ts. */
function enginePart(file: string): string {
  return file.split("/")[1].replace(/\.ts$/, "");
}

function isCyclic(edges: Record<string, readonly string[]>): boolean {
  const reaches = (from: string, to: string): boolean =>
    edges[from].some((next) => next === to || reaches(next, to));
  return Object.keys(edges).some((node) => reaches(node, node));
}

describe("imports go one way", () => {
  it("the allowed edges themselves: without a cycle", () => {
    expect([EDGES, ENGINE_EDGES].map(isCyclic)).toEqual([false, false]);
  });

  it("between the folders of src", () => {
    const bad = LINKS.filter(
      ({ from, to }) => part(from) !== part(to) && !EDGES[part(from)]?.includes(part(to)),
    );
    expect(bad).toEqual([]);
  });

  it("between the parts of the engine", () => {
    const bad = LINKS.filter(({ from, to }) => part(from) === "engine" && part(to) === "engine")
      .filter(({ from, to }) => enginePart(from) !== enginePart(to))
      .filter(({ from, to }) => !ENGINE_EDGES[enginePart(from)]?.includes(enginePart(to)));
    expect(bad).toEqual([]);
  });

  it("protocols and workloads: know the Cpu, and no executor behind it", () => {
    const bad = LINKS.filter(({ from }) => /^(engine\/protocol|workloads)\//.test(from)).filter(
      ({ to }) => to.startsWith("engine/executor/") && to !== "engine/executor/cpu.ts",
    );
    expect(bad).toEqual([]);
  });

  it("the engine: uses no package and no Node module but those it may", () => {
    const bad = SOURCES.filter(({ file }) => part(file) === "engine").flatMap((source) =>
      importsOf(source)
        .filter((to) => !to.startsWith(".") && !ENGINE_PACKAGES[source.file]?.includes(to))
        .map((to) => `${source.file}: ${to}`),
    );
    expect(bad).toEqual([]);
  });

  it("every relative import: names a file that is there", () => {
    const files = new Set(SOURCES.map(({ file }) => file));
    expect(LINKS.filter(({ to }) => !files.has(to))).toEqual([]);
    expect(LINKS.length).toBeGreaterThan(200);
  });
});

/** What a file imports or exports again for values, before any of it runs. */
function loadsOf({ parsed }: Source): string[] {
  return parsed.program.body.flatMap((node) => {
    if (node.type === "ImportDeclaration") {
      return node.importKind === "type" ? [] : [node.source.value];
    }
    if (node.type !== "ExportNamedDeclaration" && node.type !== "ExportAllDeclaration") return [];
    return node.source === null || node.exportKind === "type" ? [] : [node.source.value];
  });
}

/** What is loaded with a file: the files below src/ and the packages that it needs for values. */
function loadedWith(file: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const source = SOURCES.find((known) => known.file === file);
  for (const to of source === undefined ? [] : loadsOf(source)) {
    loadedWith(to.startsWith(".") ? join(dirname(file), to) : to, loaded);
  }
  return loaded;
}

describe("what is loaded whenever the program starts", () => {
  it("no action, worker, calibration or report, and no package that takes long", () => {
    const loaded = [...loadedWith("cli/main.ts")];
    const slow = /^((workers|calibration|cli\/actions|results\/report)\/|(zod|vega\b.*|piscina)$)/;
    expect(loaded.filter((name) => slow.test(name))).toEqual([]);
    expect(loaded).toEqual(expect.arrayContaining(["commander", "cli/commands/bench.ts"]));
  });

  it("planted: actions load what commands must not", () => {
    const loaded = loadedWith("cli/actions/bench.ts");
    for (const name of ["workers/pool.ts", "piscina", "zod"]) expect(loaded).toContain(name);
  });
});

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

function parsed(text: string): Source {
  return { file: "planted.ts", text, parsed: parseSync("planted.ts", text) };
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

describe("every source file", () => {
  it("parses, and has no enum", () => {
    const enums = SOURCES.flatMap((source) => {
      const found: string[] = [];
      new Visitor({
        TSEnumDeclaration(node) {
          found.push(lineOf(source, node.start));
        },
      }).visit(source.parsed.program);
      return found;
    });
    expect(enums).toEqual([]);
    expect(SOURCES.filter((source) => source.parsed.errors.length > 0)).toEqual([]);
  });

  it("begins with a comment that says what it is", () => {
    const bare = SOURCES.filter(({ text }) => !/^(#!.*\n)?(\/\/ |\/\*\*)/.test(text));
    expect(bare.map(({ file }) => file)).toEqual([]);
  });

  it("has no line of more than 100 columns", () => {
    const long = SOURCES.flatMap(({ file, text }) =>
      text
        .split("\n")
        .map((line, i) => ({ at: `${file}:${i + 1}`, columns: [...line].length }))
        .filter(({ columns }) => columns > COLUMNS)
        .map(({ at, columns }) => `${at}: ${columns}`),
    );
    expect(long).toEqual([]);
  });

  it("stands in a folder whose README or index says what belongs there", () => {
    const folders = new Set(SOURCES.map(({ file }) => dirname(file)));
    const silent = [...folders].filter(
      (folder) => !["README.md", "index.ts"].some((name) => existsSync(join("src", folder, name))),
    );
    expect(silent).toEqual([]);
  });
});

/** Where a module may keep something from one call to the next, and what. */
const STATE: readonly (readonly [file: string, name: string])[] = [
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

/** Names of generators and yields in a program; none in what the threads build runs. */
function generatorsIn(file: string, text: string): string[] {
  const { program, errors } = parseSync(file, text);
  const found = errors.map(({ message }) => message);
  const generator = (node: { generator: boolean }) => {
    if (node.generator) found.push("function*");
  };
  new Visitor({
    FunctionDeclaration: generator,
    FunctionExpression: generator,
    YieldExpression() {
      found.push("yield");
    },
  }).visit(program);
  return found;
}

function withoutComments(text: string, comments: readonly Comment[]): string {
  return comments.reduceRight(
    (rest, { start, end }) => rest.slice(0, start) + rest.slice(end),
    text,
  );
}

function plain(body: string): string {
  return toPlainFunctions("planted.js", `function* f(cpu, core) { ${body} }`);
}

describe("protocols suspend in one way only", () => {
  it.each([
    "cpu.sleep(1);",
    "const x = cpu.run(1);",
    "cpu.point();",
    "core.cpu.sleep(1);",
    "while (cpu.sleep(1)) yield;",
    "if (!cpu.run(1)) yield;",
    "if (core && cpu.run(1)) yield;",
    "if (cpu.run(1)) core.stop();",
    "if (cpu.run(1)) yield; else core.stop();",
    "return cpu.run(1);",
  ])("a suspending call anywhere else: `%s` is refused", (body) => {
    expect(() => plain(body)).toThrow(/planted\.js:1: /);
  });

  it.each(["yield;", "const x = yield;", "if (cpu.run(1)) yield 5;", "{ yield }"])(
    "a yield anywhere else: `%s` is refused",
    (body) => {
      expect(() => plain(body)).toThrow(/planted\.js:1: /);
    },
  );

  it("the refusal: names file and line", () => {
    const text = "function* f(cpu) {\n  if (cpu.point()) yield;\n  cpu.sleep(1);\n}\n";
    expect(() => toPlainFunctions("lock.js", text)).toThrow("lock.js:3: cpu.sleep()");
  });

  it("the two allowed forms: become a call and a plain call", () => {
    expect(plain("if (cpu.sleep(9)) yield; const x = yield* g(cpu); return x;")).toBe(
      "function f(cpu, core) { cpu.sleep(9); const x = g(cpu); return x; }",
    );
    expect(plain("if (yield* g(core)) return;")).toBe(
      "function f(cpu, core) { if (g(core)) return; }",
    );
  });

  const modules = PROTOCOL_FOLDERS.flatMap((folder) =>
    readdirSync(join("dist/src", folder))
      .filter((name) => name.endsWith(".js"))
      .map((name) => join("dist/src", folder, name)),
  );

  it("all protocols: accepted, and without a generator or a yield when they have been rewritten", () => {
    let generators = 0;
    for (const path of modules) {
      const text = readFileSync(path, "utf8");
      const rewritten = toPlainFunctions(path, text);
      generators += generatorsIn(path, text).filter((what) => what === "function*").length;
      expect(generatorsIn(path, rewritten), path).toEqual([]);
      const code = withoutComments(rewritten, parseSync(path, rewritten).comments);
      expect(code, path).not.toMatch(/\byield\b|function\s*\*/);
    }
    expect(generators).toBeGreaterThan(30); // Otherwise the check above has looked at nothing.
  });

  it("nested calls of virtual time: yield only if what they call has", () => {
    const text = "function* f(core) { const t = yield* g(core, h(1)); if (yield* k()) yield; }";
    expect(toCalls("lock.js", text, "./calls.js")).toBe(
      'import { call, SUSPENDED } from "./calls.js";\nlet called;\n' +
        "function* f(core) { " +
        "const t = ((called = call(g(core, h(1)))) === SUSPENDED ? yield : called); " +
        "if (((called = call(k())) === SUSPENDED ? yield : called)) yield; }",
    );
  });

  it("plain accesses: do what the atomic ones do", () => {
    const text =
      "Atomics.store(w, 0, 5); const a = Atomics.load(w, Atomics.load(w, 1)); " +
      "const b = Atomics.add(w, 0, 2); const c = Atomics.compareExchange(w, 0, 7, 9); " +
      "const d = Atomics.compareExchange(w, 0, 7, 1); const e = Atomics.exchange(w, 2, -1); " +
      "const f = [Atomics.sub(w, 0, 1), Atomics.or(w, 0, 6), Atomics.and(w, 0, 12)]; " +
      "return [a, b, c, d, e, ...f, ...w];";
    const plain = toPlainAccesses("m.js", text.replace("return", "out ="));
    expect(plain).not.toContain("Atomics");
    const run = (body: string): unknown => new Function("w", body)(new Int32Array(3));
    expect(run(`let out; ${plain}; return out;`)).toEqual(run(text));
  });

  it.each(["threads", "inline"])("the form %s of the last build: holds none either", (form) => {
    const built = modules.map((path) => path.replace("dist/src", `dist/${form}/src`));
    const bad = built.filter((path) => generatorsIn(path, readFileSync(path, "utf8")).length > 0);
    expect(bad).toEqual([]);
  });

  // Known: the star of a method stands before what the parser calls the function.
  it("a protocol that is a method: refused", () => {
    const text = "class A { *f(cpu) { if (cpu.run(1)) yield; return 2 * 3; } }";
    expect(() => toPlainFunctions("method.js", text)).toThrow("not a method");
  });

  it("protocols: stand in the folders that are rewritten, and nowhere else", () => {
    const folders = SOURCES.filter(
      ({ text }) => /\): Protocol</.test(text) && /function\*/.test(text),
    ).map(({ file }) => dirname(file));
    expect(new Set(folders)).toEqual(new Set(PROTOCOL_FOLDERS));
  });
});
