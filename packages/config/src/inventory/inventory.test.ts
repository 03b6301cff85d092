import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONVERTERS } from '../expressions/converters.ts';
import { FETCHES } from '../expressions/fetches.ts';
import { KEYWORDS } from '../keywords/index.ts';
import { findings } from '../testing.ts';
import {
  CLI_COMMANDS,
  COMMAND_LINE_OPTIONS,
  CRT_LIST_OPTIONS,
  FILTERS,
  SECTION_KEYWORDS,
  SERVICES,
} from './declared-other.ts';
import { inventory } from './inventory.ts';
import * as names from './names.ts';
import { listKeywords, printHaproxyKeywords } from './print.ts';

test('every name of the inventory is in exactly one state', () => {
  const undeclared = inventory().filter((entry) => entry.state === undefined);
  assert.deepEqual(
    undeclared.map((entry) => `${entry.class}: ${entry.name}`),
    [],
  );
});

test('no name stands twice in a class', () => {
  const seen = new Set<string>();
  for (const entry of inventory()) {
    const key = `${entry.class}: ${entry.name}`;
    assert.ok(!seen.has(key), key);
    seen.add(key);
  }
});

test('what is accepted or refused says why', () => {
  const silent = inventory().filter(
    (entry) => (entry.state === 'accepted' || entry.state === 'refused') && entry.reason === undefined,
  );
  assert.deepEqual(
    silent.map((entry) => `${entry.class}: ${entry.name}`),
    [],
  );
});

test('reasons are the end of a sentence, without a full stop', () => {
  for (const entry of inventory())
    assert.doesNotMatch(entry.reason ?? '', /\.$|^\s|\s$/, `${entry.class}: ${entry.name}`);
});

test('every keyword that is read stands in the inventory', () => {
  const listed = new Set(inventory().map((entry) => `${entry.class}: ${entry.name}`));
  const tables = {
    global: KEYWORDS.global,
    proxy: KEYWORDS.proxy,
    'bind option': KEYWORDS.bindOptions,
    'server option': KEYWORDS.serverOptions,
  };
  for (const [kind, index] of Object.entries(tables)) {
    for (const keyword of index.values()) assert.ok(listed.has(`${kind}: ${keyword.name}`), `${kind}: ${keyword.name}`);
  }
});

test('the tables for what is not read hold only names of the inventory', () => {
  const listed = new Set(inventory().map((entry) => `${entry.class}: ${entry.name}`));
  const tables = {
    'crt-list option': CRT_LIST_OPTIONS,
    filter: FILTERS,
    service: SERVICES,
    'runtime command': CLI_COMMANDS,
    'command-line option': COMMAND_LINE_OPTIONS,
    ...SECTION_KEYWORDS,
  };
  for (const [kind, table] of Object.entries(tables)) {
    for (const name of table.keys()) assert.ok(listed.has(`${kind}: ${name}`), `${kind}: ${name}`);
  }
});

test('the list for `evenkeel keywords` has a line for each name and counts that add up', () => {
  const text = listKeywords();
  const all = inventory();
  const lines = text.split('\n').filter((line) => /^ {2}(works|accepted|refused|later) /.test(line));
  assert.equal(lines.length, all.length);
  const total = text.trimEnd().split('\n').at(-1)!.trim().split(/\s+/);
  assert.equal(total[0], 'all');
  const counts = total.slice(1).map(Number);
  assert.equal(counts.at(-1), all.length);
  assert.equal(
    counts.slice(0, 4).reduce((sum, count) => sum + count, 0),
    all.length,
  );
});

test('-dK prints what works, in the format of HAProxy 2.6', () => {
  const acl = printHaproxyKeywords(['acl']).split('\n');
  assert.equal(acl[0], '# List of registered ACL keywords:');
  assert.ok(acl.includes('hdr_dom = req.hdr -m dom'));
  assert.ok(acl.includes('path = path -m str'));
  const samples = printHaproxyKeywords(['smp']).split('\n');
  assert.equal(samples[0], '# List of registered sample fetch functions:');
  assert.equal(samples[1], '#                       _.---------------------- frontend tcp-request connection rule');
  assert.equal(samples[22], '#  / / / / / / / / / / / / / / / / / / / / / _.- CLI parser');
  assert.equal(samples[23], '# / / / / / / / / / / / / / / / / / / / / / /  ');
  assert.equal(samples[24], '# | | | | | | | | | | | | | | | | | | | | | | ');
  assert.ok(samples.includes('[ . . Y Y Y Y Y Y Y Y Y . . . . . . . . . . . ] path: str'));
  assert.ok(samples.includes('[ . . . . . . . . . . . Y Y Y Y Y Y Y . Y . . ] res.hdr([string,integer]): str'));
  assert.ok(samples.includes('[ . . . . . . Y Y Y Y Y Y Y Y Y Y Y Y Y Y . . ] be_name: str'));
  const converters = printHaproxyKeywords(['cnv']).split('\n');
  assert.ok(converters.includes('field(integer,string[,integer]): str => str'));
  assert.ok(converters.includes('ipmask(IPv4 mask[,IPv6 mask]): ipv4 => addr'));
  assert.ok(converters.includes('regsub(regex,string[,string]): str => str'));
  const configuration = printHaproxyKeywords(['cfg']).split('\n');
  assert.ok(configuration.includes('\tbind <addr> maxconn +1'));
  assert.ok(configuration.includes('\tserver <name> <addr> backup'));
  assert.ok(configuration.includes('\toption abortonclose [ BE ]'));
  assert.ok(configuration.includes('\thttp-request set-header'));
  assert.ok(configuration.includes('\ttimeout'));
});

test('-dK names no keyword that does not work', () => {
  const text = printHaproxyKeywords(['all']);
  for (const fetch of FETCHES.values()) {
    if (fetch.state !== 'works')
      assert.ok(!text.includes(`] ${fetch.name}:`) && !text.includes(`] ${fetch.name}(`), fetch.name);
  }
  for (const converter of CONVERTERS.values()) {
    const isListed = new RegExp(`^${converter.name.replaceAll('.', '\\.')}[(:]`, 'm').test(
      printHaproxyKeywords(['cnv']),
    );
    assert.equal(isListed, converter.state === 'works', converter.name);
  }
});

test('-dKhelp lists the classes', () => {
  assert.equal(
    printHaproxyKeywords(['help']),
    '# List of supported keyword classes:\nall: list all keywords\nacl: ACL keywords\ncfg: configuration keywords\ncli: CLI keywords\n' +
      'cnv: sample converter keywords\nflt: filter names\nsmp: sample fetch functions\nsvc: service names\n',
  );
});

test('keywords that are accepted, refused or still to come say so when they are used', () => {
  const one = (line: string): readonly string[] => findings(`global\n ${line}\n`).slice(0, 1);
  assert.deepEqual(one('nosplice'), [
    "WARNING parsing [t.cfg:2] : 'nosplice' has no effect here: data is not spliced through pipes.",
  ]);
  assert.match(
    one('lua-load x.lua')[0],
    /^ALERT .*'lua-load' is not supported: Lua scripts are not run; write http-request rules/,
  );
  assert.match(
    one('tune.ssl.lifetime 5')[0],
    /^ALERT .*'tune\.ssl\.lifetime' is not supported by this version: it needs TLS\.$/,
  );
  assert.match(one('51degrees-cache-size 5')[0], /^ALERT .*device detection libraries are not linked in/);
});

test('names and their notes are read apart', () => {
  assert.ok(names.BIND_NAMES.includes('maxconn +1'));
  assert.ok(inventory().some((entry) => entry.class === 'bind option' && entry.name === 'maxconn'));
  assert.ok(inventory().some((entry) => entry.class === 'server option' && entry.name === 'source'));
});
