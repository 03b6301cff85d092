// Every field that can be changed, in a whole daemon: it counts after a reload and in the next process, and goes back when it
// is cleared or the file is edited.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { memoryHost, readDynamicServer, type Config } from '@evenkeel/config';
import { FrontendState, RuntimeLimit, ServerState } from '@evenkeel/shm';
import type { Daemon, DaemonOptions } from '../daemon.ts';
import { configOf, eventually, newDaemon } from '../test-daemon.ts';
import { GLOBAL, objectText, serverObject, type ChangedObject, type ObjectKind, type Override } from './change.ts';
import { decode, encodeAll } from './journal-format.ts';

const host = memoryHost();

const FRONTEND: ChangedObject = { kind: 'frontend', name: 'front' };

function configuration(folder: string, edit: (text: string) => string = (text) => text): Config {
  return configOf(
    edit(`global
  nbthread 1
  maxconn 100
resolvers names
  nameserver here 127.0.0.1:9
  timeout resolve 1h
defaults
  mode tcp
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend front
  maxconn 50
  bind unix@${folder}/front.sock
  default_backend web
backend web
  server s1 127.0.0.1:9 weight 10 check inter 1h agent-check agent-port 9 agent-inter 1h
  server s2 127.0.0.1:9 maxconn 20 disabled
  server s3 nowhere.invalid:9 resolvers names init-addr none
  server s4 127.0.0.1:9
`),
  );
}

async function start(
  context: TestContext,
  folder: string,
  config = configuration(folder),
  report: DaemonOptions['report'] = () => undefined,
  options: Partial<DaemonOptions> = {},
): Promise<Daemon> {
  const { daemon } = newDaemon(context, {
    ...options,
    report,
    persist: { names: ['/etc/test.cfg'], stateDirectory: folder },
    configHost: () => host,
    onHopeless: (line) => assert.fail(line),
  });
  await serve(daemon, config);
  return daemon;
}

async function serve(daemon: Daemon, config: Config): Promise<void> {
  const result = await daemon.apply(config);
  assert.ok(result.ok, result.ok ? '' : result.errors.join('\n'));
}

/** What counts now, by field. */
function live({ health, plan, resolvers, segment }: Daemon): Record<string, unknown> {
  const index = plan.config.proxies.findIndex(({ name }) => name === 'web');
  const { servers } = plan.config.proxies[index];
  const slots = new Map(servers.map(({ name }, position) => [name, plan.proxies[index].serverSlots[position]]));
  const frontendSlot = plan.proxies.find((proxy) => proxy.frontendSlot >= 0)!.frontendSlot;
  const s1 = health.server(slots.get('s1')!)!;
  const process = (limit: 'maxconn' | 'connRate' | 'sessRate'): number | undefined =>
    RuntimeLimit.ofProcess(segment, 0, limit).given;
  return {
    servers: servers.map(({ name }) => name).join(' '),
    states: servers.map(({ name }) => health.server(slots.get(name)!)!.administration).join(' '),
    weight: s1.weight,
    address: `${s1.address}:${s1.server.given?.port ?? ''}`,
    agent: [s1.agent.isEnabled, health.agentChanges(s1.server.slot)],
    check: [s1.isCheckable, health.checkChanges(s1.server.slot)],
    serverMaxconn: new ServerState(segment, slots.get('s2')!).get('maxconn'),
    name: resolvers.nameOf(slots.get('s3')!)?.host,
    frontend: new FrontendState(segment, frontendSlot).condition,
    frontendMaxconn: RuntimeLimit.ofFrontend(segment, frontendSlot).given,
    process: [process('maxconn'), process('connRate'), process('sessRate')],
  };
}

/** As commands do it. */
async function changeAll(daemon: Daemon): Promise<void> {
  const change = async (object: ChangedObject, values: Record<string, string>): Promise<void> =>
    await daemon.changes.make(Object.entries(values).map(([field, value]) => ({ object, field, value, by: 'test' })));
  await change(serverObject('web', 's1'), {
    weight: '50',
    state: 'drain',
    addr: '127.0.0.2:10',
    agent: 'disabled',
    'agent-addr': '127.0.0.3',
    'agent-port': '11',
    'agent-send': 'hello there\n',
    check: 'disabled',
    'check-addr': '127.0.0.4',
    'check-port': '12',
  });
  await change(serverObject('web', 's2'), { state: 'ready', maxconn: '7' });
  await change(serverObject('web', 's3'), { fqdn: 'elsewhere.invalid' });
  await change(FRONTEND, { state: 'disabled', maxconn: '5' });
  await change(GLOBAL, { maxconn: '60', maxconnrate: '8', maxsessrate: '9' });
  const { config } = daemon.plan;
  const web = config.proxies.find(({ name }) => name === 'web')!;
  const words = ['127.0.0.5:9', 'weight', '3'];
  const added = readDynamicServer(config, web, 's9', words, host, daemon.servers.names);
  assert.ok(added.ok);
  assert.equal(await daemon.servers.add('web', added.server), true);
  await daemon.changes.noteServer('web', 's9', words, 'test');
  await change(serverObject('web', 's9'), { state: 'ready', weight: '4' });
  await change(serverObject('web', 's4'), { state: 'maint', weight: '2' });
  assert.equal(await daemon.servers.remove('web', 's4'), undefined);
  await daemon.changes.noteServer('web', 's4', undefined, 'test');
}

const CHANGED: Readonly<Record<string, unknown>> = {
  servers: 's1 s2 s3 s9',
  states: 'drain ready ready ready',
  weight: 50,
  address: '127.0.0.2:10',
  agent: [false, { host: '127.0.0.3', port: 11, send: 'hello there\n' }],
  check: [false, { host: '127.0.0.4', port: 12 }],
  serverMaxconn: 7,
  name: 'elsewhere.invalid',
  frontend: 'disabled',
  frontendMaxconn: 5,
  process: [60, 8, 9],
};

const AS_IN_THE_FILE: Readonly<Record<string, unknown>> = {
  servers: 's1 s2 s3 s4',
  states: 'ready maint ready ready',
  weight: 10,
  address: '127.0.0.1:',
  agent: [true, {}],
  check: [true, {}],
  serverMaxconn: 20,
  name: 'nowhere.invalid',
  frontend: 'open',
  frontendMaxconn: undefined,
  process: [undefined, undefined, undefined],
};

/** Changes that were taken back leave fields behind that say nothing. */
function saying(values: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(values)) as Record<string, unknown>;
}

test('whatever can be changed counts over reloads and restarts, until it is cleared', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await start(t, folder);
  assert.deepEqual(live(first), AS_IN_THE_FILE);
  await changeAll(first);
  assert.deepEqual(live(first), CHANGED);
  const listed = first.changes.list().map(({ object, field }) => `${object.name} ${field}`);
  assert.equal(listed.length, new Set(listed).size);

  await serve(first, configuration(folder));
  assert.deepEqual(live(first), CHANGED, 'after a reload');
  assert.deepEqual([...first.servers.names], ['web/s9']);
  await first.stop();

  const second = await start(t, folder);
  assert.deepEqual(live(second), CHANGED, 'after a restart');
  assert.deepEqual(
    second.changes
      .list()
      .map(({ object, field }) => `${object.name} ${field}`)
      .toSorted(),
    listed.toSorted(),
  );
  assert.deepEqual([...second.servers.names], ['web/s9']);

  await second.changes.clear();
  assert.deepEqual(second.changes.list(), []);
  assert.deepEqual(saying(live(second)), saying(AS_IN_THE_FILE), 'after clear');
  await second.stop();

  const third = await start(t, folder);
  assert.deepEqual(live(third), AS_IN_THE_FILE, 'cleared for good');
  await third.stop();
});

test('every field takes what the file says once it is edited there, at a reload and at a restart', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const edited = configuration(folder, (text) =>
    text
      .replace(
        'server s1 127.0.0.1:9 weight 10',
        'server s1 127.0.0.1:99 weight 11 agent-addr 127.0.0.7 agent-send x addr 127.0.0.7 port 77',
      )
      .replace('agent-port 9', 'agent-port 98')
      .replace(' maxconn 20 disabled', ' maxconn 21')
      .replace('nowhere', 'somewhere')
      .replace('server s4 127.0.0.1:9', 'server s4 127.0.0.1:98')
      .replace('maxconn 50', 'maxconn 51')
      .replace('maxconn 100', 'maxconn 101\n  maxconnrate 88\n  maxsessrate 99')
      .concat('  server s9 127.0.0.1:97 weight 6\n'),
  );
  const result = {
    ...AS_IN_THE_FILE,
    servers: 's1 s2 s3 s4 s9',
    weight: 11,
    serverMaxconn: 21,
    name: 'somewhere.invalid',
    // What the file says in no other way than before is not edited.
    states: 'drain ready ready ready ready',
    agent: [false, {}],
    check: [false, {}],
    frontend: 'disabled',
  };
  const first = await start(t, folder);
  await changeAll(first);
  await first.stop();

  // The same file once by a restart, once by a reload.
  const second = await start(t, folder);
  await serve(second, edited);
  assert.deepEqual(saying(live(second)), saying(result), 'after a reload');
  await second.changes.clear();
  await serve(second, configuration(folder));
  await changeAll(second);
  await second.stop();
  const third = await start(t, folder, edited);
  assert.deepEqual(saying(live(third)), saying(result), 'after a restart');
  await third.stop();
});

test("a process that is started with 'no persist-runtime' has what the file says, and forgets the rest", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await start(t, folder);
  await changeAll(first);
  const path = first.changes.path!;
  await first.stop();
  assert.ok(existsSync(path));

  const off = configuration(folder, (text) => text.replace('global\n', 'global\n  no persist-runtime\n'));
  const second = await start(t, folder, off);
  assert.deepEqual(live(second), AS_IN_THE_FILE);
  assert.deepEqual(second.changes.list(), []);
  assert.equal(existsSync(path), false);
  await second.stop();

  const third = await start(t, folder);
  assert.deepEqual(live(third), AS_IN_THE_FILE);
  await third.stop();
});

test('a configuration that is to be applied while servers come and go has them as they are then', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const daemon = await start(t, folder);
  const { changes, servers } = daemon;
  const { config } = daemon.plan;
  const words = ['127.0.0.5:9', 'weight', '3'];
  const read = readDynamicServer(
    config,
    config.proxies.find(({ name }) => name === 'web')!,
    's9',
    words,
    host,
    new Set(),
  );
  assert.ok(read.ok);
  const added = servers.add('web', read.server, () => void changes.noteServer('web', 's9', words, 'test'));
  const reloaded = serve(daemon, configuration(folder));
  assert.equal(await added, true);
  await reloaded;
  assert.equal(live(daemon)['servers'], 's1 s2 s3 s4 s9');
  assert.deepEqual([...servers.names], ['web/s9']);

  await changes.make([{ object: serverObject('web', 's4'), field: 'state', value: 'maint', by: 'test' }]);
  const removed = servers.remove('web', 's4', () => void changes.noteServer('web', 's4', undefined, 'test'));
  const again = serve(daemon, configuration(folder));
  assert.equal(await removed, undefined);
  await again;
  assert.equal(live(daemon)['servers'], 's1 s2 s3 s9');
  await daemon.stop();
});

test('a limit that is taken away again where the file has none is no difference any more', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const daemon = await start(t, folder);
  const set = async (object: ChangedObject, field: string, value: string): Promise<void> =>
    await daemon.changes.make([{ object, field, value, by: 'test' }]);
  const limits = [
    [GLOBAL, 'maxconnrate'],
    [GLOBAL, 'maxsessrate'],
    [serverObject('web', 's1'), 'maxconn'],
  ] as const;
  for (const [object, field] of limits) await set(object, field, '20');
  assert.deepEqual(
    daemon.changes.list().map(({ field, file, value }) => [field, file, value]),
    limits.map(([, field]) => [field, '0', '20']),
  );
  for (const [object, field] of limits) await set(object, field, '0');
  assert.deepEqual(daemon.changes.list(), []);
  await daemon.stop();
});

test('a frontend that was shut down for good stays so, whatever becomes of its override', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const daemon = await start(t, folder);
  await daemon.changes.make([{ object: FRONTEND, field: 'state', value: 'disabled', by: 'test' }]);
  const { frontendSlot } = daemon.plan.proxies.find((proxy) => proxy.frontendSlot >= 0)!;
  // `shutdown frontend`
  const state = new FrontendState(daemon.segment, frontendSlot);
  state.condition = 'shut';
  await daemon.changes.clear();
  assert.equal(state.condition, 'shut');
  await daemon.stop();
});

test('a process with fewer places than the one before keeps to its own limit', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await start(t, folder);
  await first.changes.make([{ object: GLOBAL, field: 'maxconn', value: '60', by: 'test' }]);
  await first.stop();
  const second = await start(t, folder, configuration(folder), () => undefined, { maxconn: 40 });
  assert.equal(RuntimeLimit.ofProcess(second.segment, 0, 'maxconn').given, 40);
  // It is still known for a process that has more.
  assert.deepEqual(
    second.changes.list().map(({ field, value }) => [field, value]),
    [['maxconn', '60']],
  );
  await second.stop();
});

const SOUND: Override = {
  object: serverObject('web', 's1'),
  field: 'weight',
  file: '10',
  value: '50',
  sinceMs: 1,
  by: 'test',
};
/** What no command would have let pass, with the file's values as `configuration` has them. */
const IMPOSSIBLE: readonly (readonly [ChangedObject, string, string, string])[] = [
  [serverObject('web', 's2'), 'maxconn', '20', '-7'],
  [serverObject('web', 's2'), 'weight', '1', '9999'],
  [serverObject('web', 's1'), 'state', 'ready', 'asleep'],
  [serverObject('web', 's1'), 'addr', '127.0.0.1:9', 'garbage:99999'],
  [FRONTEND, 'maxconn', '50', '-1'],
  [GLOBAL, 'maxsessrate', '0', 'very many'],
  [serverObject('web', 'bad name'), 'server', '', '127.0.0.1:9'],
  [serverObject('web', 's8'), 'server', '', '127.0.0.1:9 weight 9999'],
];

test('a journal with a good checksum and impossible values puts none of them into effect, and says so', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await start(t, folder);
  const path = first.changes.path!;
  // What is written is written anew below.
  await first.changes.make([{ object: GLOBAL, field: 'maxconnrate', value: '3', by: 'test' }]);
  await first.stop();
  const impossible = IMPOSSIBLE.map(([object, field, file, value]) => ({ ...SOUND, object, field, file, value }));
  // Of a newer version: kept for it.
  const strange: Override = { ...SOUND, object: { kind: 'peer' as ObjectKind, name: 'p1' }, field: 'colour' };
  writeFileSync(path, encodeAll([...impossible, strange, SOUND]));

  const reports: string[] = [];
  const second = await start(t, folder, configuration(folder), (level, line) => reports.push(`${level}: ${line}`));
  assert.deepEqual(live(second), { ...AS_IN_THE_FILE, weight: 50 });
  const warnings = reports.filter((line) => line.startsWith('warning: '));
  assert.equal(warnings.length, IMPOSSIBLE.length, reports.join('\n'));
  for (const [object, field, , value] of IMPOSSIBLE) {
    const named = warnings.filter(
      (line) => line.includes(`${objectText(object)} ${field} `) && line.includes(`'${value}'`),
    );
    assert.equal(named.length, 1, `${objectText(object)} ${field}: ${warnings.join('\n')}`);
  }
  await second.stop();
  const left = decode(readFileSync(path, 'latin1'));
  assert.ok(left.type === 'journal');
  assert.deepEqual([...left.overrides], [strange, SOUND]);
});

test('what an older process leaves to a newer one is judged too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fields-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const older = await start(t, folder);
  await older.changes.make([{ object: GLOBAL, field: 'maxconnrate', value: '3', by: 'test' }]);
  const reports: string[] = [];
  const newer = await start(t, folder, configuration(folder), (level, line) => reports.push(`${level}: ${line}`));
  const change = async (object: ChangedObject, field: string, value: string): Promise<void> =>
    await older.changes.make([{ object, field, value, by: 'test' }]);
  await change(serverObject('web', 's2'), 'maxconn', '-7');
  await change(serverObject('web', 's1'), 'weight', '33');
  await older.stop();
  await eventually(() => live(newer)['weight'] === 33, 'the change of the older process counts');
  assert.deepEqual(live(newer), { ...AS_IN_THE_FILE, weight: 33, process: [undefined, 3, undefined] });
  assert.deepEqual(
    newer.changes.list().map(({ field }) => field),
    ['maxconnrate', 'weight'],
  );
  assert.ok(
    reports.some((line) => /^warning: .*server web\/s2 maxconn is no longer '-7'/.test(line)),
    reports.join('\n'),
  );
  await newer.stop();
});
