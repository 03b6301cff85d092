import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, proxyFindings, proxyOf, TIMEOUTS, valid } from '../testing.ts';

const PAGE = 'HTTP/1.0 503 No\r\n\r\n';

test('manual 4.2: limits, names and modes', () => {
  const proxy = proxyOf('frontend f', [
    'bind :80',
    'mode tcp',
    'maxconn 5',
    'backlog 6',
    'rate-limit sessions 7',
    'description two words',
    'id 9',
    'monitor-uri /m',
  ]);
  assert.deepEqual(
    [proxy.mode, proxy.maxconn, proxy.backlog, proxy.rateLimitSessions, proxy.description, proxy.id, proxy.monitorUri],
    ['tcp', 5, 6, 7, 'two words', 9, '/m'],
  );
});

test('timeouts by name, in milliseconds; zero is none', () => {
  const { timeouts } = proxyOf('listen l', [
    'bind :80',
    'timeout client 0',
    'timeout http-request 5',
    'timeout http-keep-alive 10s',
    'timeout tunnel 1h',
    'timeout client-fin 1m',
    'timeout server-fin 2m',
    'timeout queue 3s',
    'timeout tarpit 4s',
    'timeout check 500ms',
  ]);
  assert.deepEqual(timeouts, {
    client: undefined,
    server: 1000,
    connect: 1000,
    check: 500,
    queue: 3000,
    tunnel: 3_600_000,
    clientFin: 60_000,
    serverFin: 120_000,
    httpRequest: 5,
    httpKeepAlive: 10_000,
    tarpit: 4000,
  });
});

test('options are set, negated and given back their default', () => {
  const { options } = proxyOf('listen l', [
    'bind :80',
    'option dontlognull',
    'option abortonclose',
    'no option abortonclose',
    'option nolinger',
    'default option nolinger',
    'option tcpka',
  ]);
  assert.deepEqual(
    [options.dontlognull, options.abortonclose, options.nolinger, options.clitcpka, options.srvtcpka],
    [true, false, false, true, true],
  );
  assert.equal(proxyOf('frontend f', ['bind :80', 'option tcpka']).options.srvtcpka, false);
});

test('of the connection modes the last one set holds', () => {
  const mode = (...statements: string[]) => proxyOf('frontend f', ['bind :80', ...statements]).options.connectionMode;
  assert.equal(mode(), 'keep-alive');
  assert.equal(mode('option httpclose', 'option http-server-close'), 'server-close');
  assert.equal(mode('option http-server-close', 'option http-keep-alive'), 'keep-alive');
  assert.equal(mode('option httpclose', 'no option httpclose'), 'keep-alive');
  assert.equal(mode('option httpclose', 'no option http-server-close'), 'close');
});

test('forwardfor and originalto', () => {
  assert.deepEqual(proxyOf('frontend f', ['bind :80', 'option forwardfor']).forwardfor, {
    except: undefined,
    header: 'x-forwarded-for',
    ifNone: false,
  });
  assert.deepEqual(
    proxyOf('frontend f', ['bind :80', 'option forwardfor except 10.0.0.0/8 header X-Client if-none']).forwardfor,
    { except: '10.0.0.0/8', header: 'x-client', ifNone: true },
  );
  assert.deepEqual(proxyOf('frontend f', ['bind :80', 'option originalto header X-O']).originalto, {
    except: undefined,
    header: 'x-o',
  });
});

test('keep-alive probes count bare times in seconds', () => {
  const { options } = proxyOf('listen l', [
    'bind :80',
    'clitcpka-cnt 3',
    'clitcpka-idle 5',
    'clitcpka-intvl 200ms',
    'srvtcpka-idle 1m',
  ]);
  assert.deepEqual(
    [options.clitcpkaCnt, options.clitcpkaIdleMs, options.clitcpkaIntvlMs, options.srvtcpkaIdleMs],
    [3, 5000, 200, 60_000],
  );
});

test('balance, retries, reuse and redispatch', () => {
  const proxy = proxyOf('backend b', [
    'balance leastconn',
    'retries 2',
    'http-reuse always',
    'option redispatch 3',
    'retry-on conn-failure',
    'source 10.0.0.1',
  ]);
  assert.deepEqual(
    [proxy.balance, proxy.retries, proxy.httpReuse, proxy.redispatch, proxy.retryOn],
    [{ algorithm: 'leastconn' }, 2, 'always', 3, ['conn-failure']],
  );
  assert.deepEqual(proxy.source, {
    address: { kind: 'inet', host: '10.0.0.1', family: 4, port: undefined },
    interface: undefined,
    usesrc: undefined,
  });
  assert.equal(proxyOf('backend b', ['option redispatch']).redispatch, -1);
  assert.equal(proxyOf('backend b', ['option redispatch', 'no option redispatch']).redispatch, undefined);
  assert.equal(proxyOf('backend b', []).retries, 3);
});

const balanceOf = (line: string): unknown => proxyOf('backend b', ['mode http', line]).balance;

test('balance: arguments of each algorithm (manual 4.2 "balance")', () => {
  const uri = { algorithm: 'uri', whole: false, pathOnly: false, length: undefined, depth: undefined };
  assert.deepEqual(balanceOf('balance uri'), uri);
  assert.deepEqual(balanceOf('balance uri path-only len 30 depth 2 whole'), {
    algorithm: 'uri',
    whole: true,
    pathOnly: true,
    length: 30,
    depth: 2,
  });
  assert.deepEqual(balanceOf('balance url_param id'), { algorithm: 'url_param', name: 'id', checkPost: false });
  assert.deepEqual(balanceOf('balance url_param id check_post 64'), {
    algorithm: 'url_param',
    name: 'id',
    checkPost: true,
  });
  assert.deepEqual(balanceOf('balance hdr(Host) use_domain_only'), {
    algorithm: 'hdr',
    name: 'host',
    useDomainOnly: true,
  });
  assert.deepEqual(balanceOf('balance random'), { algorithm: 'random', draws: 2 });
  assert.deepEqual(balanceOf('balance random()'), { algorithm: 'random', draws: 2 });
  assert.deepEqual(balanceOf('balance random(5)'), { algorithm: 'random', draws: 5 });
  assert.deepEqual(balanceOf('balance rdp-cookie'), { algorithm: 'rdp-cookie', name: 'mstshash' });
  assert.deepEqual(balanceOf('balance rdp-cookie(msts)'), { algorithm: 'rdp-cookie', name: 'msts' });
  const hash = proxyOf('backend b', ['balance hash req.hdr(x),lower']).balance;
  assert.ok(hash.algorithm === 'hash');
  assert.equal(hash.expression.text, 'req.hdr(x),lower');
});

test('hash-type: method, function and modifier (manual 4.2 "hash-type")', () => {
  const typeOf = (...words: string[]): unknown => proxyOf('backend b', [`hash-type ${words.join(' ')}`]).hashType;
  assert.deepEqual(typeOf('map-based'), { method: 'map-based', function: 'sdbm', avalanche: false });
  assert.deepEqual(typeOf('consistent'), { method: 'consistent', function: 'sdbm', avalanche: true });
  assert.deepEqual(typeOf('consistent', 'djb2'), { method: 'consistent', function: 'djb2', avalanche: false });
  assert.deepEqual(typeOf('map-based', 'wt6', 'avalanche'), { method: 'map-based', function: 'wt6', avalanche: true });
  assert.equal(proxyOf('backend b', ['hash-balance-factor 150']).hashBalanceFactor, 150);
});

test('balance and hash-type are inherited from defaults, and set anew', () => {
  const [first, second] = valid(
    `${TIMEOUTS} mode http\n balance uri whole\n hash-type consistent crc32\n` +
      'backend a\nbackend b\n balance first\n hash-type map-based\n',
  ).proxies;
  assert.deepEqual([first.balance.algorithm, first.hashType.function], ['uri', 'crc32']);
  assert.deepEqual([second.balance.algorithm, second.hashType.method], ['first', 'map-based']);
});

test('persist rdp-cookie: the name of the cookie is msts unless given (manual 4.2 "persist rdp-cookie")', () => {
  assert.equal(proxyOf('backend b', []).persistRdpCookie, undefined);
  assert.equal(proxyOf('backend b', ['persist rdp-cookie']).persistRdpCookie, 'msts');
  assert.equal(proxyOf('backend b', ['persist rdp-cookie(foo)']).persistRdpCookie, 'foo');
});

test('keys of HTTP requests give way to round robin in mode tcp, with a warning', () => {
  for (const line of ['balance uri', 'balance url_param id', 'balance hdr(host)']) {
    assert.deepEqual(proxyFindings('backend b', ['mode tcp', line]), [
      "WARNING Layer 7 hash not possible for backend 'b' (needs 'mode http'). Falling back to round robin.",
    ]);
    assert.deepEqual(proxyOf('backend b', ['mode tcp', line]).balance, { algorithm: 'roundrobin' });
  }
  assert.deepEqual(proxyFindings('backend b', ['mode tcp', 'balance hash path']), []);
});

test('error pages: files are read at once, locations keep their status', () => {
  const files = { '/e': PAGE };
  const { errors } = proxyOf('backend b', ['errorfile 503 /e', 'errorloc 400 /a', 'errorloc303 404 http://x/'], {
    files,
  });
  assert.deepEqual(errors, {
    400: { kind: 'location', status: 302, url: '/a' },
    404: { kind: 'location', status: 303, url: 'http://x/' },
    503: { kind: 'file', path: '/e', content: PAGE },
  });
});

test('http-error: answers made here, pages of sections, and the way back to what holds without (manual 4.2)', () => {
  const reply = (statement: string): unknown => proxyOf('backend b', [`http-error ${statement}`]).errors;
  const plain = { status: 503, contentType: undefined, headers: [], body: { kind: 'string', content: '' } };
  assert.deepEqual(reply('status 503'), { 503: { kind: 'reply', reply: plain } });
  assert.deepEqual(reply('string x status 404 content-type a/b'), {
    404: {
      kind: 'reply',
      reply: { ...plain, status: 404, contentType: 'a/b', body: { kind: 'string', content: 'x' } },
    },
  });
  const text = (statements: string): string =>
    `http-errors site\n errorfile 503 /e\ndefaults\n mode http\n timeout connect 1\n timeout server 1\n http-error status 503\n errorloc 500 /a\nbackend b\n${statements}`;
  const errors = (statements: string): unknown => valid(text(statements), { files: { '/e': PAGE } }).proxies[0].errors;
  const location = { kind: 'location', status: 302, url: '/a' };
  const page = { kind: 'file', path: '/e', content: PAGE };
  assert.deepEqual(errors(''), { 500: location, 503: { kind: 'reply', reply: plain } });
  assert.deepEqual(errors(' http-error status 503 default-errorfiles'), { 500: location });
  assert.deepEqual(errors(' http-error status 503 errorfiles site\n http-error status 500 errorfiles site'), {
    500: location,
    503: page,
  });
});

test('log global stands for the global targets, wherever they are', () => {
  const { proxies } = valid(
    'defaults\n timeout client 1\n log global\nfrontend f\n bind :1\n log stdout local0\nglobal\n log /dev/log local0\n log 127.0.0.1 local1',
  );
  assert.deepEqual(
    proxies[0].logs.map(({ destination }) => destination.kind),
    ['unix', 'udp', 'stdout'],
  );
});

test('log formats: the last one holds; an HTTP one falls back in a TCP proxy', () => {
  const format = (...statements: string[]) =>
    proxyOf('frontend f', ['bind :80', 'log stdout local0', ...statements]).logFormat;
  assert.deepEqual(format('option tcplog', 'option httplog'), { kind: 'httplog' });
  assert.deepEqual(format('option httplog clf'), { kind: 'clf' });
  assert.equal(format('log-format "%ci %ST"').kind, 'custom');
  assert.deepEqual(format('mode tcp', 'option httplog'), { kind: 'tcplog' });
  assert.deepEqual(proxyFindings('frontend f', ['bind :80', 'mode tcp', 'log stdout local0', 'option httplog']), [
    "WARNING parsing [t.cfg:10] : 'option httplog' not usable with frontend 'f' (needs 'mode http'). Falling back to 'option tcplog'.",
  ]);
});

test('rules and choices keep their order', () => {
  const proxy = proxyOf('frontend f', [
    'bind :80',
    'acl a path /a',
    'acl a path /b',
    'http-request deny if a',
    'http-request set-header x 1',
    'use_backend b if a',
    'default_backend c',
    'backend b',
    'backend c',
  ]);
  assert.deepEqual(
    proxy.rules.httpRequest.map(({ action }) => action.type),
    ['deny', 'set-header'],
  );
  assert.deepEqual(
    proxy.acls.map(({ name, tests }) => [name, tests.length]),
    [['a', 2]],
  );
  assert.deepEqual(
    proxy.useBackend.map(({ target }) => target),
    ['b'],
  );
  assert.equal(proxy.defaultBackend, 'c');
  assert.deepEqual(proxyOf('frontend f', ['bind :80', 'capture request header Host len 20']).captures, [
    { direction: 'request', header: 'host', length: 20 },
  ]);
});

test('lines that stand after what is evaluated later are a warning', () => {
  assert.deepEqual(
    proxyFindings('frontend f', [
      'bind :80',
      'use_backend b if TRUE',
      'http-request deny',
      'tcp-request content reject',
      'backend b',
    ]),
    [
      "WARNING parsing [t.cfg:9] : a 'http-request' rule placed after a 'use_backend' rule will still be processed before.",
      "WARNING parsing [t.cfg:10] : a 'tcp-request' rule placed after an 'http-request' rule will still be processed before.",
    ],
  );
});

test('what follows a final rule without condition is a warning', () => {
  assert.deepEqual(
    proxyFindings('frontend f', ['bind :80', 'http-request deny if TRUE', 'http-request deny', 'http-request allow']),
    [
      "WARNING parsing [t.cfg:10]: previous 'http-request' action is final and has no condition attached, further entries are NOOP.",
    ],
  );
});

/** Statements in a proxy that does not take them, with haproxy's answer. */
const MISPLACED: readonly (readonly [string, string, string])[] = [
  [
    'backend b',
    'maxconn 5',
    "WARNING parsing [t.cfg:7] : 'maxconn' ignored because backend 'b' has no frontend capability. Maybe you want 'fullconn' instead ?",
  ],
  [
    'backend b',
    'bind :80',
    "WARNING parsing [t.cfg:7] : 'bind' ignored because backend 'b' has no frontend capability.",
  ],
  [
    'backend b',
    'timeout client 5s',
    "WARNING parsing [t.cfg:7] : 'timeout client' will be ignored because backend 'b' has no frontend capability",
  ],
  [
    'backend b',
    'option dontlognull',
    "WARNING parsing [t.cfg:7] : 'dontlognull' ignored because backend 'b' has no frontend capability.",
  ],
  [
    'backend b',
    'option httplog',
    "WARNING parsing [t.cfg:7] : backend 'b' : 'option httplog' directive is ignored in backends.",
  ],
  [
    'backend b',
    'capture request header x len 5',
    "WARNING parsing [t.cfg:7] : 'capture' ignored because backend 'b' has no frontend capability.",
  ],
];

test("keywords in a proxy that does not take them are ignored with haproxy's warning", () => {
  for (const [head, statement, line] of MISPLACED) assert.deepEqual(proxyFindings(head, [statement]), [line]);
  assert.deepEqual(proxyFindings('frontend f', ['bind :80', 'balance roundrobin', 'server s 1.1.1.1']), [
    "WARNING parsing [t.cfg:8] : 'balance' ignored because frontend 'f' has no backend capability.",
    "ALERT parsing [t.cfg:9] : 'server' not allowed because frontend 'f' has no backend capability.",
  ]);
});

/** Bad statements of a backend with what haproxy 2.6.12 says of them. */
const REFUSALS: readonly (readonly [string, string])[] = [
  ['mode foo', "unknown proxy mode 'foo'."],
  ['mode health', "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead."],
  [
    'timeout',
    "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'http-keep-alive', 'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '')",
  ],
  ['timeout connect', "'timeout connect' expects an integer value (in milliseconds)"],
  ['timeout connect x', "unexpected character 'x' in 'timeout connect'"],
  ['timeout connect 5s x', "'timeout connect' : unexpected extra argument 'x' after value '5s'."],
  [
    'timeout connect 100d',
    "timer overflow in argument '100d' to 'timeout connect' (maximum value is 2147483647 ms or ~24.8 days)",
  ],
  ['option foo', "unknown option 'foo'."],
  ['option httpchkk', "unknown option 'httpchkk'; did you mean 'httpchk' maybe ?"],
  ['option abortonclose x', "'option abortonclose' cannot handle unexpected argument 'x'."],
  ['option forwardfor except x', "'option forwardfor except' expects <address>[/mask] as argument."],
  ['option httpchk GET / HTTP/1.1 foo bar', "'option httpchk' cannot handle unexpected argument 'foo'."],
  [
    'balance foo',
    "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', 'hdr(name)' and 'rdp-cookie(name)' options.",
  ],
  ['hash-type foo', "'hash-type' only supports 'consistent' and 'map-based'."],
  ['retries', "'retries' expects an integer argument (dispatch counts for one)."],
  ['retry-on foo', "'retry-on': unknown keyword 'foo'"],
  ['retry-on none 404', "'retry-on' 'none' keyworld only usable alone"],
  ['http-reuse foo', "'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'."],
  ['source 1.1.1.1 foo', "'source' only supports optional keywords 'interface' and 'usesrc'."],
  ['errorfile 999 /x', "errorfile : status code '999' not handled."],
  ['errorloc 400', 'errorloc : expects <status_code> and <url> as arguments.'],
  ['log global x', "log : unknown log facility 'x'"],
  ['no log global', "log : 'no log' does not expect arguments"],
  ['maxcnn 5', "unknown keyword 'maxcnn' in 'backend' section"],
  ['use-server x', "'use-server' requires either 'if' or 'unless' followed by a condition."],
];

test("bad statements are refused with haproxy's words", () => {
  for (const [statement, message] of REFUSALS)
    assert.deepEqual(proxyFindings('backend b', [statement]), [`ALERT parsing [t.cfg:7] : ${message}`], statement);
});

test('negation is for options and logs', () => {
  assert.deepEqual(proxyFindings('backend b', ['no option httpchk']), [
    "ALERT parsing [t.cfg:7]: negation/default is not supported for option 'httpchk'.",
  ]);
  assert.match(
    proxyFindings('backend b', ['no balance'])[0],
    /^ALERT parsing \[t\.cfg:7\]: negation\/default currently supported only for options/,
  );
});

test('a timeout given twice in one section is a warning', () => {
  assert.deepEqual(findings(`${TIMEOUTS}backend b\n timeout server 5\n timeout server 6`), [
    "WARNING parsing [t.cfg:7] : overwriting 'timeout server' which was already specified",
  ]);
});

test('every error of a file is found in one run', () => {
  const lines = findings(
    'global\n maxcon 1\n nbthread x\nfrontend f\n bind foo\n bnd :1\n timeout client x\n default_backend nosuch',
  );
  assert.equal(lines.filter((line) => line.startsWith('ALERT')).length, 6);
});
