/**
 * `source … usesrc` between network namespaces: the server sees the address of a client that the proxy's machine does not have. A
 * client's namespace, the proxy's between two links, a server's whose way back leads through the proxy.
 */

import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EVENKEEL } from '../support/daemon.ts';

const run = promisify(execFile);
const ip = (...words: readonly string[]): string => execFileSync('ip', words, { encoding: 'utf8', stdio: 'pipe' });
const WAIT_MS = 15_000;

function canMakeNamespaces(): boolean {
  if (process.getuid?.() !== 0) return false;
  const name = `ek-try-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return true;
  } catch {
    return false;
  }
}

/** Names end in the process's number, so that two runs do not meet. */
function lay(context: TestContext): { client: string; proxy: string; server: string } {
  const [client, proxy, server] = ['c', 'p', 's'].map((part) => `ek${part}${process.pid}`);
  for (const name of [client, proxy, server]) {
    ip('netns', 'add', name);
    context.after(() => ip('netns', 'del', name));
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  const link = (outer: string, inner: string, outerAddress: string, innerAddress: string): void => {
    ip('-n', proxy, 'link', 'add', inner, 'type', 'veth', 'peer', 'name', 'up0', 'netns', outer);
    ip('-n', proxy, 'addr', 'add', `${innerAddress}/24`, 'dev', inner);
    ip('-n', outer, 'addr', 'add', `${outerAddress}/24`, 'dev', 'up0');
    ip('-n', proxy, 'link', 'set', inner, 'up');
    ip('-n', outer, 'link', 'set', 'up0', 'up');
    ip('-n', outer, 'route', 'add', 'default', 'via', innerAddress);
  };
  link(client, 'toclient', '198.51.100.2', '198.51.100.1');
  link(server, 'toserver', '192.0.2.2', '192.0.2.1');
  // What the server sends to its clients is the proxy's to take.
  ip('-n', proxy, 'rule', 'add', 'iif', 'toserver', 'lookup', '100');
  ip('-n', proxy, 'route', 'add', 'local', 'default', 'dev', 'lo', 'table', '100');
  return { client, proxy, server };
}

test(
  'usesrc: the server sees the client, an address of a header, or another',
  { skip: !canMakeNamespaces() },
  async (context) => {
    const { client, proxy, server } = lay(context);
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-source-'));
    context.after(() => rm(folder, { recursive: true, force: true }));
    const start = (namespace: string, ...words: readonly string[]): void => {
      const child = spawn('ip', ['netns', 'exec', namespace, ...words], { stdio: 'ignore' });
      context.after(async () => {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      });
    };
    const answer = `require('node:http').createServer((request, response) => response.end(request.socket.remoteAddress + ' ' + request.socket.remotePort)).listen(8080, '0.0.0.0')`;
    start(server, process.execPath, '-e', answer);
    const configuration = join(folder, 'proxy.cfg');
    const backend = (name: string, source: string): string =>
      `backend ${name}\n    server s 192.0.2.2:8080 source 0.0.0.0 ${source}\n`;
    await writeFile(
      configuration,
      `defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    retries 0
frontend web
    bind 198.51.100.1:80
    use_backend %[path,field(2,/)]
${backend('none', '')}${backend('client', 'usesrc client')}${backend('clientip', 'usesrc clientip')}${backend(
        'header',
        'usesrc hdr_ip(x-forwarded-for)',
      )}${backend('fixed', 'usesrc 203.0.113.7:4000')}${backend('device', 'interface toserver')}`,
    );
    start(proxy, EVENKEEL, '-db', '-f', configuration);
    const ask = async (path: string): Promise<string> => {
      const words = ['netns', 'exec', client, 'curl', '-sS', '-m', '5', '--local-port', '50000-50999'];
      const more = ['-H', 'x-forwarded-for: 203.0.113.9', `http://198.51.100.1/${path}/`];
      return (await run('ip', [...words, ...more], { encoding: 'utf8' })).stdout;
    };
    const until = Date.now() + WAIT_MS;
    for (;;) {
      const found = await ask('none').catch(() => '');
      if (found.startsWith('192.0.2.1 ')) break;
      assert.ok(Date.now() < until, `the proxy does not serve: ${found}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.match(await ask('client'), /^198\.51\.100\.2 50\d\d\d$/);
    assert.match(await ask('clientip'), /^198\.51\.100\.2 /);
    assert.match(await ask('header'), /^203\.0\.113\.9 /);
    assert.match(await ask('fixed'), /^203\.0\.113\.7 4000$/);
    assert.match(await ask('device'), /^192\.0\.2\.1 /);
  },
);
