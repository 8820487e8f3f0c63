// What `shootdown profiles` does.

import { PROFILES } from "../../engine/profile/profiles.ts";
import type { ListOptions } from "../options.ts";
import { print } from "../output.ts";
import { parseProfile } from "../profile-file.ts";
import { PROFILE_COLUMNS, profileValues } from "../profile-values.ts";
import { renderList } from "../render.ts";

export function profiles(name: string | undefined, { format }: ListOptions): void {
  if (name === undefined) print(renderList(["name", "summary"], [...PROFILES], format));
  else print(renderList(PROFILE_COLUMNS, profileValues(parseProfile(name)), format));
}
