import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getResourceLimit } from './limits.ts';
import { NOBODY, inChild, noNobody } from './test-child.ts';
import { readFileSync } from 'node:fs';

const rows = { nofile: 'Max open files', as: 'Max address space', core: 'Max core file size' } as const;

describe('resource limits', () => {
  for (const [resource, row] of Object.entries(rows) as [keyof typeof rows, string][]) {
    it(`${resource} is what /proc/self/limits says`, () => {
      const [soft, hard] = new RegExp(`^${row} +(\\S+) +(\\S+)`, 'm')
        .exec(readFileSync('/proc/self/limits', 'latin1'))!
        .slice(1)
        .map((text) => (text === 'unlimited' ? Infinity : Number(text)));
      assert.deepEqual(getResourceLimit(resource), { soft, hard });
    });
  }

  it('the soft limit moves up to the hard one, and descriptors end there', async () => {
    const [before, after, code] = await inChild<unknown[]>(`
      sys.setResourceLimit('nofile', { soft: 64, hard: 128 })
      const before = sys.getResourceLimit('nofile')
      sys.setResourceLimit('nofile', { soft: 128, hard: 128 })
      let code
      try { for (;;) sys.openListener({ family: 'ipv4', address: '127.0.0.1' }) } catch (error) { code = error.code }
      answer([before, sys.getResourceLimit('nofile'), code])`);
    assert.deepEqual(before, { soft: 64, hard: 128 });
    assert.deepEqual(after, { soft: 128, hard: 128 });
    assert.equal(code, 'EMFILE');
  });

  it('raising the hard limit without the right is EPERM, soft above hard is EINVAL', { skip: noNobody }, async () => {
    const codes = await inChild(
      `const attempt = (limit) => { try { sys.setResourceLimit('nofile', limit); return 'none' } catch (error) { return error.code } }
       sys.setResourceLimit('nofile', { soft: 64, hard: 128 })
       answer([attempt({ soft: 64, hard: 256 }), attempt({ soft: 129, hard: 128 })])`,
      { uid: NOBODY },
    );
    assert.deepEqual(codes, ['EPERM', 'EINVAL']);
  });
});
