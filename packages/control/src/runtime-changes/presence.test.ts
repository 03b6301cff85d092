import { test } from 'node:test';
import assert from 'node:assert/strict';
import { memoryHost, parseConfig, readEditedServer, type Config } from '@evenkeel/config';
import fc from 'fast-check';
import { serverObject, type Override } from './change.ts';
import { PRESENCE, joinWords, lineOf, mergePresence, splitWords, type ReadServer } from './presence.ts';

const host = memoryHost({});
const read: ReadServer = (servers, backend, name, words, dynamic) =>
  readEditedServer(servers, backend, name, words, host, dynamic);

function parse(servers: string, more = ''): Config {
  const text = `defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nbackend web\n${servers}\n${more}\n`;
  const { config, diagnostics } = parseConfig([{ name: 'test.cfg', text }], host);
  assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
  return config;
}

const added = (name: string, words: string): Override => override(name, '', words);
const removed = (name: string, line: string): Override => override(name, line, '');

function override(name: string, file: string, value: string): Override {
  return { object: serverObject('web', name), field: PRESENCE, file, value, sinceMs: 1, by: 'socket' };
}

const names = (config: Config): string[] => config.proxies[0].servers.map(({ name }) => name);

const TWO = '  server s1 10.0.0.1:80 weight 5\n  server s2 10.0.0.2:80 check';

test('an added server stands behind those of the file, as its words say, on top of default-server', () => {
  const file = parse(`  default-server maxconn 77\n${TWO}`);
  const { config, kept, ended, added: all } = mergePresence(file, [added('s9', '10.0.0.9:80 weight 9')], read);
  assert.deepEqual(names(config), ['s1', 's2', 's9']);
  const { weight, maxconn, disabled } = config.proxies[0].servers[2];
  assert.deepEqual([weight, maxconn, disabled], [9, 77, true]);
  assert.deepEqual([kept.length, ended.length, [...all]], [1, 0, ['web/s9']]);
  // The file itself is as it was.
  assert.deepEqual(names(file), ['s1', 's2']);
});

test('a removed server stays away while its line is the same, and comes back when it is edited', () => {
  const file = parse(TWO);
  const gone = removed('s1', lineOf(file, 'web/s1'));
  assert.equal(gone.file, '10.0.0.1:80 weight 5');
  assert.deepEqual(names(mergePresence(file, [gone], read).config), ['s2']);
  const edited = mergePresence(parse(TWO.replace('weight 5', 'weight 6')), [gone], read);
  assert.deepEqual(names(edited.config), ['s1', 's2']);
  assert.deepEqual(edited.ended, [{ override: gone, ending: { why: 'edited', file: '10.0.0.1:80 weight 6' } }]);
  // Blanks, comments and the place in the file are no edit.
  const moved = parse('  # first\n\n  server s2 10.0.0.2:80 check\n  server   s1   10.0.0.1:80   weight 5 # as before');
  assert.deepEqual(names(mergePresence(moved, [gone], read).config), ['s2']);
});

test('one that is gone from the file needs no removal any more', () => {
  const gone = removed('s1', '10.0.0.1:80 weight 5');
  const { config, ended } = mergePresence(parse('  server s2 10.0.0.2:80'), [gone], read);
  assert.deepEqual(names(config), ['s2']);
  assert.deepEqual(ended, [{ override: gone, ending: { why: 'adopted', file: '' } }]);
});

test('a server that the file has got meanwhile is the file’s', () => {
  const one = added('s2', '10.9.9.9:99');
  const { config, ended } = mergePresence(parse(TWO), [one], read);
  assert.equal(lineOf(config, 'web/s2'), '10.0.0.2:80 check');
  assert.deepEqual(ended[0].ending, { why: 'edited', file: '10.0.0.2:80 check' });
  const same = mergePresence(parse(TWO), [added('s2', '10.0.0.2:80 check')], read);
  assert.deepEqual(same.ended[0].ending, { why: 'adopted', file: '10.0.0.2:80 check' });
});

test('a server of the file that was removed and added with other words is as it was added', () => {
  const file = parse(TWO);
  const other = override('s1', lineOf(file, 'web/s1'), '10.0.0.8:88');
  const { config, kept } = mergePresence(file, [other], read);
  assert.deepEqual(names(config), ['s2', 's1']);
  assert.equal(kept.length, 1);
  const { address } = config.proxies[0].servers[1];
  assert.ok(address.kind === 'inet' && address.host === '10.0.0.8');
});

test('what can no longer be is given up, with the reason', () => {
  const dependent = added('s9', '10.0.0.9:80 resolvers nobody');
  const { config, ended } = mergePresence(parse(TWO), [dependent], read);
  assert.deepEqual(names(config), ['s1', 's2']);
  assert.deepEqual(ended[0].ending, { why: 'refused', reason: "unable to find required resolvers 'nobody'" });

  const line = '10.0.0.1:80 weight 5';
  const ruled = parse(`${TWO}\n  use-server s1 if TRUE`);
  const byRule = mergePresence(ruled, [removed('s1', line)], read);
  assert.deepEqual(names(byRule.config), ['s1', 's2']);
  assert.equal(byRule.ended[0].ending.why, 'refused');

  const tracked = parse(`  server s1 ${line} check`, 'backend other\n  server t 10.0.0.3:80 track web/s1');
  const byTrack = mergePresence(tracked, [removed('s1', `${line} check`)], read);
  assert.deepEqual(byTrack.ended[0].ending, { why: 'refused', reason: 'server other/t tracks it' });
});

test('a server that tracks the other stands no longer in the way once it is removed itself', () => {
  const file = parse('  server s1 10.0.0.1:80 check\n  server t 10.0.0.3:80 track s1');
  const tracker = removed('t', '10.0.0.3:80 track s1');
  const tracked = removed('s1', '10.0.0.1:80 check');
  assert.deepEqual(names(mergePresence(file, [tracker, tracked], read).config), []);
  const late = mergePresence(file, [tracked, tracker], read);
  assert.deepEqual(names(late.config), ['s1']);
  assert.deepEqual(late.ended[0].ending, { why: 'refused', reason: 'server web/t tracks it' });
  // One that was added tracks too.
  const follower = added('t2', '10.0.0.4:80 track s1');
  assert.equal(mergePresence(file, [tracker, follower, tracked], read).ended.length, 1);
});

test('numbers: each has its own, those of removed servers are free again, and one that was refused takes none', () => {
  const file = parse('  server s1 10.0.0.1:80 id 1\n  server s2 10.0.0.2:80 id 2\n  server s3 10.0.0.3:80 id 4');
  const { config, ended } = mergePresence(
    file,
    [
      removed('s1', '10.0.0.1:80 id 1'),
      added('bad', '10.0.0.8:80 id 7 id 8 resolvers nobody'),
      added('a', '10.0.0.5:80'),
      added('b', '10.0.0.6:80'),
      added('c', '10.0.0.7:80 id 7'),
      added('d', '10.0.0.7:80 id 8'),
      added('e', '10.0.0.7:80 id 7'),
    ],
    read,
  );
  assert.deepEqual(
    config.proxies[0].servers.map(({ name, id }) => `${name} ${id}`),
    ['s2 2', 's3 4', 'a 1', 'b 3', 'c 7', 'd 8'],
  );
  assert.deepEqual(
    ended.map(({ override: { object } }) => object.name),
    ['web/bad', 'web/e'],
  );
});

test('one that cannot be as it was added again stays where the file has it', () => {
  const file = parse(TWO);
  const again = override('s1', lineOf(file, 'web/s1'), '10.0.0.8:80 resolvers nobody');
  assert.deepEqual(names(mergePresence(file, [again], read).config), ['s1', 's2']);
  assert.equal(mergePresence(file, [again], read).config, file);
});

test('thousands of servers that came and went cost each as much as one', () => {
  const COUNT = 4000;
  const file = parse(
    Array.from({ length: COUNT }, (_, index) => `  server s${index} 10.0.${index >> 8}.${index & 255}:80`).join('\n'),
    'backend other\n  server x 10.0.0.2:80 check\n  server t 10.0.0.3:80 track x\n  use-server t if TRUE',
  );
  const overrides = Array.from({ length: COUNT }, (_, index) =>
    index % 2 === 0
      ? removed(`s${index}`, lineAt(index))
      : added(`new${index}`, `${lineAt(index)} weight ${index & 127}`),
  );
  // Looks at servers as a whole, counted through the lists that the file has.
  let looks = 0;
  const counted = (servers: Config['proxies'][number]['servers']): typeof servers =>
    new Proxy(servers, {
      get(target, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) looks++;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
  const watched = { ...file, proxies: file.proxies.map((proxy) => ({ ...proxy, servers: counted(proxy.servers) })) };
  const { config, kept, ended, added: all } = mergePresence(watched, overrides, read);
  assert.ok(looks < 20 * COUNT, `${looks} looks at ${COUNT} servers`);
  assert.deepEqual([kept.length, ended.length, all.size], [COUNT, 0, COUNT / 2]);
  assert.deepEqual(names(config), [
    ...Array.from({ length: COUNT / 2 }, (_, half) => `s${2 * half + 1}`),
    ...Array.from({ length: COUNT / 2 }, (_, half) => `new${2 * half + 1}`),
  ]);
  const ids = config.proxies[0].servers.map(({ id }) => id);
  assert.equal(new Set(ids).size, COUNT);
  // The numbers of those that went are taken by those that came, the lowest first.
  assert.equal(Math.max(...ids), COUNT);
});

const lineAt = (index: number): string => `10.0.${index >> 8}.${index & 255}:80`;

test('a backend that is gone takes its servers along', () => {
  const other = parseConfig([{ name: 'o.cfg', text: 'backend other\n  timeout server 1s\n' }], host).config!;
  const { ended } = mergePresence(other, [added('s9', '10.0.0.9:80')], read);
  assert.deepEqual(ended[0].ending, { why: 'gone' });
});

test('servers of a template can be removed one by one', () => {
  const file = parse('  server-template t 1-3 10.0.0.1:80 weight 5');
  const gone = removed('t2', lineOf(file, 'web/t2'));
  assert.equal(gone.file, '10.0.0.1:80 weight 5');
  assert.deepEqual(names(mergePresence(file, [gone], read).config), ['t1', 't3']);
});

test('merging what was kept again gives the same', () => {
  const step = fc.constantFrom(
    added('s9', '10.0.0.9:80'),
    added('s8', '10.0.0.8:80 resolvers nobody'),
    removed('s1', '10.0.0.1:80 weight 5'),
    removed('s2', '10.0.0.2:80 check'),
    override('s1', '10.0.0.1:80 weight 5', '10.0.0.7:80'),
    added('s2', '10.0.0.2:80'),
  );
  const list = fc.uniqueArray(step, { selector: ({ object }) => object.name });
  const file = fc.constantFrom(TWO, TWO.replace('weight 5', ''), '  server s1 10.0.0.1:80 weight 5', '');
  fc.assert(
    fc.property(list, file, (overrides, servers) => {
      const config = parse(servers);
      const once = mergePresence(config, overrides, read);
      const twice = mergePresence(config, once.kept, read);
      assert.deepEqual(twice.kept, once.kept);
      assert.deepEqual(twice.ended, []);
      assert.deepEqual(names(twice.config), names(once.config));
      assert.equal(once.kept.length + once.ended.length, overrides.length);
    }),
  );
});

test('words with blanks, quotes and backslashes come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
      assert.deepEqual(splitWords(joinWords(words)), words);
    }),
  );
});
