// Names that a user wrote: refusing an unknown one with the name that was probably meant.

import { closest } from "fastest-levenshtein";
import { UsageError } from "./errors.ts";

/** `no policy "strikt": did you mean "strict"? There are akaros, strict, …`. */
export function unknownName(kind: string, given: string, names: readonly string[]): UsageError {
  const longer = given === "" ? [] : names.filter((name) => name.startsWith(given));
  const meant = longer.length > 0 ? longer[0] : closest(given, names);
  return new UsageError(
    `there is no ${kind} "${given}": did you mean "${meant}"? ` + `There are ${names.join(", ")}`,
  );
}

/** What `names` has under `given`. Throws the UsageError for an unknown name. */
export function byName<Named extends { readonly name: string }>(
  kind: string,
  given: string,
  named: readonly Named[],
): Named {
  const found = named.find(({ name }) => name === given);
  if (found !== undefined) return found;
  throw unknownName(
    kind,
    given,
    named.map(({ name }) => name),
  );
}
