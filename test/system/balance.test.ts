/**
 * The same server as HAProxy for the same request: both programs run one configuration and are asked the same thousands of keys, for
 * every way of hashing. Keys are random; the seed is printed.
 */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Daemon, EVENKEEL, freePorts, until } from '../support/daemon.ts';
import type { RawServer } from '../support/http.ts';
import { missing } from '../support/programs.ts';
import { NAME_SERVER, servedBy, startAnsweringServer } from '../support/served-by.ts';

const skip = missing('haproxy');
const PROGRAMS = ['haproxy', EVENKEEL] as const;
const KEYS = 2000;
const seed = Number(process.env['BALANCE_SEED'] ?? (Date.now() & 0xffffff) + 1);

const TIMEOUTS = `    timeout connect 5s
    timeout client 20s
    timeout server 20s
`;

/** Lists of servers; "@" stands for their address. */
const SERVERS = {
  mixed: [
    'server a @ weight 7 id 12',
    'server b @ weight 3',
    'server c @ weight 0',
    'server d @ weight 100 id 7 disabled',
    'server e @ weight 4 id 100000',
    'server f @ backup weight 9',
    'server g @ weight 2 id 5',
  ],
  equal: Array.from({ length: 37 }, (_, index) => `server s${index} @`),
  'first backup': ['server a @ disabled', 'server b @ backup weight 3', 'server c @ backup weight 2'],
  'all backups': [
    'option allbackups',
    'server a @ weight 5 disabled',
    'server b @ backup weight 6',
    'server c @ backup weight 4',
  ],
} as const;

interface Combination {
  readonly name: string;
  readonly lines: readonly string[];
  readonly requests: (random: (below: number) => number) => string[];
}

const FUNCTIONS = ['sdbm', 'djb2', 'wt6', 'crc32'] as const;

function* combinations(): Generator<Combination> {
  const header = (lines: readonly string[], name: string): Combination => ({
    name,
    lines: ['balance hdr(x-key)', ...lines],
    requests: headerRequests,
  });
  for (const method of ['map-based', 'consistent'])
    for (const compute of FUNCTIONS)
      for (const avalanche of ['', ' avalanche'])
        yield header(
          [`hash-type ${method} ${compute}${avalanche}`, ...SERVERS.mixed],
          `${method} ${compute}${avalanche}`,
        );
  for (const method of ['map-based', 'consistent'])
    for (const [name, servers] of Object.entries(SERVERS))
      yield header([`hash-type ${method}`, ...servers], `${method}, ${name}`);
  for (const options of ['', 'whole', 'path-only', 'len 12', 'depth 2', 'len 9 depth 1', 'whole path-only depth 3'])
    yield { name: `uri ${options}`, lines: [`balance uri ${options}`, ...SERVERS.equal], requests: uriRequests };
  for (const modifier of ['', ' check_post'])
    yield {
      name: `url_param${modifier}`,
      lines: [`balance url_param id${modifier}`, ...SERVERS.equal],
      requests: parameterRequests,
    };
  yield {
    name: 'hdr use_domain_only',
    lines: ['balance hdr(x-key) use_domain_only', ...SERVERS.equal],
    requests: domainRequests,
  };
  for (const expression of ['req.hdr(x-key),lower', 'path,crc32', 'req.hdr_cnt(x-key)'])
    yield {
      name: `hash ${expression}`,
      lines: [`balance hash ${expression}`, 'hash-type consistent', ...SERVERS.equal],
      requests: headerRequests,
    };
  yield { name: 'static-rr', lines: ['balance static-rr', ...SERVERS.mixed], requests: headerRequests };
  yield { name: 'roundrobin', lines: ['balance roundrobin', ...SERVERS.mixed], requests: headerRequests };
  yield { name: 'first', lines: ['balance first', ...SERVERS.mixed], requests: headerRequests };
}

// -------------------------------------------------------------------------------------------------------------- requests

/** Numbers below a bound, the same for both programs. */
function randomFrom(start: number): (below: number) => number {
  let state = start | 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
}

const request = (backend: string, method: string, target: string, fields: string, body = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: test\r\nX-Backend: ${backend}\r\n${fields}\r\n${body}`;

const PLACEHOLDER = 'BACKEND';

/** Values of any bytes that a field may have; now and then none. */
function headerRequests(random: (below: number) => number): string[] {
  return Array.from({ length: KEYS }, () => {
    const path = `/${random(1000)}`;
    if (random(10) === 0) return request(PLACEHOLDER, 'GET', path, random(2) === 0 ? '' : 'X-Key: \r\n');
    let key = '';
    for (let left = 1 + random(24); left > 0; left--) {
      const code = 0x21 + random(0xff - 0x21);
      key += code === 0x7f ? '-' : String.fromCharCode(code);
    }
    return request(PLACEHOLDER, 'GET', path, `X-Key: ${key}\r\n`);
  });
}

const URI_PARTS = ['/', '/', 'a', 'bc', 'index.html', '?', '&', '=', '7', 'key', '%20', ';', '.'];

function uriRequests(random: (below: number) => number): string[] {
  return Array.from({ length: KEYS }, () => {
    let target = random(8) === 0 ? 'http://test/' : '/';
    for (let left = random(10); left > 0; left--) target += URI_PARTS[random(URI_PARTS.length)];
    return request(PLACEHOLDER, 'GET', target, '');
  });
}

const PARAMETERS = ['id', 'xid', 'idx', 'ID', 'other'];

function parameterRequests(random: (below: number) => number): string[] {
  const list = (): string => {
    let text = '';
    for (let left = random(4); left > 0; left--)
      text += `${PARAMETERS[random(PARAMETERS.length)]}${random(6) === 0 ? '' : `=${random(500) || ''}`}${'&;&'[random(3)]}`;
    return text;
  };
  return Array.from({ length: KEYS }, () => {
    const target = random(3) === 0 ? '/' : `/?${list()}`;
    if (random(2) === 0) return request(PLACEHOLDER, 'GET', target, '');
    const body = list().replace('=', ['=', '=', '=;', '= ', '=/', '="', '=+'][random(7)]);
    return request(PLACEHOLDER, random(3) === 0 ? 'PUT' : 'POST', target, `Content-Length: ${body.length}\r\n`, body);
  });
}

/** HAProxy looks one byte behind the value: another field stands there, where a dot of an earlier request might. */
function domainRequests(random: (below: number) => number): string[] {
  return Array.from({ length: KEYS }, () => {
    let name = '';
    for (let left = 1 + random(6); left > 0; left--) name += ['a', 'example', 'co', '.', '.', 'x1'][random(6)];
    return request(PLACEHOLDER, 'GET', '/', `X-Key: ${name}\r\nX-Next: 1\r\n`);
  });
}

// ------------------------------------------------------------------------------------------------------------- the tests

const all = Array.from(combinations(), (combination, index) => ({ ...combination, backend: `b${index}` }));
const resources = new AsyncDisposableStack();
let origin: RawServer;
const ports: number[] = [];

before(async () => {
  if (skip !== false) return;
  origin = await startAnsweringServer();
  resources.defer(async () => await origin.stop());
  for (const program of PROGRAMS) {
    const [port] = await freePorts(1);
    ports.push(port);
    resources.use(await Daemon.start(configuration(port), { port, program }));
  }
});

after(async () => {
  await resources.disposeAsync();
});

function configuration(port: number): string {
  let text = `global\n    nbthread 1\ndefaults\n    mode http\n${TIMEOUTS}`;
  text += `frontend web\n    bind 127.0.0.1:${port}\n    use_backend %[req.hdr(x-backend)]\n`;
  for (const { backend, lines } of all) {
    text += `backend ${backend}\n    ${NAME_SERVER}\n`;
    for (const line of lines) text += `    ${line.replace('@', `127.0.0.1:${origin.port}`)}\n`;
  }
  return text;
}

for (const [index, { name, backend, requests }] of all.entries()) {
  test(`${name}: the servers are HAProxy's`, { skip }, async (context) => {
    context.diagnostic(`BALANCE_SEED=${seed}`);
    const texts = requests(randomFrom(seed + index)).map((text) => text.replace(PLACEHOLDER, backend));
    const [theirs, ours] = await Promise.all(ports.map(async (port) => await servedBy(port, texts)));
    const at = ours.findIndex((server, position) => server !== theirs[position]);
    assert.equal(at, -1, `request ${at} went to ${ours[at]} in place of ${theirs[at]}:\n${texts[at]}`);
  });
}

const runHelper = promisify(execFile);

test('source: clients of any IPv4 and IPv6 address go to the servers of HAProxy', { skip }, async (context) => {
  const helper = join(import.meta.dirname, '../support/served-by-address.ts');
  // Addresses of our own need a network of our own.
  const setUp =
    'ip link set lo up && ip -6 route add local fd00::/8 dev lo && sysctl -qw net.ipv6.ip_nonlocal_bind=1 || exit 77; exec "$@"';
  const results: string[] = [];
  for (const program of PROGRAMS) {
    const run = runHelper('unshare', ['-n', 'sh', '-c', setUp, 'sh', process.execPath, helper, program, String(seed)], {
      timeout: 60_000,
    });
    const outcome = await run.catch((error: Error & { code?: unknown; stderr?: string }) => error);
    if (outcome instanceof Error) {
      const { code, message, stderr = '' } = outcome;
      if (code === 77 || code === 'ENOENT' || /Operation not permitted/.test(stderr + message))
        return context.skip('network namespaces need root and unshare(1)');
      throw outcome;
    }
    results.push(outcome.stdout);
  }
  assert.ok(results[0].split('\n').length > 100);
  assert.equal(results[1], results[0]);
});

// ------------------------------------------------------------------------------------- connections that stay

/** Servers of mode tcp that say who they are. */
async function namedServers(count: number): Promise<{ readonly ports: readonly number[]; readonly stop: () => void }> {
  const servers: Server[] = [];
  for (let index = 0; index < count; index++) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(`s${index}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
  }
  return {
    ports: servers.map((server) => (server.address() as AddressInfo).port),
    stop: () => {
      for (const server of servers) server.close();
    },
  };
}

async function open(port: number): Promise<{ readonly server: string; readonly socket: Socket }> {
  const socket = connect(port, '127.0.0.1');
  const server = await new Promise<string>((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1')));
    socket.once('error', reject);
    socket.once('close', () => resolve('closed'));
    socket.setTimeout(10_000, () => reject(new Error('no greeting within 10 s')));
  });
  return { server, socket };
}

const WEIGHTS = [1, 2, 1, 3, 1, 1, 2, 1];
const weighted = (index: number): string => `weight ${WEIGHTS[index]}`;

/** The sequence of servers that connections get of which all stay, or the n-th leaves where `leaves` says so. */
const STAYING: readonly (readonly [name: string, lines: string, option: (index: number) => string])[] = [
  ['hash-balance-factor 125, one key', 'balance hash int(5)|hash-type consistent|hash-balance-factor 125', () => ''],
  [
    'hash-balance-factor 150, one key, weights',
    'balance hash int(7)|hash-type consistent|hash-balance-factor 150',
    weighted,
  ],
  [
    'hash-balance-factor 101, one key, weights',
    'balance source|hash-type consistent djb2|hash-balance-factor 101',
    weighted,
  ],
  ['hash-balance-factor without consistent', 'balance hash int(5)|hash-balance-factor 125', () => ''],
  ['first', 'balance first', (index) => `id ${[40, 2, 9, 1, 7, 30, 3, 8][index]} maxconn ${(index % 4) + 1}`],
  ['leastconn', 'balance leastconn', weighted],
];

for (const [name, lines, option] of STAYING) {
  test(`${name}: connections that stay are spread as HAProxy spreads them`, { skip }, async () => {
    const servers = await namedServers(WEIGHTS.length);
    try {
      const sequences: string[][] = [];
      for (const program of PROGRAMS) {
        const [port] = await freePorts(1);
        const text =
          `global\n    nbthread 1\n    stats socket FOLDER/admin.sock\ndefaults\n    mode tcp\n${TIMEOUTS}listen app\n    bind 127.0.0.1:${port}\n    ` +
          `${lines.replaceAll('|', '\n    ')}\n` +
          servers.ports.map((each, index) => `    server s${index} 127.0.0.1:${each} ${option(index)}\n`).join('');
        await using daemon = await Daemon.start(text, { port, program });
        await until('the runtime socket is there', () => existsSync(join(daemon.folder, 'admin.sock')));
        await until('the connection that found the port open has come and gone', async () => {
          const row = (await daemon.statistics()).find((each) => each['svname'] === 'BACKEND');
          return row?.['stot'] === '1' && row['scur'] === '0';
        });
        sequences.push(await staySequence(port, daemon));
      }
      assert.deepEqual(sequences[1], sequences[0]);
    } finally {
      servers.stop();
    }
  });
}

/** Connections come one by one; every fourth is followed by the end of the oldest. */
async function staySequence(port: number, daemon: Daemon): Promise<string[]> {
  const sockets: Socket[] = [];
  const names: string[] = [];
  try {
    for (let round = 0; round < 18; round++) {
      const { server, socket } = await open(port);
      names.push(server);
      sockets.push(socket);
      if (round % 4 !== 3) continue;
      sockets.shift()!.destroy();
      const left = String(sockets.length);
      await until('it is over', async () => (await daemon.statistic('app', 'BACKEND', 'scur')) === left);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  return names;
}
