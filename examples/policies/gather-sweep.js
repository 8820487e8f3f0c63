// How many pages should the cores gather, where the IOMMUs' half overlaps with theirs? One policy
// for each size: the default export is one policy, or a list of them.
//
//   npx shootdown bench --policy strict,examples/policies/gather-sweep.js --cores 2 --iommus 1

import { compose, STRICT } from "shootdown/policy";

// From anywhere: a constant, a file, an environment variable.
const sizes = (process.env.GATHER_PAGES ?? "8,16,64").split(",").map(Number);

export default sizes.map((pages) =>
  compose(
    // What holds where no part says otherwise. A preset by its name: parsePolicy("linux-x86").
    STRICT,
    // The words of `shootdown policies --help`; a wrong one is refused with the right one.
    [`batch(${pages},cores)`, "concurrent", "overlapped"],
    {
      name: `gather-${pages}`, // Stands in the results.
      summary: `cores at ${pages} pages, IOMMUs at each unmap, flushes overlapped`,
      source: "examples/policies",
      assumed: "", // What the source leaves open, if there is one.
    },
  ),
);
