import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCommandLine } from './command-line.ts';
import type { CommandLine } from './command-line.ts';

function parse(...argv: string[]): CommandLine {
  const result = parseCommandLine(argv);
  assert.ok(result.ok, result.ok ? '' : result.message);
  return result.options;
}

function refuse(...argv: string[]): string {
  const result = parseCommandLine(argv);
  assert.ok(!result.ok);
  return result.message;
}

test('files of -f and after -- keep their order, and -- ends the options (management 3)', () => {
  assert.deepEqual(parse('-f', 'a', '-f', 'b', '-db', '--', 'c', '-f').files, ['a', 'b', 'c', '-f']);
});

test('the init script of the manual parses', () => {
  const options = parse('-f', '/etc/haproxy.cfg', '-D', '-p', '/var/run/haproxy.pid', '-sf', '12', '34', '-q');
  assert.equal(options.daemon, true);
  assert.equal(options.pidFile, '/var/run/haproxy.pid');
  assert.deepEqual(options.replaces, { signal: 'SIGUSR1', pids: [12, 34] });
  assert.equal(options.quiet, true);
});

test('an empty list of pids is no error, so that it can come from pidof', () => {
  assert.deepEqual(parse('-f', 'a', '-sf').replaces, { signal: 'SIGUSR1', pids: [] });
  assert.deepEqual(parse('-f', 'a', '-st', '7').replaces, { signal: 'SIGTERM', pids: [7] });
});

test('-V undoes -q', () => {
  assert.equal(parse('-q', '-V', '-f', 'a').quiet, false);
});

test('-dK takes its classes from the same word', () => {
  assert.deepEqual(parse('-dKall', '-q', '-c', '-f', '/dev/null').keywordClasses, ['all']);
  assert.deepEqual(parse('-dKsmp,cnv', '-c', '-f', 'x').keywordClasses, ['smp', 'cnv']);
});

test('options without a meaning here are told apart from unknown ones', () => {
  assert.deepEqual(parse('-dM0', '-de', '-f', 'a').withoutEffect, ['-dM', '-de']);
  assert.deepEqual(parse('-m', '100', '-x', '/run/a.sock', '-f', 'a').withoutEffect, ['-m', '-x']);
  assert.match(refuse('-Q'), /unknown option '-Q'/);
});

test('-cc asks for a condition, -c for a check', () => {
  assert.equal(parse('-cc', 'version_atleast(2.6)').condition, 'version_atleast(2.6)');
  assert.equal(parse('-c', '-f', 'a').command, 'check');
});

test('nothing to run shows the usage', () => {
  assert.equal(parse().command, 'usage');
});

test('a value that is missing or wrong is named with what was expected', () => {
  assert.match(refuse('-f'), /'-f' expects a file or directory/);
  assert.match(refuse('-n', 'many'), /'-n' expects a number of connections, not 'many'/);
  assert.match(refuse('-f', 'a', '-sf', 'x'), /expects process numbers, not 'x'/);
  assert.match(refuse('haproxy.cfg'), /files are given with -f/);
});

test('no command line makes the parser throw', () => {
  const words = fc.constantFrom(
    '-f',
    '-c',
    '-sf',
    '-d',
    '-dK',
    '-dM',
    '--',
    '-n',
    '12',
    '',
    '-',
    '-S',
    'x',
    '-W',
    '-cc',
  );
  fc.assert(
    fc.property(fc.array(words), (argv) => {
      const result = parseCommandLine(argv);
      return result.ok ? Array.isArray(result.options.files) : result.message.length > 0;
    }),
  );
});
