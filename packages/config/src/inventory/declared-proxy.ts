/**
 * Keywords of proxies (manual section 4.2) that nothing here reads: parts of the language still to come, words that HAProxy 2.6 refuses
 * too, with its own sentences, and what has no meaning here.
 */

import type { ProxyContext } from '../draft.ts';
import type { Keyword, KeywordPlace } from '../keyword.ts';
import { declare, type Group } from './declare.ts';

const ALL: readonly KeywordPlace[] = ['defaults', 'frontend', 'listen', 'backend'];
const PROXIES: readonly KeywordPlace[] = ['frontend', 'listen', 'backend'];
const FRONTENDS: readonly KeywordPlace[] = ['defaults', 'frontend', 'listen'];
const BACKENDS: readonly KeywordPlace[] = ['defaults', 'listen', 'backend'];
const BACKENDS_ONLY: readonly KeywordPlace[] = ['listen', 'backend'];

function later(places: readonly KeywordPlace[], reason?: string, more: Partial<Group> = {}): Group {
  return { state: 'later', places, manual: '4.2', ...(reason === undefined ? {} : { reason }), ...more };
}

function refused(places: readonly KeywordPlace[], reason: string, more: Partial<Group> = {}): Group {
  return { state: 'refused', places, manual: '4.2', reason, ...more };
}

function accepted(places: readonly KeywordPlace[], reason: string, more: Partial<Group> = {}): Group {
  return { state: 'accepted', places, manual: '4.2', reason, ...more };
}

/** What HAProxy 2.6 itself refuses: the word, and its sentence. */
const REMOVED: readonly (readonly [name: string, message: string])[] = [
  ['appsession', "'appsession' is not supported anymore since HAProxy 1.6."],
  [
    'block',
    "The 'block' directive is not supported anymore since HAProxy 2.1. Use 'http-request deny' which uses the exact same syntax.",
  ],
  ['clitimeout', "the 'clitimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout client'."],
  ['contimeout', "the 'contimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout connect'."],
  ['srvtimeout', "the 'srvtimeout' directive is not supported anymore since HAProxy 2.1. Use 'timeout server'."],
  [
    'monitor-net',
    "'monitor-net' doesn't exist anymore. Please use 'http-request return status 200 if { src  }' instead.",
  ],
  ['redispatch', "keyword 'redispatch' directive is not supported anymore since HAProxy 2.1. Use 'option redispatch'."],
  ['redisp', "keyword 'redisp' directive is not supported anymore since HAProxy 2.1. Use 'option redispatch'."],
  ['grace', "the 'grace' keyword is not supported any more since HAProxy version 2.5."],
  ...removedRules(),
];

/** The rewriting keywords of old, each with what replaced it. */
function removedRules(): [string, string][] {
  const replacements: Readonly<Record<string, string>> = {
    reqadd: "'http-request add-header' instead",
    reqallow: "'http-request allow' instead",
    reqdel: "'http-request del-header' instead",
    reqdeny: "'http-request deny' instead",
    reqiallow: "'http-request allow' instead",
    reqidel: "'http-request del-header' instead",
    reqideny: "'http-request deny' instead",
    reqirep: "'http-request replace-header' instead",
    reqitarpit: "'http-request tarpit' instead",
    reqrep: "'http-request replace-path', 'http-request replace-uri' or 'http-request replace-header' instead",
    reqtarpit: "'http-request tarpit' instead",
    cliexp: "'http-request replace-path', 'http-request replace-uri' or 'http-request replace-header' instead",
    rspadd: "'http-response add-header' instead",
    rspdel: "'http-response del-header' instead",
    rspdeny: "'http-response deny' instead",
    rspidel: "'http-response del-header' instead",
    rspideny: "'http-response deny' instead",
    rspirep: "'http-response replace-header' instead",
    rsprep: "'http-response replace-header' instead",
    srvexp: "'http-response replace-header' instead",
    reqpass: '',
    reqipass: '',
  };
  return Object.entries(replacements).map(([name, instead]) => {
    const use = instead === '' ? '' : ` Use ${instead}.`;
    return [name, `The '${name}' directive is not supported anymore since HAProxy 2.1.${use}`];
  });
}

function removed(): Keyword<ProxyContext>[] {
  return REMOVED.map(([name, message]) => ({
    name,
    state: 'refused',
    places: ALL,
    manual: '4.2',
    reason: reasonOf(message),
    message,
    messageForm: name === 'grace' ? 'tight' : 'parsing',
  }));
}

/** The replacement that a sentence names, as a reason. */
function reasonOf(message: string): string {
  const instead = /[Uu]se ('.*?')( directive)?( instead| which uses the exact same syntax)?\.$/.exec(message)?.[1];
  return instead === undefined
    ? 'HAProxy has removed it without a replacement'
    : `HAProxy has removed it; use ${instead} instead`;
}

export const declaredProxyKeywords: readonly Keyword<ProxyContext>[] = [
  ...removed(),

  ...declare(accepted(ALL, 'all threads serve every proxy'), 'bind-process'),
  ...declare(
    accepted(ALL, 'data is not spliced through pipes', { negatable: true, bare: true }),
    'option splice-auto, option splice-request, option splice-response',
  ),

  ...declare(later(ALL, 'it needs compression'), 'compression algo, compression offload, compression type'),
  ...declare(later(BACKENDS, 'it needs persistence by cookies'), 'cookie, dynamic-cookie-key'),
  ...declare(later(BACKENDS_ONLY, 'it needs persistence by cookies'), 'force-persist, ignore-persist'),
  ...declare(
    refused(BACKENDS_ONLY, 'every address has a server that can be watched and counted; write a server line with it'),
    'dispatch',
  ),
  ...declare(
    refused(BACKENDS, "write 'server NAME 0.0.0.0' instead, which goes where the client wanted to go", {
      negatable: true,
    }),
    'transparent, option transparent',
  ),
  ...declare(later(PROXIES, 'it needs filters'), 'filter'),
  ...declare(later(ALL), 'redirect, option http-restrict-req-hdr-names'),
  ...declare(later(FRONTENDS, 'it needs HTTP/2', { negatable: true }), 'option disable-h2-upgrade'),
  ...declare(later(PROXIES, 'it needs the statistics page'), 'stats admin, stats http-request'),
  ...declare(
    later(ALL, 'it needs the statistics page'),
    `stats auth, stats enable, stats hide-version, stats realm, stats refresh, stats scope, stats show-desc,
     stats show-legends, stats show-modules, stats show-node, stats uri`,
  ),
  ...declare(
    later(BACKENDS_ONLY, 'it needs stick tables'),
    'stick match, stick on, stick store-request, stick store-response',
  ),
  ...declare(later(PROXIES, 'it needs stick tables'), 'stick-table'),
  ...declare(later(BACKENDS_ONLY, 'it needs FastCGI'), 'use-fcgi-app'),
];
