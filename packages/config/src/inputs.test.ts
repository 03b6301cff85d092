import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadInputs } from './inputs.ts';
import { memoryHost } from './memory-host.ts';
import { parseConfig } from './parse.ts';

test('files in the order given; of a directory its .cfg files in lexical order', () => {
  const host = memoryHost({
    files: {
      '/a': '1',
      '/d/10.cfg': '2',
      '/d/2.cfg': '3',
      '/d/B.cfg': '4',
      '/d/a.cfg': '5',
      '/d/.hidden.cfg': '6',
      '/d/x.cfg.bak': '7',
      '/z': '8',
    },
  });
  const { inputs, problems } = loadInputs(['/z', '/d', '/a'], host);
  assert.deepEqual(
    inputs.map(({ name }) => name),
    ['/z', '/d/10.cfg', '/d/2.cfg', '/d/B.cfg', '/d/a.cfg', '/a'],
  );
  assert.deepEqual(problems, []);
});

test("what cannot be read is a problem in haproxy's words", () => {
  assert.deepEqual(loadInputs(['/nope'], memoryHost()).problems, [
    'Could not open configuration file /nope : No such file or directory',
  ]);
});

test('several files are one configuration; a section goes on in the next file', () => {
  const { config, diagnostics } = parseConfig(
    [
      { name: 'a.cfg', text: 'defaults\n mode http\n timeout client 1s\nfrontend f\n bind :1\n' },
      { name: 'b.cfg', text: ' bind :2\nfrontend g\n bind :3\n' },
    ],
    memoryHost(),
  );
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(config!.files, ['a.cfg', 'b.cfg']);
  assert.deepEqual(
    config!.proxies.map(({ name, mode, binds }) => [name, mode, binds.length]),
    [
      ['f', 'http', 2],
      ['g', 'http', 1],
    ],
  );
  assert.equal(config!.proxies[0].binds[1].at.file, 'b.cfg');
});
