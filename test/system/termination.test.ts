/**
 * Every termination state of manual section 8.5 that traffic can bring about, on HAProxy and on evenkeel: the same scenes, and
 * the same log lines (state, status, timers reached, retries, queue positions), answers and counters.
 *
 * Not here, because they need what is built later:
 * - `LR` of redirects and of the stats page (`http-request return` stands for them);
 * - the letters of persistence cookies, which are `--` until `cookie` works.
 *
 * Not here, because nothing shows them on HAProxy 2.6.12, whatever its manual says:
 * - `I`: a bug in the program;
 * - `PC`: what exhausts its descriptors is logged as `SC`, as are source ports that are used up;
 * - `CT`: a client that leaves the tarpit is logged as `PT`;
 * - `cH`: a request body that stalls is the server's fault there (see the scene);
 * - `PD` of chunks that break: it logs `SD`, so `PD` is that of `tcp-response content reject`;
 * - `CL`, `cL`, `SL`: what a client does while it gets the last bytes is logged as `CD`, `cD`;
 * - `KT`, `KR` in mode tcp: there the command ends neither a tarpit nor a wait of rules for data.
 *
 * Not here, because two time-outs would be at one moment: `timeout tunnel`, which both sides share.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { playScenes, type SceneOutcome } from '../support/log-scenes.ts';
import { findProgram, missing } from '../support/programs.ts';
import { HTTP_SCENES } from '../support/termination/http.ts';
import type { TerminationScene } from '../support/termination/scene.ts';
import { TCP_SCENES } from '../support/termination/tcp.ts';

/** The letters of the first line, which is that of the stream in question. */
function stateOf({ lines }: SceneOutcome): string | undefined {
  return lines[0]?.split(' ')[2];
}

for (const [mode, scenes] of Object.entries({ http: HTTP_SCENES, tcp: TCP_SCENES })) {
  test(`mode ${mode}: streams end as on HAProxy`, { skip: missing('haproxy') }, async (context) => {
    const real = await playScenes(scenes, { program: findProgram('haproxy') });
    const ours = await playScenes(scenes, { threads: 2 });
    for (const scene of scenes) {
      await context.test(scene.name, () => compare(scene, real.get(scene.name)!, ours.get(scene.name)!));
    }
  });
}

function compare(scene: TerminationScene, real: SceneOutcome, ours: SceneOutcome): void {
  assert.equal(stateOf(real), scene.haproxy?.state ?? scene.state, `HAProxy: ${real.lines.join(' ; ')}`);
  assert.equal(stateOf(ours), scene.state, `evenkeel: ${ours.lines.join(' ; ')}`);
  if (scene.haproxy === undefined) assert.deepEqual(ours, real);
}
