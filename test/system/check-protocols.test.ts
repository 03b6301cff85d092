/**
 * Checks of one protocol each on real servers: MariaDB, PostgreSQL, Redis, an LDAP, an SMTP and a TLS server. Each is found
 * well, silent while it is stopped, gone when it is killed, and well again; and none counts or logs an error for its checks.
 */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  findPostgresql,
  prepareLdap,
  preparePostgresql,
  prepareRedis,
  prepareSmtp,
  prepareTls,
  type CheckServer,
} from '../support/check-servers.ts';
import { Daemon, freePorts, until } from '../support/daemon.ts';
import { MariaDb, query } from '../support/mariadb.ts';
import { TemporaryFolder, missing } from '../support/programs.ts';

const DEFAULTS = `global
  stats socket FOLDER/admin.sock level admin
  max-spread-checks 1ms
defaults
  mode tcp
  timeout connect 1s
  timeout check 1s
  timeout client 5s
  timeout server 5s
  default-server check inter 1s fastinter 200ms downinter 200ms rise 1 fall 1
`;

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());

/** Lines of `show stat`; none while the runtime socket, which may open after the listener, is not there yet. */
async function rowsOf(daemon: Daemon): Promise<Record<string, string>[]> {
  return await daemon.statistics().catch(() => []);
}

/** Lines of servers at one place, so many that it is checked often while each check may take its time. */
function servers(port: number, count: number): string {
  return Array.from({ length: count }, (_, at) => `  server s${at === 0 ? '' : at} 127.0.0.1:${port} inter 500ms`).join(
    '\n',
  );
}

/** One daemon whose backends are the given lines. */
async function watch(backends: Readonly<Record<string, string>>): Promise<Daemon> {
  const [port] = await freePorts(1);
  const sections = Object.entries(backends).map(([name, lines]) => `backend ${name}\n${lines}\n`);
  return await Daemon.start(`${DEFAULTS}listen alive\n  bind 127.0.0.1:${port}\n${sections.join('')}`, { port });
}

/** Waits for a status of a server, and returns what was said with it. */
async function said(daemon: Daemon, backend: string, status: string): Promise<string> {
  let text = '';
  await until(`${backend} is ${status}`, async () => {
    const row = (await rowsOf(daemon)).find((each) => each['pxname'] === backend && each['svname'] === 's');
    text = row?.['last_chk'] ?? '';
    return row?.['check_status'] === status;
  });
  return text;
}

interface Subject {
  readonly name: string;
  readonly option: string;
  readonly good: readonly [status: string, text: RegExp];
  /** Of a server that accepts and says nothing. */
  readonly silent: string;
  readonly skip: string | false;
  prepare(port: number): CheckServer | Promise<CheckServer>;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'pgsql',
    option: 'option pgsql-check user check',
    good: ['L7OK', /^PostgreSQL server is ok$/],
    silent: 'L7TOUT',
    skip: findPostgresql('postgres') === undefined ? 'missing: postgres; on Debian: apt-get install postgresql' : false,
    prepare: async (port) => await preparePostgresql(join(folder.path, 'pgsql'), port),
  },
  {
    name: 'redis',
    option: 'option redis-check',
    good: ['L7OK', /^Redis server is ok$/],
    silent: 'L7TOUT',
    skip: missing('redis-server'),
    prepare: (port) => prepareRedis(folder.path, port),
  },
  {
    name: 'ldap',
    option: 'option ldap-check',
    good: ['L7OK', /^$/],
    silent: 'L7TOUT',
    skip: missing('slapd'),
    prepare: (port) => prepareLdap(join(folder.path, 'ldap'), port),
  },
  {
    name: 'smtp',
    option: 'option smtpchk EHLO check.example',
    good: ['L7OK', /Bye/],
    silent: 'L7TOUT',
    skip: missing('aiosmtpd'),
    prepare: (port) => prepareSmtp(port),
  },
  {
    name: 'tls',
    option: 'option ssl-hello-chk',
    good: ['L6OK', /^$/],
    silent: 'L6TOUT',
    skip: missing('openssl'),
    prepare: async (port) => await prepareTls(join(folder.path, 'tls'), port),
  },
];

for (const { name, option, good, silent, skip, prepare } of SUBJECTS) {
  test(`${option}: well, stopped, killed and back`, { skip, timeout: 90_000 }, async () => {
    const [port] = await freePorts(1);
    const server = await prepare(port);
    await server.start();
    try {
      await using daemon = await watch({ [name]: `  ${option}\n  server s 127.0.0.1:${port}` });
      assert.match(await said(daemon, name, good[0]), good[1]);
      // A server that forks has children that go on serving: only what answers itself can be stopped so.
      if (name !== 'pgsql') {
        server.signal('SIGSTOP');
        await said(daemon, name, silent);
        server.signal('SIGCONT');
        await said(daemon, name, good[0]);
      }
      await server.kill();
      assert.equal(await said(daemon, name, 'L4CON'), 'Connection refused');
      await server.start();
      await said(daemon, name, good[0]);
    } finally {
      await server.stop();
    }
  });
}

test(
  'a PostgreSQL server that refuses the user is down, and logs no broken connection of those that pass',
  {
    skip: SUBJECTS[0].skip,
    timeout: 60_000,
  },
  async () => {
    const [port] = await freePorts(1);
    const server = await preparePostgresql(join(folder.path, 'pgsql-users'), port);
    await server.start();
    try {
      const backend = (user: string): string => `  option pgsql-check user ${user}\n${servers(port, 10)}`;
      await using daemon = await watch({
        good: backend('check'),
        locked: backend('locked'),
        refused: backend('refused'),
      });
      await said(daemon, 'good', 'L7OK');
      // What the server asks the user for shows that it is there.
      await said(daemon, 'locked', 'L7OK');
      assert.equal(await said(daemon, 'refused', 'L7RSP'), 'FATAL');
      const connections = (): number => server.log().match(/connection authorized: user=check/g)?.length ?? 0;
      await until('some checks', () => connections() > 20);
      assert.doesNotMatch(server.log(), /unexpected EOF|could not (?:receive|send)|incomplete startup|lost connection/);
    } finally {
      await server.stop();
    }
  },
);

test(
  'a Redis server that wants a password is not well',
  { skip: missing('redis-server'), timeout: 60_000 },
  async () => {
    const [port] = await freePorts(1);
    const server = prepareRedis(folder.path, port, 'secret');
    await server.start();
    try {
      await using daemon = await watch({ redis: `  option redis-check\n  server s 127.0.0.1:${port}` });
      await said(daemon, 'redis', 'L7TOUT');
    } finally {
      await server.stop();
    }
  },
);

test('a directory that refuses anonymous binds says so', { skip: missing('slapd'), timeout: 60_000 }, async () => {
  const [port] = await freePorts(1);
  const server = prepareLdap(join(folder.path, 'ldap-closed'), port, true);
  await server.start();
  try {
    await using daemon = await watch({ ldap: `  option ldap-check\n  server s 127.0.0.1:${port}` });
    assert.match(await said(daemon, 'ldap', 'L7STS'), /^See RFC/);
    assert.equal(await daemon.statistic('ldap', 's', 'check_code'), '48');
  } finally {
    await server.stop();
  }
});

test('an LDAP server sees each bind followed by an unbind', { skip: missing('slapd'), timeout: 60_000 }, async () => {
  const [port] = await freePorts(1);
  const server = prepareLdap(join(folder.path, 'ldap-log'), port);
  await server.start();
  try {
    await using daemon = await watch({ ldap: `  option ldap-check\n${servers(port, 10)}` });
    await said(daemon, 'ldap', 'L7OK');
    await until('some unbinds', () => (server.log().match(/UNBIND/g)?.length ?? 0) > 10);
    // The first connection was the test's own, which asked whether it accepts.
    const others = server.log().replaceAll(/^.*conn=1000 .*$/gm, '');
    assert.doesNotMatch(others, /connection lost/);
  } finally {
    await server.stop();
  }
});

const noMariaDb = missing('mariadbd', 'mariadb-install-db', 'mariadb');

/** Counters of the server, by name. */
async function counters(port: number, ...names: readonly string[]): Promise<Record<string, number>> {
  const list = names.map((name) => `'${name}'`).join(',');
  const { stdout } = await query(port, `SHOW GLOBAL STATUS WHERE Variable_name IN (${list})`);
  const rows = stdout.toString().trim().split('\n');
  return Object.fromEntries(rows.map((row) => [row.split('\t')[0], Number(row.split('\t')[1])]));
}

const ERRORS = ['Aborted_connects', 'Aborted_connects_preauth', 'Aborted_clients', 'Access_denied_errors'] as const;

let database: MariaDb | undefined;
let databasePort = 0;
before(async () => {
  if (noMariaDb !== false) return;
  [databasePort] = await freePorts(1);
  database = await MariaDb.start(join(folder.path, 'mariadb'), databasePort, 1);
  const users = "CREATE USER 'check'@'127.0.0.1'; CREATE USER 'locked'@'127.0.0.1' IDENTIFIED BY 'secret'";
  assert.equal((await query(databasePort, users)).status, 0);
});
after(async () => await database?.stop());

for (const option of ['option mysql-check user check', 'option mysql-check user check pre-41']) {
  test(`${option}: a thousand checks leave no error on MariaDB`, { skip: noMariaDb, timeout: 90_000 }, async () => {
    const start = await counters(databasePort, 'Connections', ...ERRORS);
    await using daemon = await watch({ mysql: `  ${option}\n${servers(databasePort, 100)}` });
    await said(daemon, 'mysql', 'L7OK');
    let now = start;
    await until(
      'a thousand logins',
      async () => {
        now = await counters(databasePort, 'Connections', ...ERRORS);
        return now['Connections'] - start['Connections'] > 1000;
      },
      60_000,
    );
    for (const name of ERRORS) assert.equal(now[name], start[name], name);
  });
}

test(
  'option mysql-check without a user: no error of the handshake, for which MariaDB blocks hosts; a denied login each',
  { skip: noMariaDb, timeout: 60_000 },
  async () => {
    const start = await counters(databasePort, ...ERRORS);
    await using daemon = await watch({ mysql: `  option mysql-check\n${servers(databasePort, 50)}` });
    await said(daemon, 'mysql', 'L7OK');
    let now = start;
    await until('two hundred checks', async () => {
      now = await counters(databasePort, ...ERRORS);
      return now['Access_denied_errors'] - start['Access_denied_errors'] > 200;
    });
    assert.equal(now['Aborted_connects_preauth'], start['Aborted_connects_preauth']);
    assert.equal(now['Aborted_clients'], start['Aborted_clients']);
  },
);

test('MariaDB denies, stops, dies and returns', { skip: noMariaDb, timeout: 90_000 }, async () => {
  const backend = (user: string): string => `  option mysql-check user ${user}\n  server s 127.0.0.1:${databasePort}`;
  await using daemon = await watch({ good: backend('check'), denied: backend('locked') });
  await said(daemon, 'good', 'L7OK');
  assert.match(await said(daemon, 'denied', 'L7STS'), /Access denied for user 'locked'/);
  assert.equal(await daemon.statistic('denied', 's', 'check_code'), '1045');
  database?.signal('SIGSTOP');
  await said(daemon, 'good', 'L7TOUT');
  database?.signal('SIGCONT');
  await said(daemon, 'good', 'L7OK');
  await database?.kill();
  await said(daemon, 'good', 'L4CON');
  await database?.start();
  await said(daemon, 'good', 'L7OK');
});
