// `del server` while a configuration is being applied: what holds when its turn comes counts, not what held when it was typed.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { memoryHost, parseConfig, type Config } from '@evenkeel/config';
import { Daemon } from '@evenkeel/control';
import { newContext } from './cli/command.ts';
import { delServer } from './dynamic-server-commands.ts';
import type { Runtime } from './runtime.ts';

function configOf(rule = ''): Config {
  const text =
    `global\n  nbthread 1\ndefaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n` +
    `backend b\n${rule}  server one 127.0.0.1:1\n  server two 127.0.0.1:1 disabled\n`;
  const { config, diagnostics } = parseConfig([{ name: 'test.cfg', text }], memoryHost());
  if (config === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return config;
}

async function start(context: TestContext): Promise<Daemon> {
  const daemon = new Daemon({
    maxconn: undefined,
    ignoreResolution: false,
    logTag: 'test',
    report() {},
    beforeFirstThread: async () => await Promise.resolve(undefined),
    afterFirstPublication() {},
    onHopeless(line) {
      throw new Error(line);
    },
  });
  context.after(async () => await daemon.stop());
  assert.deepEqual(await daemon.apply(configOf()), { ok: true, generation: 1 });
  return daemon;
}

async function removeTwo(daemon: Daemon): Promise<string> {
  const { segment, servers, changes } = daemon;
  const runtime = { plan: () => daemon.plan, segment, servers, changes } as unknown as Runtime;
  const reply = await delServer.run(newContext(runtime, 'test', 'admin'), ['b/two']);
  return typeof reply === 'string' ? reply : (reply as { readonly text: string }).text;
}

const names = (daemon: Daemon): readonly string[] => daemon.plan.config.proxies[0].servers.map(({ name }) => name);

test(
  'a server that leaves maintenance while its removal waits for a reload stays',
  { timeout: 60_000 },
  async (context) => {
    const daemon = await start(context);
    const reloaded = daemon.apply(configOf());
    const removed = removeTwo(daemon);
    daemon.health.server(daemon.slots.lookup('server', 'b/two')!)!.administer('ready');
    assert.equal(await removed, 'Only servers in maintenance mode can be deleted.');
    assert.deepEqual(await reloaded, { ok: true, generation: 2 });
    assert.deepEqual(names(daemon), ['one', 'two']);
  },
);

test(
  'so does one that a rule of the configuration names that is being loaded',
  { timeout: 60_000 },
  async (context) => {
    const daemon = await start(context);
    const reloaded = daemon.apply(configOf('  use-server two if TRUE\n'));
    assert.match(await removeTwo(daemon), /other configuration elements pointing to it/);
    assert.deepEqual(await reloaded, { ok: true, generation: 2 });
    assert.deepEqual(names(daemon), ['one', 'two']);
  },
);

test('one that is still in maintenance and not named goes', { timeout: 60_000 }, async (context) => {
  const daemon = await start(context);
  assert.equal(await removeTwo(daemon), 'Server deleted.');
  assert.deepEqual(names(daemon), ['one']);
});
