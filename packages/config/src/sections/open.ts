/** What reads each kind of section. A kind that is not built yet is one finding at its head. */

import type { Cursor } from '../cursor.ts';
import { guard, readStatement, type OpenSection } from '../dispatch.ts';
import type { ParseState } from '../draft.ts';
import type { Declaration } from '../keyword.ts';
import type { SectionKind } from '../model.ts';
import { scopeOf } from '../scope.ts';
import { declarationOf } from './kinds.ts';
import { openHttpErrors, openMailers, openResolvers, openUserlist } from './named.ts';
import { openProxy } from './proxy.ts';
import { openRing } from './ring.ts';

/** A section whose statements are being read. */
export interface SectionReader {
  readonly name: string;
  readonly from: string | undefined;
  /** Reads one statement; returns the section that a misspelt first word was meant to open. */
  read(cursor: Cursor): SectionKind | undefined;
  end?(): void;
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
    case 'resolvers': {
      const draft = openResolvers(cursor, state);
      return reader(draft.name, undefined, {
        kind,
        index: state.keywords.resolvers,
        context: { state, draft },
        proxy: undefined,
        noted: state.noted,
      });
    }
    case 'mailers': {
      const draft = openMailers(cursor, state);
      return reader(draft.name, undefined, {
        kind,
        index: state.keywords.mailers,
        context: { state, draft },
        proxy: undefined,
        noted: state.noted,
      });
    }
    case 'ring': {
      const draft = openRing(cursor, state);
      return reader(draft.name, undefined, {
        kind,
        index: state.keywords.ring,
        context: { state, draft },
        proxy: undefined,
        noted: state.noted,
      });
    }
    case 'peers':
    case 'program':
    case 'log-forward':
    case 'cache':
    case 'fcgi-app':
      return unavailable(declarationOf(kind), cursor);
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
  const never = section.state === 'refused' ? '' : ' by this version';
  cursor.diagnostics.alert(`section '${section.name}' is not supported${never}${because}.`, cursor.position(), {
    length: section.name.length,
    remedy: "leave the section out; 'evenkeel keywords' lists what works",
  });
  return { name: cursor.peek(1) ?? '', from: undefined, read: () => undefined };
}
