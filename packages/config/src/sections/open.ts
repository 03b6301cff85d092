/** The kinds of section and what reads each. A section kind that is not built yet is one finding at its head. */

import type { Cursor } from '../cursor.ts';
import { guard, readStatement, type OpenSection } from '../dispatch.ts';
import type { ParseState } from '../draft.ts';
import type { Declaration } from '../keyword.ts';
import type { SectionKind } from '../model.ts';
import { scopeOf } from '../scope.ts';
import { openHttpErrors, openUserlist } from './named.ts';
import { openProxy } from './proxy.ts';

/** A section whose statements are being read. */
export interface SectionReader {
  readonly name: string;
  readonly from: string | undefined;
  read(cursor: Cursor): void;
  end?(): void;
}

/** Every section of the manual with its state: chapter 3, 4, 5.3, 6, 10. */
export const SECTIONS: readonly (Declaration & { readonly name: SectionKind })[] = [
  { name: 'global', state: 'works', manual: '3' },
  { name: 'defaults', state: 'works', manual: '4' },
  { name: 'frontend', state: 'works', manual: '4' },
  { name: 'backend', state: 'works', manual: '4' },
  { name: 'listen', state: 'works', manual: '4' },
  { name: 'userlist', state: 'works', manual: '3.4' },
  { name: 'http-errors', state: 'works', manual: '3.8' },
  { name: 'peers', state: 'later', manual: '3.5', reason: 'stick tables and their peers come together' },
  { name: 'mailers', state: 'later', manual: '3.6' },
  { name: 'program', state: 'later', manual: '3.7' },
  { name: 'ring', state: 'later', manual: '3.9' },
  { name: 'log-forward', state: 'later', manual: '3.10' },
  { name: 'resolvers', state: 'later', manual: '5.3.2' },
  { name: 'cache', state: 'later', manual: '6.2.1' },
  { name: 'fcgi-app', state: 'later', manual: '10.1.1' },
];

const BY_NAME = new Map<string, Declaration>(SECTIONS.map((section) => [section.name, section]));

export function isSectionKind(word: string): word is SectionKind {
  return BY_NAME.has(word);
}

/** Opens the section whose head stands at the cursor. Faults of the head become findings. */
export function openSection(kind: SectionKind, cursor: Cursor, state: ParseState): SectionReader {
  cursor.keyword = kind;
  switch (kind) {
    case 'global':
      return openGlobal(cursor, state);
    case 'defaults':
    case 'frontend':
    case 'backend':
    case 'listen': {
      const draft = openProxy(cursor, state);
      const from = draft.notes.explicitBase ? draft.notes.base!.name : undefined;
      return reader(draft.name, from, {
        kind,
        index: state.keywords.proxy,
        context: { state, draft, scope: (place) => scopeOf(state, draft, place) },
        proxy: draft,
        noted: state.noted,
      });
    }
    case 'userlist': {
      const draft = openUserlist(cursor, state);
      return reader(draft.name, undefined, {
        kind,
        index: state.keywords.userlist,
        context: { state, draft, known: { users: new Set<string>(), groups: new Set<string>() } },
        proxy: undefined,
        noted: state.noted,
      });
    }
    case 'http-errors': {
      const draft = openHttpErrors(cursor, state);
      return reader(draft.name, undefined, {
        kind,
        index: state.keywords.httpErrors,
        context: { state, draft },
        proxy: undefined,
        noted: state.noted,
      });
    }
    case 'peers':
    case 'mailers':
    case 'program':
    case 'ring':
    case 'log-forward':
    case 'resolvers':
    case 'cache':
    case 'fcgi-app':
      return unavailable(BY_NAME.get(kind)!, cursor);
  }
}

function reader<Context>(name: string, from: string | undefined, section: OpenSection<Context>): SectionReader {
  return { name, from, read: (cursor) => readStatement(cursor, section) };
}

function openGlobal(cursor: Cursor, state: ParseState): SectionReader {
  cursor.next();
  guard(cursor.diagnostics, () => cursor.end());
  return reader('', undefined, {
    kind: 'global',
    index: state.keywords.global,
    context: { state, draft: state.global, scope: (place) => scopeOf(state, undefined, place) },
    proxy: undefined,
    noted: state.noted,
  });
}

/** Says once that the section cannot be used, and reads over its statements: their faults are not the question. */
function unavailable(section: Declaration, cursor: Cursor): SectionReader {
  const because = section.reason === undefined ? '' : `: ${section.reason}`;
  cursor.diagnostics.alert(`section '${section.name}' is not supported by this version${because}.`, cursor.position(), {
    length: section.name.length,
  });
  return { name: cursor.peek(1) ?? '', from: undefined, read: () => undefined };
}
