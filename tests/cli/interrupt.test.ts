import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { Interrupt } from "../../dist/src/cli/interrupt.js";
import { ENDING_SIGNALS } from "../../dist/src/workers/signals.js";

describe("Ctrl-C", () => {
  const before = process.listeners("SIGINT");
  let exit: MockInstance<typeof process.exit>;
  const press = () => process.emit("SIGINT");

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
    exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    for (const listener of process.listeners("SIGINT")) {
      if (before.includes(listener)) continue;
      for (const signal of ENDING_SIGNALS) process.off(signal, listener);
    }
  });

  it("ends the run in order, and nothing else if it arrives again within a second", () => {
    const { signal } = new Interrupt();
    expect(signal.aborted).toBe(false);
    press();
    vi.advanceTimersByTime(999);
    press();
    expect(signal.aborted).toBe(true);
    expect(exit).not.toHaveBeenCalled();
  });

  it.each(["SIGTERM", "SIGHUP"] as const)("%s, as of a closed terminal: the same", (name) => {
    const { signal } = new Interrupt();
    process.emit(name);
    expect([signal.aborted, exit.mock.calls]).toEqual([true, []]);
  });

  it("pressed again later: ends the process, with 130", () => {
    void new Interrupt();
    press();
    vi.advanceTimersByTime(1000);
    press();
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  });

  it("is no longer listened for once the run is over, unless it was pressed", () => {
    const over = new Interrupt();
    over.dispose();
    expect(process.listeners("SIGINT")).toEqual(before);
    const pressed = new Interrupt();
    press();
    pressed.dispose();
    expect(process.listeners("SIGINT")).toHaveLength(before.length + 1);
  });
});
