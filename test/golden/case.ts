// The golden cases: where they lie, what they are read with, and the form of their expectations. Shared by the loop that
// judges our parser and by the script that asks the real haproxy.
//
// A case is `cases/TOPIC/NAME.cfg` and beside it `NAME.txt`: the verdict of the real program, a reason where ours differs,
// and behind an empty line every finding as it is shown, then canonical text where the configuration is accepted.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  memoryHost,
  parseConfig,
  printConfig,
  renderDiagnostics,
  type ConfigHost,
  type Diagnostic,
} from '@evenkeel/config';
import { lintConfig } from '@evenkeel/config/lint';

export const GOLDEN = import.meta.dirname;

/** Environment of every case, on both programs. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  GOLDEN_NAME: 'lab',
  GOLDEN_PORT: '8088',
  GOLDEN_LIST: '/a /b /c',
  GOLDEN_FD: '9',
};

export interface Case {
  /** "acls/undefined" */
  readonly name: string;
  readonly text: string;
  readonly expectation: Expectation | undefined;
}

export interface Expectation {
  readonly haproxy: 'accepts' | 'refuses';
  /** Why our verdict is another one. */
  readonly differs: string | undefined;
  readonly output: string;
}

export function allCases(): Case[] {
  const folder = join(GOLDEN, 'cases');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.cfg'))
    .sort()
    .map((path) => {
      const name = path.slice(0, -'.cfg'.length);
      return {
        name,
        text: readFileSync(join(folder, path), 'latin1'),
        expectation: readExpectation(join(folder, `${name}.txt`)),
      };
    });
}

function readExpectation(path: string): Expectation | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
  const end = text.indexOf('\n\n');
  const fields = new Map(
    text
      .slice(0, end)
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const haproxy = fields.get('haproxy');
  if (haproxy !== 'accepts' && haproxy !== 'refuses') throw new Error(`${path}: no verdict of haproxy`);
  return { haproxy, differs: fields.get('differs'), output: text.slice(end + 2) };
}

/** The files that cases name, by the paths by which they name them. */
function supportFiles(): Record<string, string> {
  const folder = join(GOLDEN, 'files');
  return Object.fromEntries(
    readdirSync(folder).map((file) => [`files/${file}`, readFileSync(join(folder, file), 'latin1')]),
  );
}

const host: ConfigHost = memoryHost({ env: ENVIRONMENT, files: supportFiles(), features: ['THREAD'] });

export interface Judgement {
  readonly accepted: boolean;
  readonly output: string;
  readonly canonical: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** What our parser makes of a text: accepted or not, and everything that is shown; of the topic `lint`, advice too. */
export function judge(name: string, text: string): Judgement {
  const file = `${name.split('/').at(-1)!}.cfg`;
  const { config, diagnostics: found, sources } = parseConfig([{ name: file, text }], host);
  const advice = config !== undefined && name.startsWith('lint/') ? lintConfig(config, sources) : [];
  const diagnostics = [...found, ...advice];
  const findings = renderDiagnostics(diagnostics, { pid: 1, sources }, ['alert', 'warning', 'notice', 'diag']);
  if (config === undefined) return { accepted: false, output: findings, canonical: undefined, diagnostics };
  const canonical = printConfig(config);
  return { accepted: true, output: `${findings}--\n${canonical}`, canonical, diagnostics };
}

/** Whether a finding says what to do, behind its caret or in HAProxy's own sentence. */
export function saysWhatToDo({ expected, message, nearest, remedy }: Diagnostic): boolean {
  return (
    [expected, nearest, remedy].some((hint) => hint !== undefined) ||
    /\b(please|use|write|supports?|expects?|must)\b|is not supported: .*;/i.test(message)
  );
}
