import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from './model.ts';
import { printConfig, quoteWord } from './print.ts';
import { haproxyText } from './render.ts';
import { read, valid } from './testing.ts';
import { tokenizeLine } from './tokenize.ts';

/** The model without places and texts as written, which printing does not keep. */
function meaning(config: Config): unknown {
  const { files: _files, sources, ...rest } = config;
  return strip({
    ...rest,
    sources: sources.map(({ kind, name, from, statements }) => ({
      kind,
      name,
      from,
      words: statements.map(({ words }) => words),
    })),
  });
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'at')
      .map(([key, inner]) => [key, strip(inner)]),
  );
}

test('canonical text has no comments, conditions or variables left', () => {
  const text =
    'global # one\n setenv A "b c"\n.if defined(A)\n description "$A" # two\n.else\n foo\n.endif\ndefaults d\n timeout client 1s\nfrontend f from d\n bind "127.0.0.1:${PORT}" name a\\ b\n bind :${PORT}';
  assert.equal(
    printConfig(valid(text, { env: { PORT: '8080' } })),
    [
      'global',
      "    setenv A 'b c'",
      "    description 'b c'",
      '',
      'defaults d',
      '    timeout client 1s',
      '',
      'frontend f from d',
      "    bind 127.0.0.1:8080 name 'a b'",
      '    bind :8080',
      '',
    ].join('\n'),
  );
});

test('any word reads back from its canonical form', () => {
  const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
  const word = fc
    .array(
      fc.oneof(fc.constantFrom('"', "'", '\\', '$', '#', ' ', '\t', '\n', '\r', '${', '}', 'A', 'x41', '-'), byte),
      { maxLength: 12 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const tokens = tokenizeLine(words.map(quoteWord).join(' '), () => 'EXPANDED');
      assert.equal(tokens.error, undefined);
      assert.deepEqual(tokens.words, words);
    }),
  );
});

const PORT = fc.integer({ min: 1, max: 65535 });
const NAME = fc.constantFrom('a', 'web-1', 'x.y', 'n:1', 'UPPER');
const TIME = fc.tuple(fc.nat(1000), fc.constantFrom('', 'ms', 's', 'm', 'h')).map(([count, unit]) => `${count}${unit}`);
const TEXT = fc
  .array(fc.constantFrom('a', 'B', '9', ' ', '"', "'", '\\', '#', '$', '%%', '\u00e9', '-'), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''));
const ADDRESS = fc.oneof(
  PORT.map((port) => `:${port}`),
  PORT.map((port) => `[::1]:${port}`),
  PORT.map((port) => `example.com:${port}`),
  fc.constant('/run/s'),
  fc.constant('abns@x'),
);

const GLOBAL_LINE = fc.oneof(
  fc.nat(1000).map((count) => `maxconn ${count}`),
  fc.constantFrom(
    'daemon',
    'no strict-limits',
    'user haproxy',
    'log stdout format raw local0',
    'log-send-hostname',
    'h1-case-adjust host Host',
    'log 127.0.0.1 len 200 sample 1,3:4 daemon err',
  ),
  TEXT.map((text) => `description ${quoteWord(text)}`),
  TEXT.map((text) => `setenv A ${quoteWord(text)}`),
  fc.constant('log-tag "$HOME"'),
  fc.constant('resetenv HOME'),
  TIME.map((time) => `hard-stop-after ${time}`),
);
const SHARED_LINE = fc.oneof(
  TIME.map((time) => `timeout http-request ${time}`),
  fc.constantFrom(
    'option http-server-close',
    'option httpclose',
    'mode http',
    'mode tcp',
    'disabled',
    'log global',
    'no log',
    'log-tag x',
    'errorloc 404 /x',
    'errorfile 503 /503',
    'errorfiles pages',
    'errorfiles pages 503',
    'option forwardfor except 10.0.0.0/8 if-none',
    'option nolinger',
    'no option nolinger',
  ),
);
const RULE_LINE = fc.constantFrom(
  'acl a path -i /A /b',
  'acl a src 10.0.0.0/8',
  'http-request deny if { path_beg /x } or !{ src 1.1.1.1 }',
  'http-request set-header x-a "%[src] %ci"',
  'http-request return status 200 content-type text/plain string \'a "b" c\'',
  'http-response del-header x',
  'tcp-request inspect-delay 5s',
);
const BIND_LINE = fc
  .tuple(ADDRESS, fc.constantFrom('', ' name "a b"', ' maxconn 5 mss 1400', ' mode 660 user haproxy', ' v4v6 tfo'))
  .map(([address, options]) => `bind ${address}${options}`);
const SERVER_LINE = fc
  .tuple(NAME, ADDRESS, fc.constantFrom('', ' check port 80 inter 2s', ' weight 7 backup', ' maxconn 5 disabled'))
  .map(([name, address, options]) => `server ${name} ${address}${options}`);
const BACKEND_LINE = fc.oneof(
  fc.constantFrom(
    'balance leastconn',
    'retries 2',
    'option httpchk GET / HTTP/1.1\\r\\nHost:\\ x',
    'option redispatch',
    'default-server weight 5',
    'default-server backup',
    'http-reuse never',
    'server-template t 2-4 10.0.0.1:80',
  ),
  SERVER_LINE,
);

function section(head: string, ...lines: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc
    .array(fc.oneof(...lines), { maxLength: 8 })
    .map((statements) => `${head}\n${statements.map((line) => ` ${line}\n`).join('')}`);
}

/** Texts of which most are valid: statements that are right by themselves may still contradict one another. */
const CONFIGURATION = fc
  .array(
    fc.oneof(
      section('global', GLOBAL_LINE),
      section('defaults', SHARED_LINE, fc.constant('timeout client 1s')),
      section('defaults named', SHARED_LINE),
      section('frontend f', SHARED_LINE, BIND_LINE, RULE_LINE, fc.constant('use_backend b if TRUE')),
      section('backend b', SHARED_LINE, BACKEND_LINE, RULE_LINE),
      section('listen l', SHARED_LINE, BIND_LINE, BACKEND_LINE, RULE_LINE),
      section('backend c from named', SHARED_LINE, BACKEND_LINE),
      fc.constant('http-errors pages\n errorfile 503 /503\n'),
      fc.constant('userlist u\n user a insecure-password "p w" groups g\n group g\n'),
    ),
    { maxLength: 6 },
  )
  .map((sections) => sections.join('\n'));

const FILES = { '/503': 'HTTP/1.0 503 No\r\n\r\n' };

test('canonical text parses back to the same model', () => {
  let checked = 0;
  fc.assert(
    fc.property(CONFIGURATION, (text) => {
      const { config } = read(text, { files: FILES, env: { HOME: '/root' } });
      if (config === undefined) return;
      checked++;
      const again = read(printConfig(config), { files: FILES, env: { HOME: '/root' } });
      assert.ok(again.config !== undefined, again.diagnostics.map(haproxyText).join('\n'));
      assert.deepEqual(meaning(again.config), meaning(config));
      assert.equal(printConfig(again.config), printConfig(config));
    }),
    { numRuns: 400 },
  );
  assert.ok(checked > 50, `only ${checked} configurations were valid`);
});

/** A change of one place of a text: a piece taken out, doubled, put in or exchanged. */
const MUTATION = fc.record({
  at: fc.nat(),
  length: fc.nat(12),
  insert: fc.constantFrom(
    '',
    ' ',
    '"',
    "'",
    '\\',
    '\n',
    '#',
    '$',
    '${',
    '}',
    '-1',
    'x',
    '.if ',
    '\n.endif\n',
    '{',
    '(',
    ',',
    '%[',
    '\0',
    '\r',
    '99999999999',
    ' if',
    ' from d',
  ),
});

function mutate(text: string, mutations: readonly { at: number; length: number; insert: string }[]): string {
  return mutations.reduce((current, { at, length, insert }) => {
    const start = current.length === 0 ? 0 : at % (current.length + 1);
    return current.slice(0, start) + insert + current.slice(start + length);
  }, text);
}

test('a damaged configuration never throws, and every finding of a line has a place inside the text', () => {
  fc.assert(
    fc.property(CONFIGURATION, fc.array(MUTATION, { minLength: 1, maxLength: 6 }), (text, mutations) => {
      const damaged = mutate(text, mutations);
      const lines = (damaged.endsWith('\n') ? damaged : `${damaged}\n`).split('\n');
      const { config, diagnostics, errors } = read(damaged, { files: FILES, env: { HOME: '/root' } });
      assert.equal(config === undefined, errors > 0);
      for (const { at, message, length } of diagnostics) {
        assert.ok(at !== undefined, message);
        assert.ok(at.line >= 1 && at.line <= lines.length, message);
        assert.ok(at.column >= 1 && at.column <= lines[at.line - 1].length + 1, `${message}: column ${at.column}`);
        assert.ok(length >= 1);
      }
    }),
    { numRuns: 600 },
  );
});
