// Rules, error pages and added headers, as a client and a server see them (manual, 4.2: "http-request", "http-response",
// "http-after-response", "errorfile", "errorloc302", "errorfiles", "monitor-uri", "option forwardfor", "option originalto"). Answers are
// those of HAProxy 2.6.12.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GET, OK, outcome, startProxy, type ProxyOptions } from './test-kit.ts';

interface Answer {
  readonly name: string;
  readonly options: ProxyOptions;
  readonly request?: string;
  readonly answer: string;
  readonly logged: string | undefined;
  readonly closes?: boolean;
}

const FORBIDDEN =
  'HTTP/1.1 403 Forbidden\r\ncontent-length: 93\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n' +
  '<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n';
const UNAVAILABLE =
  'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n' +
  '<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n';
const READY =
  'HTTP/1.1 200 OK\r\ncontent-length: 58\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n' +
  '<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n';
const files = {
  '/e503': 'HTTP/1.1 503 Away\r\nX-My: 1\r\nContent-Length: 4\r\n\r\naway',
  '/stock':
    'HTTP/1.0 503 Service Unavailable\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\nstock\n',
  '/text': 'hello %[method]',
  '/empty': '',
};
const section = ['http-errors mine', '  errorfile 503 /e503'];
const MON = 'GET /mon HTTP/1.1\r\nhost: a\r\n\r\n';

const ANSWERS: readonly Answer[] = [
  { name: 'deny', options: { frontend: ['http-request deny'] }, answer: FORBIDDEN, logged: '403 PR--' },
  {
    name: 'deny with a status',
    options: { frontend: ['http-request deny deny_status 503'] },
    answer: UNAVAILABLE,
    logged: '503 PR--',
  },
  {
    name: 'deny with a text',
    options: { frontend: ['http-request deny deny_status 429 content-type text/plain string slow'] },
    answer: 'HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\ncontent-type: text/plain\r\n\r\nslow',
    logged: '429 PR--',
  },
  {
    name: 'deny with a header',
    options: { frontend: ['http-request deny deny_status 404 hdr retry-after 5'] },
    answer: 'HTTP/1.1 404 Not Found\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n',
    logged: '404 PR--',
  },
  { name: 'deny in the backend', options: { backend: ['http-request deny'] }, answer: FORBIDDEN, logged: '403 PR--' },
  {
    name: 'deny to HTTP/1.0',
    options: { frontend: ['http-request deny'] },
    request: 'GET / HTTP/1.0\r\n\r\n',
    answer: FORBIDDEN.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
    logged: '403 PR--',
    closes: true,
  },
  {
    name: 'deny to HEAD',
    options: { frontend: ['http-request deny'] },
    request: GET.replace('GET', 'HEAD'),
    answer: FORBIDDEN.slice(0, FORBIDDEN.indexOf('<html>')),
    logged: '403 PR--',
  },
  {
    name: 'deny before the body came',
    options: { frontend: ['http-request deny'] },
    request: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc',
    answer: FORBIDDEN.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
    logged: '403 PR--',
    closes: true,
  },
  {
    name: 'return',
    options: { frontend: ['http-request return'] },
    answer: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    logged: '200 LR--',
  },
  {
    name: 'return a string',
    options: { frontend: ['http-request return status 404 content-type text/plain string hello hdr x-a b%[src]'] },
    answer: 'HTTP/1.1 404 Not Found\r\nx-a: b127.0.0.1\r\ncontent-length: 5\r\ncontent-type: text/plain\r\n\r\nhello',
    logged: '404 LR--',
  },
  {
    name: 'return a format',
    options: { frontend: ['http-request return status 200 content-type text/plain lf-string "hello %[method]"'] },
    answer: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-type: text/plain\r\n\r\nhello GET',
    logged: '200 LR--',
  },
  {
    name: 'return a file',
    options: { files, frontend: ['http-request return status 201 content-type text/plain file /text'] },
    answer: 'HTTP/1.1 201 Created\r\ncontent-length: 15\r\ncontent-type: text/plain\r\n\r\nhello %[method]',
    logged: '201 LR--',
  },
  {
    name: 'return a file as a format',
    options: { files, frontend: ['http-request return status 202 content-type text/plain lf-file /text'] },
    answer: 'HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\ncontent-type: text/plain\r\n\r\nhello GET',
    logged: '202 LR--',
  },
  {
    name: 'return an errorfile',
    options: { files, frontend: ['http-request return status 503 errorfile /e503'] },
    answer: 'HTTP/1.1 503 Away\r\nx-my: 1\r\ncontent-length: 4\r\n\r\naway',
    logged: '503 LR--',
  },
  {
    name: 'return from an http-errors section',
    options: { files, sections: section, frontend: ['http-request return status 503 errorfiles mine'] },
    answer: 'HTTP/1.1 503 Away\r\nx-my: 1\r\ncontent-length: 4\r\n\r\naway',
    logged: '503 LR--',
  },
  {
    name: 'return the default page',
    options: { frontend: ['http-request return status 503 default-errorfiles'] },
    answer: UNAVAILABLE,
    logged: '503 LR--',
  },
  {
    name: 'tarpit',
    options: { frontend: ['timeout tarpit 40ms', 'http-request tarpit deny_status 503'] },
    answer: UNAVAILABLE,
    logged: '503 PT--',
  },
  { name: 'monitor-uri', options: { frontend: ['monitor-uri /mon'] }, request: MON, answer: READY, logged: undefined },
  {
    name: 'monitor fail',
    options: { frontend: ['monitor-uri /mon', 'monitor fail if TRUE'] },
    request: MON,
    answer: UNAVAILABLE,
    logged: undefined,
  },
  {
    name: 'http-response deny',
    options: { backend: ['http-response deny'] },
    answer:
      'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 107\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n',
    logged: '502 PH--',
  },
  {
    name: 'http-response return',
    options: { backend: ['http-response return status 404 content-type text/plain string hello'] },
    answer: 'HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\ncontent-type: text/plain\r\n\r\nhello',
    logged: '404 LH--',
  },
  {
    name: 'http-response in both sections, http-after-response behind them',
    options: {
      frontend: ['http-response add-header x fe', 'http-after-response set-header x-after %[res.hdr(content-length)]'],
      backend: ['http-response add-header x be', 'http-after-response set-header x-after be'],
    },
    answer: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: be\r\nx: fe\r\nx-after: 2\r\n\r\nok',
    logged: '200 ----',
  },
  {
    name: 'allow ends the rules of its section only',
    options: {
      frontend: ['http-response set-header x fe', 'http-after-response allow', 'http-after-response set-header y no'],
      backend: ['http-response allow', 'http-response set-header x be', 'http-after-response set-header y be'],
    },
    answer: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: fe\r\ny: be\r\n\r\nok',
    logged: '200 ----',
  },
  {
    name: 'http-after-response on an own answer',
    options: { noServer: true, frontend: ['http-after-response set-header x-after 1', 'http-response set-header x 1'] },
    answer: UNAVAILABLE.replace('\r\n\r\n', '\r\nx-after: 1\r\n\r\n'),
    logged: '503 SC--',
  },
  {
    name: 'errorfile',
    options: { files, noServer: true, defaults: ['errorfile 503 /e503'] },
    answer: 'HTTP/1.1 503 Away\r\nx-my: 1\r\ncontent-length: 4\r\n\r\naway',
    logged: '503 SC--',
  },
  {
    name: 'errorfile of the frontend alone',
    options: { files, noServer: true, frontend: ['errorfile 503 /e503'] },
    answer: 'HTTP/1.1 503 Away\r\nx-my: 1\r\ncontent-length: 4\r\n\r\naway',
    logged: '503 SC--',
  },
  {
    name: 'errorfile without a length',
    options: { files, noServer: true, backend: ['errorfile 503 /stock'] },
    answer: 'HTTP/1.0 503 Service Unavailable\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\nstock\n',
    logged: '503 SC--',
    closes: true,
  },
  {
    name: 'empty errorfile',
    options: { files, noServer: true, backend: ['errorfile 503 /empty'] },
    answer: '',
    logged: '503 SC--',
    closes: true,
  },
  {
    name: 'errorloc302',
    options: { noServer: true, backend: ['errorloc302 503 http://x/y'] },
    answer: 'HTTP/1.1 302 Found\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: http://x/y\r\n\r\n',
    logged: '503 SC--',
  },
  {
    name: 'errorloc303',
    options: { noServer: true, backend: ['errorloc303 503 http://x/y'] },
    answer: 'HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: http://x/y\r\n\r\n',
    logged: '503 SC--',
  },
  {
    name: 'errorfiles',
    options: { files, noServer: true, sections: section, backend: ['errorfiles mine'] },
    answer: 'HTTP/1.1 503 Away\r\nx-my: 1\r\ncontent-length: 4\r\n\r\naway',
    logged: '503 SC--',
  },
];

for (const { name, options, request, answer, logged, closes } of ANSWERS) {
  test(name, async (t) => {
    const proxy = await startProxy(t, options);
    const client = await proxy.connect();
    const text = request ?? GET;
    client.send(text);
    if (closes === true) await client.over();
    else {
      assert.equal(await client.until(answer), answer);
      client.send(text);
      await client.until(answer);
    }
    assert.equal(client.received, closes === true ? answer : answer + answer);
    if (logged === undefined) assert.equal(proxy.host.logs.length, 0);
    else for (const line of await proxy.lines(closes === true ? 1 : 2)) assert.equal(outcome(line), logged);
  });
}

test("the pages of all statuses are HAProxy's", async (t) => {
  const statuses = [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504];
  // Lengths of the bodies, as HAProxy 2.6.12 announces them.
  const lengths = [58, 90, 112, 93, 83, 146, 112, 110, 114, 106, 104, 116, 80, 117, 97, 136, 107, 107, 92];
  const proxy = await startProxy(t, {
    frontend: statuses.map(
      (status) => `http-request return status ${status} default-errorfiles if { path /${status} }`,
    ),
  });
  for (const [index, status] of statuses.entries()) {
    const client = await proxy.connect();
    client.send(`GET /${status} HTTP/1.1\r\nhost: a\r\n\r\n`);
    const text = await client.until('</html>\n');
    assert.match(
      text,
      new RegExp(
        `^HTTP/1\\.1 ${status} [^\\r]+\\r\\ncontent-length: ${lengths[index]}\\r\\ncache-control: no-cache\\r\\ncontent-type: text/html\\r\\n`,
      ),
    );
    assert.equal(text.length - text.indexOf('<html>'), lengths[index]);
    // What comes behind a request that was not understood cannot be trusted: these two close.
    assert.equal(/\r\nconnection: close\r\n/.test(text), status === 400 || status === 408);
  }
});

test('request rules run in order, section by section, on what the rules before them left', async (t) => {
  const proxy = await startProxy(t, {
    frontend: [
      'http-request set-header X-A new',
      'http-request add-header X-B second',
      'http-request del-header X-C',
      'http-request set-header X-Copy %[req.hdr(x-a)]',
      'http-request allow if { path / }',
      'http-request set-header X-Never 1',
    ],
    backend: ['http-request set-header X-Be %[req.hdr(x-copy)]'],
  });
  const client = await proxy.connect();
  client.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-b: 2\r\nX-C: 3\r\nX-A: 4\r\n\r\n');
  await client.until('ok');
  assert.equal(
    proxy.servers[0].received,
    'GET / HTTP/1.1\r\nhost: a\r\nx-b: 2\r\nx-a: new\r\nx-b: second\r\nx-copy: new\r\nx-be: new\r\n\r\n',
  );
});

test('no rule writes a line break into a head', async (t) => {
  const proxy = await startProxy(t, {
    frontend: [
      'http-request set-header X-Path %[path,url_dec]',
      'http-response set-header X-Path %[capture.req.uri,url_dec]',
    ],
  });
  const client = await proxy.connect();
  client.send('GET /a%0d%0aEvil:%201 HTTP/1.1\r\nhost: a\r\n\r\n');
  const answer = await client.until('ok');
  assert.doesNotMatch(proxy.servers[0].received, /[\r\n]Evil/);
  assert.doesNotMatch(answer, /[\r\n]Evil/);
});

test('a rewrite that does not fit into the buffer: 500', async (t) => {
  const proxy = await startProxy(t, {
    global: ['tune.bufsize 4096', 'tune.maxrewrite 1024'],
    frontend: [
      'http-request set-header X-1 %[req.hdr(x)]',
      'http-request set-header X-2 %[req.hdr(x)]',
      'http-request set-header X-3 %[req.hdr(x)]',
    ],
  });
  const client = await proxy.connect();
  client.send(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(1500)}\r\n\r\n`);
  assert.match(await client.until('</html>\n'), /^HTTP\/1\.1 500 /);
  assert.equal(outcome((await proxy.lines(1))[0]), '500 PR--');
});

test("use_backend chooses by condition, and its backend's rules and pages hold", async (t) => {
  const proxy = await startProxy(t, {
    frontend: ['use_backend other if { path_beg /other }'],
    sections: ['backend other', '  http-request return status 200 content-type text/plain string other'],
  });
  const client = await proxy.connect();
  client.send('GET /other HTTP/1.1\r\nhost: a\r\n\r\n');
  await client.until('other');
  client.send(GET);
  await client.until('ok');
  assert.match((await proxy.lines(2))[0], /^fe other\/<NOSRV> /);
});

const FORWARDED: readonly (readonly [name: string, options: ProxyOptions, request: string, added: string])[] = [
  ['forwardfor', { frontend: ['option forwardfor'] }, '', 'x-forwarded-for: 127.0.0.1\r\n'],
  [
    'forwardfor stands beside what the client brought',
    { frontend: ['option forwardfor'] },
    'x-forwarded-for: 1.2.3.4\r\n',
    'x-forwarded-for: 1.2.3.4\r\nx-forwarded-for: 127.0.0.1\r\n',
  ],
  [
    'if-none',
    { frontend: ['option forwardfor if-none'] },
    'x-forwarded-for: 1.2.3.4\r\n',
    'x-forwarded-for: 1.2.3.4\r\n',
  ],
  [
    'if-none on one side only',
    { frontend: ['option forwardfor if-none'], backend: ['option forwardfor'] },
    'x-forwarded-for: 1.2.3.4\r\n',
    'x-forwarded-for: 1.2.3.4\r\nx-forwarded-for: 127.0.0.1\r\n',
  ],
  ['except', { frontend: ['option forwardfor except 127.0.0.0/8'] }, '', ''],
  [
    'except another network',
    { backend: ['option forwardfor except 10.0.0.0/8'] },
    '',
    'x-forwarded-for: 127.0.0.1\r\n',
  ],
  [
    'the backend names the header',
    { frontend: ['option forwardfor header X-Fe'], backend: ['option forwardfor header X-Be'] },
    '',
    'x-be: 127.0.0.1\r\n',
  ],
  ['originalto', { frontend: ['option originalto'] }, '', 'x-original-to: 127.0.0.1\r\n'],
  [
    'both, behind the rules',
    { frontend: ['option originalto header X-To', 'option forwardfor', 'http-request set-header x-rule 1'] },
    '',
    'x-rule: 1\r\nx-forwarded-for: 127.0.0.1\r\nx-to: 127.0.0.1\r\n',
  ],
];

for (const [name, options, request, added] of FORWARDED) {
  test(name, async (t) => {
    const proxy = await startProxy(t, options);
    const client = await proxy.connect();
    client.send(`GET / HTTP/1.1\r\nhost: a\r\n${request}\r\n`);
    assert.equal(await client.until('ok'), OK);
    assert.equal(proxy.servers[0].received, `GET / HTTP/1.1\r\nhost: a\r\n${added}\r\n`);
  });
}

test('captures take the last value, cut to length, before rules', async (t) => {
  const proxy = await startProxy(
    t,
    {
      frontend: [
        'capture request header X-A len 3',
        'capture request header X-None len 3',
        'capture response header X-R len 9',
        'http-request set-header X-A other',
      ],
      backend: ['http-response set-header X-R other'],
    },
    async (peer) => {
      for (;;) {
        await peer.head();
        peer.send('HTTP/1.1 200 OK\r\nX-R: value\r\ncontent-length: 2\r\n\r\nok');
      }
    },
  );
  const client = await proxy.connect();
  client.send('GET / HTTP/1.1\r\nhost: a\r\nX-A: 1\r\nX-A: 23456\r\n\r\n');
  await client.until('ok');
  assert.match((await proxy.lines(1))[0], / \{234\|\} \{value\} "GET \/ HTTP\/1\.1"$/);
});
