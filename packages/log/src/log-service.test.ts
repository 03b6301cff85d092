import { test } from 'node:test';
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LogTarget } from '@evenkeel/config';
import { LogService } from './log-service.ts';
import { RingLogSink } from './ring-log-sink.ts';

function target(fd: number, changes: Partial<LogTarget> = {}): LogTarget {
  return {
    at: { file: 'x', line: 1, column: 1 },
    destination: { kind: 'fd', fd },
    length: 1024,
    format: 'raw',
    sample: undefined,
    facility: 16,
    level: 7,
    minLevel: 0,
    ...changes,
  };
}

/** A service that writes to a file; gives what the file holds at the end. */
async function withFile(use: (service: LogService, fd: number) => Promise<void>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  const file = join(folder, 'out');
  const fd = openSync(file, 'a');
  const service = new LogService({ producers: 4, onDrop: () => {} });
  service.start();
  try {
    await service.ready;
    await use(service, fd);
    await service.flush(5000);
    return readFileSync(file, 'latin1');
  } finally {
    await service.close(5000);
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  }
}

test('messages of several producers reach the destination of their set, whole and in their order', async () => {
  const text = await withFile(async (service, fd) => {
    const set = service.numberOf({
      targets: [target(fd)],
      tag: 't',
      hostname: undefined,
      messageLength: 1023,
      owner: '',
    });
    const other = service.numberOf({
      targets: [target(fd, { format: 'short' })],
      tag: 't',
      hostname: undefined,
      messageLength: 1023,
      owner: '',
    });
    service.publishSets();
    const [first, second] = [new RingLogSink(service.ring, 0), new RingLogSink(service.ring, 2)];
    for (let index = 0; index < 1000; index++) {
      first.emit(set, 6, `first ${index}`);
      second.emit(other, 3, `second ${index}`);
      // The log thread must be given the processor now and then on a small machine.
      if (index % 100 === 0) await service.flush(5000);
    }
  });
  const lines = text.trimEnd().split('\n');
  assert.deepEqual(
    lines.filter((line) => line.startsWith('first')),
    Array.from({ length: 1000 }, (_, index) => `first ${index}`),
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith('<3>')),
    Array.from({ length: 1000 }, (_, index) => `<3>second ${index}`),
  );
});

test('who waits for what was written so far is answered while other threads go on writing without a pause', async () => {
  await withFile(async (service, fd) => {
    const set = service.numberOf({
      targets: [target(fd)],
      tag: 't',
      hostname: undefined,
      messageLength: 1023,
      owner: '',
    });
    service.publishSets();
    const producers = [1, 2, 3].map(
      (producer) =>
        new Worker(new URL('../test/log-producer.ts', import.meta.url), {
          workerData: { ring: service.ring, producer, set },
        }),
    );
    try {
      await Promise.all(producers.map(async (producer) => await once(producer, 'message')));
      const limit = new AbortController();
      const tooLate = pause(30_000, 'too late', { signal: limit.signal });
      assert.equal(await Promise.race([service.flush(60_000).then(() => 'flushed'), tooLate]), 'flushed');
      assert.equal(await Promise.race([service.sinks().then(() => 'described'), tooLate]), 'described');
      limit.abort();
      await tooLate.catch(() => undefined);
    } finally {
      await Promise.all(producers.map(async (producer) => await producer.terminate()));
    }
  });
});

test('many reloads with a log file and a socket of their own leave open what the last one names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-log-'));
  await withFile(async (service, fd) => {
    const before = readdirSync('/proc/self/fd').length;
    const sink = new RingLogSink(service.ring, 0);
    const count = 40;
    for (let reload = 0; reload < count; reload++) {
      const destinations = [
        { kind: 'file', path: join(folder, `file${reload}`) },
        { kind: 'unix', path: join(folder, `socket${reload}`) },
        { kind: 'fd', fd },
      ] as const;
      const set = service.numberOf({
        targets: destinations.map((destination) => target(0, { destination })),
        tag: 't',
        hostname: undefined,
        messageLength: 1023,
        owner: '',
      });
      service.publishSets();
      service.publishRings([], [0, set]);
      sink.emit(set, 6, `line ${reload}`);
      await service.flush(5000);
      assert.equal(readFileSync(join(folder, `file${reload}`), 'latin1'), `line ${reload}\n`);
      // A file and a socket of this configuration, and of the last one; more for a moment, while they are being closed.
      const end = performance.now() + 5000;
      while (readdirSync('/proc/self/fd').length > before + 4) {
        assert.ok(performance.now() < end, `${readdirSync('/proc/self/fd').length} descriptors are open`);
        await pause(5);
      }
    }
  });
  rmSync(folder, { recursive: true });
});

test('set 0 is nowhere', async () => {
  assert.equal(
    await withFile(async (service) => {
      new RingLogSink(service.ring, 0).emit(0, 0, 'lost');
      await service.flush(5000);
    }),
    '',
  );
});

test('who asks for rings before the log thread is started gets those that there are then', async () => {
  const service = new LogService({ producers: 1, onDrop: () => {} });
  const asked = service.sinks();
  service.start();
  assert.deepEqual(
    (await asked).map(({ name }) => name),
    (await service.sinks()).map(({ name }) => name),
  );
  assert.ok((await asked).length > 0);
  await service.close(5000);

  // One that ends without having begun has none.
  const another = new LogService({ producers: 1, onDrop: () => {} });
  const none = another.sinks();
  await another.close(5000);
  assert.deepEqual(await none, []);
});

test('an idle log thread sleeps: no processor time passes while nothing is logged', async () => {
  await withFile(async (service, fd) => {
    const sink = new RingLogSink(service.ring, 0);
    const set = service.numberOf({
      targets: [target(fd)],
      tag: 't',
      hostname: undefined,
      messageLength: 1023,
      owner: '',
    });
    service.publishSets();
    sink.emit(set, 6, 'one');
    await service.flush(5000);
    const before = logThreadTicks();
    await pause(1000);
    // A loop that spins uses what a busy machine leaves it, up to a hundred ticks; waking for the report of drops takes none or one.
    assert.ok(logThreadTicks() - before < 5, `${logThreadTicks() - before} ticks`);
  });
});

/** Ticks of processor time of this process's thread named `log`. */
function logThreadTicks(): number {
  const comms = execFileSync(
    'sh',
    ['-c', `for t in /proc/${process.pid}/task/*; do echo "$(cat $t/comm) $(cut -d' ' -f14,15 $t/stat)"; done`],
    { encoding: 'latin1' },
  );
  let ticks = 0;
  for (const line of comms.split('\n')) {
    const parts = /^log\S* (\d+) (\d+)$/.exec(line);
    if (parts !== null) ticks += Number(parts[1]) + Number(parts[2]);
  }
  assert.match(comms, /^log /m);
  return ticks;
}

test('a log thread that does not end, since a helper of it waits in a system call, is left behind after the limit', async () => {
  let thread: Worker | undefined;
  process.once('worker', (worker: Worker) => (thread = worker));
  const service = new LogService({ producers: 1, onDrop: () => {} });
  service.start();
  await service.ready;
  const end = thread!.terminate.bind(thread);
  thread!.terminate = async () => await new Promise(() => {});
  assert.equal(await service.close(50), false);
  await end();

  const other = new LogService({ producers: 1, onDrop: () => {} });
  other.start();
  await other.ready;
  assert.equal(await other.close(5000), true);
});

test('a log thread that dies at every start is started again at growing intervals, and then given up, which is said once', async () => {
  const said: string[] = [];
  const starts: number[] = [];
  const kill = (worker: Worker): void => {
    starts.push(performance.now());
    void worker.terminate();
  };
  process.on('worker', kill);
  const service = new LogService({ producers: 1, onDrop: (sentence) => said.push(sentence) });
  service.start();
  try {
    const limit = performance.now() + 20_000;
    while (said.length < 2 && performance.now() < limit) await pause(20);
  } finally {
    process.removeListener('worker', kill);
  }
  assert.equal(said.length, 2);
  assert.match(said[0], /^the log thread failed and is started again: /);
  assert.match(said[1], /^the log thread failed 9 times within a minute .*: nothing is logged any more until/);
  assert.equal(starts.length, 9);
  assert.ok(starts[8] - starts[7] > starts[4] - starts[3], 'it waits longer and longer');
  // Nobody waits for what will not come.
  await service.flush(60_000);
  await service.close(60_000);
});
