import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { SERVER } from "../../dist/src/workloads/workload.js";
import { bound, jsonOf, meant, record } from "../support/timelines.ts";
import { complaintsAbout } from "../support/trace-schema.ts";

describe("arrows, as Perfetto binds them", () => {
  it.each(PROFILES.map((profile) => [profile.name, profile] as const))(
    "%s, three initiators that are acknowledged early: to the slices that are meant",
    (_, profile) => {
      const policy = parsePolicy("eurosys20");
      const work = { kind: SERVER, initiators: 3 };
      const setup = { policy, profile, cores: 5, iommus: 2, devices: 1, work };
      const { timeline } = record(setup, 1, 10);
      const text = jsonOf(timeline);
      expect(complaintsAbout(text)).toEqual([]);
      expect(bound(text).sort()).toEqual(meant(timeline).sort());
    },
  );
});
