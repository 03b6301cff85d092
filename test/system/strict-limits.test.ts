/** `maxconn` and `ulimit-n` against the descriptors that the process may have (manual: global "strict-limits"). */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, EVENKEEL, freePorts } from '../support/daemon.ts';
import { ask } from '../support/http.ts';
import { TemporaryFolder, missing, run } from '../support/programs.ts';

const program = process.env['HAPROXY_PROGRAM'] ?? EVENKEEL;
const skip = missing('setpriv', 'bash');

/** Starts what follows with 1024 descriptors and without the right to raise that, which root would have. */
const BOUNDED = ['setpriv', '--bounding-set=-sys_resource', 'bash', '-c', 'ulimit -n 1024; exec "$@"', 'bash'];

function configuration(port: number, global: string): string {
  return `global
    nbthread 1
    ${global}
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200
`;
}

for (const { global, asks } of [
  { global: 'maxconn 5000', asks: /Cannot raise FD limit to 10\d\d\d, limit is 1024/ },
  { global: 'ulimit-n 5000', asks: /Cannot raise FD limit to 5000, limit is 1024/ },
]) {
  test(`${global}: more than the process may have stops the start`, { skip }, async () => {
    using folder = new TemporaryFolder();
    const [port] = await freePorts(1);
    const file = join(folder.path, 'a.cfg');
    writeFileSync(file, configuration(port, global));
    const [name, ...args] = [...BOUNDED, program, '-db', '-f', file];
    const { status, stderr } = await run(name, args);
    assert.equal(status, 1);
    assert.match(stderr, /^\[ALERT\]/m);
    assert.match(stderr, asks);
  });

  test(`${global} with 'no strict-limits': a warning, and it serves`, { skip }, async () => {
    const [port] = await freePorts(1);
    const text = configuration(port, `${global}\n    no strict-limits`);
    await using daemon = await Daemon.start(text, { port, launcher: BOUNDED });
    assert.equal((await ask(port)).status, 200);
    assert.match(daemon.output, /\[WARNING\].*Cannot raise FD limit/);
  });
}

test('a maxconn that HAProxy can hold with these descriptors is never refused', { skip }, async () => {
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(configuration(port, 'maxconn 480'), { port, launcher: BOUNDED });
  assert.equal((await ask(port)).status, 200);
  assert.doesNotMatch(daemon.output, /ALERT/);
});
