/** The kinds of section that the manual knows, and the state of each. */

import type { Declaration } from '../keyword.ts';
import type { SectionKind } from '../model.ts';

/** Every section of the manual with its state: chapter 3, 4, 5.3, 6, 10. */
export const SECTIONS: readonly (Declaration & { readonly name: SectionKind })[] = [
  { name: 'global', state: 'works', manual: '3' },
  { name: 'defaults', state: 'works', manual: '4' },
  { name: 'frontend', state: 'works', manual: '4' },
  { name: 'backend', state: 'works', manual: '4' },
  { name: 'listen', state: 'works', manual: '4' },
  {
    name: 'userlist',
    state: 'later',
    severity: 'quiet',
    manual: '3.4',
    reason: "'http_auth' and 'http_auth_group', which look users up, are errors",
  },
  { name: 'http-errors', state: 'works', manual: '3.8' },
  { name: 'peers', state: 'later', manual: '3.5', reason: 'stick tables and their peers come together' },
  { name: 'mailers', state: 'works', manual: '3.6' },
  {
    name: 'program',
    state: 'refused',
    manual: '3.7',
    reason: 'programs beside the proxy are the business of the service manager; write a systemd unit for each',
  },
  { name: 'ring', state: 'works', manual: '3.9' },
  {
    name: 'log-forward',
    state: 'refused',
    manual: '3.10',
    reason:
      'it listens on datagrams, which this program only sends; let senders reach their syslog server themselves, or put rsyslog between',
  },
  { name: 'resolvers', state: 'works', manual: '5.3.2' },
  { name: 'cache', state: 'later', manual: '6.2.1' },
  { name: 'fcgi-app', state: 'later', manual: '10.1.1' },
];

const BY_NAME = new Map<string, Declaration>(SECTIONS.map((section) => [section.name, section]));

export function declarationOf(kind: SectionKind): Declaration {
  return BY_NAME.get(kind)!;
}

export function isSectionKind(word: string): word is SectionKind {
  return BY_NAME.has(word);
}
