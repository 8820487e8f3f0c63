// What of a run's manifest.json decides whether it can be compared.

import { z } from "zod";
import { JsonFile } from "../json-file.ts";
import { MANIFEST_SCHEMA } from "../manifest.ts";

const manifestSchema = fields({
  schema: z.string(`a name such as ${MANIFEST_SCHEMA}`),
  package: fields({
    version: z.string("a version such as 0.1.0"),
    commit: z.string("a commit's hash, or null").nullable(),
  }),
  seed: z.number("a number, or null").nullable(),
  host: fields({
    cpu: z.string("the model of the CPU"),
    cpus: z.number("how many CPUs there are"),
    kernel: z.string("the version of the kernel"),
    node: z.string("the version of Node.js"),
  }),
  noise: z.looseObject({ threads: noiseField().optional() }, "an object, perhaps with threads"),
  profiles: z.array(profileField(), "a list of profiles"),
  interrupted: z.boolean("true or false"),
});

export type RunManifest = z.infer<typeof manifestSchema>;
export type RunProfile = RunManifest["profiles"][number];

/** @throws UsageError that names the field, and says what would be right. */
export function parseManifest(path: string, text: string): RunManifest {
  return new JsonFile("the manifest", path, text).check(manifestSchema);
}

function noiseField() {
  const ratio = z.number("a ratio, 0 or more").nonnegative("a ratio, 0 or more");
  const some = "a list of at least one pair";
  return fields({
    pairs: z.array(fields({ p50_ratio: ratio, p99_ratio: ratio }), some).nonempty(some),
  });
}

function profileField() {
  const size = fields({ sets: z.number("how many there are"), ways: z.number("how many") });
  const counts = fields({ count: z.number("a count") });
  const costs = fields({ ns: z.number("a time in ns") });
  return fields({
    name: z.string("the profile's name"),
    shootsBy: z.string("ipi, broadcast or both"),
    topology: z.record(z.string(), counts, "an object of counts"),
    costs: z.record(z.string(), costs, "an object of costs"),
    l1: size,
    l2: size,
    iotlb: size,
  });
}

/** An object that has these fields, and may have others. */
function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.looseObject(shape, `an object with ${Object.keys(shape).join(", ")}`);
}
