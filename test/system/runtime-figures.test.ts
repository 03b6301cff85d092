/** What the runtime socket shows of this program's own parts: threads, descriptors, memory, profiles. */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { ask } from '../support/http.ts';

const THREADS = 2;
let daemon: Daemon;
let port: number;

before(async () => {
  [port] = await freePorts(1);
  daemon = await Daemon.start(
    `global\n    stats socket FOLDER/admin.sock level admin\n    nbthread ${THREADS}\n` +
      'defaults\n    mode http\n    timeout client 5s\n    timeout server 5s\n    timeout connect 5s\n' +
      `frontend door\n    bind 127.0.0.1:${port}\n    http-request return status 204\n`,
    { port },
  );
});

after(async () => await daemon.stop());

test('show threads names every thread, and says that each one is alive', async () => {
  const text = await daemon.ask('show threads');
  assert.match(text, /^\* Thread 0 : main +state=running /);
  for (let index = 1; index <= THREADS; index++) {
    assert.match(
      text,
      new RegExp(
        `^  Thread ${index} : data-${index} +state=running incarnation=1 beats=\\d+ silent_ms=\\d+ waits_for=- cpu_ms=\\d+`,
        'm',
      ),
    );
  }
  // The kernel's own list has them by their names.
  assert.match(text, /^ {2}\d+ +data-1 +[RSD] +\d+$/m);
  assert.doesNotMatch(text, /\n\n./);
});

test('show activity has a value for each data thread, and their sum', async () => {
  const [, sum, ...values] = /^timers: (\d+) \[ (\d+) (\d+) \]$/m.exec(await daemon.ask('show activity'))!.map(Number);
  assert.equal(sum, values[0] + values[1]);
});

test('show fd finds the listeners of a frontend, one socket for each thread', async () => {
  const lines = (await daemon.ask('show fd')).split('\n');
  const listeners = lines.filter((line) => line.endsWith(`st=LISTEN fam=ipv4 local=127.0.0.1:${port} fe=door`));
  assert.equal(listeners.length, THREADS);
  const number = listeners[0].trim().split(' ')[0];
  assert.equal(await daemon.ask(`show fd ${number}`), `${listeners[0]}\n\n`);
  assert.equal(await daemon.ask('show fd 99999'), '\n');
});

test('show pools adds up', async () => {
  const text = await daemon.ask('show pools');
  const pools = [...text.matchAll(/^ {2}- Pool .* : (\d+) bytes allocated, (\d+) used$/gm)];
  assert.equal(pools.length, 2 + 2 * THREADS);
  const sum = (group: number): number => pools.reduce((total, match) => total + Number(match[group]), 0);
  assert.match(text, new RegExp(`^Total: ${pools.length} pools, ${sum(1)} bytes allocated, ${sum(2)} used\\.$`, 'm'));
  // What show info says is a second old at most.
  await until('show info knows the heaps', async () =>
    /^PoolUsed_bytes: [1-9]\d{6,}$/m.test(await daemon.ask('show info')),
  );
});

test('set profiling samples what threads do until it is turned off', async () => {
  assert.match(await daemon.ask('show profiling status'), /^Per-task CPU profiling {14}: off {11}#/);
  assert.equal(await daemon.ask('set profiling tasks on'), '\n');
  assert.equal(await daemon.ask('set profiling memory on'), '\n');
  assert.match(await daemon.ask('show profiling status'), /CPU profiling +: on .*\nMemory usage profiling +: on /);
  await until('functions are seen', async () => {
    for (let count = 0; count < 50; count++) assert.equal((await ask(port)).status, 204);
    return /^ {2}\S.* \S+\.ts:\d+ +\d+ +[\d.]+(?:us|ms|s) /m.test(await daemon.ask('show profiling tasks'));
  });
  const lines = (await daemon.ask('show profiling tasks 3')).trim().split('\n');
  assert.ok(lines.length <= 2 + 3, lines.join('\n'));
  assert.equal(await daemon.ask('set profiling tasks off;set profiling memory off'), '\n\n');
  assert.match(await daemon.ask('show profiling status'), /CPU profiling +: off .*\nMemory usage profiling +: off /);
  assert.equal((await ask(port)).status, 204);
});
