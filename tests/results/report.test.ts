import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DefaultTreeAdapterMap, parse } from "parse5";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SEGMENT_NAMES } from "../../dist/src/engine/probe/segments.js";
import { chaptersOf, policiesOf } from "../../dist/src/results/report/chapters.js";
import draw from "../../dist/src/results/report/draw.js";
import { readInputs } from "../../dist/src/results/report/inputs.js";
import type { Chapter } from "../../dist/src/results/report/plot.js";
import { writeReport } from "../../dist/src/results/report/report.js";
import { coloursOf, segmentColour } from "../../dist/src/results/report/theme.js";
import {
  BATCHES,
  FITS,
  STRESS,
  TWO_POLICIES,
  VALIDATION,
  writeFolder,
} from "../support/report-folders.ts";

type Element = DefaultTreeAdapterMap["element"];

const CHAPTERS = [
  ...["distribution", "latency-over-cores", "throughput-over-cores", "amortization"],
  ...["critical-path", "held-memory", "exposure", "fidelity"],
];
/** Attributes that make a browser load or open something. */
const LINKS = new Set(["href", "src", "xlink:href", "action", "data", "poster", "srcset"]);

let base: string;
const at = (...names: string[]) => join(base, ...names);
/** A folder with one table, and a manifest that says nothing. */
const writeAlone = (folder: string, file: string, text: string) => {
  mkdirSync(at(folder));
  writeFileSync(at(folder, file), text);
  writeFileSync(at(folder, "manifest.json"), "{}");
};

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "shootdown-report-"));
  writeFolder(at("whole"), TWO_POLICIES);
  writeFileSync(at("whole", "validation.csv"), VALIDATION);
  await writeReport([at("whole")]);
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

function chapters(...folders: string[]): Map<string, Chapter> {
  const inputs = readInputs(folders.map((name) => at(name)));
  return new Map(chaptersOf(inputs, policiesOf(inputs)).map((one) => [one.name, one]));
}

function page(folder: string): { text: string; errors: string[]; elements: Element[] } {
  const text = readFileSync(at(folder, "report.html"), "utf8");
  const errors: string[] = [];
  const document = parse(text, { onParseError: ({ code }) => errors.push(code) });
  const elements: Element[] = [];
  const visit = (node: DefaultTreeAdapterMap["node"]) => {
    if ("tagName" in node) elements.push(node);
    if ("childNodes" in node) node.childNodes.forEach(visit);
  };
  visit(document);
  return { text, errors, elements };
}

function attribute(element: Element | undefined, name: string): string | undefined {
  return element?.attrs.find((own) => own.name === name)?.value;
}

function named(elements: readonly Element[], tag: string): Element[] {
  return elements.filter(({ tagName }) => tagName === tag);
}

describe("the page", () => {
  it("is HTML without errors, and has a section with plots for all that there is", () => {
    const { errors, elements } = page("whole");
    expect(errors).toEqual([]);
    expect(named(elements, "section").map((one) => attribute(one, "id"))).toEqual(CHAPTERS);
    expect(named(elements, "figure")).toHaveLength(CHAPTERS.length);
  });

  it("asks for nothing from elsewhere: its links are in it, or files beside it", () => {
    const { elements } = page("whole");
    const links = elements.flatMap(({ attrs }) => attrs.filter(({ name }) => LINKS.has(name)));
    expect(links.length).toBeGreaterThan(CHAPTERS.length * 3);
    for (const { value } of links) {
      const isInside = value === "data:," || value.startsWith("#");
      expect(isInside || existsSync(at("whole", value)), value).toBe(true);
    }
  });

  it("tells those who cannot see the plots: names, sentences, tables with headings", () => {
    const { elements } = page("whole");
    for (const svg of named(elements, "svg")) {
      expect(attribute(svg, "role")).toBe("img");
      expect(attribute(svg, "aria-label")).toMatch(/^[A-Z]/);
    }
    expect(named(elements, "svg")).toHaveLength(CHAPTERS.length);
    expect(named(elements, "figcaption")).toHaveLength(CHAPTERS.length);
    expect(named(elements, "caption")).toHaveLength(CHAPTERS.length);
    expect(named(elements, "th").filter((one) => !attribute(one, "scope"))).toEqual([]);
  });

  it("has one attribute for what the filters hide: in rows, marks and names", () => {
    const { elements } = page("whole");
    const strict = elements.filter((one) => attribute(one, "data-policy") === "0");
    expect(new Set(strict.map(({ tagName }) => tagName))).toEqual(new Set(["tr", "path", "text"]));
  });

  it("colours by variables, all of which its style has for light and for dark", () => {
    const { text } = page("whole");
    const used = new Set([...text.matchAll(/var\(--([a-z0-9-]+)\)/g)].map(([, name]) => name));
    expect(used.size).toBeGreaterThan(8);
    for (const name of used) expect(text.split(`--${name}:`), name).toHaveLength(3);
    expect(text).not.toContain('"@');
  });

  it("shows text as text, whatever it is", async () => {
    const workload = "trace:<script>alert(1)</script>&\"'";
    const strange = TWO_POLICIES.map((one) => ({ ...one, workload, policy: `<b>${one.policy}` }));
    writeFolder(at("strange"), [...TWO_POLICIES, ...strange]);
    await writeReport([at("strange")]);
    const { text, errors, elements } = page("strange");
    expect(errors).toEqual([]);
    expect(text).not.toContain("<script>alert");
    expect(named(elements, "b")).toEqual([]);
    expect(text).toContain("noisy-host: &lt;much&gt; &amp; more");
    // Marks of a name that has to be escaped are filtered as well.
    const strictly = elements.filter((one) => attribute(one, "data-policy") === "3");
    expect(new Set(strictly.map(({ tagName }) => tagName))).toContain("path");
  });
});

describe("the files", () => {
  it("each plot is there as SVG and PNG, complete, and without the page's variables", () => {
    const files = readdirSync(at("whole"));
    const plots = files.filter((name) => name.endsWith(".svg"));
    expect(plots).toHaveLength(CHAPTERS.length);
    for (const name of plots) {
      const svg = readFileSync(at("whole", name), "utf8");
      expect(svg).toMatch(/^<svg .*<title>.+<\/title>.*<\/svg>$/s);
      expect(svg).not.toMatch(/var\(|data-policy|"@|undefined|NaN/);
      const png = readFileSync(at("whole", name.replace(".svg", ".png")));
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect(png.readUInt32BE(16)).toBeGreaterThan(600); // Pixels across.
    }
    expect(files.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("every segment has a colour of its own", () => {
    const colours = SEGMENT_NAMES.map(segmentColour);
    expect(new Set(colours).size).toBe(SEGMENT_NAMES.length);
    for (const colour of colours) expect(coloursOf(0).has(colour.slice(1)), colour).toBe(true);
  });

  it("a second report: the same bytes in the place of the first", async () => {
    const read = () =>
      readdirSync(at("whole")).map((name) => [name, readFileSync(at("whole", name), "base64")]);
    const before = read();
    await writeReport([at("whole")]);
    expect(read()).toEqual(before);
  });

  it("of less than before: takes away what the first one wrote, and nothing else", async () => {
    const ONE_SIZE = TWO_POLICIES.filter(({ cores, pages }) => cores === 2 && pages === 1);
    writeFolder(at("less"), TWO_POLICIES);
    await writeReport([at("less")]);
    writeFileSync(at("less", "notes.svg"), "<svg/>");
    writeFileSync(at("less", "amortization.svg"), "<svg>edited by hand</svg>");
    writeFolder(at("less"), ONE_SIZE);
    await writeReport([at("less")]);
    const pictures = readdirSync(at("less")).filter((name) => /\.(svg|png)$/.test(name));
    const kept = ["critical-path", "distribution", "exposure", "held-memory"];
    const own = kept.flatMap((name) => [`${name}.png`, `${name}.svg`]);
    expect(pictures).toEqual([...own, "amortization.svg", "notes.svg"].sort());
  });

  it("a list of files that no report wrote: nothing outside of the folder is taken away", async () => {
    writeFolder(at("lies"), TWO_POLICIES);
    writeFileSync(at("precious.svg"), "<svg/>");
    const sha256 = createHash("sha256").update("<svg/>").digest("hex");
    const files = [{ name: "../precious.svg", sha256 }];
    writeFileSync(at("lies", "report.json"), JSON.stringify({ files }));
    await writeReport([at("lies")]);
    expect(existsSync(at("precious.svg"))).toBe(true);
  });

  it("of several folders: all in the first, which a filter tells apart", async () => {
    writeFolder(at("first"), TWO_POLICIES);
    writeFolder(at("second"), TWO_POLICIES);
    await writeReport([at("first"), at("second")]);
    expect(existsSync(at("second", "report.html"))).toBe(false);
    const { elements } = page("first");
    const selects = named(elements, "select").map((one) => attribute(one, "name"));
    expect(selects).toEqual(["folder"]);
    expect(existsSync(at("first", "critical-path-second.svg"))).toBe(true);
  });
});

describe("what there is no data for is not there", () => {
  it("a critical path alone, as analyze leaves it", () => {
    writeFolder(at("path"), TWO_POLICIES);
    for (const name of ["summary.csv", "distributions.csv"]) rmSync(at("path", name));
    expect([...chapters("path").keys()]).toEqual(["critical-path"]);
  });

  it("predictions alone, as validate leaves them", () => {
    writeAlone("predictions", "validation.csv", VALIDATION);
    expect([...chapters("predictions").keys()]).toEqual(["fidelity"]);
  });

  it("a stress run alone: what its policies got done, without those that never ended", () => {
    writeAlone("stress", "stress.csv", STRESS);
    expect([...chapters("stress").keys()]).toEqual(["stress"]);
    const { plots } = chapters("stress").get("stress")!;
    expect(plots).toHaveLength(1);
    expect(plots[0].table.rows).toHaveLength(3);
    expect(plots[0].sentence).toBe(
      "Of 3 policies, after 50,000 operations and 80 faults: 1 safe, 1 exposed, 1 unsafe; " +
        "unsafe: vmap-lazy; most late accesses are those of deferred(256,10ms), 2.5 in a " +
        "thousand operations.",
    );
  });

  it("one machine size: nothing over cores or pages", () => {
    writeFolder(
      at("one-size"),
      TWO_POLICIES.filter(({ cores, pages }) => cores === 2 && pages === 1),
    );
    expect([...chapters("one-size").keys()]).toEqual([
      ...["distribution", "critical-path", "held-memory", "exposure"],
    ]);
    // Its panel needs no title, but the rows of its table do.
    const [row] = chapters("one-size").get("critical-path")!.plots[0].table.rows;
    expect(row.cells[0]).toMatch(/^2 cores .* 1 page$/);
  });
});

describe("panels of the critical path", () => {
  const axisOf = (folder: string) => {
    const { plots } = chapters(folder).get("critical-path")!;
    return JSON.stringify(plots[0].spec).match(/"title":"(µs[^"]*)"/)?.[1];
  };
  const paths = (name: string, shortNs: number) => {
    const points = TWO_POLICIES.map((one) => {
      const ns = one.cores === 2 ? shortNs : 1000;
      return { ...one, segments: { send: { ns, slackNs: 0 } } };
    });
    writeFolder(at(name), points);
    return axisOf(name);
  };

  it("share a scale where the bars of all can be seen on it, else each says that it has its own", () => {
    expect(paths("alike", 100)).toBe("µs");
    expect(paths("apart", 99)).toBe("µs, on a scale of its own");
  });
});

describe("legends and names", () => {
  /** The words in the first picture of a chapter. */
  const wordsOf = async (folder: string, name: string) => {
    const inputs = readInputs([at(folder)]);
    const policies = policiesOf(inputs);
    const chapter = chaptersOf(inputs, policies).find((one) => one.name === name)!;
    const [{ spec }] = chapter.plots;
    const sketch = { spec, title: "", policies: policies.names, scheme: "light" } as const;
    const { file } = await draw(sketch);
    return [...file.matchAll(/>([a-z][^<]*)<\/text>/g)].map(([, text]) => text);
  };

  it("of what a policy gathers: a ring only where a law comes below a dashed line", async () => {
    const lines = ["pages gathered, n", "time per page (µs)", "strict", "overlapped", "batch(n)"];
    writeFolder(at("ring"), BATCHES);
    expect(await wordsOf("ring", "batch-size")).toEqual(lines);
    writeFileSync(at("ring", "fits.csv"), FITS);
    const ring = "from here on less than dashed";
    expect(await wordsOf("ring", "batch-size")).toEqual([...lines, ring]);
  });

  it("under stress: whole, however long", async () => {
    const name = `tick(16,320us)${"+wait-every(16)".repeat(5)}`;
    writeAlone("names", "stress.csv", STRESS.replace("vmap-lazy", `"${name}"`));
    expect(await wordsOf("names", "stress")).toContain(name);
  });
});

describe("sentences follow from the data", () => {
  const sentenceOf = (folder: string, name: string) =>
    chapters(folder).get(name)?.plots[0].sentence;
  const sentence = (name: string) => sentenceOf("whole", name);

  it("latency over cores: who grows, and who does not", () => {
    expect(sentence("latency-over-cores")).toBe(
      "From 2 to 4 cores the median of strict (1 page) grows 2-fold, from 2 to 4 µs, which is " +
        "the most; that of deferred(256,10ms) (8 pages) stays at 0.8 µs.",
    );
  });

  it("latency over cores: who grows most, and who falls most", () => {
    const opposite = TWO_POLICIES.map((one) => {
      return one.policy === "akaros" ? { ...one, latencyNs: 9000 / one.cores } : one;
    });
    writeFolder(at("opposite"), opposite);
    expect(sentenceOf("opposite", "latency-over-cores")).toMatch(
      /strict \(1 page\) grows 2-fold, .*, and that of akaros .* falls to 1\/2, .* way\.$/,
    );
  });

  it("distribution: medians, and the longest tail", () => {
    expect(sentence("distribution")).toMatch(
      /^Medians go from 0\.1 µs to 48 µs; the lowest is that of deferred\(256,10ms\) on 4 of 4 /,
    );
  });

  it("held memory: who is on the front, who never, and what the fastest pays", () => {
    expect(sentence("held-memory")).toBe(
      "On the front of 4 machines: strict (4), deferred(256,10ms) (4); never: akaros; the " +
        "fastest, deferred(256,10ms), has 40 times the throughput of strict for 256 pages held instead " +
        "of 1 (4 cores · 8 pages).",
    );
  });

  it("held memory: counts in full", () => {
    const many = TWO_POLICIES.map((one) => {
      return one.heldPages > 1 ? { ...one, heldPages: 2048 } : one;
    });
    writeFolder(at("many"), many);
    expect(sentenceOf("many", "held-memory")).toContain(" for 2,048 pages held instead of 1 ");
  });

  it("what a policy gathers: its law, and from which size on it pays", () => {
    writeFolder(at("batches"), BATCHES);
    writeFileSync(at("batches", "fits.csv"), FITS);
    expect(sentenceOf("batches", "batch-size")).toBe(
      "A page costs 0.1 + 0.9 / n µs under batch(n), from 1 to 16. batch(n) costs less than " +
        "overlapped from 3 on; batch(16) has the cheapest page, 0.156 µs.",
    );
    const { table } = chapters("batches").get("batch-size")!.plots[0];
    expect(table.rows.at(-1)?.cells.slice(1)).toEqual([
      ...["batch(16)", "16", "0.1563", "0.1563", "strict, overlapped"],
    ]);
  });

  it("what a policy gathers, without a law: the cheapest", () => {
    writeFolder(at("lawless"), BATCHES);
    expect(sentenceOf("lawless", "batch-size")).toBe(
      "Of what gathers, batch(16) has the cheapest page, 0.156 µs.",
    );
  });

  it("critical path: the largest segment, and the most slack", () => {
    expect(sentence("critical-path")).toBe(
      "send is the largest segment in 12 of 12 paths; the longest path is that of strict, " +
        "0.4 µs, and the most slack, 0.05 µs, is that of local under strict.",
    );
  });

  it("fidelity: errors of what was not fitted, beside the straight line's", () => {
    expect(sentence("fidelity")).toBe(
      "Of 3 times that the profile was not fitted to it is off by 10 % at the median, and the " +
        "straight line by 50 %.",
    );
  });

  it("both executors: how often they agree", () => {
    const threads = TWO_POLICIES.map((one, i) => {
      return { ...one, executor: "threads", latencyNs: one.latencyNs * (i === 0 ? 2 : 1.05) };
    });
    writeFolder(at("both"), [...TWO_POLICIES, ...threads]);
    expect(chapters("both").get("fidelity")?.plots[0].sentence).toBe(
      "Virtual time is within 10 % of threads in 11 of 12 medians; the median difference is 5 %.",
    );
  });
});
