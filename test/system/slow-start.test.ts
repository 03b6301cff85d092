/**
 * A start that takes long, because a name server is silent: who gives up waiting ends it at once, also in the background, and
 * nothing is left behind. Runs in a network and a mount namespace of its own, where /etc/resolv.conf names that server.
 */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENKEEL, until } from '../support/daemon.ts';

/** Packets to the name server leave by one end of a cable and are dropped at the other. */
const SILENT_NAME_SERVER = `set -e
ip link set lo up
ip link add near type veth peer name far
ip addr add 192.0.2.1/24 dev near
ip link set near up
ip link set far up
ip neigh add 192.0.2.53 lladdr 02:00:00:00:00:01 dev near
mount --bind "$FOLDER/resolv.conf" /etc/resolv.conf
exec "$@"`;
/** 192.0.2.53:53 as /proc/net/udp prints it. */
const QUESTION = /: \S+ 350200C0:0035 /;

function namespacesWork(): boolean {
  try {
    execFileSync('unshare', ['--net', '--mount', 'ip', 'link', 'add', 'near', 'type', 'veth'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skip = !namespacesWork() && 'namespaces cannot be made here';

interface Start {
  readonly folder: string;
  readonly child: ChildProcess;
  /** The process that reads the configuration and resolves: the one started, or the one in the background. */
  readonly pid: number;
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** Starts evenkeel and waits until it has asked the name server. */
async function startSlowly(flag: string): Promise<Start> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-slow-'));
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 192.0.2.53\noptions timeout:30 attempts:1\n');
  const file = join(folder, 'a.cfg');
  writeFileSync(
    file,
    `global
    stats socket ${folder}/admin.sock
    pidfile ${folder}/pid
defaults
    timeout connect 1s
    timeout client 1s
    timeout server 1s
listen a
    bind 127.0.0.1:8080
    bind unix@${folder}/web.sock
    server s name.example:80
`,
  );
  const child = spawn(
    'unshare',
    ['--net', '--mount', 'bash', '-c', SILENT_NAME_SERVER, 'bash', EVENKEEL, flag, '-f', file],
    { stdio: 'ignore', env: { ...process.env, FOLDER: folder } },
  );
  const exited = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL')),
  );
  const started = child.pid ?? 0;
  let pid = 0;
  try {
    await until('a name was asked for', () => {
      for (const candidate of [started, ...childrenOf(started)]) {
        try {
          if (candidate !== process.pid && QUESTION.test(readFileSync(`/proc/${candidate}/net/udp`, 'latin1')))
            pid = candidate;
        } catch {
          // It is between two programs.
        }
      }
      return pid !== 0 && (flag !== '-D' || pid !== started);
    });
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { folder, child, pid, exited };
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

for (const flag of ['-db', '-D']) {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} during a slow start with ${flag} ends it at once`, { skip }, async () => {
      const { folder, child, pid, exited } = await startSlowly(flag);
      try {
        child.kill(signal);
        assert.equal(await exited, signal);
        await until('the process in the background is gone, too', () => !existsSync(`/proc/${pid}`));
        assert.deepEqual(readdirSync(folder).sort(), ['a.cfg', 'resolv.conf']);
      } finally {
        child.kill('SIGKILL');
        if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
}
