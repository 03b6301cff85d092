import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogFormat, LogFormatFlags, LogFormatPart } from '../expression-model.ts';
import { proxyFindings, proxyOf, read } from '../testing.ts';
import { LOG_ALIASES } from './log-aliases.ts';
import { printLogFormat } from './log-format.ts';

const NONE: LogFormatFlags = { quote: false, hex: false, escape: false };

function partsOf(text: string): readonly LogFormatPart[] {
  return formatOf(text).parts;
}

function formatOf(word: string): LogFormat {
  const { action } = proxyOf('frontend f', ['bind :1', `http-request set-header x ${word}`]).rules.httpRequest[0];
  assert.ok(action.type === 'set-header');
  return action.value;
}

test('literals, variables, samples and doubled percent signs (manual section 8.2.6)', () => {
  const parts = partsOf('"a%%b %ci-%[path,lower] %{+Q,+X}cp"');
  assert.deepEqual(
    parts.map((part) =>
      part.kind === 'literal' ? part.text : part.kind === 'alias' ? `<${part.name}>` : `<${part.expression.text}>`,
    ),
    ['a%b ', '<ci>', '-', '<path,lower>', ' ', '<cp>'],
  );
  assert.deepEqual(
    parts.flatMap((part) => (part.kind === 'literal' ? [] : [part.flags])),
    [NONE, NONE, { quote: true, hex: true, escape: false }],
  );
});

test('%o sets the flags of what follows, a minus sign takes one back', () => {
  const parts = partsOf('"%{+Q,+E}o %ci %{-Q}b %{+X}cp%{-Q,-E}o%f"');
  assert.deepEqual(
    parts.flatMap((part) => (part.kind === 'literal' ? [] : [Object.values(part.flags).map(Number).join('')])),
    ['101', '001', '111', '000'],
  );
});

test('brackets inside quotes belong to the sample', () => {
  const [part] = partsOf(`'%[str("a]b")]'`);
  assert.ok(part.kind === 'sample');
  assert.deepEqual(part.expression.fetch.arguments, ['a]b']);
});

test('before anything but a letter, a brace, a bracket or a digit the percent sign vanishes', () => {
  assert.deepEqual(partsOf('"%-ci%,"'), [{ kind: 'literal', text: '-ci,' }]);
});

test('HTTP variables are refused in the log formats of TCP proxies', () => {
  for (const alias of LOG_ALIASES.values()) {
    const findings = proxyFindings('frontend f', [
      'mode tcp',
      'bind :1',
      'log 127.0.0.1 local0',
      `log-format %${alias.name}`,
    ]);
    const isRefused = findings.some((line) =>
      line.includes(`format variable '${alias.name}' is reserved for HTTP mode`),
    );
    assert.equal(isRefused, alias.httpOnly, alias.name);
  }
});

test('the mode counts as it stands in the end', () => {
  const findings = proxyFindings('frontend f', [
    'mode tcp',
    'bind :1',
    'log 127.0.0.1 local0',
    'log-format %r',
    'mode http',
  ]);
  assert.deepEqual(findings, []);
});

test('any text is read or refused, never an exception', () => {
  const unit = fc.oneof(
    fc.constantFrom(
      '%',
      '%%',
      '{',
      '}',
      '[',
      ']',
      '+Q',
      '-X',
      ',',
      'o',
      'ci',
      'path',
      'hdr(a)',
      'str(',
      ')',
      ' ',
      '5',
      'é',
    ),
    fc.string({ maxLength: 2 }),
  );
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 10 }).map((pieces) => pieces.join('')),
      (text) => {
        const word = `"${text.replace(/[^ !#%&(-[\]-~\x80-\xff]/g, '')}"`;
        const { config, errors } = read(
          `defaults\n mode http\nfrontend f\n bind :1\n http-request set-header x ${word}\n log-format ${word}\n`,
        );
        assert.equal(config === undefined, errors > 0);
      },
    ),
    { numRuns: 1500 },
  );
});

test('printed text reads back to the same parts', () => {
  const flags = fc.record({ quote: fc.boolean(), hex: fc.boolean(), escape: fc.boolean() });
  const literal = fc
    .string({ unit: fc.constantFrom(...Array.from('ab %-,.[]{}')), minLength: 1, maxLength: 6 })
    .map((text): LogFormatPart => ({ kind: 'literal', text }));
  const alias = fc
    .tuple(fc.constantFrom(...LOG_ALIASES.keys()), flags)
    .map(([name, set]): LogFormatPart => ({ kind: 'alias', name, argument: undefined, flags: set }));
  const sample = fc.tuple(fc.constantFrom('src', 'path,lower', 'str("a]b")'), flags);
  fc.assert(
    fc.property(fc.array(fc.oneof(literal, alias, sample), { maxLength: 6 }), (pieces) => {
      const text = pieces
        .map((piece) => {
          if (!Array.isArray(piece)) return printLogFormat({ kind: 'log-format', text: '', parts: [piece] });
          const [expression, set] = piece;
          const names = [set.quote ? '+Q' : '', set.hex ? '+X' : '', set.escape ? '+E' : '']
            .filter((name) => name !== '')
            .join(',');
          return `${names === '' ? '%' : `%{${names}}`}[${expression}]`;
        })
        // A literal between them keeps a name from growing into the text behind it.
        .join('-');
      if (text === '') return;
      const first = formatOf(`'${text}'`);
      const again = formatOf(`'${printLogFormat(first)}'`);
      assert.deepEqual(again.parts.map(withoutText), first.parts.map(withoutText));
    }),
  );
});

/** The text of an expression is as it was written, so it may differ. */
function withoutText(part: LogFormatPart): unknown {
  return part.kind === 'sample' ? { ...part, expression: [part.expression.fetch, part.expression.converters] } : part;
}
