/**
 * A cluster of databases as Galera is run behind HAProxy: mode tcp, one writer and a backup, each checked over HTTP on a port
 * beside its own, where a `clustercheck` answers 200 or 503.
 */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, accepts, freePorts, until } from '../support/daemon.ts';
import { MariaDb, query } from '../support/mariadb.ts';
import { TemporaryFolder, missing } from '../support/programs.ts';

const skip = missing('mariadbd', 'mariadb-install-db', 'mariadb');

/** A database, and what its responder says of it. */
interface Node {
  readonly database: MariaDb;
  /** What an operator or a lost quorum makes of it: 503 while the port still accepts. */
  synced: boolean;
}

const resources = new AsyncDisposableStack();
let folder = '';
let port = 0;
let daemon: Daemon;
const nodes: Node[] = [];

before(async () => {
  if (skip !== false) return;
  folder = resources.use(new TemporaryFolder()).path;
  const [frontPort, ...ports] = await freePorts(5);
  port = frontPort;
  nodes.push(await startNode(1, ports[0], ports[1]));
  nodes.push(await startNode(2, ports[2], ports[3]));
  daemon = resources.use(
    await Daemon.start(
      `global
    nbthread 2
    stats socket FOLDER/admin.sock level admin
defaults
    mode tcp
    timeout connect 5s
    timeout check 5s
    timeout client 20s
    timeout server 20s
listen galera
    bind 127.0.0.1:${port}
    option tcpka
    option httpchk
    balance leastconn
    default-server inter 1s fastinter 200ms downinter 200ms fall 2 rise 2 on-marked-down shutdown-sessions
    server db1 127.0.0.1:${ports[0]} check port ${ports[1]}
    server db2 127.0.0.1:${ports[2]} check port ${ports[3]} backup
`,
      { port },
    ),
  );
});

after(async () => await resources.disposeAsync());

async function startNode(id: number, databasePort: number, checkPort: number): Promise<Node> {
  const data = join(folder, `db${id}`);
  mkdirSync(data);
  const database = resources.use(await MariaDb.start(data, databasePort, id));
  const responder = createServer((_request, response) => {
    void accepts(databasePort).then((up) => {
      const text = up && node.synced ? 'Galera cluster node is synced.\r\n' : 'Galera cluster node is not synced.\r\n';
      response
        .writeHead(up && node.synced ? 200 : 503, { 'content-type': 'text/plain', connection: 'close' })
        .end(text);
    });
  });
  const node: Node = { database, synced: true };
  resources.defer(() => {
    responder.closeAllConnections();
    responder.close();
  });
  responder.listen(checkPort, '127.0.0.1');
  await once(responder, 'listening');
  return node;
}

/** The `server_id` of the database that answers through the proxy. */
async function answering(): Promise<string> {
  const { status, stdout, stderr } = await query(port, 'SELECT @@server_id');
  assert.equal(status, 0, stderr);
  return stdout.toString().trim();
}

async function becomes(server: string, status: RegExp): Promise<void> {
  await until(`${server} is ${status.source}`, async () =>
    status.test(await daemon.statistic('galera', server, 'status')),
  );
}

test('queries go through the proxy to the first database while it is up', { skip }, async () => {
  await becomes('db1', /^UP$/);
  await becomes('db2', /^UP$/);
  const made = await query(
    port,
    'CREATE DATABASE trial; CREATE TABLE trial.t (n INT, s LONGTEXT); INSERT INTO trial.t VALUES (1, REPEAT("x", 2000000))',
  );
  assert.equal(made.status, 0, made.stderr);
  const read = await query(port, 'SELECT s FROM trial.t');
  assert.equal(read.stdout.toString().trim(), 'x'.repeat(2_000_000));
  for (let round = 0; round < 5; round++) assert.equal(await answering(), '1');
  assert.equal(await daemon.statistic('galera', 'db1', 'bck'), '0');
  assert.equal(await daemon.statistic('galera', 'db2', 'bck'), '1');
  assert.equal(await daemon.statistic('galera', 'db2', 'stot'), '0');
  assert.match(await daemon.statistic('galera', 'db1', 'check_status'), /^L7OK$/);
});

test('a database that is killed is replaced by the backup, and is used again when it is back', { skip }, async () => {
  await nodes[0].database.kill();
  await becomes('db1', /^DOWN$/);
  assert.match(await daemon.statistic('galera', 'db1', 'check_code'), /^503$/);
  assert.equal(await answering(), '2');
  assert.equal(await daemon.statistic('galera', 'BACKEND', 'status'), 'UP');
  await nodes[0].database.start();
  await becomes('db1', /^UP$/);
  assert.equal(await answering(), '1');
  const { stdout } = await query(port, 'SELECT COUNT(*) FROM trial.t');
  assert.equal(stdout.toString().trim(), '1');
});

test('a clustercheck that answers 503 takes a database out while its port accepts', { skip }, async () => {
  nodes[0].synced = false;
  await becomes('db1', /^DOWN$/);
  assert.equal(await accepts(nodes[0].database.port), true);
  assert.equal(await answering(), '2');
  nodes[0].synced = true;
  await becomes('db1', /^UP$/);
  assert.equal(await answering(), '1');
});

test('the sessions of a database that goes down are shut, as on-marked-down says', { skip }, async () => {
  const long = query(port, 'SELECT SLEEP(20)');
  await until('the query runs', async () => (await daemon.statistic('galera', 'db1', 'scur')) === '1');
  nodes[0].synced = false;
  const { status, stderr } = await long;
  assert.notEqual(status, 0);
  assert.match(stderr, /Lost connection/);
  nodes[0].synced = true;
  await becomes('db1', /^UP$/);
});

test('with both gone the proxy says so and takes no session to a server', { skip }, async () => {
  for (const node of nodes) node.synced = false;
  await becomes('BACKEND', /^DOWN$/);
  const { status, stderr } = await query(port, 'SELECT 1');
  assert.notEqual(status, 0);
  assert.match(stderr, /Lost connection/);
  for (const node of nodes) node.synced = true;
  await becomes('BACKEND', /^UP$/);
  assert.match(daemon.output, /Server galera\/db1 is DOWN, reason: Layer7 wrong status, code: 503/);
  assert.match(daemon.output, /Server galera\/db1 is UP, reason: Layer7 check passed, code: 200/);
});
