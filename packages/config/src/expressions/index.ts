/**
 * Conditions, sample expressions, log formats, ACLs and rules: text to the syntax trees of `expression-model.ts`, checked
 * against the declared fetches, converters and actions. Each reader takes a cursor that stands on its first word and reports
 * what is wrong by the cursor.
 */

export { parseAcl } from './acl.ts';
export { parseCondition, ruleSentences, type ConditionSentences } from './condition.ts';
export { parseExpression } from './statements.ts';
export { parseLogFormat, printLogFormat } from './log-format.ts';
export { printExpression } from './expression.ts';
export { parseRule } from './rules.ts';
export { ownerOf, parseMonitorFail, parseUseBackend, parseUseServer } from './switching.ts';
export { readErrorFile, type FileResult } from './error-file.ts';
export { DEFAULT_STATUSES } from './reply.ts';
export { parseHttpError } from './http-error.ts';
export { translateRegex, type TranslatedRegex } from './regex.ts';
export { FETCHES } from './fetches.ts';
export { CONVERTERS } from './converters.ts';
export { ACTIONS, type ActionDeclaration } from './actions.ts';
export { ACL_KEYWORDS, PREDEFINED_ACLS, type AclKeyword } from './acl-keywords.ts';
export { LOG_ALIASES, type LogAlias } from './log-aliases.ts';
export {
  printSignature,
  type ConverterDeclaration,
  type FetchDeclaration,
  type SampleDeclaration,
} from './declarations.ts';
export type { SampleType } from './sample-types.ts';
export { CHECK_POINTS, type CheckPoint } from './places.ts';
