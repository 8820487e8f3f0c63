// Names that a user wrote: refusing an unknown one with the name that was probably meant.

import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "./errors.ts";

/** `there is no policy "strikt": did you mean "strict"? There are akaros, strict, …`. */
export function unknownName(kind: string, given: string, names: readonly string[]): UsageError {
  return new UsageError(`there is no ${kind} "${given}"${suggestion(given, names)}`);
}

/** What follows a name that is none: the name that was probably meant, if any was, and all. */
export function suggestion(given: string, names: readonly string[]): string {
  const question = questionAbout(given, names);
  return `${question === "" ? "." : question} There are ${names.join(", ")}`;
}

/** `: did you mean "strict"?`; nothing where no name is like it. */
export function questionAbout(given: string, names: readonly string[]): string {
  const meant = meantBy(given, names);
  return meant === undefined ? "" : `: did you mean "${meant}"?`;
}

/** The name that begins so, that has its letters in another order, or that differs in few. */
function meantBy(given: string, names: readonly string[]): string | undefined {
  const longer = given === "" ? undefined : names.find((name) => name.startsWith(given));
  if (longer !== undefined) return longer;
  const swapped = names.find((name) => lettersOf(name) === lettersOf(given));
  if (swapped !== undefined) return swapped;
  const nearest = closest(given, names);
  return distance(given, nearest) <= 1 + Math.floor(given.length / 4) ? nearest : undefined;
}

function lettersOf(name: string): string {
  return [...name].sort().join("");
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
