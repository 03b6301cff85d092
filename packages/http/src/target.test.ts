import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget, replacePath, replacePathWithQuery, replaceQuery, targetForm } from './target.ts';

// Parts as HAProxy 2.6.12 returned them for path, query and pathq.
const observed: [
  string,
  string,
  { form: string; scheme?: string; authority?: string; path?: string; query?: string; pathq?: string },
][] = [
  ['GET', '/a/b?c=d&e', { form: 'origin', path: '/a/b', query: 'c=d&e', pathq: '/a/b?c=d&e' }],
  ['GET', '/a?b#c?d', { form: 'origin', path: '/a', query: 'b#c?d', pathq: '/a?b#c?d' }],
  ['GET', '/#a?b', { form: 'origin', path: '/#a', query: 'b', pathq: '/#a?b' }],
  ['GET', '/a?b?c', { form: 'origin', path: '/a', query: 'b?c', pathq: '/a?b?c' }],
  ['GET', '/?', { form: 'origin', path: '/', query: '', pathq: '/?' }],
  ['GET', '//a/b', { form: 'origin', path: '//a/b', pathq: '//a/b' }],
  ['GET', '/?u=http://b/', { form: 'origin', path: '/', query: 'u=http://b/', pathq: '/?u=http://b/' }],
  ['GET', '/a%20b?c%3f', { form: 'origin', path: '/a%20b', query: 'c%3f', pathq: '/a%20b?c%3f' }],
  ['GET', 'http://h', { form: 'absolute', scheme: 'http', authority: 'h' }],
  ['GET', 'http://h/', { form: 'absolute', scheme: 'http', authority: 'h', path: '/', pathq: '/' }],
  [
    'GET',
    'http://u:p@h:81/x?y',
    { form: 'absolute', scheme: 'http', authority: 'u:p@h:81', path: '/x', query: 'y', pathq: '/x?y' },
  ],
  [
    'GET',
    'https://h/a?b',
    { form: 'absolute', scheme: 'https', authority: 'h', path: '/a', query: 'b', pathq: '/a?b' },
  ],
  ['OPTIONS', '*', { form: 'asterisk' }],
  ['CONNECT', 'h:81', { form: 'authority', authority: 'h:81' }],
];

test('a target has one of four forms, and its parts (RFC 9112, 3.2)', () => {
  for (const [method, uri, expected] of observed) {
    const target = parseTarget(method, uri);
    assert.equal(targetForm(method, uri), expected.form);
    assert.deepEqual(
      target,
      {
        form: expected.form,
        scheme: expected.scheme ?? '',
        authority: expected.authority ?? '',
        path: expected.path ?? '',
        query: expected.query ?? '',
        pathWithQuery: expected.pathq ?? '',
      },
      uri,
    );
  }
});

// What left HAProxy 2.6.12 under set-path /new, set-pathq /new?z=1 and set-query q=1.
const replaced: [string, string, string, string][] = [
  ['/a?b', '/new?b', '/new?z=1', '/a?q=1'],
  ['/a', '/new', '/new?z=1', '/a?q=1'],
  ['/?', '/new?', '/new?z=1', '/?q=1'],
  ['http://h', '/new', '/new?z=1', 'http://h?q=1'],
  ['http://h/x?y', 'http://h/new?y', 'http://h/new?z=1', 'http://h/x?q=1'],
  ['*', '/new', '/new?z=1', '*?q=1'],
];

test('path and query are replaced as set-path, set-pathq and set-query do (configuration.txt, 4.2)', () => {
  for (const [uri, path, pathq, query] of replaced) {
    assert.equal(replacePath(uri, '/new'), path);
    assert.equal(replacePathWithQuery(uri, '/new?z=1'), pathq);
    assert.equal(replaceQuery(uri, 'q=1'), query);
  }
  assert.equal(replaceQuery('/a?b', ''), '/a');
});
