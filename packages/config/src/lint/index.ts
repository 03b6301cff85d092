/**
 * Advice about a configuration that is valid: what is allowed and seldom meant. HAProxy says nothing of these, so they never
 * stop a start or a reload by themselves; `--strict` makes them do so. Pure: what the machine has to say is the doctor's.
 *
 * Each finding names its rule. A line of the file that ends in the comment `# lint-ok`, or `# lint-ok RULE…`, is left alone.
 */

import { Diagnostics, type Diagnostic } from '../diagnostic.ts';
import type { Config, Position } from '../model.ts';
import type { Sources } from '../render.ts';
import { lintBackends } from './backends.ts';
import { lintBinds } from './binds.ts';
import { lintDescriptors } from './descriptors.ts';
import { lintKeepAlives } from './keep-alives.ts';
import { lintMysqlChecks } from './mysql-checks.ts';
import { Places } from './places.ts';

export type LintRule =
  | 'unused-backend'
  | 'overlapping-binds'
  | 'descriptors'
  | 'idle-timeout'
  | 'mysql-check'
  | 'unreachable-maxconn';

/** Where a rule leaves what it found. */
export type ReportLint = (
  rule: LintRule,
  at: Position,
  keyword: string,
  message: string,
  remedy: string | undefined,
) => void;

/** All advice, in the order of the rules; severity `warning`. `sources` are those of the parse, for the comments. */
export function lintConfig(config: Config, sources: Sources): readonly Diagnostic[] {
  const diagnostics = new Diagnostics();
  const report: ReportLint = (rule, at, keyword, message, remedy) => {
    if (isAllowed(rule, sources.line(at.file, at.line) ?? '')) return;
    diagnostics.warning(`${message} [${rule}]`, at, { form: 'place', length: keyword.length, remedy });
  };
  const places = new Places(config);
  lintDescriptors(config, places, report);
  lintBinds(config, report);
  lintBackends(config, report);
  lintKeepAlives(config, places, report);
  lintMysqlChecks(config, report);
  return diagnostics.list;
}

/** Whether a comment at the end of the line allows what the rule is against. */
function isAllowed(rule: LintRule, line: string): boolean {
  const comment = /#.*\blint-ok\b([^#:]*)/.exec(line);
  if (comment === null) return false;
  const rules = comment[1].trim().split(/[\s,]+/);
  return rules[0] === '' || rules.includes(rule);
}
