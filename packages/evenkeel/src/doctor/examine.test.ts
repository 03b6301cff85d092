import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryHost, parseConfig, type Config } from '@evenkeel/config';
import { examine } from './examine.ts';
import type { Facts, FileFact, Machine } from './facts.ts';
import { parseSocketTable } from './listening-sockets.ts';

const MACHINE: Machine = {
  nodeVersion: '26.10.0',
  nativeRefusal: undefined,
  cpus: 4,
  uid: 1000,
  capabilities: [],
  raisesLimits: false,
  descriptors: { soft: 1024, hard: 65_536 },
  sysctls: {
    'net.core.somaxconn': '4096',
    'net.ipv4.tcp_migrate_req': '1',
    'net.ipv4.ip_unprivileged_port_start': '1024',
    'net.ipv4.ip_local_port_range': '32768\t60999',
  },
  addresses: ['127.0.0.1', '192.0.2.1'],
  devices: ['lo'],
  sockets: [],
};

function configOf(frontend: string, global = ''): Config {
  const text = `global\n${global}\ndefaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nfrontend web\n${frontend}\n`;
  const { config } = parseConfig([{ name: 'test.cfg', text }], memoryHost({}));
  assert.ok(config);
  return config;
}

function complaints(machine: Partial<Machine>, config: Config | undefined, further: Partial<Facts> = {}): string[] {
  const facts: Facts = {
    machine: { ...MACHINE, ...machine },
    config,
    files: new Map(),
    journal: undefined,
    user: undefined,
    network: undefined,
    ...further,
  };
  return examine(facts)
    .filter(({ level }) => level !== 'ok')
    .map(({ check, level, remedy, why }) => {
      assert.ok(why !== undefined && remedy !== undefined);
      return `${level} ${check}`;
    });
}

test('a sound machine has no complaints', () => {
  assert.deepEqual(complaints({}, undefined), []);
  assert.deepEqual(complaints({}, configOf(' bind 192.0.2.1:8080')), []);
});

test('an old Node.js, more threads than processors, short queues', () => {
  assert.deepEqual(complaints({ nodeVersion: '20.1.0' }, undefined), ['error node']);
  assert.deepEqual(complaints({ cpus: 1 }, configOf(' bind :8080', ' nbthread 2')), ['warning threads']);
  assert.deepEqual(complaints({ sysctls: { ...MACHINE.sysctls, 'net.core.somaxconn': '128' } }, undefined), [
    'warning backlog',
  ]);
});

test('maxconn against descriptors', () => {
  const config = configOf(' bind :8080', ' maxconn 100000');
  assert.ok(complaints({}, config).includes('error descriptors'));
  const raised = { raisesLimits: true, sysctls: { ...MACHINE.sysctls, 'fs.nr_open': '1048576' } };
  assert.deepEqual(complaints(raised, config), []);
});

test('rights, devices and addresses of listeners', () => {
  assert.deepEqual(complaints({}, configOf(' bind :80')), ['error low-ports']);
  assert.deepEqual(complaints({ capabilities: ['CAP_NET_BIND_SERVICE'] }, configOf(' bind :80')), []);
  assert.deepEqual(complaints({}, configOf(' bind 198.51.100.9:8080')), ['error addresses']);
  assert.deepEqual(complaints({}, configOf(' bind :8080 interface eth7')), ['error devices']);
});

test('a port that another process holds', () => {
  const held = (isEvenkeel: boolean): Partial<Machine> => ({
    sockets: [{ address: '0.0.0.0', port: 8080, holder: { pid: 7, command: 'nginx', isEvenkeel } }],
  });
  assert.deepEqual(complaints(held(false), configOf(' bind 127.0.0.1:8080')), ['error ports']);
  assert.deepEqual(complaints(held(true), configOf(' bind 127.0.0.1:8080')), []);
});

test('servers that nobody reaches', () => {
  const network = {
    names: [],
    nameServers: [],
    servers: [{ backend: 'app', server: 's1', target: '127.0.0.1:1', failure: 'Connection refused' }],
  };
  assert.deepEqual(complaints({}, undefined, { network }), ['error servers', 'warning servers']);
});

const folder = (more: Partial<FileFact> = {}): FileFact => ({
  kind: 'folder',
  uid: 0,
  gid: 0,
  mode: 0o755,
  writable: 'yes',
  ...more,
});
const missing: FileFact = { kind: 'missing', uid: 0, gid: 0, mode: 0, writable: 'no' };
const haproxy = { name: 'haproxy', uid: 100, gid: 100 };

test('a log file is written by the user whom the daemon becomes', () => {
  const config = configOf(' bind :8080', ' log file@/var/log/lb/traffic.log local0');
  const found = (above: FileFact, file: FileFact, user: Facts['user']): string[] =>
    complaints({}, config, {
      user,
      files: new Map([
        ['/var/log/lb', above],
        ['/var/log/lb/traffic.log', file],
      ]),
    });
  const own = { kind: 'file', uid: 100, gid: 100, mode: 0o640, writable: 'no' } as const;
  assert.deepEqual(found(folder(), missing, undefined), []);
  assert.deepEqual(found(folder({ writable: 'no' }), missing, undefined), ['warning logs']);
  assert.deepEqual(found(missing, missing, undefined), ['warning logs']);
  assert.deepEqual(found(folder(), missing, haproxy), ['warning logs']);
  assert.deepEqual(found(folder({ uid: 100 }), missing, haproxy), []);
  assert.deepEqual(found(folder(), own, haproxy), []);
  assert.deepEqual(found(folder({ mode: 0o700 }), own, haproxy), ['warning logs']);
  assert.deepEqual(found(folder(), { ...own, writable: 'read-only' }, haproxy), ['warning logs']);
  assert.deepEqual(found(folder(), folder(), haproxy), ['warning logs']);
});

test('the journal of runtime changes needs a folder', () => {
  const config = configOf(' bind :8080');
  const files = (entries: Record<string, FileFact>): ReadonlyMap<string, FileFact> => new Map(Object.entries(entries));
  const own = { path: '/var/lib/evenkeel/a/runtime.journal', hasFolder: true, isNamed: false };
  const absent = { [own.path]: missing, '/var/lib/evenkeel/a': missing, '/var/lib/evenkeel': missing };
  const named = { path: '/srv/changes', hasFolder: false, isNamed: true };
  const found = (further: Partial<Facts>): string[] => complaints({}, config, further);

  // Its own folder is made by who starts the daemon, and given to the user.
  assert.deepEqual(found({ journal: own, files: files({ ...absent, '/var/lib': folder() }) }), []);
  assert.deepEqual(found({ journal: own, files: files({ ...absent, '/var/lib': folder({ writable: 'no' }) }) }), [
    'warning journal',
  ]);
  const asRoot = { journal: own, user: haproxy };
  assert.deepEqual(found({ ...asRoot, files: files({ ...absent, '/var/lib': folder({ writable: 'no' }) }) }), []);
  assert.deepEqual(found({ ...asRoot, files: files({ ...absent, '/var/lib': folder({ mode: 0o700 }) }) }), [
    'warning journal',
  ]);
  assert.deepEqual(found({ ...asRoot, files: files({ ...absent, '/var/lib': folder({ writable: 'read-only' }) }) }), [
    'warning journal',
  ]);

  // The folder of a file that is named must be there, and be the user's.
  assert.deepEqual(found({ journal: named, files: files({ '/srv/changes': missing, '/srv': missing }) }), [
    'warning journal',
  ]);
  assert.deepEqual(
    found({ journal: named, user: haproxy, files: files({ '/srv/changes': missing, '/srv': folder() }) }),
    ['warning journal'],
  );
  assert.deepEqual(
    found({ journal: named, user: haproxy, files: files({ '/srv/changes': missing, '/srv': folder({ uid: 100 }) }) }),
    [],
  );
  assert.deepEqual(found({ journal: named, files: files({ '/srv/changes': { ...missing, kind: 'other' } }) }), [
    'warning journal',
  ]);
});

// proc(5): words of four bytes in the machine's order.
test('the table of sockets names those that listen', () => {
  const table = [
    '  sl  local_address rem_address   st',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1',
    '   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4243 1',
    '   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4244 1',
  ].join('\n');
  assert.deepEqual(parseSocketTable(table), [
    { address: '127.0.0.1', port: 8080, inode: '4242' },
    { address: '::1', port: 80, inode: '4244' },
  ]);
});
