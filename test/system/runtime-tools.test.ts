/**
 * Tools that people have for HAProxy's runtime socket work on this one unchanged: hatop, the Prometheus exporter, socat. Where
 * HAProxy is there, it is asked first: that proves the test.
 */

import { test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ask } from '../support/http.ts';
import { Daemon, accepts, freePorts, until } from '../support/daemon.ts';
import { Program, findProgram, missing, run } from '../support/programs.ts';

const configuration = (port: number): string => `
global
    stats socket FOLDER/admin.sock level admin
    nbthread 1
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend door
    bind 127.0.0.1:${port}
    http-request return status 204 if { path /here }
    default_backend rooms
backend rooms
    balance roundrobin
    server first 127.0.0.1:9 weight 10
    server second 127.0.0.1:9 weight 20 disabled
`;

/** Runs the same with HAProxy, where it is there, and with this program. */
async function onBoth(context: TestContext, look: (daemon: Daemon) => Promise<void>): Promise<void> {
  const programs = ['haproxy', undefined].filter((name) => name === undefined || findProgram(name) !== undefined);
  for (const program of programs) {
    await context.test(program ?? 'evenkeel', async () => {
      const [port] = await freePorts(1);
      await using daemon = await Daemon.start(configuration(port), {
        port,
        ...(program === undefined ? {} : { program }),
      });
      assert.equal((await ask(port, { path: '/here' })).status, 204);
      await look(daemon);
    });
  }
}

/** What a terminal shows, without what moves its cursor. */
// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replaceAll(/\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>])/g, ' ');

test('hatop shows proxies and servers, and changes one', { skip: missing('hatop', 'script') }, async (context) => {
  await onBoth(context, async (daemon) => {
    const socket = join(daemon.folder, 'admin.sock');
    const terminal = spawn('script', ['-qefc', `stty rows 50 cols 160; hatop -s ${socket} -i 1`, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', LINES: '50', COLUMNS: '160' },
    });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString('latin1')));
    const ended = new Promise<number | null>((resolve) => terminal.once('exit', (code) => resolve(code)));
    try {
      await until('hatop shows the servers', () => /door[^]*first[^]*second[^]*BACKEND/.test(plain(shown)));
      assert.match(plain(shown), /MAINT/);
      // Its command line: what is answered appears in its viewport.
      terminal.stdin.write('5');
      await until('hatop has a prompt', () => plain(shown).includes('> '));
      terminal.stdin.write('set weight rooms/first 7\r');
      await until('the weight is set', async () => (await daemon.ask('get weight rooms/first')).startsWith('7 '));
      terminal.stdin.write('\x1bq');
    } finally {
      terminal.stdin.write('\x03');
      const timer = setTimeout(() => terminal.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    }
  });
});

test(
  'the Prometheus exporter for HAProxy reads its figures',
  { skip: missing('prometheus-haproxy-exporter') },
  async (context) => {
    await onBoth(context, async (daemon) => {
      const [port] = await freePorts(1);
      await using exporter = new Program('prometheus-haproxy-exporter', [
        `--haproxy.scrape-uri=unix:${join(daemon.folder, 'admin.sock')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]);
      await until('the exporter listens', async () => !exporter.running || (await accepts(port)));
      const metrics = async (): Promise<string> => (await ask(port, { path: '/metrics' })).body.toString('latin1');
      await until('the request is counted', async () =>
        /^haproxy_frontend_http_requests_total\{[^}]*frontend="door"[^}]*\} [1-9]/m.test(await metrics()),
      );
      const text = await metrics();
      assert.match(text, /^haproxy_up 1$/m);
      assert.match(text, /^haproxy_exporter_csv_parse_failures_total 0$/m);
      assert.match(text, /^haproxy_server_up\{backend="rooms",server="first"\} 1$/m);
      assert.match(text, /^haproxy_server_up\{backend="rooms",server="second"\} 0$/m);
      assert.match(text, /^haproxy_server_weight\{backend="rooms",server="second"\} 20$/m);
    });
  },
);

test('socat and a parser of CSV', { skip: missing('socat', 'python3') }, async (context) => {
  const script = `
import csv, subprocess, sys
def ask(command):
    return subprocess.run(['socat', '-t', '5', '-', 'UNIX-CONNECT:' + sys.argv[1]], input=command + '\\n', capture_output=True, text=True, check=True).stdout
info = dict(line.split(': ', 1) for line in ask('show info').strip().splitlines())
assert info['Name'] == 'HAProxy' and int(info['Pid']) == int(sys.argv[2]), info
rows = list(csv.DictReader(ask('show stat').lstrip('# ').strip().splitlines()))
assert [(row['pxname'], row['svname']) for row in rows] == [('door', 'FRONTEND'), ('rooms', 'first'), ('rooms', 'second'), ('rooms', 'BACKEND')], rows
assert rows[0]['status'] == 'OPEN' and int(rows[0]['hrsp_2xx']) == 1 and rows[2]['status'] == 'MAINT', rows
both = ask('show info;show stat')
assert both.count('\\n\\n') == 2, both
print('good')
`;
  await onBoth(context, async (daemon) => {
    await until('the request is counted', async () => (await daemon.statistic('door', 'FRONTEND', 'hrsp_2xx')) === '1');
    const outcome = await run('python3', ['-c', script, join(daemon.folder, 'admin.sock'), String(daemon.pid)]);
    assert.equal(outcome.stdout.toString().trim(), 'good', outcome.stderr);
  });
});
