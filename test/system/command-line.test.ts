/** The program as scripts and init systems meet it: options, outputs, exit codes, signals. Codes and texts are HAProxy's. */

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon, EVENKEEL, accepts, freePorts, until } from '../support/daemon.ts';

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: readonly string[]): Promise<Result> {
  return await new Promise((resolve) => {
    execFile(EVENKEEL, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function withFile<T>(text: string, use: (file: string, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
  try {
    const file = join(folder, 'a.cfg');
    writeFileSync(file, text);
    return await use(file, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const TIMEOUTS = 'defaults\n    timeout client 1s\n    timeout server 1s\n    timeout connect 1s\n';

function listening(port: number, extra = ''): string {
  return `${extra}${TIMEOUTS}listen a\n    mode http\n    bind 127.0.0.1:${port}\n    http-request return status 200 content-type text/plain string here\n`;
}

test('-v begins as HAProxy does, and -vv lists features', async () => {
  const short = await run('-v');
  assert.match(short.stdout, /^HAProxy version 2\.6\.\d+\S* \d{4}\/\d\d\/\d\d - /);
  assert.equal(short.status, 0);
  const long = await run('-vv');
  assert.match(long.stdout, /^Feature list : .*\+THREAD/m);
  assert.match(long.stdout, /default=\d+\)/);
});

test('-c says that a configuration is valid on standard output, with status 0', async () => {
  await withFile(listening(1), async (file) => {
    const { status, stdout } = await run('-c', '-f', file);
    assert.equal(stdout, 'Configuration file is valid\n');
    assert.equal(status, 0);
  });
});

test('-c tells warnings, which -dW makes fatal, and -q silences everything', async () => {
  await withFile('listen a\n    bind 127.0.0.1:1\n', async (file) => {
    const warned = await run('-c', '-f', file);
    assert.equal(warned.stdout, 'Warnings were found.\nConfiguration file is valid\n');
    assert.match(warned.stderr, /^\[WARNING\] {2}\(\d+\) : config : missing timeouts for proxy 'a'\./m);
    assert.equal(warned.status, 0);
    const fatal = await run('-c', '-dW', '-f', file);
    assert.match(fatal.stderr, /Some warnings were found and 'zero-warning' is set/);
    assert.equal(fatal.status, 1);
    assert.deepEqual(await run('-q', '-c', '-f', file), { status: 0, stdout: '', stderr: '' });
  });
});

test('--strict makes warnings and advice fatal, with -c and at a start', async () => {
  const [port] = await freePorts(1);
  const unused = (comment: string): string => `${listening(port)}backend spare ${comment}\n    server s1 127.0.0.1:1\n`;
  const refused = /^\[ALERT\] {4}\(\d+\) : config : Some warnings were found and '--strict' is set\. Aborting\.$/m;
  await withFile(unused(''), async (file) => {
    const advised = await run('-c', '-f', file);
    assert.equal(advised.stdout, 'Warnings were found.\nConfiguration file is valid\n');
    assert.equal(advised.status, 0);
    // Advice is no warning of HAProxy's.
    assert.equal((await run('-c', '-dW', '-f', file)).status, 0);
    const checked = await run('-c', '--strict', '-f', file);
    assert.match(checked.stderr, /\[unused-backend\]/);
    assert.match(checked.stderr, refused);
    assert.deepEqual([checked.status, checked.stdout], [1, '']);
    const started = await run('-db', '--strict', '-f', file);
    assert.match(started.stderr, /\[unused-backend\]/);
    assert.match(started.stderr, refused);
    assert.equal(started.status, 1);
  });
  await withFile(unused('# lint-ok unused-backend'), async (file) => {
    const allowed = await run('-c', '--strict', '-f', file);
    assert.equal(allowed.stdout, 'Configuration file is valid\n');
    assert.equal(allowed.status, 0);
  });
  await withFile('listen a\n    bind 127.0.0.1:1\n', async (file) => {
    const warned = await run('-c', '--strict', '-f', file);
    assert.match(warned.stderr, /missing timeouts for proxy 'a'/);
    assert.match(warned.stderr, refused);
    assert.equal(warned.status, 1);
  });
});

test('a bad configuration ends with status 1 and every error with its place', async () => {
  await withFile('global\n    maxconn ten\nlisten a\n    bind 127.0.0.1:1\n    tiemout client 1s\n', async (file) => {
    const { status, stdout, stderr } = await run('-c', '-f', file);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`\\[ALERT\\] {4}\\(\\d+\\) : config : parsing \\[${file}:2\\]`));
    assert.match(stderr, new RegExp(`parsing \\[${file}:5\\] : unknown keyword 'tiemout'`));
    assert.match(stderr, /did you mean 'timeout/);
    assert.match(stderr, /\^{7}/);
  });
});

test('a configuration without listener checks with status 2 and does not start', async () => {
  await withFile('global\n', async (file) => {
    const checked = await run('-c', '-f', file);
    assert.equal(checked.stdout, 'Configuration file has no error but will not start (no listener) => exit(2).\n');
    assert.equal(checked.status, 2);
    assert.equal((await run('-f', file)).status, 1);
  });
});

test('-cc: 0 for true, 1 for false, 2 for a condition that cannot be read', async () => {
  assert.equal((await run('-cc', 'version_atleast(2.4)')).status, 0);
  assert.equal((await run('-cc', 'version_atleast(9.9)')).status, 1);
  assert.equal((await run('-cc', 'nonsense(')).status, 2);
});

test('a file that is not there, an unknown option and an option without its value are told', async () => {
  const missing = await run('-c', '-f', '/nonexistent.cfg');
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /\/nonexistent\.cfg.*No such file or directory/);
  const unknown = await run('-Q');
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /unknown option '-Q'/);
  assert.match((await run('-f')).stderr, /'-f' expects a file or directory/);
});

test('several files and a directory make one configuration, in order', async () => {
  await withFile(TIMEOUTS, async (file, folder) => {
    writeFileSync(join(folder, 'b.cfg'), 'listen b\n    bind 127.0.0.1:1\n');
    writeFileSync(join(folder, 'c.txt'), 'this is not read\n');
    assert.equal((await run('-c', '-f', file, '-f', join(folder, 'b.cfg'))).stdout, 'Configuration file is valid\n');
    assert.equal((await run('-c', '-f', folder)).stdout, 'Configuration file is valid\n');
    assert.equal((await run('-c', '-C', folder, '--', 'a.cfg', 'b.cfg')).stdout, 'Configuration file is valid\n');
  });
});

test('config show prints text that means the same', async () => {
  await withFile(
    `${TIMEOUTS}listen a # comment\n    bind "127.0.0.1:1"\n    server s1 127.0.0.1:2 weight 5\n`,
    async (file, folder) => {
      const first = await run('config', 'show', file);
      assert.equal(first.status, 0);
      assert.match(first.stdout, /server s1 127\.0\.0\.1:2 weight 5/);
      const again = join(folder, 'again.cfg');
      writeFileSync(again, first.stdout);
      assert.equal((await run('config', 'show', again)).stdout, first.stdout);
    },
  );
});

test('keywords: every keyword has a state, and -dK prints those that work', async () => {
  const { stdout } = await run('keywords');
  for (const state of ['works', 'accepted', 'refused']) assert.match(stdout, new RegExp(`\\b${state}\\b`));
  assert.match((await run('-dKcfg', '-q', '-c', '-f', '/dev/null')).stdout, /bind/);
});

test('an address that is taken is told with file and line, and the process leaves with status 1', async () => {
  const [port] = await freePorts(1);
  const holder = spawn('python3', [
    '-c',
    `import socket,time\ns=socket.socket()\ns.bind(("127.0.0.1",${port}))\ns.listen()\ntime.sleep(30)`,
  ]);
  try {
    await until('the port is taken', async () => await accepts(port));
    await withFile(listening(port), async (file) => {
      const { status, stderr } = await run('-db', '-f', file);
      assert.match(
        stderr,
        new RegExp(
          `Binding \\[${file}:7\\] for proxy a: cannot bind socket \\(Address already in use\\) for \\[127\\.0\\.0\\.1:${port}\\]`,
        ),
      );
      assert.match(stderr, /Some protocols failed to start their listeners! Exiting\./);
      assert.equal(status, 1);
    });
  } finally {
    holder.kill('SIGKILL');
  }
});

test('SIGTERM and SIGINT end it as signals do; SIGUSR1 lets it finish with status 0', async () => {
  for (const [signal, expected] of [
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
    ['SIGUSR1', 0],
  ] as const) {
    const [port] = await freePorts(1);
    const daemon = await Daemon.start(listening(port), { port, program: EVENKEEL });
    try {
      daemon.signal(signal);
      assert.equal(await daemon.exited(), expected, signal);
      if (signal === 'SIGUSR1') assert.match(daemon.output, /Proxy a stopped \(cumulated conns: FE: \d+, BE: \d+\)\./);
    } finally {
      await daemon.stop();
    }
  }
});

test('SIGUSR1 in the first moments of the process is neither lost nor opens a debugger', async () => {
  const [port] = await freePorts(1);
  await withFile(listening(port), async (file) => {
    for (let round = 0; round < 6; round++) {
      const child = spawn(EVENKEEL, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
      const exited = new Promise((resolve) => child.once('exit', (status, signal) => resolve(status ?? signal)));
      try {
        // From the moment on in which Node holds the signal back; before it, the process has not begun.
        await until('Node holds it back', () => {
          const [, blocked] = /^SigBlk:\s+(\w+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1')) ?? [];
          return (BigInt(`0x${blocked}`) & (1n << 9n)) !== 0n;
        });
        child.kill('SIGUSR1');
        assert.equal(await exited, 0, said);
        assert.doesNotMatch(said, /Debugger/);
        assert.match(said, /Proxy a stopped/);
      } finally {
        child.kill('SIGKILL');
      }
    }
  });
});

test('-D returns once the daemon serves, which wrote its pid file and outlives the caller', async () => {
  const [port] = await freePorts(1);
  await withFile(listening(port), async (file, folder) => {
    const pidFile = join(folder, 'pid');
    const { status } = await run('-D', '-f', file, '-p', pidFile);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    try {
      assert.equal(status, 0);
      assert.equal(await accepts(port), true);
    } finally {
      process.kill(pid, 'SIGTERM');
    }
    await until('the pid file is gone', () => !existsSync(pidFile));
  });
});

test('-D says when no process can be started in the background', async () => {
  const [port] = await freePorts(1);
  await withFile(listening(port), async (file) => {
    // How many descriptors Node itself has open is its own business: somewhere here the pipes to the new process find no room.
    const outputs: string[] = [];
    for (const limit of [23, 24, 25, 26, 27]) {
      const { status, stderr } = await new Promise<Result>((resolve) => {
        const command = ['-c', `ulimit -n ${limit}; exec "$@"`, 'bash', EVENKEEL, '-D', '-f', file];
        execFile('bash', command, { timeout: 20_000 }, (error, stdout, errors) =>
          resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr: errors }),
        );
      });
      assert.equal(status, 1, stderr);
      outputs.push(stderr);
    }
    assert.match(outputs.join(''), /Cannot fork \(Too many open files\)/);
    assert.doesNotMatch(outputs.join(''), /background\.ts:/);
  });
});

test('-D shows the errors of the start and returns their status', async () => {
  await withFile('listen a\n    bnid :1\n', async (file) => {
    const { status, stderr } = await run('-D', '-f', file);
    assert.equal(status, 1);
    assert.match(stderr, /unknown keyword 'bnid'/);
  });
});

test('-sf: the new process serves, the old one finishes and leaves', async () => {
  const [port] = await freePorts(1);
  const old = await Daemon.start(listening(port), { port, program: EVENKEEL });
  try {
    const next = await Daemon.start(listening(port), { port, program: EVENKEEL, arguments: ['-sf', String(old.pid)] });
    try {
      assert.equal(await old.exited(), 0);
      assert.equal(await accepts(port), true);
    } finally {
      await next.stop();
    }
  } finally {
    await old.stop();
  }
});

test("the keyword 'daemon' goes to the background as -D does, and -db keeps it in the foreground", async () => {
  const [port] = await freePorts(1);
  await withFile(listening(port, 'global\n    daemon\n'), async (file, folder) => {
    const pidFile = join(folder, 'pid');
    const { status, stderr } = await run('-f', file, '-p', pidFile);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    process.kill(pid, 'SIGTERM');
    assert.equal(status, 0, stderr);
    await until('the pid file is gone', () => !existsSync(pidFile));
    const daemon = await Daemon.start(listening(port, 'global\n    daemon\n'), { port, program: EVENKEEL });
    assert.equal(daemon.running, true);
    await daemon.stop();
  });
});

test('threads that were started beforehand and are not wanted end by themselves, whatever becomes of the start', async () => {
  const [port] = await freePorts(1);
  const daemon = await Daemon.start(listening(port, 'global\n    nbthread 1\n'), { port, program: EVENKEEL });
  try {
    const dataThreads = (): string[] => daemon.threadNames().filter((name) => name.startsWith('data-'));
    await until('one data thread is left', () => dataThreads().join() === 'data-1');
    assert.equal(await accepts(port), true);
  } finally {
    await daemon.stop();
  }
  // They are loading when the error is found: the process waits for them, and ends with its own status.
  await withFile('listen a\n    bnid :1\n', async (file) => {
    for (let round = 0; round < 5; round++) assert.equal((await run('-db', '-f', file)).status, 1);
  });
});
