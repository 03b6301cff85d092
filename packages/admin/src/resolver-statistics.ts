/** `show stat domain resolvers` (management manual, section 9.3): the counters of `show resolvers` as statistics. */

import type { COUNTERS } from './show-resolvers.ts';
import type { Form } from './show-stat.ts';
import type { Runtime } from './runtime.ts';
import { csvText } from './statistics-columns.ts';
import { jsonFigure, typedLine } from './typed-output.ts';
import type { TypedValue } from './typed-output.ts';

/** Counters by the names and meanings that they have here. */
const COLUMNS: readonly (readonly [name: string, counter: (typeof COUNTERS)[number], description: string])[] = [
  ['sent', 'sent', 'Questions sent'],
  ['send_error', 'snd_error', 'Questions that could not be sent'],
  ['valid', 'valid', 'Valid answers'],
  ['update', 'update', 'Answers that changed an address'],
  ['cname', 'cname', 'Answers with an alias'],
  ['cname_error', 'cname_error', 'Aliases that led nowhere'],
  ['any_err', 'any_err', 'Empty answers'],
  ['nx', 'nx', 'Names that do not exist'],
  ['timeout', 'timeout', 'Questions without an answer in time'],
  ['refused', 'refused', 'Questions that were refused'],
  ['other', 'other', 'Other errors'],
  ['invalid', 'invalid', 'Invalid answers'],
  ['too_big', 'too_big', 'Answers that were too long'],
  ['truncated', 'truncated', 'Answers that were cut'],
  ['outdated', 'outdated', 'Answers that came too late'],
];

export function* resolverStatistics(runtime: Runtime, form: Form, describes: boolean): Generator<string> {
  if (form === 'csv') yield `# id,pid,${COLUMNS.map(([name]) => name).join(',')},\n`;
  let separator = '[';
  for (const section of runtime.resolvers.figures()) {
    for (const { name, figures } of section.servers) {
      const counters: Readonly<Record<string, number>> = { ...figures };
      const values: TypedValue[] = [
        { position: 0, name: 'id', tags: 'CGP', type: 'str', value: name, description: 'Name server' },
        { position: 1, name: 'pid', tags: 'CGP', type: 'str', value: section.name, description: 'Section' },
        ...COLUMNS.map(([column, counter, description], index) => ({
          position: index + 2,
          name: column,
          tags: 'MGP',
          type: 'u64' as const,
          value: counters[counter] ?? 0,
          description,
        })),
      ];
      switch (form) {
        case 'csv':
          yield `${values.map(({ value }) => csvText(value)).join(',')},\n`;
          break;
        case 'typed':
          yield values.map((value) => typedLine('N.', value, describes, false)).join('');
          break;
        case 'json':
          yield `${separator}[${values.map((value) => jsonFigure('', value, false)).join(',')}]`;
          separator = ',';
          break;
      }
    }
  }
  if (form === 'json') yield separator === '[' ? '[]\n' : ']\n';
}
