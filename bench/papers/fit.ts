// `npm run papers:fit`: solves every fit again, and says what it comes to beside what stands in the
// machine's file. Exit status 1 if the two differ.

import { outliveReaders, print } from "../../src/cli/output.ts";
import { toCsv } from "../../src/results/csv.ts";
import { FITS, type Fit, fitted, fittedRegions, REGIONS_FIT } from "./fits.ts";
import { Lab } from "./lab.ts";
import { profileOf } from "./machines.ts";

const COLUMNS = [
  { name: "machine", type: "string", unit: "", meaning: "Its file." },
  { name: "values", type: "string", unit: "", meaning: "What is fitted, to one value." },
  { name: "fitted", type: "integer", unit: "", meaning: "What the fit comes to; costs in ns." },
  { name: "file", type: "integer", unit: "", meaning: "What stands in the file." },
  { name: "figure", type: "number", unit: "", meaning: "What it was fitted to." },
  { name: "source", type: "string", unit: "", meaning: "Where that is from." },
] as const;

outliveReaders();
const lab = new Lab(false);
print(toCsv(COLUMNS, await Promise.all([...FITS.map(solved), regions()])));
await lab.close();

async function regions() {
  const { machine, count, source } = REGIONS_FIT;
  const counted = await fittedRegions(lab);
  const file = profileOf(machine).topology[count].count;
  if (counted !== file) process.exitCode = 1;
  return { machine, values: count, fitted: counted, file, figure: undefined, source };
}

async function solved(fit: Fit) {
  const { machine, costs, figure, source } = fit;
  const fittedNs = await fitted(fit, lab);
  const fileNs = profileOf(machine).costs[costs[0]].ns;
  if (fittedNs !== fileNs) process.exitCode = 1;
  return {
    machine,
    values: costs.join(" "),
    fitted: fittedNs,
    file: fileNs,
    figure,
    source,
  };
}
