// How protocols suspend, and what the build makes of them.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Comment, parseSync, Visitor } from "oxc-parser";
import { describe, expect, it } from "vitest";
// @ts-expect-error: a build script, without declarations.
import * as script from "../../scripts/build-executors.mjs";
import { SOURCES } from "../support/sources.ts";

const { toPlainFunctions, toCalls, toPlainAccesses, PROTOCOL_FOLDERS } = script as {
  toPlainFunctions(file: string, source: string): string;
  toCalls(file: string, source: string, callsModule: string): string;
  toPlainAccesses(file: string, source: string): string;
  PROTOCOL_FOLDERS: readonly string[];
};

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
