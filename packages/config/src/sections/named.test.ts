import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, valid } from '../testing.ts';

const PAGE = 'HTTP/1.0 503 No\r\nContent-Length: 2\r\n\r\nno';

test('manual 3.4: users and groups', () => {
  const { userlists } = valid(
    'userlist u\n group admins users tom,ann\n user tom password $5$x\n user ann insecure-password "a b" groups admins',
  );
  assert.deepEqual(userlists[0].groups, [{ name: 'admins', users: ['tom', 'ann'] }]);
  assert.deepEqual(userlists[0].users, [
    { name: 'tom', password: '$5$x', encrypted: true, groups: [] },
    { name: 'ann', password: 'a b', encrypted: false, groups: ['admins'] },
  ]);
});

test("later definitions of a name are ignored with haproxy's warning", () => {
  assert.deepEqual(findings('userlist u\n user a password x\n user a password y\n group g\n group g\nuserlist u'), [
    "WARNING parsing [t.cfg:3]: ignoring duplicated user 'a' in userlist 'u'.",
    "WARNING parsing [t.cfg:5]: ignoring duplicated group 'g' in userlist 'u'.",
    "WARNING parsing [t.cfg:6]: ignoring duplicated userlist 'u'.",
  ]);
});

test('a group that does not exist is an error, wherever it might have followed', () => {
  assert.deepEqual(findings('userlist u\n user a password x groups g\n group g'), []);
  assert.deepEqual(findings('userlist u\n user a password x groups g'), [
    "ALERT userlist 'u': no such group 'g' specified in user 'a'",
  ]);
});

test('manual 3.8 and errorfiles: pages by section, also of one that follows', () => {
  const files = { '/503': PAGE, '/400': PAGE.replace('503', '400'), '/own': PAGE.replace('no', 'NO') };
  const { httpErrors, proxies } = valid(
    'backend a\n errorfiles site\nbackend b\n errorfile 400 /own\n errorfiles site 503\nbackend c\n errorfiles site\n errorfile 503 /own\n' +
      'http-errors site\n errorfile 503 /503\n errorfile 400 /400',
    { files },
  );
  const pages = (index: number) =>
    Object.entries(proxies[index].errors).map(([status, page]) => [
      Number(status),
      page.kind === 'file' ? page.path : '',
    ]);
  assert.equal(httpErrors[0].name, 'site');
  assert.deepEqual(pages(0), [
    [400, '/400'],
    [503, '/503'],
  ]);
  assert.deepEqual(pages(1), [
    [400, '/own'],
    [503, '/503'],
  ]);
  assert.deepEqual(pages(2), [
    [400, '/400'],
    [503, '/own'],
  ]);
});

test("what is wrong with these sections, in haproxy's words", () => {
  assert.deepEqual(findings('userlist'), ["ALERT parsing [t.cfg:1]: 'userlist' expects <name> as arguments."]);
  assert.deepEqual(findings('userlist a!'), [
    "ALERT parsing [t.cfg:1]: character '!' is not permitted in 'userlist' name 'a!'.",
  ]);
  assert.deepEqual(findings('http-errors'), ['ALERT parsing [t.cfg:1] : missing name for http-errors section.']);
  assert.deepEqual(findings('http-errors a\nhttp-errors a'), [
    "ALERT parsing [t.cfg:2]: http-errors section 'a' already exists (declared at t.cfg:1).",
  ]);
  assert.deepEqual(findings('http-errors a\n foo\n errorfile 400 /nope\n errorfile 999 /nope'), [
    "ALERT parsing [t.cfg:2] : unknown keyword 'foo' in 'http-errors' section",
    "ALERT parsing [t.cfg:3] : errorfile : error opening file '/nope'.",
    "ALERT parsing [t.cfg:4] : errorfile : status code '999' not handled.",
  ]);
  assert.deepEqual(findings('backend b\n errorfiles nosuch'), [
    "ALERT proxy 'b': unknown http-errors section 'nosuch' (at t.cfg:2).",
  ]);
});
