/** The configuration language of HAProxy 2.6: text to a typed, frozen model, and everything that is to be said about a text. */

export type * from './model.ts';
export type * from './check-model.ts';
export type * from './expression-model.ts';
export type { ConfigHost, HostAnswer } from './host.ts';
export { parseConfig, hasListener, type ParseResult } from './parse.ts';
export { loadInputs, type InputResult } from './inputs.ts';
export type { InputFile } from './reader.ts';
export { memoryHost, type MemoryHostOptions } from './memory-host.ts';
export { compareVersions, evaluateCondition, type ConditionFacts, type ConditionResult } from './conditions.ts';
export type { Diagnostic, Severity } from './diagnostic.ts';
export {
  haproxyText,
  printableText,
  renderDiagnostic,
  renderDiagnostics,
  Sources,
  type RenderOptions,
} from './render.ts';
export { printConfig, quoteWord } from './print.ts';
export { deepFreeze } from './build.ts';
export { isAdded, readDynamicServer, readEditedServer, withServers, type DynamicServer } from './dynamic-server.ts';
export { EditedServers, type EditedBackend } from './edited-servers.ts';
export { parseSize, parseTimeMs } from './units.ts';
export {
  formatAddress,
  isIpv4,
  isIpv6,
  isNetwork,
  parseAddress,
  type AddressResult,
  type AddressRules,
} from './address.ts';
export {
  ACTIONS,
  CONVERTERS,
  FETCHES,
  LOG_ALIASES,
  translateRegex,
  type TranslatedRegex,
} from './expressions/index.ts';
export type {
  ActionDeclaration,
  ConverterDeclaration,
  FetchDeclaration,
  LogAlias,
  SampleDeclaration,
  SampleType,
} from './expressions/index.ts';
export { listKeywords, printHaproxyKeywords } from './inventory/print.ts';
