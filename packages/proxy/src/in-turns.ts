/**
 * Runs long work in steps, and lets the event loop turn whenever some ms of it are done: what else the thread has to do does
 * not wait for the whole. Resolves with what the work returns. `afterTurn` runs when the loop has turned.
 */
export async function inTurns<Result>(
  work: Generator<void, Result>,
  turnMs: number,
  afterTurn?: () => void,
): Promise<Result> {
  let turnEnds = performance.now() + turnMs;
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (performance.now() < turnEnds) continue;
    await new Promise((resolve) => setImmediate(resolve));
    afterTurn?.();
    turnEnds = performance.now() + turnMs;
  }
}
