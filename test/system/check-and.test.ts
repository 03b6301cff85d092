/** Several checks of one server (`check-and`, our own): it is up while it passes all of them, and HAProxy refuses the word. */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { TemporaryFolder, missing } from '../support/programs.ts';

const resources = new AsyncDisposableStack();
/** What the two responders answer. */
const statuses = { api: 200, data: 200 };
let configuration = '';
let port = 0;
let daemon: Daemon;

async function respond(name: keyof typeof statuses): Promise<number> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(statuses[name], { connection: 'close' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

before(async () => {
  const [api, data] = [await respond('api'), await respond('data')];
  [port] = await freePorts(1);
  configuration = `global
  stats socket FOLDER/admin.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout check 1s
listen web
  bind 127.0.0.1:${port}
  option httpchk GET /api
  server s1 127.0.0.1:${api} check inter 200ms rise 1 fall 1 check-and data,alive
backend data
  option httpchk GET /data
  http-check connect port ${data}
  http-check send meth GET uri /data
backend alive
`;
  daemon = resources.use(await Daemon.start(configuration, { port, flags: ['-W', '-db'] }));
});

after(async () => await resources.disposeAsync());

async function stands(expected: string): Promise<void> {
  let last = '';
  await until(`s1 is ${expected}, not ${last}`, async () => {
    const row = (await daemon.statistics()).find((one) => one['svname'] === 's1');
    last = `${row?.['status']} ${row?.['check_status']?.replace('* ', '')} ${row?.['check_code']}`;
    return last === expected;
  });
}

test('a server is up while it passes every check', { timeout: 60_000 }, async () => {
  await stands('UP L7OK 200');
  statuses.data = 503;
  await stands('DOWN L7STS 503');
  assert.match(await daemon.ask('show stat'), /Service Unavailable in the check of data/);
  statuses.data = 200;
  await stands('UP L7OK 200');
  statuses.api = 500;
  await stands('DOWN L7STS 500');
  statuses.api = 200;
  await stands('UP L7OK 200');
});

test('a reload brings what the other backend checks by now', { timeout: 60_000 }, async () => {
  await daemon.reload(configuration.replace('uri /data\n', 'uri /data\n  http-check expect status 418\n'));
  await stands('DOWN L7STS 200');
  await daemon.reload(configuration);
  await stands('UP L7OK 200');
});

test('HAProxy refuses the word', { skip: missing('haproxy') }, () => {
  const folder = resources.use(new TemporaryFolder()).path;
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration.replaceAll('FOLDER', folder));
  const { status, stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'latin1' });
  assert.equal(status, 1);
  assert.match(stderr, /unknown keyword 'check-and'/);
});

test('a backend that is not there is an error', () => {
  const folder = resources.use(new TemporaryFolder()).path;
  const file = join(folder, 'wrong.cfg');
  writeFileSync(file, configuration.replaceAll('FOLDER', folder).replace('check-and data', 'check-and date'));
  const program = join(import.meta.dirname, '../../scripts/evenkeel');
  const { status, stderr } = spawnSync(program, ['-c', '-f', file], { encoding: 'latin1', timeout: 20_000 });
  assert.equal(status, 1);
  assert.match(stderr, /unable to find backend 'date' referenced by 'check-and'/);
});
