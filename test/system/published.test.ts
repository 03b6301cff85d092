/** What `npm run build` makes, as it is installed: JavaScript below node_modules, where Node runs no TypeScript. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Daemon, EVENKEEL, freePorts, until } from '../support/daemon.ts';
import { ask } from '../support/http.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('the published package runs by itself, with its threads', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-dist-'));
  try {
    const modules = join(folder, 'node_modules');
    const installed = join(modules, 'evenkeel');
    mkdirSync(modules);
    execFileSync(join(ROOT, 'scripts/build'), [installed], { stdio: 'pipe' });
    const { dependencies, bundleDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
      readonly bundleDependencies: readonly string[];
    };
    // What npm would install beside it.
    for (const name of Object.keys(dependencies))
      if (!bundleDependencies.includes(name)) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    const program = join(installed, 'bin/evenkeel.js');
    const version = execFileSync(process.execPath, [program, '-v'], { encoding: 'utf8' });
    assert.equal(version, execFileSync(EVENKEEL, ['-v'], { encoding: 'utf8' }));

    const [port] = await freePorts(1);
    const configuration = `global
    nbthread 3
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:${port}
    http-request return status 200 content-type text/plain string built
`;
    await using daemon = await Daemon.start(configuration, {
      port,
      flags: ['-W'],
      launcher: [process.execPath],
      program,
    });
    assert.equal((await ask(port, { path: '/' })).body.toString(), 'built');
    await until('the log thread writes', () => daemon.output.includes('"GET / HTTP/1.1"'));
    assert.deepEqual(
      daemon
        .threadNames()
        .filter((name) => name.startsWith('data-'))
        .sort(),
      ['data-1', 'data-2', 'data-3'],
    );
    // So large that a thread of its own reads it.
    const servers = Array.from({ length: 8000 }, (_, index) => `    server s${index} 127.0.0.1:1\n`);
    const large = `${configuration.replace('string built', 'string anew')}backend large\n${servers.join('')}`;
    assert.match(await daemon.reload(large), /Loading success \(generation 2\)/);
    assert.equal((await ask(port, { path: '/' })).body.toString(), 'anew');
    daemon.signal('SIGUSR1');
    assert.equal(await daemon.exited(), 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
