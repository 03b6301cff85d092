// Recorded evaluations: what the real haproxy made of expressions and ACL tests on given requests. Shared by the test that
// evaluates them here and by the script that records them.
//
// A file holds lines: `request JSON` (the bytes of a request as latin1), then `value EXPRESSION => JSON` or `=> nothing` where
// the sample is not found, and `test CRITERION => true|false`. Where we differ on purpose, ` | ours ANSWER: REASON` follows.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GOLDEN } from './case.ts';

/** A text, "nothing" as undefined, or the truth of a test. */
export type Answer = string | boolean | undefined;

export interface Evaluation {
  readonly kind: 'value' | 'test';
  readonly text: string;
  answer: Answer;
  readonly ours: { readonly answer: Answer; readonly reason: string } | undefined;
}

export interface RequestSamples {
  readonly request: string;
  readonly evaluations: Evaluation[];
}

export interface SampleFile {
  readonly name: string;
  readonly groups: RequestSamples[];
}

export function sampleFiles(): SampleFile[] {
  const folder = join(GOLDEN, 'samples');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => ({
      name: file.slice(0, -'.txt'.length),
      groups: readGroups(readFileSync(join(folder, file), 'utf8')),
    }));
}

function readGroups(text: string): RequestSamples[] {
  const groups: RequestSamples[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const blank = line.indexOf(' ');
    const rest = line.slice(blank + 1);
    if (line.startsWith('request ')) groups.push({ request: JSON.parse(rest) as string, evaluations: [] });
    else groups.at(-1)!.evaluations.push(readEvaluation(line.slice(0, blank) as Evaluation['kind'], rest));
  }
  return groups;
}

function readEvaluation(kind: Evaluation['kind'], rest: string): Evaluation {
  const arrow = rest.lastIndexOf(' => ');
  if (arrow < 0) return { kind, text: rest, answer: undefined, ours: undefined };
  const match = /^(.*?)(?: \| ours (.*?): (.*))?$/.exec(rest.slice(arrow + 4))!;
  const ours = match[2] === undefined ? undefined : { answer: readAnswer(match[2]), reason: match[3] };
  return { kind, text: rest.slice(0, arrow), answer: readAnswer(match[1]), ours };
}

function readAnswer(text: string): Answer {
  return text === 'nothing' ? undefined : (JSON.parse(text) as string | boolean);
}

function printAnswer(answer: Answer): string {
  return answer === undefined ? 'nothing' : JSON.stringify(answer);
}

export function writeSampleFile(file: SampleFile): void {
  const lines = file.groups.flatMap((group) => [
    `request ${JSON.stringify(group.request)}`,
    ...group.evaluations.map((one) => {
      const ours = one.ours === undefined ? '' : ` | ours ${printAnswer(one.ours.answer)}: ${one.ours.reason}`;
      return `${one.kind} ${one.text} => ${printAnswer(one.answer)}${ours}`;
    }),
    '',
  ]);
  writeFileSync(join(GOLDEN, 'samples', `${file.name}.txt`), lines.join('\n'));
}
