// On which clock a run's records are: its own, or one that has a meaning to others.

import {
  END_FIELD,
  RECORD_FIELDS,
  START_FIELD,
  type TimelineData,
} from "../../engine/probe/timeline.ts";

/** What each actor of a run recorded, in their order. */
export type RecordedActors = readonly (TimelineData | undefined)[];

/** The same on a clock that begins with the first operation that counts. */
export function sinceFirstOperation(recorded: RecordedActors): RecordedActors {
  const firsts = recorded.flatMap((data) => data?.operations?.firstNs ?? []);
  return firsts.length === 0 ? recorded : later(recorded, -Math.min(...firsts));
}

/** The same on a clock that is ahead by so much. */
export function later(recorded: RecordedActors, byNs: number): RecordedActors {
  return recorded.map((data) => data && laterActor(data, byNs));
}

function laterActor(data: TimelineData, byNs: number): TimelineData {
  const { leftOut, leftOutFromNs, operations } = data;
  const records = data.records.slice();
  for (let i = 0; i < records.length; i += RECORD_FIELDS) {
    records[i + START_FIELD] += byNs;
    records[i + END_FIELD] += byNs;
  }
  return {
    records,
    leftOut,
    leftOutFromNs: leftOutFromNs + byNs,
    operations: operations && {
      firstNs: operations.firstNs + byNs,
      lastNs: operations.lastNs + byNs,
      wholeFromNs: operations.wholeFromNs + byNs,
    },
  };
}
