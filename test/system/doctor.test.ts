/** `evenkeel doctor` on this machine: what it asks the system and the network, and that it finds what is wrong and no more. */

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENKEEL, freePorts } from '../support/daemon.ts';

interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  readonly check: string;
  readonly what: string;
  readonly why?: string;
  readonly remedy?: string;
}

interface Report {
  readonly status: number;
  readonly level: Finding['level'];
  readonly findings: readonly Finding[];
}

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-doctor-'));
/** A server that answers, and a port that is taken. */
const server = createServer((socket) => socket.destroy());
let taken = 0;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  taken = (server.address() as AddressInfo).port;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function examined(text: string, ...options: readonly string[]): Promise<Report> {
  const file = join(folder, 'a.cfg');
  writeFileSync(file, text);
  return await new Promise((resolve, reject) => {
    execFile(EVENKEEL, ['doctor', '-f', file, '--json', ...options], { timeout: 60_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code);
      try {
        resolve({ status, ...(JSON.parse(stdout) as Omit<Report, 'status'>) });
      } catch {
        reject(new Error(`status ${status}: ${stdout}${stderr}`));
      }
    });
  });
}

const configuration = (port: number, servers: readonly string[], globals = ''): string => `global
    ${globals}
defaults
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend web
    bind 127.0.0.1:${port}
    default_backend app
backend app
${servers.map((line) => `    server ${line}\n`).join('')}`;

/** Complaints of a file that a sound file does not have here: the machine's own settings are not the test's affair. */
function newComplaints(sound: Report, { findings }: Report): readonly string[] {
  const known = new Set(sound.findings.map(({ what }) => what));
  return findings
    .filter(({ level, what }) => level !== 'ok' && !known.has(what))
    .map(({ check, level, remedy, what, why }) => {
      assert.ok(why !== undefined && remedy !== undefined, what);
      return `${level} ${check}: ${what}`;
    });
}

test('a taken port, an unreachable server and a name that nobody knows are found, and nothing else', async () => {
  const [free, closed] = await freePorts(2);
  const sound = await examined(configuration(free, [`s1 127.0.0.1:${taken}`]));
  const checks = new Set(['ports', 'addresses', 'names', 'servers', 'logs', 'journal']);
  assert.deepEqual(
    sound.findings.filter(({ check, level }) => checks.has(check) && level !== 'ok'),
    [],
  );
  assert.ok(sound.findings.some(({ what }) => what === '1 of 1 servers accept connections.'));

  const bad = await examined(
    configuration(taken, [`s1 127.0.0.1:${taken}`, `s2 127.0.0.1:${closed}`, `s3 nowhere.invalid:${closed}`]),
  );
  const complaints = newComplaints(sound, bad);
  assert.equal(complaints.length, 3, complaints.join('\n'));
  const [port, name, unreachable] = complaints;
  assert.match(
    port,
    new RegExp(`^error ports: 127\\.0\\.0\\.1:${taken} of frontend web: .*\\(process ${process.pid}\\)`),
  );
  assert.equal(name, 'error names: nowhere.invalid (server app/s3) does not resolve.');
  assert.match(unreachable, new RegExp(`^warning servers: app/s2 at 127\\.0\\.0\\.1:${closed} cannot be reached: `));
  assert.equal(bad.level, 'error');
  assert.equal(bad.status, 1);
});

test('a folder that is missing for a log file or the journal is found; --strict makes that an error', async () => {
  const [free] = await freePorts(1);
  const servers = [`s1 127.0.0.1:${taken}`];
  const sound = await examined(configuration(free, servers), '--offline');
  const bad = await examined(
    configuration(
      free,
      servers,
      `log file@${folder}/missing/traffic.log local0\n    persist-runtime ${folder}/missing/changes`,
    ),
    '--offline',
    '--strict',
  );
  assert.deepEqual(newComplaints(sound, bad), [
    `warning logs: ${folder}/missing does not exist.`,
    `warning journal: ${folder}/missing does not exist.`,
  ]);
  assert.equal(bad.status, 1);
});
