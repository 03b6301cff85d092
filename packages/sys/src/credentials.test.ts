import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { lookupGroup, lookupUser } from './credentials.ts';
import { NOBODY, inChild, missing, noNobody } from './test-child.ts';

describe('lookups', () => {
  it('find every user of /etc/passwd by name and by id', () => {
    const seen = new Set<string>();
    for (const line of readFileSync('/etc/passwd', 'utf8').trim().split('\n')) {
      const [name, , uid, gid] = line.split(':') as [string, string, string, string];
      assert.deepEqual(lookupUser(name), { name, uid: Number(uid), gid: Number(gid) });
      if (!seen.has(uid)) assert.equal(lookupUser(uid)?.name, name);
      seen.add(uid);
    }
  });

  it('find every group of /etc/group by name', () => {
    for (const line of readFileSync('/etc/group', 'utf8').trim().split('\n')) {
      const [name, , gid] = line.split(':') as [string, string, string];
      assert.deepEqual(lookupGroup(name), { name, gid: Number(gid) });
    }
  });

  it('are undefined for what is not there', () => {
    assert.equal(lookupUser('no-such-user'), undefined);
    assert.equal(lookupGroup('no-such-group'), undefined);
    assert.equal(lookupUser('4123456789'), undefined);
  });
});

// What the child reports of itself and of two workers, the second of which is started after the first has ended.
const report = (drop: string): string => `
import { Worker } from 'node:worker_threads'
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
const attempt = (act) => { try { sys.closeFd(act()); return 'works' } catch (error) { return error.code } }
globalThis.warmUp = await import('node:fs/promises').then((fs) => fs.stat('/'))
sys.dropPrivileges(${drop})
const source = \`
import { parentPort, workerData } from 'node:worker_threads'
import { createServer } from 'node:net'
import { readFileSync } from 'node:fs'
const sys = await import(workerData)
const attempt = (act) => { try { sys.closeFd(act()); return 'works' } catch (error) { return error.code } }
const bind = attempt(() => sys.openListener({ family: 'ipv4', address: '127.0.0.1', port: 81 }))
const status = readFileSync('/proc/self/task/' + sys.threadId() + '/status', 'latin1')
const server = createServer().on('error', (error) => done(error.code)).listen(82, '127.0.0.1', () => done('works'))
function done(listen) {
  server.close()
  parentPort.postMessage({ bind, listen,
    transparent: attempt(() => sys.openListener({ family: 'ipv4', address: '192.0.2.1', port: 83, transparent: true })),
    capabilities: sys.effectiveCapabilities(), uids: /^Uid:\\\\s+(.*)$/m.exec(status)[1].split('\\\\t'), groups: process.getgroups() })
}\`
const ask = () => new Promise((resolve, reject) => {
  const worker = new Worker(source, { eval: true, workerData: ${JSON.stringify(new URL('./index.ts', import.meta.url).href)} })
  worker.on('error', reject)
  worker.on('message', (message) => worker.terminate().then(() => resolve(message)))
})
const first = await ask()
const second = await ask()
answer({ first, second, main: attempt(() => sys.openListener({ family: 'ipv4', address: '127.0.0.1', port: 81 })),
  uid: process.getuid(), gid: process.getgid(), euid: process.geteuid(),
  childCapabilities: /CapEff:\\s+(\\S+)/.exec(execFileSync('cat', ['/proc/self/status']).toString())[1] })`;

interface WorkerReport {
  readonly bind: string;
  readonly listen: string;
  readonly transparent: string;
  readonly capabilities: string[];
  readonly groups: number[];
}

interface Report {
  readonly first: WorkerReport;
  readonly main: string;
  readonly childCapabilities: string;
}

const skip = noNobody || missing('unshare', 'ip');

describe('dropPrivileges', () => {
  it('keeps what it is told to in main, in workers started afterwards and in their successors', { skip }, async () => {
    const keep = ['CAP_NET_BIND_SERVICE', 'CAP_NET_ADMIN', 'CAP_NET_RAW'];
    const seen = await inChild<Report>(report(`{ uid: ${NOBODY}, gid: ${NOBODY}, keep: ${JSON.stringify(keep)} }`), {
      isolated: true,
    });
    const id = String(NOBODY);
    const worker = {
      bind: 'works',
      listen: 'works',
      transparent: 'works',
      capabilities: keep,
      uids: [id, id, id, id],
      groups: [NOBODY],
    };
    assert.deepEqual(seen, {
      first: worker,
      second: worker,
      main: 'works',
      uid: NOBODY,
      gid: NOBODY,
      euid: NOBODY,
      childCapabilities: '0000000000000000',
    });
  });

  it('keeps nothing else', { skip }, async () => {
    const seen = await inChild<Report>(report(`{ uid: ${NOBODY}, gid: ${NOBODY}, keep: ['CAP_NET_BIND_SERVICE'] }`), {
      isolated: true,
    });
    assert.deepEqual(seen.first.capabilities, ['CAP_NET_BIND_SERVICE']);
    assert.equal(seen.first.bind, 'works');
    assert.equal(seen.first.transparent, 'EPERM');
  });

  it('with nothing to keep, a low port is refused afterwards', { skip }, async () => {
    const seen = await inChild<Report>(report(`{ uid: ${NOBODY}, gid: ${NOBODY}, keep: [] }`), { isolated: true });
    assert.deepEqual([seen.main, seen.first.bind, seen.first.listen], ['EACCES', 'EACCES', 'EACCES']);
    assert.deepEqual(seen.first.capabilities, []);
  });

  it('childrenInherit gives them to programs that the process starts', { skip }, async () => {
    const seen = await inChild<Report>(
      report(`{ uid: ${NOBODY}, gid: ${NOBODY}, groups: [4, 20], keep: ['CAP_NET_ADMIN'], childrenInherit: true }`),
      { isolated: true },
    );
    assert.equal(BigInt(`0x${seen.childCapabilities}`), 1n << 12n);
    assert.deepEqual(new Set(seen.first.groups), new Set([4, 20, NOBODY]));
  });

  it('is EPERM for a user that may not change ids, and not for one that stays what it is', { skip }, async () => {
    const codes = await inChild(
      `const attempt = (drop) => { try { sys.dropPrivileges(drop); return 'none' } catch (error) { return error.code } }
       answer([attempt({ uid: 1, keep: [] }), attempt({ uid: ${NOBODY}, gid: ${NOBODY}, keep: [] }), attempt({ keep: ['CAP_NET_ADMIN'] })])`,
      { uid: NOBODY },
    );
    assert.deepEqual(codes, ['EPERM', 'none', 'EPERM']);
  });
});

/** What a worker that was started before the drop can do after it; `asks` says whether it asked to keep its capabilities. */
const earlyWorker = (asks: boolean): string => `
import { Worker } from 'node:worker_threads'
const source = \`
import { parentPort, workerData } from 'node:worker_threads'
const sys = await import(workerData)
if (${asks}) sys.keepCapabilities()
parentPort.on('message', () => {
  const attempt = (act) => { try { act(); return 'works' } catch (error) { return error.code } }
  parentPort.postMessage([
    attempt(() => sys.limitCapabilities(['CAP_NET_BIND_SERVICE'])),
    attempt(() => sys.closeFd(sys.openListener({ family: 'ipv4', address: '127.0.0.1', port: 81 }))),
    sys.effectiveCapabilities(), attempt(() => sys.limitCapabilities(['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW'])),
  ])
})
parentPort.postMessage('ready')
\`
const worker = new Worker(source, { eval: true, workerData: ${JSON.stringify(new URL('./index.ts', import.meta.url).href)} })
const next = () => new Promise((resolve) => worker.once('message', resolve))
await next()
sys.dropPrivileges({ uid: ${NOBODY}, gid: ${NOBODY}, keep: ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW'] })
worker.postMessage('go')
const seen = await next()
sys.limitCapabilities(['CAP_NET_BIND_SERVICE'])
await worker.terminate()
answer({ seen, main: sys.effectiveCapabilities() })`;

describe('keepCapabilities and limitCapabilities', () => {
  it(
    'let a worker that is there already bind afterwards, with no more rights than it is to have',
    { skip },
    async () => {
      const keep = ['CAP_NET_BIND_SERVICE'];
      assert.deepEqual(await inChild(earlyWorker(true), { isolated: true }), {
        seen: ['works', 'works', keep, 'EPERM'],
        main: keep,
      });
    },
  );

  it('without asking, it has lost everything', { skip }, async () => {
    const { seen } = await inChild<{ readonly seen: readonly unknown[] }>(earlyWorker(false), { isolated: true });
    assert.deepEqual(seen, ['EPERM', 'EACCES', [], 'EPERM']);
  });
});
