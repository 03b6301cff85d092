/**
 * Every keyword by where it stands. A table per group of the manual; a new group is a new file and one line here. The name
 * of a keyword may occur once per place.
 */

import type {
  BindContext,
  GlobalContext,
  HttpErrorsContext,
  Keywords,
  ProxyContext,
  MailersContext,
  ResolversContext,
  RingContext,
  ServerContext,
  UserlistContext,
} from '../draft.ts';
import { declaredGlobalKeywords } from '../inventory/declared-global.ts';
import { declaredBindOptions, declaredServerOptions } from '../inventory/declared-options.ts';
import { declaredProxyKeywords } from '../inventory/declared-proxy.ts';
import { withDeclared } from '../inventory/declare.ts';
import { KeywordIndex, type Keyword } from '../keyword.ts';
import { bindOptionKeywords } from './bind-options.ts';
import { globalEnvironmentKeywords } from './global-environment.ts';
import { globalLoggingKeywords } from './global-logging.ts';
import { globalPerformanceKeywords } from './global-performance.ts';
import { globalStartKeywords } from './global-start.ts';
import { globalProcessKeywords } from './global-process.ts';
import { globalVariableKeywords } from './global-variables.ts';
import { proxyBalanceKeywords } from './proxy-balance.ts';
import { proxyBasicKeywords } from './proxy-basics.ts';
import { checkRuleKeywords } from './check-rules.ts';
import { proxyCaptureKeywords } from './proxy-captures.ts';
import { proxyCheckKeywords } from './proxy-checks.ts';
import { httpErrorsKeywords, proxyErrorKeywords } from './proxy-errors.ts';
import { proxyLoggingKeywords } from './proxy-logging.ts';
import { proxyOptionKeywords } from './proxy-options.ts';
import { proxyProtocolCheckKeywords } from './proxy-protocol-checks.ts';
import { proxyRuleKeywords } from './proxy-rules.ts';
import { proxyStateKeywords } from './proxy-states.ts';
import { proxyServerKeywords } from './proxy-servers.ts';
import { proxyTimeoutKeywords } from './proxy-timeouts.ts';
import { mailersKeywords } from './mailers.ts';
import { resolversKeywords } from './resolvers.ts';
import { ringKeywords } from './ring.ts';
import { serverAddressKeywords } from './server-addresses.ts';
import { serverCheckKeywords } from './server-checks.ts';
import { serverOptionKeywords } from './server-options.ts';
import { userlistKeywords } from './userlist.ts';

const GLOBAL: readonly Keyword<GlobalContext>[] = [
  ...globalProcessKeywords,
  ...globalStartKeywords,
  ...globalPerformanceKeywords,
  ...globalEnvironmentKeywords,
  ...globalLoggingKeywords,
  ...globalVariableKeywords,
];

const PROXY: readonly Keyword<ProxyContext>[] = [
  ...proxyBasicKeywords,
  ...proxyServerKeywords,
  ...proxyTimeoutKeywords,
  ...proxyOptionKeywords,
  ...proxyBalanceKeywords,
  ...proxyCheckKeywords,
  ...checkRuleKeywords,
  ...proxyProtocolCheckKeywords,
  ...proxyLoggingKeywords,
  ...proxyCaptureKeywords,
  ...proxyErrorKeywords,
  ...proxyStateKeywords,
  ...proxyRuleKeywords,
];

const BIND_OPTIONS: readonly Keyword<BindContext>[] = [...bindOptionKeywords];

const SERVER_OPTIONS: readonly Keyword<ServerContext>[] = [
  ...serverOptionKeywords,
  ...serverCheckKeywords,
  ...serverAddressKeywords,
];

/** The registered keywords; built once, never changed. */
export const KEYWORDS: Keywords = {
  global: new KeywordIndex(withDeclared(GLOBAL, declaredGlobalKeywords)),
  proxy: new KeywordIndex(withDeclared(PROXY, declaredProxyKeywords)),
  userlist: new KeywordIndex<Keyword<UserlistContext>>(userlistKeywords),
  resolvers: new KeywordIndex<Keyword<ResolversContext>>(resolversKeywords),
  mailers: new KeywordIndex<Keyword<MailersContext>>(mailersKeywords),
  ring: new KeywordIndex<Keyword<RingContext>>(ringKeywords),
  httpErrors: new KeywordIndex<Keyword<HttpErrorsContext>>(httpErrorsKeywords),
  bindOptions: new KeywordIndex(withDeclared(BIND_OPTIONS, declaredBindOptions)),
  serverOptions: new KeywordIndex(withDeclared(SERVER_OPTIONS, declaredServerOptions)),
};
