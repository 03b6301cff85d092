import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONVERTERS, FETCHES, type SampleDeclaration } from '@evenkeel/config';
import { createCompiler } from './compiler.ts';
import type { LogContext } from './context.ts';
import { CONVERTER_COMPILERS } from './converters/index.ts';
import { FETCH_COMPILERS } from './fetches/index.ts';
import { contextOf, environmentOf, expressionOf, requestOf, responseOf, session } from './testing.ts';

const compiler = createCompiler(environmentOf());

function text(expression: string, context: LogContext = contextOf()): string | undefined {
  return compiler.string(expressionOf(expression))(context);
}

/** Works everywhere, or in the rules of checks. */
function isThere(declaration: SampleDeclaration): boolean {
  return declaration.state === 'works' || declaration.inChecks === true;
}

test('exactly the fetches that are declared to work are there', () => {
  const working = [...FETCHES.values()].filter(isThere).map((fetch) => fetch.name);
  assert.deepEqual([...FETCH_COMPILERS.keys()].sort(), working.sort());
});

test('exactly the converters that are declared to work are there', () => {
  const working = [...CONVERTERS.values()].filter(isThere).map((converter) => converter.name);
  assert.deepEqual([...CONVERTER_COMPILERS.keys()].sort(), working.sort());
});

test('fetches of the process and of the session (manual sections 7.3.2 and 7.3.3)', () => {
  assert.equal(text('hostname'), 'lab');
  assert.equal(text('thread'), '3');
  assert.equal(text('env(HOME)'), '/root');
  assert.equal(text('date'), '1795459150');
  assert.equal(text('date(-10)'), '1795459140');
  assert.equal(text('date(0,ms)'), '1795459150123');
  assert.equal(text('date(1,us)'), '1795459150123001');
  assert.equal(text('date_us'), '123000');
  assert.equal(text('rand'), '2147483648');
  assert.equal(text('rand(10)'), '5');
  assert.match(text('uuid')!, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(text('src'), '192.0.2.1');
  assert.equal(text('src_port'), '40000');
  assert.equal(text('dst'), '192.0.2.80');
  assert.equal(text('dst_port'), '80');
  assert.equal(text('so_id'), '4');
  assert.equal(text('so_name'), 'main');
  assert.equal(text('fe_name'), 'web');
  assert.equal(text('fe_id'), '1');
  assert.equal(text('fe_defbe'), 'app');
  assert.equal(text('fe_conn'), '11');
  assert.equal(text('be_conn(app)'), '22');
  assert.equal(text('ssl_fc'), '0');
  assert.equal(text('unique-id'), 'u-1');
});

test('a Unix client has neither address nor port', () => {
  const context = contextOf({ session: { ...session, source: undefined, destination: undefined } });
  for (const name of ['src', 'src_port', 'dst', 'dst_port']) assert.equal(text(name, context), undefined, name);
});

test('fetches of the response (manual section 7.3.6)', () => {
  const context = contextOf({
    response: responseOf(
      'HTTP/1.1 404 Not Found\r\nServer: x, y\r\nSet-Cookie: a=1; Path=/; b=2\r\nSet-Cookie: c=3\r\nX-Addr: 10.0.0.7\r\nX-Num: 5, 6\r\nContent-Length: 0\r\n\r\n',
    ),
  });
  const answers: Record<string, string | undefined> = {
    status: '404',
    'res.ver': '1.1',
    resp_ver: '1.1',
    'res.hdr(server)': 'y',
    'res.hdr(server,1)': 'x',
    'res.fhdr(server)': 'x, y',
    'shdr(server)': 'y',
    'res.hdr_cnt(server)': '2',
    'shdr_cnt(server)': '2',
    'res.fhdr_cnt(set-cookie)': '2',
    'res.hdr_ip(x-addr)': '10.0.0.7',
    'shdr_ip(x-addr)': '10.0.0.7',
    'res.hdr_val(x-num,1)': '5',
    'shdr_val(x-num)': '6',
    'res.hdr_names': 'server,set-cookie,set-cookie,x-addr,x-num,content-length',
    'res.cook(a)': '1',
    'res.cook(b)': undefined,
    'scook(c)': '3',
    'res.cook_cnt(a)': '1',
    'scook_cnt(c)': '1',
    'res.cook_val(c)': '3',
    'scook_val(a)': '1',
    'cookie(c)': '3',
    'hdr(server)': 'y',
    be_name: 'app',
    be_id: '2',
    srv_name: 's1',
    srv_id: '5',
    'be_conn(app)': '22',
    'res.hdrs,length': '113',
  };
  for (const [expression, answer] of Object.entries(answers)) {
    assert.equal(compiler.string(expressionOf(expression, 'response'))(context), answer, expression);
  }
});

test('captures are read by number', () => {
  const context = contextOf({ capturedRequestHeaders: ['first', undefined], capturedResponseHeaders: ['r'] });
  assert.equal(text('capture.req.hdr(0)', context), 'first');
  assert.equal(text('capture.req.hdr(1)', context), undefined);
  assert.equal(text('capture.req.hdr(2)', context), undefined);
  assert.equal(compiler.string(expressionOf('capture.res.hdr(0)', 'response'))(context), 'r');
});

test('a bearer token, in its field or another', () => {
  const request = requestOf(
    'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abc.def\r\nX-Token: bearer  t2\r\n\r\n',
  );
  assert.equal(text('http_auth_bearer', contextOf({ request })), 'abc.def');
  assert.equal(text('http_auth_bearer(X-Token)', contextOf({ request })), 't2');
  assert.equal(text('http_auth_user', contextOf({ request })), undefined);
});

test('without a request nothing of it is found', () => {
  const context = contextOf({ request: undefined });
  for (const name of [
    'path',
    'method',
    'hdr(host)',
    'hdr_cnt(host)',
    'urlp(x)',
    'cook(a)',
    'url',
    'base',
    'req.ver',
    'query',
    'req.hdrs',
    'req.hdr_names',
  ]) {
    assert.equal(text(name, context), undefined, name);
  }
});

test('typed results', () => {
  assert.deepEqual(compiler.expression(expressionOf('always_true'))(contextOf()), { type: 'bool', value: true });
  assert.deepEqual(compiler.expression(expressionOf('int(5),add(1)'))(contextOf()), { type: 'sint', value: 6 });
  assert.deepEqual(compiler.expression(expressionOf('int(9223372036854775807)'))(contextOf()), {
    type: 'sint',
    value: 9223372036854775807n,
  });
  assert.deepEqual(compiler.expression(expressionOf('method'))(contextOf()), { type: 'meth', value: 'GET' });
  const address = compiler.expression(expressionOf('src'))(contextOf());
  assert.ok(address?.type === 'addr' && address.value.text === '192.0.2.1');
  assert.equal(compiler.integer(expressionOf('str(12abc)'))(contextOf()), 12);
  assert.equal(compiler.integer(expressionOf('int(9223372036854775807)'))(contextOf()), 2 ** 63);
  assert.equal(compiler.address(expressionOf('str(10.0.0.1)'))(contextOf())?.text, '10.0.0.1');
  assert.equal(compiler.address(expressionOf('str(x)'))(contextOf()), undefined);
});

test('local time follows the machine, UTC does not', () => {
  assert.equal(text('date,ltime("%H:%M %z")'), '19:39 +0100');
  assert.equal(text('date,utime("%H:%M %z")'), '18:39 +0000');
});

test('rules see what earlier rules changed', () => {
  const request = requestOf('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
  const context = contextOf({ request });
  const header = compiler.string(expressionOf('req.hdr(x-new)'));
  const path = compiler.string(expressionOf('path'));
  assert.equal(header(context), undefined);
  request.headers.set('x-new', 'v');
  request.setUri('/changed?q');
  assert.equal(header(context), 'v');
  assert.equal(path(context), '/changed');
});
