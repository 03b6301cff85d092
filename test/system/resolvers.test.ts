/**
 * Servers that are found by name while the daemon runs (manual section 5.3): addresses and services that come, go and move, name
 * servers that fall silent. Each drill runs on the real haproxy too, where that is installed.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Daemon, EVENKEEL, freePorts, until } from '../support/daemon.ts';
import { NameServer, type Records } from '../support/dnsmasq.ts';
import { ask } from '../support/http.ts';
import { findProgram, missing, run } from '../support/programs.ts';

const skip = missing('dnsmasq');
const haproxy = findProgram('haproxy');
const PROGRAMS: readonly (readonly [name: string, path: string])[] = [
  ['evenkeel', EVENKEEL],
  ...(haproxy === undefined ? [] : [['haproxy', haproxy] as const]),
];

/** One HTTP server on every address of loopback, which answers with the one that it was reached at. */
class Everywhere {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(): Promise<Everywhere> {
    const server = createServer((request, response) => {
      const { localAddress = '', localPort = 0 } = request.socket;
      response.end(`${localAddress.replace('::ffff:', '')} ${localPort}`);
    });
    server.listen(0, '::');
    await once(server, 'listening');
    return new Everywhere(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Stage extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly names: NameServer;
  readonly port: number;
  /** Address that answered, or the status where none did. */
  answer(): Promise<string>;
  /** `show servers state`: address, administrative state, weight, name and port by server. */
  states(): Promise<Record<string, string>>;
}

/** A name server that learns other records is gone for a moment: nothing but the absence of a name may count soon. */
const HOLD_BRIEFLY = 'hold nx 200ms';

async function start(program: string, records: Records, servers: string, hold = HOLD_BRIEFLY): Promise<Stage> {
  const resources = new AsyncDisposableStack();
  try {
    const names = resources.use(await NameServer.start(records));
    const [port] = await freePorts(1);
    const daemon = resources.use(
      await Daemon.start(configuration(port, names.port, servers, hold), { port, program, flags: ['-W', '-db'] }),
    );
    return {
      daemon,
      names,
      port,
      answer: async () => {
        const { status, body } = await ask(port);
        return status === 200 ? body.toString().split(' ')[0] : String(status);
      },
      states: async () => {
        const lines = (await daemon.ask('show servers state')).trim().split('\n').slice(2);
        return Object.fromEntries(
          lines.map((line) => {
            const fields = line.split(' ');
            // 64 tells how HAProxy keeps the name of a server, not whether it serves.
            return [fields[3], [fields[4], Number(fields[6]) & ~64, fields[7], fields[17], fields[18]].join(' ')];
          }),
        );
      },
      [Symbol.asyncDispose]: async () => await resources.disposeAsync(),
    };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

function configuration(port: number, namesPort: number, servers: string, hold = HOLD_BRIEFLY): string {
  return `global
  stats socket FOLDER/admin.sock level admin
  log stdout format raw local0
resolvers lab
  nameserver first 127.0.0.1:${namesPort}
  timeout resolve 100ms
  timeout retry 200ms
  resolve_retries 2
  ${hold}
defaults
  mode http
  log global
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  default-server resolvers lab init-addr none resolve-prefer ipv4
listen web
  bind 127.0.0.1:${port}
  http-reuse never
${servers
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
`;
}

/** What it does, a program may say a moment later. */
async function saysSoon(daemon: Daemon, line: RegExp): Promise<void> {
  await until(`it says ${line.source}`, () => line.test(daemon.output));
}

for (const [name, program] of PROGRAMS) {
  test(`${name}: a server follows its name to another address, and no request is lost`, { skip }, async () => {
    await using pages = await Everywhere.start();
    const records = (...list: string[]): Records => ({ addresses: { 'app.test': list } });
    await using stage = await start(program, records('127.0.0.11'), `server s1 app.test:${pages.port}`);
    await until('it serves', async () => (await stage.answer()) === '127.0.0.11');
    await stage.names.change(records('127.0.0.12'));
    const answers = new Set<string>();
    await until('the other address answers', async () => {
      const answer = await stage.answer();
      answers.add(answer);
      return answer === '127.0.0.12';
    });
    assert.deepEqual([...answers].sort(), answers.size === 1 ? ['127.0.0.12'] : ['127.0.0.11', '127.0.0.12']);
    await until('it is said', () =>
      /web\/s1 changed its IP from 127\.0\.0\.11 to 127\.0\.0\.12 by lab\/first\./.test(stage.daemon.output),
    );
  });

  test(`${name}: a name that is gone takes its server out of use, until it is back`, { skip }, async () => {
    await using pages = await Everywhere.start();
    const records: Records = { addresses: { 'app.test': ['127.0.0.11'] } };
    await using stage = await start(program, records, `server s1 app.test:${pages.port}`);
    await until('it serves', async () => (await stage.answer()) === '127.0.0.11');
    await stage.names.change({});
    await until('nothing serves', async () => (await stage.answer()) === '503');
    assert.deepEqual(await stage.states(), { s1: `- 32 1 app.test ${pages.port}` });
    await saysSoon(
      stage.daemon,
      /Server web\/s1 is going DOWN for maintenance \(DNS NX status\)\. 0 active and 0 backup servers left\. 0 sessions active, 0 requeued, 0 remaining in queue\.\n/,
    );
    await saysSoon(stage.daemon, /proxy web has no server available!\n/);
    const { output } = stage.daemon;
    await stage.names.change(records);
    await until('it serves again', async () => (await stage.answer()) === '127.0.0.11');
    await until('it is said', () => stage.daemon.output.slice(output.length).includes('thanks to valid DNS answer'));
    const said = stage.daemon.output.slice(output.length);
    assert.match(said, /web\/s1 changed its IP from \(none\) to 127\.0\.0\.11 by lab\/first\.\n/);
    assert.match(said, /Server web\/s1 \('app\.test'\) is UP\/READY \(resolves again\)\.\n/);
    assert.match(said, /Server web\/s1 administratively READY thanks to valid DNS answer\.\n/);
  });

  test(`${name}: servers of a template share the addresses of their name, each its own`, { skip }, async () => {
    await using pages = await Everywhere.start();
    const records = (...list: string[]): Records => ({ addresses: { 'app.test': list } });
    await using stage = await start(
      program,
      records('127.0.0.11', '127.0.0.12'),
      `server-template t 3 app.test:${pages.port}`,
    );
    const addresses = async (): Promise<string> =>
      Object.values(await stage.states())
        .map((state) => state.split(' ')[0])
        .sort()
        .join(' ');
    await until('two have one', async () => (await addresses()) === '- 127.0.0.11 127.0.0.12');
    const before = await stage.states();
    await stage.names.change(records('127.0.0.13', '127.0.0.12', '127.0.0.11'));
    await until('all have one', async () => (await addresses()) === '127.0.0.11 127.0.0.12 127.0.0.13');
    const after = await stage.states();
    for (const [server, state] of Object.entries(before))
      if (!state.startsWith('-')) assert.equal(after[server], state, 'what is known stays where it was');
    const answers = new Set<string>();
    for (let request = 0; request < 9; request++) answers.add(await stage.answer());
    assert.deepEqual([...answers].sort(), ['127.0.0.11', '127.0.0.12', '127.0.0.13']);
    await stage.names.change(records('127.0.0.12'));
    await until('one is left', async () => (await addresses()) === '- - 127.0.0.12');
    assert.equal(await stage.answer(), '127.0.0.12');
  });

  test(`${name}: SRV records give servers their name, port and weight, and take them away`, { skip }, async () => {
    await using pages = await Everywhere.start();
    const { port } = pages;
    const addresses = { 'a.test': ['127.0.0.21'], 'b.test': ['127.0.0.22'] };
    const a = { target: 'a.test', port, weight: 512 };
    const b = { target: 'b.test', port, weight: 65_535 };
    await using stage = await start(
      program,
      { addresses, services: { '_http._tcp.app.test': [a, b] } },
      'server-template v 3 _http._tcp.app.test',
    );
    const states = async (): Promise<string[]> => Object.values(await stage.states()).sort();
    await until('both serve', async () => (await states()).filter((state) => state.startsWith('127')).length === 2);
    const none = (weight: number): string => `- 32 ${weight} - 0`;
    assert.deepEqual(await states(), [none(1), `127.0.0.21 0 2 a.test ${port}`, `127.0.0.22 0 256 b.test ${port}`]);
    const heavier = { ...a, weight: 1024 };
    await stage.names.change({ addresses, services: { '_http._tcp.app.test': [heavier] } });
    await until('one serves', async () => (await states()).filter((state) => state.startsWith('127')).length === 1);
    await until('its weight is new', async () => (await states()).includes(`127.0.0.21 0 4 a.test ${port}`));
    await saysSoon(stage.daemon, /is going DOWN for maintenance \(entry removed from SRV record\)/);
    assert.equal(await stage.answer(), '127.0.0.21');
    await stage.names.change({ addresses });
    await until('nothing serves', async () => (await stage.answer()) === '503');
    await stage.names.change({ addresses, services: { '_http._tcp.app.test': [a, b] } });
    await until(
      'both serve again',
      async () => (await states()).filter((state) => state.startsWith('127')).length === 2,
    );
  });

  test(
    `${name}: port 0 of an SRV record leads nowhere, whatever port the line of the server has`,
    { skip },
    async () => {
      await using pages = await Everywhere.start();
      const records = (port: number): Records => ({
        addresses: { 'a.test': ['127.0.0.21'] },
        services: { '_http._tcp.app.test': [{ target: 'a.test', port, weight: 1 }] },
      });
      const lines = `retries 0\nserver v _http._tcp.app.test:${pages.port}`;
      await using stage = await start(program, records(0), lines);
      const stands = async (port: number): Promise<boolean> =>
        (await stage.states()).v === `127.0.0.21 0 1 a.test ${port}`;
      await until('it has its address', async () => await stands(0));
      assert.equal(await stage.answer(), '503');
      await stage.names.change(records(pages.port));
      await until('it serves', async () => (await stage.answer()) === '127.0.0.21');
      assert.ok(await stands(pages.port));
    },
  );

  test(
    `${name}: IPv6 comes first unless IPv4 is preferred, and a preferred network before others`,
    { skip },
    async () => {
      await using pages = await Everywhere.start();
      await using stage = await start(
        program,
        { addresses: { 'app.test': ['127.0.0.11', '::1', '127.0.0.12'] } },
        `server s6 app.test:${pages.port} resolve-prefer ipv6
server s4 app.test:${pages.port} resolve-net 127.0.0.12/32`,
      );
      await until(
        'both have an address',
        async () => !Object.values(await stage.states()).some((one) => one.startsWith('-')),
      );
      const { s4, s6 } = await stage.states();
      assert.deepEqual([s4.split(' ')[0], s6.split(' ')[0]], ['127.0.0.12', '::1']);
      assert.deepEqual([await stage.answer(), await stage.answer()].sort(), ['127.0.0.12', '::1']);
    },
  );

  test(`${name}: with hold timeout a silent name server takes servers out of use`, { skip }, async () => {
    await using pages = await Everywhere.start();
    await using stage = await start(
      program,
      { addresses: { 'app.test': ['127.0.0.11'] } },
      `server s1 app.test:${pages.port}`,
      'hold timeout 300ms',
    );
    await until('it serves', async () => (await stage.answer()) === '127.0.0.11');
    stage.names.freeze();
    await until('nothing serves', async () => (await stage.answer()) === '503');
    await saysSoon(stage.daemon, /s1 is going DOWN for maintenance \(DNS timeout status\)/);
    stage.names.thaw();
    await until('it serves again', async () => (await stage.answer()) === '127.0.0.11');
  });
}

test('a silent name server leaves servers what they have, also over a reload', { skip }, async () => {
  await using pages = await Everywhere.start();
  const servers = `server s1 app.test:${pages.port}`;
  await using stage = await start(EVENKEEL, { addresses: { 'app.test': ['127.0.0.11'] } }, servers);
  await until('it serves', async () => (await stage.answer()) === '127.0.0.11');
  stage.names.freeze();
  const timeouts = async (): Promise<number> =>
    Number(/^ {2}timeout: +(\d+)$/m.exec(await stage.daemon.ask('show resolvers lab'))?.[1]);
  await until('several questions went unanswered', async () => (await timeouts()) >= 3);
  assert.equal(await stage.answer(), '127.0.0.11');
  await stage.daemon.reload(configuration(stage.port, stage.names.port, `option httpclose\n${servers}`));
  assert.equal(await stage.answer(), '127.0.0.11');
  stage.names.thaw();
  await stage.names.change({ addresses: { 'app.test': ['127.0.0.12'] } });
  await until('it follows again', async () => (await stage.answer()) === '127.0.0.12');
  // No longer named by a resolver, the server is where its line says.
  await stage.daemon.reload(configuration(stage.port, stage.names.port, `server s1 127.0.0.13:${pages.port}`));
  assert.equal(await stage.answer(), '127.0.0.13');
});

test(
  'a reload to other resolvers, or to none, leaves no server in or out of use that should not be',
  { skip },
  async () => {
    await using pages = await Everywhere.start();
    const records: Records = { addresses: { 'app.test': ['127.0.0.11'] } };
    const servers = `server s1 app.test:${pages.port} init-addr 127.0.0.11`;
    await using stage = await start(EVENKEEL, {}, servers);
    const isSuspended = async (): Promise<boolean> => (await stage.states()).s1.split(' ')[1] === '32';
    await until('it is out of use', isSuspended);
    const text = (lines: string): string => configuration(stage.port, stage.names.port, lines);
    const renamed = (lines: string): string => text(lines).replaceAll(/resolvers lab/g, 'resolvers other');
    await stage.daemon.reload(renamed(servers));
    await stage.names.change(records);
    await until('the other resolvers find it where it was', async () => (await stage.answer()) === '127.0.0.11');
    // A start without an address, which a name server then gave.
    const unknown = `server s1 app.test:${pages.port}`;
    await stage.daemon.reload(text(`${unknown} disabled`));
    await stage.daemon.reload(text(unknown));
    await until('it serves', async () => (await stage.answer()) === '127.0.0.11');
    // A first address is given by other means than before.
    for (const means of ['127.0.0.11', 'none', '127.0.0.12', 'none']) {
      await stage.daemon.reload(text(`server s1 app.test:${pages.port} init-addr ${means}`));
      await until(`it serves after ${means}`, async () => (await stage.answer()) === '127.0.0.11');
    }
    // Nobody gives it an address any more.
    await stage.daemon.reload(text(unknown).replace('default-server resolvers lab', 'default-server'));
    assert.ok(await isSuspended());
    assert.equal(await stage.answer(), '503');
    await stage.daemon.reload(text(unknown));
    await until('it serves again', async () => (await stage.answer()) === '127.0.0.11');
    await stage.names.change({});
    await until('it is out of use again', isSuspended);
    await stage.daemon.reload(text(`${unknown} weight 2`).replace('default-server resolvers lab', 'default-server'));
    assert.ok(await isSuspended());
  },
);

test('the weight of an SRV record stays over a reload that changes the one in the file', { skip }, async () => {
  await using pages = await Everywhere.start();
  const { port } = pages;
  const template = 'server-template v 1 _http._tcp.app.test';
  const records: Records = {
    addresses: { 'a.test': ['127.0.0.21'] },
    services: { '_http._tcp.app.test': [{ target: 'a.test', port, weight: 1024 }] },
  };
  await using stage = await start(EVENKEEL, records, template);
  const state = async (): Promise<string> => (await stage.states()).v1;
  const served = (weight: number): string => `127.0.0.21 0 ${weight} a.test ${port}`;
  await until('it serves', async () => (await state()) === served(4));
  const reload = async (lines: string): Promise<string> =>
    await stage.daemon.reload(configuration(stage.port, stage.names.port, lines));
  await reload(`${template} weight 7`);
  assert.equal(await state(), served(4));
  await reload(`${template} weight 8 resolve-opts ignore-weight`);
  assert.equal(await state(), served(8));
  await reload(`${template} weight 8`);
  assert.equal(await state(), served(4));
});

test('checks go where a server was moved to', { skip }, async () => {
  await using pages = await Everywhere.start();
  const [deadPort] = await freePorts(1);
  const service = (port: number): Records => ({
    addresses: { 'a.test': ['127.0.0.21'] },
    services: { '_http._tcp.app.test': [{ target: 'a.test', port, weight: 1 }] },
  });
  await using stage = await start(
    EVENKEEL,
    service(deadPort),
    'server-template v 1 _http._tcp.app.test check inter 50ms rise 1 fall 1',
  );
  const status = async (): Promise<string> => await stage.daemon.statistic('web', 'v1', 'status');
  await until('the port is found closed', async () => (await status()) === 'DOWN');
  await stage.names.change(service(pages.port));
  await until('the other port is found open', async () => (await status()) === 'UP');
  assert.equal(await stage.answer(), '127.0.0.21');
});

const skipMoved =
  skip !== false ? skip : process.getuid?.() === 0 ? missing('iptables', 'unshare', 'ip') : 'needs root';

for (const [name, program] of PROGRAMS) {
  test(`${name}: a check that times out asks for the name at once`, { skip: skipMoved }, async () => {
    const drill = join(import.meta.dirname, 'moved-server-drill.ts');
    const command = 'ip link set lo up && exec "$0" "$1" "$2"';
    const { status, stdout, stderr } = await run('unshare', [
      '-n',
      'sh',
      '-c',
      command,
      process.execPath,
      drill,
      program,
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(stdout.toString(), '127.0.0.12');
  });
}
