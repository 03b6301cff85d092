import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SysError, UnsupportedError } from './errors.ts';
import { support, type Feature, type Support } from './feature.ts';
import { readSysctl, writeSysctl } from './sysctl.ts';
import { NOBODY, inChild, missing, noNobody, notRoot } from './test-child.ts';

const features: readonly Feature[] = [
  'native',
  'transparent',
  'mark',
  'bind-device',
  'fastopen',
  'capabilities',
  'affinity',
];

describe('features', () => {
  it('root has all that needs rights', { skip: notRoot }, () => {
    for (const feature of ['native', 'transparent', 'mark', 'bind-device', 'capabilities', 'affinity'] as const)
      assert.deepEqual(support(feature), { supported: true }, feature);
  });

  it('nobody is told why not, and what helps', { skip: noNobody }, async () => {
    const answers = await inChild<Record<Feature, { supported: boolean; why: string; remedy: string }>>(
      `answer(Object.fromEntries(${JSON.stringify(features)}.map((feature) => [feature, sys.support(feature)])))`,
      { uid: NOBODY },
    );
    assert.deepEqual(answers.native, { supported: true });
    assert.deepEqual(answers.affinity, { supported: true });
    for (const feature of ['transparent', 'mark', 'capabilities'] as const) {
      assert.equal(answers[feature].supported, false, feature);
      assert.match(answers[feature].remedy, /root/, feature);
    }
    assert.match(answers.transparent.why, /IP_TRANSPARENT: EPERM/);
  });

  it('without koffi everything is refused in words, and nothing crashes', async () => {
    const breakKoffi = `data:text/javascript,import Module from 'node:module'; const load = Module._load; Module._load = (name, ...rest) => { if (name === 'koffi') throw new Error('no such module'); return load(name, ...rest) }`;
    const answers = await inChild<{
      features: Support[];
      listener: string[];
      required: string[];
      notify: string;
      sysctl: string;
    }>(
      `const attempt = (act) => { try { act(); return 'none' } catch (error) { return [error.name, error.message] } }
       answer({ features: ${JSON.stringify(features)}.map((feature) => sys.support(feature)), listener: attempt(() => sys.openListener({ family: 'ipv4', address: '127.0.0.1' })),
         required: attempt(() => sys.requireFeature('mark')), notify: attempt(() => sys.notifyServiceManager('READY=1', {})), sysctl: sys.readSysctl('kernel.ostype') })`,
      { nodeArguments: ['--import', breakKoffi] },
    );
    for (const answer of answers.features)
      assert.deepEqual(answer, {
        supported: false,
        why: 'npm package koffi does not load (no such module)',
        remedy: 'run npm ci on this machine',
      });
    assert.deepEqual(answers.listener, [
      'UnsupportedError',
      'native is not available: npm package koffi does not load (no such module); run npm ci on this machine',
    ]);
    assert.equal(answers.required[0], 'UnsupportedError');
    assert.equal(answers.notify, 'none');
    assert.equal(answers.sysctl, 'Linux');
  });

  it('importing the package does not load koffi', async () => {
    const [before, after] = await inChild<boolean[]>(`
      import { createRequire } from 'node:module'
      const loaded = () => Object.keys(createRequire(import.meta.url).cache ?? {}).some((file) => /koffi/.test(file))
      const before = loaded(); sys.threadId(); answer([before, loaded()])`);
    assert.deepEqual([before, after], [false, true]);
  });

  it('fastopen follows the sysctl', { skip: notRoot || missing('unshare', 'ip') }, async () => {
    const answers = await inChild(
      `const seen = []
       for (const value of ['1', '3']) { sys.writeSysctl('net.ipv4.tcp_fastopen', value); seen.push(sys.support('fastopen').supported) }
       answer(seen)`,
      { isolated: true },
    );
    assert.deepEqual(answers, [false, true]);
  });
});

describe('errors', () => {
  it('name the call, the subject and the errno', () => {
    const error = new SysError('bind', 98, '127.0.0.1:80');
    assert.equal(error.code, 'EADDRINUSE');
    assert.equal(error.message, 'bind 127.0.0.1:80: EADDRINUSE');
    assert.equal(new SysError('bind', 9999).code, 'EUNKNOWN');
    assert.ok(new UnsupportedError('mark', 'why', 'remedy') instanceof Error);
  });
});

describe('sysctl', () => {
  it('reads, and is undefined for what is not there', () => {
    assert.equal(readSysctl('kernel.ostype'), 'Linux');
    assert.equal(readSysctl('net.ipv4.no_such_setting'), undefined);
  });

  it(
    'writes in an own namespace, and says unchanged the second time',
    { skip: notRoot || missing('unshare', 'ip') },
    async () => {
      const answers = await inChild(
        `answer([sys.writeSysctl('net.ipv4.tcp_migrate_req', '1'), sys.readSysctl('net.ipv4.tcp_migrate_req'), sys.writeSysctl('net.ipv4.tcp_migrate_req', '1')])`,
        { isolated: true },
      );
      assert.deepEqual(answers, [{ result: 'written' }, '1', { result: 'unchanged' }]);
    },
  );

  it('says where it may not write', { skip: noNobody }, async () => {
    const answer = await inChild<{ result: string; why: string; remedy: string }>(
      `answer(sys.writeSysctl('net.ipv4.tcp_migrate_req', sys.readSysctl('net.ipv4.tcp_migrate_req') === '1' ? '0' : '1'))`,
      { uid: NOBODY },
    );
    assert.equal(answer.result, 'refused');
    assert.match(answer.why, /tcp_migrate_req cannot be written \(EACCES\)/);
    assert.match(answer.remedy, /sysctl -w net\.ipv4\.tcp_migrate_req=/);
    assert.equal(writeSysctl('net.ipv4.no_such_setting', '1').result, 'refused');
  });
});
