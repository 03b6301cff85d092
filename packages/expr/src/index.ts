// Sample expressions, conditions and log formats, compiled once to closures.
export { IpAddress, ipv4, parseIpAddress } from './ip-address.ts';
export { compileNetworks } from './networks.ts';
export type {
  ExpressionEnvironment,
  LogContext,
  LogTimers,
  BackendFigures,
  FrontendFigures,
  ProxyView,
  ServerFigures,
  SampleContext,
  ServerView,
  SessionView,
} from './context.ts';
export { createCompiler, type Compiler, type Sample } from './compiler.ts';
export type { Verdict } from './condition.ts';
export type { Integer } from './values.ts';
export { crc32, crc32c, djb2, sdbm, wt6, avalanche } from './converters/hashes.ts';
export { readRdpCookie, type RdpCookie } from './rdp-cookie.ts';
export {
  compileSetVariable,
  emptyScopes,
  variableReference,
  type VariableCondition,
  type VariableReference,
  type VariableScope,
  type VariableScopes,
  type Variables,
} from './variables.ts';
export { httpDate } from './dates.ts';
