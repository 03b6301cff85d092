// Rules of checks: what they are read as, their order and implicit steps, what a section takes from its defaults, and the
// sentences that HAProxy 2.6.12 has for what is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckExpect, CheckHttpSend, CheckRuleset, CheckStep } from '../check-model.ts';
import { memoryHost } from '../memory-host.ts';
import { parseConfig } from '../parse.ts';

const DEFAULTS = 'defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n';

function parse(text: string): ReturnType<typeof parseConfig> {
  return parseConfig([{ name: 't.cfg', text }], memoryHost({}));
}

/** The rules of the last backend of the text. */
function rulesetOf(text: string): CheckRuleset {
  const { config, diagnostics } = parse(text);
  assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
  const check = config.proxies.at(-1)?.check;
  assert.ok(check?.type === 'rules');
  return check.ruleset;
}

const rules = (...lines: string[]): CheckRuleset =>
  rulesetOf(`${DEFAULTS}backend b\n ${lines.join('\n ')}\n server s 192.0.2.1:80 check\n`);

/** What is said about a backend with these lines. */
const findings = (...lines: string[]): string[] =>
  parse(`${DEFAULTS}backend b\n ${lines.join('\n ')}\n server s 192.0.2.1:80 check\n`).diagnostics.map(
    ({ severity, message }) => `${severity}: ${message}`,
  );

const shape = ({ steps }: CheckRuleset): string =>
  steps.map((step) => (step.action === 'connect' && step.implicit ? '(connect)' : step.action)).join(' ');

function sendOf({ steps }: CheckRuleset): CheckHttpSend {
  const send = steps.find((step): step is CheckHttpSend => step.action === 'http-send');
  assert.ok(send !== undefined);
  return send;
}

const requestOf = (...lines: string[]): unknown => {
  const { method, uri, version, headers, body } = sendOf(rules(...lines));
  return [method, uri, version, headers.map(({ name }) => name).join(), body];
};

const last = (ruleset: CheckRuleset): CheckStep => ruleset.steps.at(-1)!;

test('option httpchk: method, URI and version', () => {
  assert.deepEqual(requestOf('option httpchk'), [undefined, undefined, undefined, '', undefined]);
  assert.deepEqual(requestOf('option httpchk /a'), [undefined, '/a', undefined, '', undefined]);
  assert.deepEqual(requestOf('option httpchk GET /a'), ['GET', '/a', undefined, '', undefined]);
  assert.deepEqual(requestOf('option httpchk GET /a HTTP/1.1'), ['GET', '/a', 'HTTP/1.1', '', undefined]);
  assert.deepEqual(requestOf('option httpchk POST /a HTTP/1.1\\r\\nHost:\\ www\\r\\n\\r\\nbody'), [
    'POST',
    '/a',
    'HTTP/1.1',
    'host',
    'body',
  ]);
});

test('steps that no line asks for', () => {
  assert.equal(shape(rules('option tcp-check')), '(connect)');
  assert.equal(shape(rules('option tcp-check', 'tcp-check send x')), '(connect) send');
  assert.equal(shape(rules('option tcp-check', 'tcp-check connect', 'tcp-check send x')), 'connect send');
  assert.equal(
    shape(rules('option tcp-check', 'tcp-check set-var(check.a) int(1)', 'tcp-check connect')),
    'set-var connect',
  );
  assert.equal(shape(rules('option httpchk')), '(connect) http-send expect');
  assert.equal(shape(rules('option httpchk', 'http-check expect status 200')), '(connect) http-send expect');
  assert.equal(shape(rules('option httpchk', 'http-check connect')), 'connect http-send expect');
  assert.equal(
    shape(rules('option httpchk', 'http-check comment x', 'http-check expect status 200')),
    '(connect) http-send comment expect',
  );
  const implicit = last(rules('option httpchk'));
  assert.deepEqual(implicit.action === 'expect' && implicit.match, { kind: 'status', ranges: [[200, 399]] });
});

test('option httpchk and the first http-check send become one request; the later line counts', () => {
  assert.deepEqual(requestOf('option httpchk GET /a HTTP/1.1', 'http-check send hdr X y'), [
    'GET',
    '/a',
    'HTTP/1.1',
    'x',
    undefined,
  ]);
  assert.deepEqual(requestOf('option httpchk GET /a', 'http-check send meth PUT uri /b'), [
    'PUT',
    '/b',
    undefined,
    '',
    undefined,
  ]);
  assert.deepEqual(requestOf('http-check send meth PUT hdr X y', 'option httpchk GET /a'), [
    'GET',
    '/a',
    undefined,
    'x',
    undefined,
  ]);
  assert.deepEqual(requestOf('http-check send meth PUT uri /z', 'option httpchk'), [
    'PUT',
    '/z',
    undefined,
    '',
    undefined,
  ]);
});

test('fields that frame the request are the program’s own', () => {
  assert.deepEqual(requestOf('option httpchk', 'http-check send hdr Content-Length 7 hdr Transfer-Encoding chunked'), [
    undefined,
    undefined,
    undefined,
    '',
    undefined,
  ]);
});

test('a section takes the rules of its defaults only where it has none', () => {
  const base = `${DEFAULTS} option httpchk GET /d\n http-check expect status 201\n`;
  const inherited = rulesetOf(`${base}backend b\n server s 192.0.2.1:80 check\n`);
  assert.equal(sendOf(inherited).uri, '/d');
  const own = rulesetOf(`${base}backend b\n http-check send hdr x y\n server s 192.0.2.1:80 check\n`);
  assert.equal(sendOf(own).uri, undefined);
  const option = rulesetOf(`${base}backend b\n option httpchk PUT /e\n server s 192.0.2.1:80 check\n`);
  assert.equal(shape(option), '(connect) http-send expect');
  assert.deepEqual((last(option) as CheckExpect).match, { kind: 'status', ranges: [[200, 399]] });
});

test('expectations: patterns, negation and options', () => {
  const expect = (words: string): CheckExpect =>
    last(rules('option tcp-check', `tcp-check expect ${words}`)) as CheckExpect;
  assert.deepEqual(expect('binary 00ff').match, { kind: 'binary', bytes: '\0\xff' });
  assert.deepEqual(
    [expect('! string a').negate, expect('!string a').negate, expect('string a').negate],
    [true, true, false],
  );
  const full = expect(
    'min-recv 4 comment c ok-status L6OK error-status L7OKC tout-status L6TOUT string a status-code int(3)',
  );
  assert.deepEqual(
    [full.minReceive, full.comment, full.okStatus, full.errorStatus, full.timeoutStatus, full.statusCode?.text],
    [4, 'c', 'L6OK', 'L7OKC', 'L6TOUT', 'int(3)'],
  );
  const http = last(rules('option httpchk', 'http-check expect hdr name -m beg x- value -m reg ^a')) as CheckExpect;
  assert.deepEqual(http.match, {
    kind: 'hdr',
    name: { method: 'beg', text: 'x-' },
    value: { method: 'reg', text: '^a' },
  });
  const statuses = last(rules('option httpchk', 'http-check expect status 200,300-399')) as CheckExpect;
  assert.deepEqual(statuses.match, {
    kind: 'status',
    ranges: [
      [200, 200],
      [300, 399],
    ],
  });
});

const NO_ROOM =
  "first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' or a 'comment', when there is a 'connect' step in the tcp-check ruleset";

/** Lines behind `option tcp-check` or `option httpchk`, and HAProxy's sentence about the last one, with or without its full stop. */
const FAULTS: readonly (readonly [lines: readonly string[], sentence: string])[] = [
  [['tcp-check comment'], "'tcp-check comment' : expects a string as argument."],
  [
    ['tcp-check connect foo'],
    "'tcp-check connect' : expects 'comment', 'port', 'addr', 'send-proxy', 'ssl', 'sni', 'alpn' or 'via-socks4', 'linger', 'default' but got 'foo' as argument.",
  ],
  [
    ['tcp-check connect port'],
    "'tcp-check connect' : 'port' expects a port number or a sample expression as argument.",
  ],
  [
    ['tcp-check connect port 70000'],
    "'tcp-check connect' : expects a valid TCP port (from range 1 to 65535) or a sample expression, got 70000.",
  ],
  [
    ['tcp-check connect port abc'],
    "'tcp-check connect' : error detected while parsing port expression : unknown fetch method 'abc'.",
  ],
  [
    ['tcp-check connect port path'],
    "'tcp-check connect' : error detected while parsing port expression :  fetch method 'path' extracts information from 'HTTP request headers', none of which is available here.",
  ],
  [['tcp-check connect addr'], "'tcp-check connect' : 'addr' expects <ipv4|ipv6> as argument."],
  [['tcp-check connect comment'], "'tcp-check connect' : 'comment' expects a string as argument."],
  [['tcp-check connect proto foo'], "'tcp-check connect' : 'proto' : unknown MUX protocol 'foo'."],
  [['tcp-check connect proto h2'], "'tcp-check connect' : 'proto' : invalid MUX protocol 'h2' for tcp-check"],
  [['tcp-check connect ssl'], "'tcp-check connect' : 'ssl' is not supported by this version: it needs TLS."],
  [['tcp-check send'], "'tcp-check send' : 'string' expects a send as argument"],
  [['tcp-check send a b'], "'tcp-check send' : expects 'comment' but got 'b' as argument."],
  [
    ['tcp-check send-lf %[foo]'],
    "'tcp-check send-lf' : '%[foo]' invalid log-format string (failed to parse sample expression <foo]> : unknown fetch method 'foo').",
  ],
  [
    ['tcp-check send-binary xx'],
    "'tcp-check send-binary' : 'xx' invalid binary string (an hex digit is expected (found 'x')).",
  ],
  [['tcp-check expect'], "'tcp-check expect' : expects at least a matching pattern as arguments"],
  [['tcp-check expect string'], "'tcp-check expect' : 'string' expects a <pattern> as argument"],
  [
    ['tcp-check expect status 200'],
    "'tcp-check expect' : 'only supports min-recv, '[!]binary', '[!]string', '[!]rstring', '[!]string-lf''[!]rbinary', '[!]binary-lf' or comment but got 'status' as argument.",
  ],
  [['tcp-check expect string a string b'], "'tcp-check expect' : only on pattern expected."],
  [
    ['tcp-check expect rstring a['],
    "'tcp-check expect' : regex 'a[' is invalid (error=missing terminating ] for character class, erroffset=2).",
  ],
  [
    ['tcp-check expect binary a'],
    "'tcp-check expect' : invalid binary string (an even number of hex digit is expected).",
  ],
  [
    ['tcp-check expect min-recv -2 string a'],
    "'tcp-check expect' : 'min-recv' expects -1 or an integer from 0 to INT_MAX",
  ],
  [['tcp-check expect min-recv 4'], "'tcp-check expect' : pattern not found"],
  [
    ['tcp-check expect ok-status FOO string a'],
    "'tcp-check expect' : 'ok-status' only supports 'L4OK', 'L6OK', 'L7OK' or 'L7OKC' status (got 'FOO').",
  ],
  [
    ['tcp-check expect status-code path string a'],
    "'tcp-check expect' : error detected while parsing status-code expression :  fetch method 'path' extracts information from 'HTTP request headers', none of which is available here.",
  ],
  [
    ['tcp-check set-var'],
    "'tcp-check set-var' : 'set-var' : invalid or incomplete action 'set-var'. Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'",
  ],
  [['tcp-check set-var() int(1)'], "'tcp-check set-var()' : 'set-var' : Empty variable name cannot be accepted"],
  [
    ['tcp-check set-var(foo) int(1)'],
    "'tcp-check set-var(foo)' : 'set-var' : invalid variable name 'foo'. A variable name must be start by its scope. The scope can be 'proc', 'sess', 'txn', 'req', 'res' or 'check'",
  ],
  [['tcp-check set-var(check.a)'], "'tcp-check set-var(check.a)' : 'set-var' : missing fetch method"],
  [
    ['tcp-check set-var(check.a,ifbar) int(1)'],
    `'tcp-check set-var(check.a,ifbar)' : 'set-var' : unknown condition "ifbar"`,
  ],
  [
    ['tcp-check unset-var(check.a,ifset)'],
    `'tcp-check unset-var(check.a,ifset)' : 'unset-var' : unset-var does not expect parameters after the variable name. Only "set-var" and "set-var-fmt" manage conditions`,
  ],
  [['tcp-check send a', 'tcp-check connect'], `'tcp-check connect' : ${NO_ROOM}.`],
  [
    ['http-check send foo'],
    "'http-check send' : expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got 'foo' as argument.",
  ],
  [['http-check send hdr a'], "'http-check send' : 'hdr' expects <name> and <value> as arguments"],
  [
    ['http-check send hdr Host a hdr Host b'],
    "'http-check send' : 'Host' header already defined (previous value is 'a').",
  ],
  [['http-check send-state foo'], "'http-check' cannot handle unexpected argument 'foo'."],
  [['http-check expect status abc'], "'http-check expect' : invalid character 'a' in the list of status codes."],
  [['http-check expect status 300-200'], "'http-check expect' : invalid range of status codes '300-200'."],
  [
    ['http-check expect hdr foo a'],
    "'http-check expect' : 'hdr' expects at the name keyword as first argument followed by a pattern",
  ],
  [
    ['http-check expect hdr name -m foo a'],
    "'http-check expect' : 'hdr' : '-m' only supports 'str', 'beg', 'end', 'sub' or 'reg' (got 'foo')",
  ],
  [
    ['http-check expect hdr name-lf -m reg a'],
    "'http-check expect' : 'hdr': log-format string is not supported with a regex matching method",
  ],
  [['http-check expect hdr name a value'], "'http-check expect' : 'hdr' expect a pattern with the value keyword"],
  [
    ['http-check send meth GET', 'http-check send meth PUT'],
    "'http-check send' : unable to add http-check send rule at step 2 (missing connect rule).",
  ],
  [
    ['http-check connect', 'http-check connect'],
    "'http-check connect' : unable to add http-check connect rule at step 2 (missing expect rule).",
  ],
  [
    ['http-check connect', 'http-check expect status 200'],
    "'http-check expect' : unable to add http-check expect rule at step 2 (missing send rule).",
  ],
  [['http-check send meth GET', 'http-check connect'], `'http-check connect' : ${NO_ROOM}.`],
];

for (const [lines, sentence] of FAULTS) {
  test(`refused: ${lines.join(' | ')}`, () => {
    const option = lines[0].startsWith('tcp') ? 'option tcp-check' : 'option httpchk';
    assert.deepEqual(findings(option, ...lines), [`alert: ${sentence.replace(/\.?$/, '.')}`]);
  });
}

test('rules of another kind of check are ignored, with a warning', () => {
  assert.deepEqual(findings('option httpchk', 'tcp-check send a'), [
    "warning: backend 'b' uses tcp-check rules without 'option tcp-check', so the rules are ignored.",
  ]);
  assert.deepEqual(findings('http-check send meth GET'), [
    "warning: backend 'b' uses http-check rules without 'option httpchk', so the rules are ignored.",
  ]);
  assert.deepEqual(findings('option tcp-check', 'http-check disable-on-404'), [
    "warning: 'disable-on-404' will be ignored for backend 'b' (requires 'option httpchk').",
  ]);
  assert.deepEqual(findings('http-check disable-on-404', 'http-check send-state'), []);
});

test('a server without a port needs rules that name one', () => {
  const said = (...lines: string[]): string[] =>
    parse(`${DEFAULTS}backend b\n ${lines.join('\n ')}\n server s 192.0.2.1 check\n`).diagnostics.map(
      ({ message }) => message,
    );
  assert.deepEqual(said('option tcp-check', 'tcp-check connect port 99'), []);
  assert.deepEqual(said('option tcp-check'), [
    "config: backend 'b': server 's' has neither service port nor check port.",
  ]);
  assert.deepEqual(said('option tcp-check', 'tcp-check connect'), [
    "config: backend 'b': server 's' has neither service port nor check port nor tcp_check rule 'connect' with port information.",
  ]);
  assert.deepEqual(said('option tcp-check', 'tcp-check connect port 99', 'tcp-check connect'), [
    "config: backend 'b': server 's' has neither service port nor check port, and a tcp_check rule 'connect' with no port information.",
  ]);
});

test('samples of answers and variables are for the rules of checks alone', () => {
  assert.deepEqual(findings('option tcp-check', 'tcp-check send-lf %[var(check.a)]%[res.payload(0,1)]'), []);
  assert.match(
    findings('mode http', 'http-request set-header x %[var(txn.a)]').join(),
    /works in the rules of checks only/,
  );
});
