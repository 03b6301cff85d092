/**
 * What single fetches and converters ask of their arguments beyond the types: value ranges, words, masks. Each check returns the
 * arguments as the model keeps them and throws HAProxy's sentence. Names without a check here take what their types allow.
 */

import { integerArgument, type Scalar } from './arguments.ts';
import { ExpressionFailure } from './failure.ts';
import { regularExpressionError } from './regex.ts';

/** Returns the arguments to keep; throws a plain text that says what is wrong. */
type Check = (values: readonly Scalar[]) => readonly Scalar[];

class Refusal extends Error {
  readonly expected: string | undefined;
  constructor(message: string, expected?: string) {
    super(message);
    this.expected = expected;
  }
}

export function checkFetchArguments(
  name: string,
  values: readonly Scalar[],
  offset: number,
  length: number,
): readonly Scalar[] {
  return run(FETCH_CHECKS[name], values, offset, length);
}

export function checkConverterArguments(
  name: string,
  values: readonly Scalar[],
  offset: number,
  length: number,
): readonly Scalar[] {
  return run(CONVERTER_CHECKS[name], values, offset, length);
}

function run(check: Check | undefined, values: readonly Scalar[], offset: number, length: number): readonly Scalar[] {
  if (check === undefined) return values;
  try {
    return check(values);
  } catch (error) {
    if (error instanceof Refusal)
      throw new ExpressionFailure(error.message, offset, length, { expected: error.expected });
    throw error;
  }
}

/** Header history that HAProxy keeps for negative occurrences. */
const MAX_HEADER_HISTORY = 10;

const headerOccurrence: Check = (values) => {
  const occurrence = values[1];
  if (typeof occurrence === 'number' && occurrence < -MAX_HEADER_HISTORY) {
    throw new Refusal(
      `header occurrence must be >= -${MAX_HEADER_HISTORY}`,
      `an occurrence of at least -${MAX_HEADER_HISTORY}`,
    );
  }
  return values;
};

const HEADER_FETCHES = [
  'hdr',
  'hdr_ip',
  'hdr_val',
  'req.hdr',
  'req.hdr_ip',
  'req.hdr_val',
  'req.fhdr',
  'res.hdr',
  'res.hdr_ip',
  'res.hdr_val',
  'res.fhdr',
  'shdr',
  'shdr_ip',
  'shdr_val',
];

const timeUnit: Check = (values) => {
  const unit = values[1];
  if (unit !== undefined && unit !== 's' && unit !== 'ms' && unit !== 'us') {
    throw new Refusal(`expects 's', 'ms' or 'us', got '${String(unit)}'`, "'s', 'ms' or 'us'");
  }
  return values;
};

const FETCH_CHECKS: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(HEADER_FETCHES.map((name) => [name, headerOccurrence])),
  date: timeUnit,
  bool: ([value]) => {
    if (value === 'true' || value === '1') return [1];
    if (value === 'false' || value === '0') return [0];
    throw new Refusal("Expects 'true', 'false', '0' or '1'", "'true', 'false', '0' or '1'");
  },
  bin: ([value]) => [hexBytes(String(value))],
  uuid: ([version]) => {
    if (version !== undefined && version !== 4)
      throw new Refusal(`Unsupported UUID version: '${String(version)}'`, 'version 4');
    return version === undefined ? [] : [version];
  },
  var: ([name, ...rest]) => {
    if (!/^(proc|sess|txn|req|res|check)\./.test(String(name))) {
      throw new Refusal(
        `invalid variable name '${String(name)}'. A variable name must be start by its scope. The scope can be 'proc', 'sess', 'txn', 'req', 'res' or 'check'`,
        "a name such as 'txn.name'",
      );
    }
    return [name, ...rest];
  },
};

/** Bytes of an even number of hexadecimal digits, as latin1 text. */
export function hexBytes(digits: string): string {
  const bad = /[^0-9a-fA-F]/.exec(digits);
  if (bad !== null) throw new Refusal(`an hex digit is expected (found '${bad[0]}')`, 'hexadecimal digits');
  if (digits.length % 2 !== 0 || digits === '')
    throw new Refusal('an even number of hex digit is expected', 'two hexadecimal digits a byte');
  return digits.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
}

const operand: Check = ([value]) => {
  // Without an operand HAProxy calculates with zero.
  if (value === undefined || value === '') return [0];
  const number = integerArgument(String(value));
  if (number !== undefined) return [number];
  if (/^(proc|sess|txn|req|res|check)\.[A-Za-z0-9_.]+$/.test(String(value))) {
    throw new Refusal(`the variable '${String(value)}' cannot be read: this version has no variables`, 'an integer');
  }
  throw new Refusal('expects an integer or a variable name', 'an integer');
};

const fieldIndex: Check = (values) => {
  if (values[0] === 0) throw new Refusal('Unexpected value 0 for index', 'an index from 1 or from -1');
  if (values[1] === '') throw new Refusal('Empty separators list', 'at least one delimiter');
  return values;
};

const chunkSize: Check = (values) => {
  const [, size] = values;
  if (size !== undefined && Number(size) <= 0)
    throw new Refusal(`chunk_size needs to be positive (${String(size)})`, 'a size of at least 1');
  return values;
};

const CONVERTER_CHECKS: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(['add', 'and', 'div', 'mod', 'mul', 'or', 'sub', 'xor'].map((name) => [name, operand])),
  field: fieldIndex,
  word: fieldIndex,
  http_date: timeUnit,
  be2hex: chunkSize,
  be2dec: (values) => {
    const size = Number(values[1] ?? 0);
    if (size < 1 || size > 8) throw new Refusal(`chunk_size out of [1..8] range (${size})`, 'a size from 1 to 8');
    return values;
  },
  json: (values) => {
    const [code] = values;
    if (code !== undefined && code !== '' && !/^(ascii|utf8(s|p|ps)?)$/.test(String(code))) {
      const words = "'ascii', 'utf8', 'utf8s', 'utf8p' and 'utf8ps'";
      throw new Refusal(`Unexpected input code type. Allowed value are ${words}`, words);
    }
    return values;
  },
  url_enc: (values) => {
    const [type] = values;
    if (type !== undefined && type !== '' && type !== 'query')
      throw new Refusal("Unexpected encode type. Allowed value is 'query'", "'query'");
    return values;
  },
  concat: (values) => {
    const variable = values[1];
    if (variable === undefined || variable === '') return values;
    if (!/^(proc|sess|txn|req|res|check)\./.test(String(variable)))
      throw new Refusal(`failed to register variable name '${String(variable)}'`);
    throw new Refusal(
      `the variable '${String(variable)}' cannot be read: this version has no variables`,
      'constant strings only',
    );
  },
  regsub: (values) => {
    const flags = String(values[2] ?? '');
    const bad = /[^ig]/.exec(flags);
    if (bad !== null)
      throw new Refusal(`invalid regex flag '${bad[0]}', only 'i' and 'g' are supported`, "'i', 'g' or both");
    const error = regularExpressionError(String(values[0]), flags.includes('i'));
    if (error !== undefined) throw new Refusal(error, 'a regular expression');
    return values;
  },
};
