// Damages the golden cases at random and asks the real haproxy and our parser for their verdicts. Prints every damaged text on
// which they differ without a reason that our own findings name; exit status 1 where there is one. Arguments: number of cases
// (default 300) and seed (default: from the clock, printed). Run it through the script `oracle` beside this file.

import { spawnSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic } from '@evenkeel/config';
import { allCases, ENVIRONMENT, GOLDEN, judge } from './case.ts';

const program = process.env['HAPROXY_PROGRAM'] ?? 'haproxy';
const [countText, seedText] = process.argv.slice(2);
const count = Number(countText ?? 300);
let state = Number(seedText ?? Date.now() % 1_000_000_007);
process.stdout.write(`golden damage: ${count} cases, seed ${state}\n`);

/** Park and Miller's generator: a seed gives the same cases everywhere. */
function below(limit: number): number {
  state = (state * 48_271) % 0x7fffffff;
  return state % limit;
}

function pick<T>(list: readonly T[]): T {
  return list[below(list.length)];
}

const cases = allCases();
/** What both accept: of a text that is refused anyway, damage would mostly tell nothing. */
const texts = cases
  .filter(({ expectation, name, text }) => expectation?.haproxy === 'accepts' && judge(name, text).accepted)
  .map(({ text }) => text);
const lines = cases.flatMap(({ text }) => text.split('\n')).filter((line) => line.trim() !== '' && line.length < 400);
const words = [...new Set(lines.flatMap((line) => line.trim().split(/\s+/)))];
const SPLINTERS = [
  '',
  '"',
  "'",
  '\\',
  '#',
  '$',
  '${',
  '}',
  '-1',
  '0',
  '99999999999',
  '10x',
  ',',
  '(',
  ')',
  '{',
  '!',
  '%',
  ':',
];

/** Lines by their first word: a word of one often fits into another. */
const kin = Map.groupBy(lines, (line) => line.trim().split(/\s+/)[0]);

/** One change of one line: its words, or its characters, or its place. */
function damage(text: string): string {
  const list = text.split('\n');
  const at = below(list.length);
  const parts = list[at].split(/(\s+)/);
  const word = below(Math.ceil(parts.length / 2)) * 2;
  const like = pick(kin.get(list[at].trim().split(/\s+/)[0]) ?? lines);
  switch (below(14)) {
    case 0:
      list[at] = pick(lines);
      break;
    case 1:
      list.splice(at, 0, pick(lines));
      break;
    case 2:
      list.splice(at, 1);
      break;
    case 3:
      parts[word] = pick(words);
      list[at] = parts.join('');
      break;
    case 4:
      parts.splice(word, 2);
      list[at] = parts.join('');
      break;
    case 5:
      parts.push(' ', pick(words));
      list[at] = parts.join('');
      break;
    case 6:
      parts.splice(word, 0, pick(words), ' ');
      list[at] = parts.join('');
      break;
    case 7:
    case 8:
      list.splice(at, 0, like);
      break;
    case 9:
    case 10:
      parts[word] = pick(like.trim().split(/\s+/));
      list[at] = parts.join('');
      break;
    case 11:
    case 12:
      list[at] += ` ${like.trim().split(/\s+/).slice(below(4)).join(' ')}`;
      break;
    default: {
      const column = below(list[at].length + 1);
      list[at] = list[at].slice(0, column) + pick(SPLINTERS) + list[at].slice(column + below(3));
    }
  }
  return list.join('\n');
}

/** What we refuse on purpose, by the sentence that says so. */
const DECLARED: readonly RegExp[] = [
  /is not supported/,
  /is not available/,
  // Texts where HAProxy reads a number as far as there are digits (docs/configuration.md).
  /invalid character '.' in port number/,
  /expects (a number|an integer argument|a positive integer argument)\b|^'server .*weight of server .* is not within/,
  // Words that it passes over behind these keywords.
  /'(hold|timeout|accepted_payload_size|resolve_retries|server-state-base)' cannot handle unexpected argument/,
  // A format that a later line replaces is read too.
  /failed to parse log-format/,
  // Neither an address nor what a host can be named.
  /invalid address: /,
  // Words behind the name of a section.
  /'(defaults|global|userlist|http-errors|frontend|backend|listen)' cannot handle unexpected argument/,
  // An empty word, at which HAProxy stops reading the line.
  /unknown keyword ''/,
  // A `listen` that takes the name of a backend above it, and a backend that takes the name of one whose head has such words.
  /^Parsing .* (proxy|backend) '.*' has the same name as backend/,
];

function isDeclared({ message }: Diagnostic): boolean {
  return DECLARED.some((sentence) => sentence.test(message));
}

const folder = mkdtempSync(join(tmpdir(), 'golden-damage-'));
symlinkSync(join(GOLDEN, 'files'), join(folder, 'files'));

function ask(...options: readonly string[]): { readonly accepted: boolean | undefined; readonly said: string } {
  const run = spawnSync(program, ['-c', ...options, '-f', 'damage.cfg'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...ENVIRONMENT },
    encoding: 'latin1',
    timeout: 20_000,
  });
  if (run.error !== undefined) throw run.error;
  return {
    accepted: run.status === null ? undefined : run.status !== 1,
    said: run.stderr.replace(/^\[NOTICE\].*\n/gm, ''),
  };
}

let wrong = 0;
const verdicts = { both: 0, neither: 0, declared: 0 };
try {
  for (let number = 0; number < count; number++) {
    let text = pick(texts);
    for (let changes = below(3) === 0 ? 2 : 1; changes > 0; changes--) text = damage(text);
    writeFileSync(join(folder, 'damage.cfg'), text, 'latin1');
    let { accepted: theirs, said } = ask('-dr');
    // A crash is no verdict.
    if (theirs === undefined) continue;
    const ours = judge('damage', text);
    if (theirs === ours.accepted) {
      verdicts[theirs ? 'both' : 'neither']++;
      continue;
    }
    const alerts = ours.diagnostics.filter(({ severity }) => severity === 'alert');
    if (!ours.accepted && alerts.every(isDeclared)) {
      verdicts.declared++;
      continue;
    }
    // With -dr HAProxy takes anything for a host name.
    if (theirs) ({ accepted: theirs, said } = ask());
    if (theirs === ours.accepted) continue;
    // The parser alone does not look names up.
    if (ours.accepted && /invalid address: /.test(said)) continue;
    wrong++;
    const found = theirs ? ours.output : said;
    process.stdout.write(`== ${theirs ? 'only haproxy accepts' : 'only we accept'}\n${text}\n-- ${found}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
const { both, declared, neither } = verdicts;
process.stdout.write(
  `golden damage: both accept ${both}, both refuse ${neither}, refused for a declared reason ${declared}, ${wrong} wrong\n`,
);
process.exitCode = wrong === 0 ? 0 : 1;
