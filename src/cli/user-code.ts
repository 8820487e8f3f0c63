// Whether code of the user's, such as a policy's module, has run in this process: what it left
// behind, such as a timer, keeps the process alive when the command is done.

let hasRun = false;

/** To be called before any of it runs. */
export function noteUserCode(): void {
  hasRun = true;
}

export function hasUserCodeRun(): boolean {
  return hasRun;
}
