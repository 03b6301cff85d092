import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { InvalidMessage } from '@evenkeel/proxy';
import { Stream, newContext } from './cli/command.ts';
import type { Runtime } from './runtime.ts';
import { showErrors } from './show-errors.ts';

const HEAD =
  'HTTP/1.0 200 OK\r\nheader/bizarre:blah\r\nLocation: blah\r\n' +
  'Long-line: this is a very long line which should be broken into multiple lines on the output buffer, \t\\\x1b\x01\xff\r\n\r\n';

const response: InvalidMessage = {
  direction: 'response',
  event: 3,
  dateMs: new Date(2009, 2, 4, 15, 46, 56, 81).getTime(),
  frontend: { name: 'fe-eth0', id: 1 },
  backend: { name: 'http-in', id: 2 },
  server: { name: 's2', id: 1 },
  source: '127.0.0.1:1234',
  bytes: HEAD,
  position: 23,
};

/** Two threads, each with what it has seen last. */
function runtimeWith(...answers: readonly (readonly InvalidMessage[])[]): Runtime {
  return {
    dateNow: () => response.dateMs,
    plan: () => ({
      config: {
        global: { tune: { bufsize: 16_384 } },
        proxies: [
          { name: 'fe-eth0', id: 1 },
          { name: 'http-in', id: 2 },
        ],
      },
    }),
    ask: async () => {
      await Promise.resolve();
      return answers.map((answer, index) => ({ thread: index + 1, answer }));
    },
  } as unknown as Runtime;
}

async function shown(runtime: Runtime, ...parameters: readonly string[]): Promise<string> {
  const reply = await showErrors.run(newContext(runtime, 'test', 'admin'), parameters);
  if (!(reply instanceof Stream)) return typeof reply === 'string' ? reply : reply.text;
  return [...(reply.pieces as Iterable<string>)].join('');
}

// Management manual, section 9.3, "show errors": its example, in the form that 2.6.12 prints.
test('a message is shown with its position, lines broken at 79 characters, other characters encoded', async () => {
  const text = await shown(runtimeWith([response]));
  assert.equal(
    text,
    'Total events captured on [04/Mar/2009:15:46:56.081] : 4\n' +
      ' \n' +
      '[04/Mar/2009:15:46:56.081] backend http-in (#2): invalid response\n' +
      '  frontend fe-eth0 (#1), server s2 (#1), event #3, src 127.0.0.1:1234\n' +
      `  buffer starts at 0 (including 0 out), ${16_384 - HEAD.length} free,\n` +
      `  len ${HEAD.length}, wraps at 16384, error at position 23 :\n` +
      '  \n' +
      '  00000  HTTP/1.0 200 OK\\r\\n\n' +
      '  00017  header/bizarre:blah\\r\\n\n' +
      '  00038  Location: blah\\r\\n\n' +
      '  00054  Long-line: this is a very long line which should be broken into multip\n' +
      '  00124+ le lines on the output buffer, \\t\\\\\\e\\x01\\xFF\\r\\n\n' +
      '  00162  \\r\\n\n',
  );
  for (const line of text.split('\n')) assert.ok(line.length <= 79, line);
});

test('of several threads the last one counts; proxies come in the order of the file', async () => {
  const earlier = { ...response, event: 1, bytes: 'earlier\r\n\r\n' };
  const request = { ...response, direction: 'request' as const, event: 2, backend: undefined, server: undefined };
  const text = await shown(runtimeWith([earlier], [response, request]));
  assert.doesNotMatch(text, /earlier/);
  assert.ok(text.indexOf('frontend fe-eth0 (#1): invalid request') < text.indexOf('backend http-in (#2)'));
  assert.match(text, / {2}backend <NONE> \(#-1\), server <NONE> \(#-1\), event #2,/);
});

test('by proxy and by direction', async () => {
  const request = { ...response, direction: 'request' as const, event: 2, backend: undefined, server: undefined };
  const runtime = runtimeWith([response, request]);
  assert.doesNotMatch(await shown(runtime, '-1', 'request'), /invalid response/);
  assert.doesNotMatch(await shown(runtime, 'http-in'), /invalid request/);
  assert.match(await shown(runtime, '1', 'response'), /invalid response/);
  assert.equal(await shown(runtime, 'nobody'), 'No such proxy.\n');
});
