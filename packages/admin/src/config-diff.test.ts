import { test } from 'node:test';
import assert from 'node:assert/strict';
import { GLOBAL, objectText, serverObject } from '@evenkeel/control';
import type { ChangedObject, Override } from '@evenkeel/control';
import { Message, newContext } from './cli/command.ts';
import type { Answer, Command } from './cli/command.ts';
import { clearConfigDiff, showConfigDiff } from './config-diff.ts';
import type { Runtime } from './runtime.ts';

const OVERRIDES: readonly Override[] = [
  override(serverObject('web', 's1'), 'weight', '10', '50'),
  override(serverObject('web', 's1'), 'agent-send', '', 'hello there\n'),
  override({ kind: 'frontend', name: 'www' }, 'state', 'enabled', 'disabled'),
  override(GLOBAL, 'maxconn', '', '100'),
];

function override(object: ChangedObject, field: string, file: string, value: string): Override {
  return { object, field, file, value, sinceMs: Date.UTC(2026, 10, 24, 1, 2, 3), by: '/run/x.sock (admin), uid 0' };
}

async function run(command: Command, line: string): Promise<{ readonly answer: Answer; readonly cleared: string[] }> {
  const cleared: string[] = [];
  const changes = {
    list: () => OVERRIDES,
    async clear(object?: ChangedObject, field?: string) {
      await Promise.resolve();
      cleared.push(`${object === undefined ? 'all' : objectText(object)}|${field ?? ''}`);
      return OVERRIDES.filter((one) => object === undefined || objectText(one.object) === objectText(object));
    },
  };
  const context = newContext({ changes } as unknown as Runtime, 'test', 'admin');
  return { answer: await command.run(context, line === '' ? [] : line.split(' ')), cleared };
}

test('a line for each override: nothing is a dash, what has blanks stands in quotes, who it was comes last', async () => {
  const { answer } = await run(showConfigDiff, '');
  assert.equal(
    answer,
    '# kind name field file runtime since by\n' +
      'server web/s1 weight 10 50 2026-11-24T01:02:03.000Z /run/x.sock (admin), uid 0\n' +
      'server web/s1 agent-send - "hello there\\n" 2026-11-24T01:02:03.000Z /run/x.sock (admin), uid 0\n' +
      'frontend www state enabled disabled 2026-11-24T01:02:03.000Z /run/x.sock (admin), uid 0\n' +
      'global - maxconn - 100 2026-11-24T01:02:03.000Z /run/x.sock (admin), uid 0\n',
  );
});

test('the same for programs', async () => {
  const { answer } = await run(showConfigDiff, 'json');
  assert.ok(typeof answer === 'string');
  assert.deepEqual((JSON.parse(answer) as unknown[])[1], {
    kind: 'server',
    name: 'web/s1',
    field: 'agent-send',
    file: '',
    runtime: 'hello there\n',
    since: '2026-11-24T01:02:03.000Z',
    by: '/run/x.sock (admin), uid 0',
  });
  assert.ok((await run(showConfigDiff, 'yaml')).answer instanceof Message);
});

test('objects are named as they are shown, a server also without its kind', async () => {
  const named: readonly (readonly [line: string, cleared: string])[] = [
    ['', 'all|'],
    ['web/s1', 'server web/s1|'],
    ['server web/s1', 'server web/s1|'],
    ['web/s1 weight', 'server web/s1|weight'],
    ['frontend www', 'frontend www|'],
    ['frontend www state', 'frontend www|state'],
    ['global', 'global|'],
    ['global maxconn', 'global|maxconn'],
    ['global - maxconn', 'global|maxconn'],
  ];
  for (const [line, expected] of named) {
    const { answer, cleared } = await run(clearConfigDiff, line);
    assert.deepEqual([answer, cleared], ['', [expected]], line);
  }
});

test('what is no object, or was not changed, is a fault and clears nothing', async () => {
  for (const line of ['www', 'server', 'frontend', 'web/s1 weight more', 'global maxconn more']) {
    const { answer, cleared } = await run(clearConfigDiff, line);
    assert.ok(answer instanceof Message && answer.text.startsWith("Expects 'global', "), line);
    assert.deepEqual(cleared, []);
  }
  const { answer } = await run(clearConfigDiff, 'web/s2 weight');
  assert.ok(answer instanceof Message);
  assert.equal(answer.text, "Nothing was changed about 'weight' of server web/s2.\n");
});
