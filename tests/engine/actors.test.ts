// The word that an actor sleeps on: who wakes it.

import { describe, expect, it } from "vitest";
import { NOBODY } from "../../dist/src/engine/machine/actors.js";
import { createMachine } from "../../dist/src/engine/machine/machine.js";
import { shapeWith } from "./shapes.js";

const SLEEPER = 0;

/** Whether the doorbell of an actor that sleeps for `awaited` has moved. */
function isWoken(awaited: number, by: "ring" | "answer", actor: number): boolean {
  const { actors } = createMachine(shapeWith({ cores: 3 }), false);
  const doorbell = actors.announceSleep(SLEEPER, awaited);
  if (by === "ring") actors.wake(SLEEPER);
  else actors.answer(SLEEPER, actor);
  return Atomics.load(actors.words, actors.doorbellIndex(SLEEPER)) !== doorbell;
}

describe("an actor that sleeps", () => {
  it.each([
    ["a ring, whatever it awaits", 2, "ring", 1, true],
    ["the answer that it awaits", 2, "answer", 2, true],
    ["an answer of somebody else", 2, "answer", 1, false],
    ["a ring, if it awaits no answer", NOBODY, "ring", 1, true],
    ["an answer, if it awaits none", NOBODY, "answer", 1, false],
  ] as const)("%s", (_, awaited, by, actor, woken) => {
    expect(isWoken(awaited, by, actor)).toBe(woken);
  });

  it("once awake again: nobody wakes it", () => {
    const { actors } = createMachine(shapeWith({ cores: 3 }), false);
    const doorbell = actors.announceSleep(SLEEPER, 1);
    actors.endSleep(SLEEPER);
    actors.answer(SLEEPER, 1);
    actors.wake(SLEEPER);
    expect(Atomics.load(actors.words, actors.doorbellIndex(SLEEPER))).toBe(doorbell);
  });
});
