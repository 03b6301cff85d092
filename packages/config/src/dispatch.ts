/**
 * From a statement to its keyword's parser: the prefixes `no` and `default`, the keyword's place and state, unknown words with
 * the nearest known one. Knows how keywords are declared and no keyword itself.
 */

import type { Cursor } from './cursor.ts';
import { StatementError, type Diagnostics } from './diagnostic.ts';
import { describeKind, type ProxyDraft } from './draft.ts';
import type { Declaration, Keyword, KeywordIndex, KeywordPlace } from './keyword.ts';
import type { SectionKind } from './model.ts';
import { isSectionKind, SECTIONS } from './sections/kinds.ts';

/** A section that is being read. */
export interface OpenSection<Context> {
  readonly kind: SectionKind;
  readonly index: KeywordIndex<Keyword<Context>>;
  readonly context: Context;
  /** Set for proxies and `defaults`. */
  readonly proxy: ProxyDraft | undefined;
  readonly noted: Set<string>;
}

const NEGATION_REFUSED =
  'negation/default currently supported only for options, log, busy-polling, set-dumpable, strict-limits, insecure-fork-wanted and numa-cpu-mapping.';

/**
 * Reads one statement. Every fault ends as a finding; nothing is thrown. Returns the kind of section that the statement was
 * probably meant to open, where its first word is unknown and nearest to one.
 */
export function readStatement<Context>(cursor: Cursor, section: OpenSection<Context>): SectionKind | undefined {
  return guard(cursor.diagnostics, () => dispatch(cursor, section));
}

/** Runs a reader and reports what it throws for the statement; the result is undefined then. */
export function guard<Result>(diagnostics: Diagnostics, read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    diagnostics.alert(error.message, error.at, error.detail);
    return undefined;
  }
}

function dispatch<Context>(cursor: Cursor, section: OpenSection<Context>): SectionKind | undefined {
  const first = cursor.peek();
  if ((first === 'no' || first === 'default') && cursor.peek(1) !== undefined) {
    cursor.prefix = first;
    cursor.next();
  }
  const keyword = section.index.find(cursor.line.words, cursor.index);
  if (keyword === undefined) return unknown(cursor, section);

  const words = keyword.name.split(' ').length;
  cursor.keyword = keyword.name;
  if (cursor.prefix !== undefined && keyword.negatable !== true) refuseNegation(cursor, keyword);
  if (section.proxy !== undefined && !isPlaced(cursor, keyword, section.proxy)) {
    // As in HAProxy what is ignored is read all the same, and its faults are errors.
    cursor.index += words;
    if (keyword.state === 'works') keyword.parse?.(cursor, section.context);
    return undefined;
  }
  applyKeyword(cursor, keyword, words, section.context, section.noted);
  return undefined;
}

/** Runs a declared keyword whose name stands at the cursor, according to its state. */
export function applyKeyword<Context>(
  cursor: Cursor,
  keyword: Keyword<Context>,
  words: number,
  context: Context,
  noted: Set<string>,
): void {
  const at = cursor.index;
  cursor.index += words;
  if (keyword.state === 'refused') refuse(cursor, keyword, at);
  keyword.parse?.(cursor, context);
  if (keyword.state !== 'works') announce(cursor, keyword, at, noted);
}

export const LEAVE_OUT = "leave it out; 'evenkeel keywords' lists what works";

/** Says what a declaration's state means for the user, at word `index`. `refused` and `later` end the statement. */
export function announce(cursor: Cursor, declaration: Declaration, index: number, noted: Set<string>): void {
  const { name, reason, state } = declaration;
  if (state === 'works' || declaration.severity === 'quiet') return;
  if (state === 'refused') refuse(cursor, declaration, index);
  const because = reason === undefined ? '' : `: ${reason}`;
  const detail = { length: name.length, form: cursor.form, remedy: state === 'later' ? LEAVE_OUT : undefined };
  if (state === 'later') {
    const message = `'${name}' is not supported by this version${because}.`;
    if (declaration.severity !== 'warning') cursor.failAt(index, message, detail);
    cursor.diagnostics.warning(cursor.subject + message, cursor.position(index), detail);
  } else if (!noted.has(name)) {
    noted.add(name);
    const message = `${cursor.subject}'${name}' has no effect here${because}.`;
    cursor.diagnostics.add(declaration.severity ?? 'warning', message, cursor.position(index), detail);
  }
}

function refuse(cursor: Cursor, declaration: Declaration, index: number): never {
  const because = declaration.reason === undefined ? '' : `: ${declaration.reason}`;
  const message = declaration.message ?? `'${declaration.name}' is not supported${because}.`;
  cursor.failAt(index, message, {
    length: declaration.name.length,
    form: declaration.messageForm ?? cursor.form,
    // HAProxy's own sentence may name no way out.
    remedy: declaration.message === undefined ? undefined : declaration.reason,
  });
}

function refuseNegation(cursor: Cursor, keyword: Declaration): never {
  const option = /^option (.*)$/.exec(keyword.name)?.[1];
  const message = option === undefined ? NEGATION_REFUSED : `negation/default is not supported for option '${option}'.`;
  cursor.failAt(0, message, { form: 'tight', remedy: `remove '${cursor.prefix}'` });
}

/** Whether a proxy's kind takes the keyword; says so where not. */
function isPlaced<Context>(cursor: Cursor, keyword: Keyword<Context>, proxy: ProxyDraft): boolean {
  const label = placeLabel(keyword.name);
  if (proxy.kind === 'defaults') {
    if (!keyword.places.includes('defaults')) {
      cursor.fail(`'${label}' not allowed in 'defaults' section.`, { length: label.length, remedy: moveTo(keyword) });
    }
    if (keyword.namedDefaultsOnly === true && proxy.name === '') {
      cursor.fail(`'${label}' not allowed in anonymous 'defaults' section.`, {
        length: label.length,
        remedy: "give the defaults section a name, and start proxies from it by 'from'",
      });
    }
    return true;
  }
  if (keyword.places.includes(proxy.kind)) return true;

  const owner = `${describeKind(proxy.kind)} '${proxy.name}'`;
  const missing = proxy.kind === 'frontend' ? 'backend' : 'frontend';
  if (keyword.misplaced === 'alert') {
    cursor.fail(`'${label}' not allowed because ${owner} has no ${missing} capability.`, {
      length: label.length,
      remedy: moveTo(keyword),
    });
  }
  const hint = keyword.misplacedHint === undefined ? '' : ` Maybe you want '${keyword.misplacedHint}' instead ?`;
  const message = label.startsWith('timeout ')
    ? `'${label}' will be ignored because ${owner} has no ${missing} capability`
    : `'${label}' ignored because ${owner} has no ${missing} capability.${hint}`;
  cursor.diagnostics.warning(message, cursor.position(), { length: keyword.name.length });
  return false;
}

/** The sections of a configuration proper in which a keyword may stand. */
function moveTo(keyword: { readonly places: readonly KeywordPlace[] }): string {
  const kinds = keyword.places.filter((place) => place !== 'defaults').map((place) => `'${place}'`);
  return `move the line to a ${kinds.join(' or ')} section`;
}

/** How HAProxy names a keyword when it is out of place: an option without `option`, a family by its first word. */
function placeLabel(name: string): string {
  if (name.startsWith('option ')) return name.slice('option '.length);
  if (name.startsWith('timeout ') || name.startsWith('tcp-re') || name.startsWith('stats ')) return name;
  return name.split(' ')[0];
}

/** HAProxy's sentences for a first word whose second is unknown; others get a general one. `owner` is "frontend 'f'". */
const FAMILY_MESSAGES: Readonly<Record<string, (list: string, got: string, owner: string) => string>> = {
  capture: () => "'capture' expects 'cookie' or 'request header' or 'response header'.",
  declare: (_list, got) =>
    got === ''
      ? "'declare' needs a second keyword that specify the type of declaration ('capture')"
      : `unknown declaration type '${got}' (supports 'capture')`,
  persist: (_list, got) => (got === '' ? 'missing persist method.' : 'unknown persist method.'),
  monitor: () => "'monitor' only supports 'fail'.",
  option: (_list, got) => (got === '' ? "'option' expects an option name" : `unknown option '${got}'`),
  'tcp-request': (_list, got, owner) =>
    got === ''
      ? `missing argument for 'tcp-request' in ${owner}`
      : `'tcp-request' expects 'inspect-delay', 'connection', or 'content' in ${owner} (got '${got}')`,
  'tcp-response': (_list, got, owner) =>
    got === ''
      ? `missing argument for 'tcp-response' in ${owner}`
      : `'tcp-response' expects 'inspect-delay' or 'content' in ${owner} (got '${got}')`,
  timeout: (list, got) => `'timeout' supports ${list.replace(/, ([^,]*)$/, ' and $1')} (got '${got}')`,
};

function unknown<Context>(cursor: Cursor, section: OpenSection<Context>): SectionKind | undefined {
  const { index } = section;
  const first = cursor.peek()!;
  const seconds = index.continuations(first);
  if (seconds.length > 0) {
    const got = cursor.peek(1) ?? '';
    const list = seconds.map((word) => `'${word}'`).join(', ');
    const nearest = cursor.diagnostics.nearest(got, seconds);
    const owner =
      section.proxy === undefined ? section.kind : `${describeKind(section.proxy.kind)} '${section.proxy.name}'`;
    const message = FAMILY_MESSAGES[first]?.(list, got, owner) ?? `'${first}' only supports ${list} (got '${got}')`;
    const tail = meant(nearest) || (first === 'option' ? '.' : '');
    // A list of all options would bury the rest.
    cursor.failAt(cursor.index + 1, message + tail, {
      nearest,
      expected: seconds.length > 12 ? undefined : list,
      remedy: seconds.length > 12 && nearest === undefined ? "'evenkeel keywords' lists all of them" : undefined,
      form: first === 'option' && got === '' ? 'tight' : cursor.form,
    });
  }
  const nearest = cursor.diagnostics.nearest(first, candidates(section));
  cursor.diagnostics.alert(
    `unknown keyword '${first}' in '${section.kind}' section${meant(nearest)}`,
    cursor.position(),
    {
      length: first.length,
      nearest,
      remedy: nearest === undefined ? "'evenkeel keywords' lists all keywords" : undefined,
    },
  );
  return nearest !== undefined && isSectionKind(nearest) ? nearest : undefined;
}

function meant(nearest: string | undefined): string {
  return nearest === undefined ? '' : `; did you mean '${nearest}' maybe ?`;
}

/** First words of the keywords that may stand in this section, then section names; made only when a suggestion is looked for. */
function* candidates<Context>(section: OpenSection<Context>): Generator<string> {
  const place: KeywordPlace = section.kind;
  for (const keyword of section.index.values()) {
    if (keyword.places.includes(place)) yield keyword.name.split(' ')[0];
  }
  for (const { name } of SECTIONS) yield name;
}
