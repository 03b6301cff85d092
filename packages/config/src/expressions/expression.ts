/**
 * Sample expressions: a fetch, its arguments, converters (manual section 7.3). Text to syntax tree, names and types checked against
 * the declarations. Whether the samples exist where the expression stands is judged apart (`checkPlace`), because an ACL
 * may be declared anywhere and a log format not.
 */

import type { Argument, Call, Expression } from '../expression-model.ts';
import { nearestWord } from '../nearest.ts';
import { readArguments } from './arguments.ts';
import { checkConverterArguments, checkFetchArguments } from './argument-checks.ts';
import { CONVERTERS } from './converters.ts';
import type { ConverterDeclaration, FetchDeclaration, SampleDeclaration } from './declarations.ts';
import { ExpressionFailure } from './failure.ts';
import { FETCHES } from './fetches.ts';
import { placeName, sourceName, type PlaceMask } from './places.ts';
import { castable, type SampleType } from './sample-types.ts';

export interface ReadExpression {
  readonly expression: Expression;
  readonly fetch: FetchDeclaration;
  readonly output: SampleType;
  /** Offset behind the expression. */
  readonly next: number;
  /** Fetch or converter that does not work here, and where it stands. */
  readonly unavailable: Unavailable | undefined;
}

export interface Unavailable {
  readonly declaration: SampleDeclaration;
  readonly kind: 'sample fetch' | 'converter';
  readonly offset: number;
}

export interface ReadOptions {
  /** Other names that may stand for a fetch: ACL keywords such as `hdr_beg`. */
  readonly alias?: (name: string) => string | undefined;
  /** Names to search for the nearest, beside the fetches. */
  readonly aliasNames?: Iterable<string>;
}

/** Reads an expression that begins at `start`; what stands behind it is the caller's. Throws ExpressionFailure. */
export function readExpression(text: string, start = 0, options: ReadOptions = {}): ReadExpression {
  const nameEnd = endOfName(text, start);
  const name = text.slice(start, nameEnd);
  if (name === '')
    throw new ExpressionFailure('missing fetch method', start, text.length - start, { expected: 'a sample fetch' });
  const fetch = FETCHES.get(options.alias?.(name) ?? name);
  if (fetch === undefined) throw unknownFetch(name, start, options);

  let unavailable: Unavailable | undefined;
  const note = (declaration: SampleDeclaration, kind: Unavailable['kind'], offset: number): void => {
    if (declaration.state !== 'works') unavailable ??= { declaration, kind, offset };
  };
  note(fetch, 'sample fetch', start);
  const read = explained(
    () => readArguments(text, nameEnd, fetch),
    (message) => `fetch method '${name}' : ${message}`,
  );
  const values = explained(
    () => checkFetchArguments(fetch.name, read.values, nameEnd, read.next - nameEnd),
    (message) => `invalid args in fetch method '${name}' : ${message}`,
  );
  const call: Call = { name: fetch.name, arguments: values };

  const chain = readConverters(text, read.next, fetch.output, name, note);
  const expression: Expression = {
    kind: 'expression',
    fetch: call,
    converters: chain.calls,
    text: text.slice(start, chain.next),
  };
  return { expression, fetch, output: chain.output, next: chain.next, unavailable };
}

function readConverters(
  text: string,
  start: number,
  input: SampleType,
  fetchName: string,
  note: (declaration: SampleDeclaration, kind: Unavailable['kind'], offset: number) => void,
): { calls: Call[]; output: SampleType; next: number } {
  const calls: Call[] = [];
  let output = input;
  let index = start;
  while (text[index] === ',') {
    // Empty places between commas are passed over, as HAProxy does.
    while (text[index] === ',') index++;
    if (index >= text.length) break;
    const nameEnd = endOfName(text, index);
    const name = text.slice(index, nameEnd);
    const converter = CONVERTERS.get(name);
    if (converter === undefined) {
      throw new ExpressionFailure(`unknown converter '${name}'`, index, nameEnd - index, {
        expected: 'a converter',
        nearest: nearestWord(name, CONVERTERS.keys()),
      });
    }
    if (!castable(output, converter.input)) {
      throw new ExpressionFailure(`converter '${name}' cannot be applied`, index, nameEnd - index, {
        expected: `a converter that takes ${typeName(output)}`,
      });
    }
    note(converter, 'converter', index);
    const read = explained(
      () => readArguments(text, nameEnd, converter),
      (message, argument) => `invalid arg ${argument} in converter '${name}' : ${message}`,
    );
    const values = explained(
      () => checkConverterArguments(name, read.values, nameEnd, read.next - nameEnd),
      (message) => `invalid args in converter '${name}' : ${message}`,
    );
    calls.push({ name, arguments: values });
    output = outputOf(converter, output);
    index = read.next;
  }
  const rest = text[index];
  if (rest !== undefined && calls.length === 0 && isNamePart(rest)) {
    throw new ExpressionFailure(`missing comma after fetch keyword '${fetchName}'`, index, text.length - index, {
      expected: "',' and a converter",
    });
  }
  if (rest !== undefined && calls.length > 0 && isNamePart(rest)) {
    throw new ExpressionFailure(
      `missing comma after conv keyword '${calls.at(-1)!.name}'`,
      index,
      text.length - index,
      { expected: "',' and a converter" },
    );
  }
  return { calls, output, next: index };
}

/** A converter that passes any sample on keeps the type that it was given. */
function outputOf(converter: ConverterDeclaration, input: SampleType): SampleType {
  return converter.output === 'any' && converter.input === 'any' ? input : converter.output;
}

function typeName(type: SampleType): string {
  const names: Readonly<Record<SampleType, string>> = {
    any: 'any sample',
    bool: 'a boolean',
    sint: 'an integer',
    addr: 'an address',
    ipv4: 'an address',
    ipv6: 'an address',
    str: 'a string',
    bin: 'a block of bytes',
    meth: 'a method',
  };
  return names[type];
}

function unknownFetch(name: string, start: number, options: ReadOptions): ExpressionFailure {
  if (name.startsWith('lua.')) {
    return new ExpressionFailure(`unknown fetch method '${name}'`, start, name.length, {
      expected: 'a sample fetch of the manual, since Lua scripts are not run',
    });
  }
  const names = [...FETCHES.keys(), ...(options.aliasNames ?? [])];
  return new ExpressionFailure(`unknown fetch method '${name}'`, start, name.length, {
    expected: 'a sample fetch',
    nearest: nearestWord(name, names),
  });
}

function explained<T>(read: () => T, sentence: (message: string, argument: number) => string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExpressionFailure) throw error.within(0, (message) => sentence(message, error.argument));
    throw error;
  }
}

const NAME = /[A-Za-z0-9_.+-]*/y;

function endOfName(text: string, start: number): number {
  NAME.lastIndex = start;
  NAME.test(text);
  return NAME.lastIndex;
}

function isNamePart(char: string): boolean {
  return /[A-Za-z0-9_.+-]/.test(char);
}

/** HAProxy's sentence when samples of `fetch` cannot exist at any of `where`; undefined when they can. */
export function placeConflict(read: Pick<ReadExpression, 'fetch'>, text: string, where: PlaceMask): string | undefined {
  if ((read.fetch.places & where) !== 0) return undefined;
  const needs = read.fetch.sources.map(sourceName).join(',');
  return `sample fetch <${text}> may not be reliably used here because it needs '${needs}' which is not available here`;
}

/** The place's own names, for "expected …". */
export function placeExpectation(where: PlaceMask): string {
  return `a sample that a ${placeName(where)} has`;
}

/** Text of a call that reads back to the same call. */
export function printCall(call: Call): string {
  return call.arguments.length === 0 ? call.name : `${call.name}(${call.arguments.map(printArgument).join(',')})`;
}

/** Canonical text of an expression: what reads back to the same tree. */
export function printExpression(expression: Expression): string {
  return [expression.fetch, ...expression.converters].map(printCall).join(',');
}

function printArgument(argument: Argument): string {
  if (typeof argument === 'object') return printExpression(argument);
  if (typeof argument === 'number') return String(argument);
  if (!/[\\"',()\n\r\t]/.test(argument)) return argument;
  const escaped = argument.replace(/[\\"\n\r\t]/g, (char) => PRINTED_ESCAPES[char]);
  return `"${escaped}"`;
}

const PRINTED_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
