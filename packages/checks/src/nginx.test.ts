// Checks against a real nginx that is paused, resumed and killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { test } from 'node:test';
import { SegmentOwner } from '@evenkeel/shm';
import type { Server as ServerConfig } from '@evenkeel/config';
import { checkFields, statusText } from './display.ts';
import { HealthMonitor } from './monitor.ts';
import { checkOf, expressions, noProgram, tuning } from './testing.ts';
import { openNetConnection } from './testing-connections.ts';

const NGINX = '/usr/sbin/nginx';

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test(
  'nginx: up, paused, resumed, killed',
  { skip: existsSync(NGINX) ? false : 'nginx is not installed' },
  async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'evenkeel-nginx-'));
    const port = await freePort();
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${directory}/${name};`)
      .join(' ');
    await writeFile(
      join(directory, 'nginx.conf'),
      `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error; events {}
     http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; location = /ok { return 200; } location = /gone { return 404; } } }`,
    );
    const nginx = spawn(NGINX, ['-c', join(directory, 'nginx.conf'), '-p', directory], { stdio: 'ignore' });
    const owner = new SegmentOwner({ maxThreads: 2, ticketsPerThread: 16 });
    const monitor = new HealthMonitor({
      segment: owner.segment,
      now: () => Number(process.hrtime.bigint() / 1000n) / 1000,
      dateNow: () => Date.now(),
      random: () => 0.5,
      open: openNetConnection,
      expressions,
      log: () => {},
    });
    context.after(async () => {
      monitor.stop();
      nginx.kill('SIGKILL');
      await rm(directory, { recursive: true });
    });
    const slots = [0, 1, 2].map((index) => owner.allocate('server', `b/s${index}`));
    const server = (
      index: number,
      check: Partial<ServerConfig>,
    ): { slot: number; host: string; config: ServerConfig } => ({
      slot: slots[index],
      host: '127.0.0.1',
      config: {
        name: `s${index}`,
        address: { kind: 'inet', host: '127.0.0.1', family: 4, port: { first: port, last: port, relative: false } },
        weight: 1,
        backup: false,
        disabled: false,
        check: true,
        checkAnd: [],
        interMs: 150,
        rise: 1,
        fall: 2,
        ...check,
      } as unknown as ServerConfig,
    });
    const backend = (
      name: string,
      uri: string | undefined,
      index: number,
    ): Parameters<HealthMonitor['apply']>[0]['backends'][number] => ({
      name,
      id: 3,
      slot: owner.allocate('backend', name),
      logSet: 0,
      isListen: false,
      hasDynamicWeights: true,
      redispatches: false,
      mailAlert: undefined,
      connectTimeoutMs: 500,
      checkTimeoutMs: undefined,
      serverTimeoutMs: undefined,
      tunnelTimeoutMs: undefined,
      check:
        uri === undefined
          ? { type: 'tcp' }
          : checkOf(`option httpchk GET ${uri} HTTP/1.1`, 'http-check send hdr Host x'),
      options: { allbackups: false, logHealthChecks: false, persist: false },
      externalCheck: noProgram,
      source: undefined,
      servers: [server(index, {})],
    });
    monitor.apply({
      generation: 1,
      checks: tuning,
      spreadPercent: 0,
      maxSpreadMs: 0,
      backends: [backend('http', '/ok', 0), backend('lost', '/gone', 1), backend('tcp', undefined, 2)],
    });
    const states = (): string[] =>
      slots.map(
        (slot) =>
          `${statusText(monitor.server(slot)!.view())} ${checkFields(monitor.server(slot)!.view()).check_status.replace('* ', '')}`,
      );
    const until = async (expected: readonly string[]): Promise<void> => {
      const limit = Date.now() + 10_000;
      while (states().join() !== expected.join()) {
        if (Date.now() > limit) assert.deepEqual(states(), expected);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await until(['UP L7OK', 'DOWN L7STS', 'UP L4OK']);
    nginx.kill('SIGSTOP');
    // The kernel still accepts for it.
    await until(['DOWN L7TOUT', 'DOWN L7TOUT', 'UP L4OK']);
    nginx.kill('SIGCONT');
    await until(['UP L7OK', 'DOWN L7STS', 'UP L4OK']);
    nginx.kill('SIGKILL');
    await until(['DOWN L4CON', 'DOWN L4CON', 'DOWN L4CON']);
  },
);
