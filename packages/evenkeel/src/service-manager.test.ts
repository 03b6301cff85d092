// What systemd is told (sd_notify(3)), over a socket as it has one.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ServiceManager } from './service-manager.ts';

const NO_SOCAT = spawnSync('socat', ['-V']).status !== 0 && 'socat is not installed';

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What arrived so far at a socket of the test's own. */
async function receiver(context: TestContext): Promise<{ readonly path: string; heard(): string }> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-notify-'));
  const path = join(folder, 'socket');
  const program = spawn('socat', ['-u', `UNIX-RECV:${path}`, 'STDOUT'], { stdio: ['ignore', 'pipe', 'ignore'] });
  context.after(() => {
    program.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  let text = '';
  program.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await until(() => existsSync(path), 'somebody listens');
  return { path, heard: () => text };
}

test('the watchdog is fed while all is well, and no longer once it is not', { skip: NO_SOCAT }, async (context) => {
  const { path, heard } = await receiver(context);
  const environment = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '80000', WATCHDOG_PID: '4711', HOME: '/' };
  let isHealthy = true;
  let asked = 0;
  const manager = new ServiceManager(environment, {
    pid: 4711,
    now: () => 12.5,
    isHealthy() {
      asked++;
      return isHealthy;
    },
  });
  context.after(() => manager.close());
  // What the daemon starts must not speak in its name.
  assert.deepEqual(environment, { HOME: '/' });
  manager.ready('Serving\nwell.');
  await until(() => heard().includes('WATCHDOG=1'), 'it is fed');
  assert.ok(heard().startsWith('READY=1\nMAINPID=4711\nSTATUS=Serving well.'), heard());
  isHealthy = false;
  // What was said until now comes before this, and what is said from now on behind it.
  manager.reloading();
  const before = asked;
  await until(() => asked >= before + 3, 'it is looked at again');
  manager.stopping('Done.');
  await until(() => heard().includes('STOPPING=1'), 'the end is heard');
  const [, after] = heard().split('RELOADING=1\nMONOTONIC_USEC=12500\n');
  assert.doesNotMatch(after, /WATCHDOG/);
  isHealthy = true;
  await until(() => heard().split('STOPPING=1')[1].includes('WATCHDOG=1'), 'it is fed during a soft stop');
});

test('nobody is told who is not meant, nor where nobody listens', { skip: NO_SOCAT }, async (context) => {
  const { path, heard } = await receiver(context);
  let asked = 0;
  const make = (environment: Record<string, string | undefined>): ServiceManager => {
    const manager = new ServiceManager(environment, { pid: 1, now: () => 0, isHealthy: () => asked++ >= 0 });
    context.after(() => manager.close());
    return manager;
  };
  // A watchdog of another process, one without a time, and no service manager at all.
  make({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '80000', WATCHDOG_PID: '2' }).ready('a');
  make({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '0' }).ready('b');
  make({}).ready('c');
  await until(() => heard().includes('STATUS=b'), 'two are heard');
  const fed = make({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '80000', WATCHDOG_PID: '' });
  fed.ready('d');
  await until(() => heard().includes('WATCHDOG=1'), 'the fourth is watched');
  assert.doesNotMatch(heard().split('STATUS=d')[0], /WATCHDOG/);
  assert.doesNotMatch(heard(), /STATUS=c/);
  assert.ok(asked > 0);
});
