/**
 * The statistics beside HAProxy's: after the same traffic the same columns hold the same values. And over a reload: what was
 * counted stays counted.
 */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import type { StatRow } from '../support/daemon.ts';
import { missing } from '../support/programs.ts';

/** Columns that may differ, with the reason. */
const EXEMPT: Readonly<Record<string, string>> = {
  pid: 'compared as a process number only where both have one',
  slim: 'follows maxconn, which descriptors decide',
  addr: 'ports of the test',
  lastchg: 'seconds since the start',
  lastsess: 'seconds since the last session',
  downtime: 'seconds',
  rate: 'moves with the second in which it is asked',
  rate_max: 'depends on how the traffic falls into seconds',
  req_rate: 'as rate',
  req_rate_max: 'as rate_max',
  conn_rate: 'as rate',
  conn_rate_max: 'as rate_max',
  smax: 'depends on when a session is taken for ended',
  qtime: 'measured',
  ctime: 'measured',
  rtime: 'measured',
  ttime: 'measured',
  qtime_max: 'measured',
  ctime_max: 'measured',
  rtime_max: 'measured',
  ttime_max: 'measured',
  check_duration: 'measured',
  bin: 'HAProxy counts heads in its own form, without the fields that it takes off',
  bout: 'the proxies word their own error pages alike, not the dates and fields of what they add',
  srv_icur: 'each thread keeps its own idle connections',
  idle_conn_cur: 'as srv_icur',
  safe_conn_cur: 'as srv_icur',
  used_conn_cur: 'as srv_icur',
  need_conn_est: 'an estimate of its own algorithm',
  connect: 'as srv_icur',
  reuse: 'as srv_icur',
  h1_open_connections: 'as smax',
  h1_open_streams: 'as smax',
  h1_total_connections: 'as srv_icur on backends',
  h1_total_streams: 'HAProxy also counts the wait for a request that never comes',
  h1_bytes_in: 'counted after, not before, headers are made canonical',
  h1_bytes_out: 'as h1_bytes_in',
};

/** Fields of `show info` that must be equal. */
const INFO = [
  'Name',
  'Nbthread',
  'Nbproc',
  'Process_num',
  'Memmax_MB',
  'PoolFailed',
  'CurrConns',
  'MaxSslConns',
  'CurrSslConns',
  'CumSslConns',
  'ConnRateLimit',
  'SessRateLimit',
  'SslRateLimit',
  'node',
  'description',
  'Stopping',
  'Unstoppable Jobs',
  'Listeners',
  'ActivePeers',
  'DroppedLogs',
  'BusyPolling',
  'FailedResolutions',
];

const configuration = (http: number, tcp: number, backend: number, dead: number): string => `
global
    stats socket FOLDER/admin.sock level admin
    nbthread 1
    node here
    description a test
    maxconnrate 5000
defaults
    mode http
    option socket-stats
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend fe
    bind 127.0.0.1:${http} name web
    http-request deny if { path /deny }
    http-request return status 204 if { path /return }
    http-response deny if { status 203 }
    use_backend dead if { path /dead }
    use_backend none if { path /none }
    default_backend be
backend be
    server s1 127.0.0.1:${backend} weight 20
    server s2 127.0.0.1:${backend} backup
    server s3 127.0.0.1:${dead} disabled
backend dead
    retries 2
    server d1 127.0.0.1:${dead}
backend none
listen tunnel
    mode tcp
    bind 127.0.0.1:${tcp}
    server t1 127.0.0.1:${backend}
`;

/** Requests, and what each is answered with. */
const TRAFFIC: readonly (readonly [request: string, status: number])[] = [
  ['GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 200],
  ['GET /missing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 404],
  ['GET /broken HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 500],
  ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello', 200],
  ['GET /deny HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 403],
  ['GET /return HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 204],
  ['GET /hide HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 502],
  ['GET /dead HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 503],
  ['GET /none HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 503],
  ['GET /garbage HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 502],
  ['GET /empty HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 502],
  ['GET / HTTP/1.1\r\nhost: x\r\nbad name: y\r\n\r\n', 400],
];

/** Answers by path, with a length, over a connection that stays open, but for what is wrong on purpose. */
async function startBackend(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      for (;;) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = received.slice(0, end);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (received.length < end + 4 + length) return;
        received = received.slice(end + 4 + length);
        const path = head.split(' ')[1];
        if (path === '/empty') socket.end();
        else if (path === '/garbage') socket.end('nonsense\r\n\r\n');
        else {
          const status =
            path === '/missing'
              ? '404 Not Found'
              : path === '/broken'
                ? '500 Oops'
                : path === '/hide'
                  ? '203 Hidden'
                  : '200 OK';
          socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 10\r\n\r\n0123456789`);
        }
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Sends, and resolves with what came when the other side has closed. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

async function makeTraffic(http: number, tcp: number): Promise<void> {
  for (const [request, status] of TRAFFIC) {
    const answer = await exchange(http, request);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), request);
  }
  assert.match(await exchange(tcp, 'GET /empty HTTP/1.1\r\nhost: x\r\n\r\n'), /^$/);
}

const key = (row: StatRow): string => `${row['pxname']}/${row['svname']}`;

let backend: Server;

before(async () => {
  backend = await startBackend();
});
after(() => backend.close());

test(
  'after the same traffic show stat and show info hold what HAProxy holds',
  { skip: missing('haproxy') },
  async () => {
    const { port: server } = backend.address() as AddressInfo;
    const [dead, ...ports] = await freePorts(5);
    const start = async (program: string | undefined, http: number, tcp: number): Promise<Daemon> =>
      await Daemon.start(configuration(http, tcp, server, dead), {
        port: http,
        ...(program === undefined ? {} : { program }),
      });
    await using real = await start('haproxy', ports[0], ports[1]);
    await using own = await start(undefined, ports[2], ports[3]);
    await makeTraffic(ports[0], ports[1]);
    await makeTraffic(ports[2], ports[3]);
    // Counters are written when a stream ends, which the client does not see.
    for (const daemon of [real, own]) {
      await until('sessions are over', async () => (await daemon.statistic('fe', 'FRONTEND', 'scur')) === '0');
      await until('tunnels are over', async () => (await daemon.statistic('tunnel', 'FRONTEND', 'scur')) === '0');
    }
    const [wanted, rows] = [await real.statistics(), await own.statistics()];
    assert.deepEqual(rows.map(key), wanted.map(key));
    const header = (text: string): string => text.slice(0, text.indexOf('\n'));
    assert.equal(header(await own.ask('show stat')), header(await real.ask('show stat')));
    const differences: string[] = [];
    for (const [index, row] of rows.entries()) {
      for (const [column, value] of Object.entries(row)) {
        if (Object.hasOwn(EXEMPT, column)) {
          // What is exempt must be filled where HAProxy fills it, all the same.
          if ((value === '') !== (wanted[index][column] === ''))
            differences.push(`${key(row)} ${column}: '${value}', HAProxy has '${wanted[index][column]}'`);
        } else if (value !== wanted[index][column])
          differences.push(`${key(row)} ${column}: '${value}', HAProxy has '${wanted[index][column]}'`);
      }
    }
    assert.deepEqual(differences, []);

    const infoOf = async (daemon: Daemon): Promise<ReadonlyMap<string, string>> =>
      new Map(
        [...(await daemon.ask('show info')).matchAll(/^([^:\n]+): (.*)$/gm)].map(([, name, value]) => [name, value]),
      );
    const [wantedInfo, info] = [await infoOf(real), await infoOf(own)];
    assert.deepEqual([...info.keys()], [...wantedInfo.keys()]);
    for (const name of INFO) assert.equal(info.get(name), wantedInfo.get(name), name);
    // Names, positions, natures and types of the typed forms, without values.
    const shape = (text: string): string => text.replaceAll(/^((?:[^:\n]*:){3}).*$/gm, '$1');
    assert.equal(shape(await own.ask('show info typed')), shape(await real.ask('show info typed')));
    assert.equal(shape(await own.ask('show stat typed')), shape(await real.ask('show stat typed')));
    assert.deepEqual(
      JSON.parse(await own.ask('show schema json')) as unknown,
      JSON.parse(await real.ask('show schema json')) as unknown,
    );
  },
);

test('counters outlive a reload, those that were cleared before too', async () => {
  const { port: server } = backend.address() as AddressInfo;
  const [dead, http, tcp] = await freePorts(3);
  const text = configuration(http, tcp, server, dead);
  await using daemon = await Daemon.start(text, { port: http, flags: ['-W'] });
  await makeTraffic(http, tcp);
  await until('sessions are over', async () => (await daemon.statistic('fe', 'FRONTEND', 'scur')) === '0');
  const counted = (row: StatRow): StatRow =>
    Object.fromEntries(
      Object.entries(row).filter(
        ([column]) => !/^(?:lastchg|lastsess|.*rate|need_.*|.*_cur|srv_icur|h1_open.*)$/.test(column),
      ),
    );
  const info = async (name: string): Promise<string | undefined> =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(await daemon.ask('show info'))?.[1];
  const [before, requests, connections] = [await daemon.statistics(), await info('CumReq'), await info('CumConns')];
  // The start of the test has looked whether the port is open.
  assert.equal(before.find((row) => key(row) === 'fe/FRONTEND')?.['stot'], String(TRAFFIC.length + 1));

  assert.match(await daemon.reload(text.replace('a test', 'another')), /Loading success \(generation 2\)/);
  assert.deepEqual((await daemon.statistics()).map(counted), before.map(counted));
  assert.equal(await info('description'), 'another');

  // A frontend that is gone takes nothing from what the process has counted.
  const without = text.slice(0, text.indexOf('listen tunnel'));
  assert.match(await daemon.reload(without), /Loading success \(generation 3\)/);
  assert.equal(await info('CumReq'), requests);
  assert.equal(await info('CumConns'), connections);

  await daemon.ask('clear counters all');
  await exchange(http, TRAFFIC[0][0]);
  await until('one more', async () => (await daemon.statistic('fe', 'FRONTEND', 'stot')) === '1');
  assert.match(await daemon.reload(text), /Loading success \(generation 4\)/);
  assert.equal(await daemon.statistic('fe', 'FRONTEND', 'stot'), '1');
  assert.equal(await daemon.statistic('be', 's1', 'stot'), '1');
});
