// "works" is a promise that something outside this package acts on a keyword. Fields of the model that nobody else names
// belong to keywords in another state; each is listed with its keyword, so that neither can change without the other.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inventory } from './inventory.ts';

const packages = join(import.meta.dirname, '../../..');

/** The interfaces of the model that keywords fill. */
const INTERFACES = ['Global', 'Tune', 'StatsSocket', 'Proxy', 'Options', 'Timeouts', 'Bind', 'Server'] as const;

/** Fields that this package itself acts on: `unix-bind` in each `bind` line, `default-server` in the words of `add server`. */
const USED_HERE: ReadonlySet<string> = new Set(['defaultServer', 'unixBind']);

/** What only this package names: the field, and a keyword that sets it. */
const UNREAD: Readonly<Record<string, string>> = {
  acceptProxy: 'bind option: accept-proxy',
  caBase: 'global: ca-base',
  checkcache: 'proxy: option checkcache',
  chroot: 'global: chroot',
  crtBase: 'global: crt-base',
  httpNoDelay: 'proxy: option http-no-delay',
  httpUseProxyHeader: 'proxy: option http-use-proxy-header',
  idleTimerMs: 'global: tune.idletimer',
  insecureForkWanted: 'global: insecure-fork-wanted',
  maxaccept: 'global: tune.maxaccept',
  maxpipes: 'global: maxpipes',
  setVars: 'global: set-var',
  shards: 'bind option: shards',
  sslDefaults: 'global: ssl-default-bind-options',
  tcpSmartAccept: 'proxy: option tcp-smart-accept',
  tcpSmartConnect: 'proxy: option tcp-smart-connect',
};

function fields(): string[] {
  const files = globSync('config/src/*model.ts', { cwd: packages });
  const model = files.map((path) => readFileSync(join(packages, path), 'utf8')).join('\n');
  return INTERFACES.flatMap((name) => {
    const body = new RegExp(`^export interface ${name} \\{\\n([^]*?)^\\}`, 'm').exec(model)?.[1];
    assert.ok(body !== undefined, `the model has no interface ${name}`);
    return [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, field]) => field);
  });
}

function wordsOutside(): Set<string> {
  const files = globSync('*/src/**/*.ts', { cwd: packages }).filter(
    (path) => !path.startsWith('config/') && !/\.test\.ts$|test-kit|test-host/.test(path),
  );
  return new Set(files.flatMap((path) => readFileSync(join(packages, path), 'utf8').match(/\w+/g) ?? []));
}

test('a field of the model that nothing reads belongs to a keyword that is not said to work', () => {
  const words = wordsOutside();
  assert.deepEqual(
    fields()
      .filter((field) => !words.has(field) && !USED_HERE.has(field))
      .sort(),
    Object.keys(UNREAD),
  );
  const states = new Map(inventory().map((entry) => [`${entry.class}: ${entry.name}`, entry.state]));
  for (const [field, keyword] of Object.entries(UNREAD)) {
    assert.ok(states.has(keyword), `${field}: there is no ${keyword}`);
    assert.notEqual(states.get(keyword), 'works', `${keyword}: nothing reads '${field}'`);
  }
});
