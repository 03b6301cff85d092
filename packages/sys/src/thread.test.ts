import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { inChild } from './test-child.ts';
import { getThreadAffinity, setThreadAffinity, setThreadNice, threadCpuNanoseconds, threadId } from './thread.ts';

/** Runs statements in a worker that has `sys`, and gives what they return. */
async function inWorker<Answer = unknown>(body: string): Promise<Answer> {
  const worker = new Worker(
    `import { parentPort, workerData } from 'node:worker_threads'
     import { readFileSync } from 'node:fs'
     import { getPriority } from 'node:os'
     const sys = await import(workerData)
     parentPort.postMessage(await (async () => { ${body} })())`,
    { eval: true, workerData: new URL('./index.ts', import.meta.url).href },
  );
  try {
    return await new Promise<Answer>((resolve, reject) => worker.on('message', resolve).on('error', reject));
  } finally {
    await worker.terminate();
  }
}

describe('threads', () => {
  it('main has the process id, a worker another one of the process', async () => {
    assert.equal(threadId(), process.pid);
    const tid = await inWorker('return sys.threadId()');
    assert.notEqual(tid, process.pid);
  });

  it('a worker names itself only, cut at 15 bytes', async () => {
    const before = readFileSync('/proc/self/comm', 'latin1');
    const name = await inWorker(
      `sys.setThreadName('ek/data-0123456789'); return readFileSync('/proc/self/task/' + sys.threadId() + '/comm', 'latin1')`,
    );
    assert.equal(name, 'ek/data-0123456\n');
    assert.equal(readFileSync('/proc/self/comm', 'latin1'), before);
  });

  it('a worker pins itself only', async () => {
    const all = getThreadAffinity();
    const cpu = all.at(-1)!;
    assert.deepEqual(await inWorker(`sys.setThreadAffinity([${cpu}]); return sys.getThreadAffinity()`), [cpu]);
    assert.deepEqual(getThreadAffinity(), all);
  });

  it('CPUs that do not exist are EINVAL', () => {
    assert.throws(() => setThreadAffinity([1023]), { code: 'EINVAL' });
    assert.throws(() => setThreadAffinity([4096]), { code: 'EINVAL' });
  });

  it('niceness is set for one thread', async () => {
    const own = getPriority(0);
    const [before, after] = await inWorker<[number, number]>(
      `const tid = sys.threadId(); const before = getPriority(tid); sys.setThreadNice(tid, before + 3); return [before, getPriority(tid)]`,
    );
    assert.equal(after, Math.min(19, before + 3));
    assert.equal(getPriority(0), own);
    assert.throws(() => setThreadNice(0x7fff_fff0, 3), { code: 'ESRCH' });
  });

  it('CPU time is of the calling thread: work of another does not count', async () => {
    const before = threadCpuNanoseconds();
    const busy = await inWorker<number>(
      `const start = sys.threadCpuNanoseconds(); while (sys.threadCpuNanoseconds() - start < 30e6); return sys.threadCpuNanoseconds() - start`,
    );
    assert.ok(busy >= 30e6);
    const after = threadCpuNanoseconds();
    assert.ok(after > before);
  });

  it('a thread that has loaded the bridge may be terminated in the middle of its calls', async () => {
    const rounds = 30;
    const survived = await inChild<number>(`
      import { Worker } from 'node:worker_threads'
      const body = "import { parentPort, workerData } from 'node:worker_threads'; const sys = await import(workerData.index); sys.support('native');" +
        "for (;;) { sys.threadId(); sys.setThreadName('busy'); sys.getThreadAffinity(); Atomics.add(workerData.rounds, 0, 1) }"
      const rounds = new Int32Array(new SharedArrayBuffer(4))
      for (let round = 0; round < ${rounds}; round++) {
        const before = Atomics.load(rounds, 0)
        const worker = new Worker(body, { eval: true, workerData: { index: ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}, rounds } })
        while (Atomics.load(rounds, 0) - before < 100 + round * 37) await new Promise((resolve) => setImmediate(resolve))
        await worker.terminate()
      }
      answer(${rounds})`);
    assert.equal(survived, rounds);
  });
});
