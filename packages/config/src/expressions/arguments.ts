/**
 * The arguments in parentheses of fetches and converters: the second level of quoting (manual section 2.2) and the conversion of
 * each argument to its declared type. Names of proxies, tables and user lists stay text, since what they name may stand
 * further down in the file.
 */

import { ARGUMENT_NAMES, type ArgumentType, type Signature } from './declarations.ts';
import { ExpressionFailure } from './failure.ts';
import { isIpv4, isIpv6, ipv4MaskBits } from './addresses.ts';

/** Arguments as they are written; expressions inside of arguments do not occur in the declared signatures. */
export type Scalar = string | number;

export interface ReadArguments {
  readonly values: readonly Scalar[];
  /** Offset behind the closing parenthesis, or `start` where there are none. */
  readonly next: number;
}

/** Reads what stands at `start`: nothing, or `(…)`. Throws ExpressionFailure with HAProxy's sentence. */
export function readArguments(text: string, start: number, signature: Signature): ReadArguments {
  const parenthesized = text[start] === '(';
  const values: Scalar[] = [];
  let index = parenthesized ? start + 1 : start;
  const empty = !parenthesized || text[index] === ')';
  if (!empty || signature.required > 0) {
    while (values.length < signature.arguments.length) {
      const type = signature.arguments[values.length];
      const raw = empty ? { value: '', next: index } : readArgument(text, index);
      values.push(convert(raw.value, type, values.length + 1, index, raw.next));
      index = raw.next;
      if (text[index] !== ',' || values.length === signature.arguments.length) break;
      index++;
    }
    if (values.length < signature.required) {
      const name = ARGUMENT_NAMES[signature.arguments[values.length]];
      const message = `missing arguments (got ${values.length}/${signature.required}), type '${name}' expected`;
      throw new ExpressionFailure(message, start, index + 1 - start, {
        expected: describe(signature),
        argument: values.length + 1,
      });
    }
  }
  if (!parenthesized) return { values, next: start };
  if (text[index] !== ')') {
    const rest = text.slice(index);
    const message = rest === '' ? "expected ')'" : `expected ')' before '${rest}'`;
    throw new ExpressionFailure(message, index, rest.length, {
      expected: rest === '' ? "')'" : describe(signature),
      argument: Math.max(1, values.length),
    });
  }
  return { values, next: index + 1 };
}

function describe(signature: Signature): string {
  if (signature.arguments.length === 0) return 'no argument';
  const names = signature.arguments.map((type, index) =>
    index < signature.required ? `<${ARGUMENT_NAMES[type]}>` : `[<${ARGUMENT_NAMES[type]}>]`,
  );
  return `the arguments (${names.join(',')})`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  ' ': ' ',
  '"': '"',
  "'": "'",
};

/** One argument with its quotes and escapes resolved; ends before an unquoted comma or closing parenthesis. */
function readArgument(text: string, start: number): { value: string; next: number } {
  let value = '';
  let quote = '';
  let index = start;
  for (; index < text.length; index++) {
    const char = text[index];
    if (quote === "'") {
      if (char === "'") quote = '';
      else value += char;
    } else if (char === '\\' && ESCAPES[text[index + 1] ?? ''] !== undefined) {
      value += ESCAPES[text[++index]];
    } else if (char === '"') quote = quote === '"' ? '' : '"';
    else if (char === "'" && quote === '') quote = "'";
    else if (quote === '' && (char === ',' || char === ')')) break;
    else value += char;
  }
  return { value, next: index };
}

function convert(text: string, type: ArgumentType, position: number, start: number, end: number): Scalar {
  const refuse = (): never => {
    const name = ARGUMENT_NAMES[type];
    const got =
      text === ''
        ? `expected type '${name}' at position ${position}, but got nothing`
        : `failed to parse '${text}' as type '${name}' at position ${position}`;
    throw new ExpressionFailure(got, start, end - start, { expected: EXPECTED[type], argument: position });
  };
  switch (type) {
    case 'int':
      return integerArgument(text) ?? refuse();
    case 'ipv4':
      return isIpv4(text) ? text : refuse();
    case 'ipv6':
      return isIpv6(text) ? text : refuse();
    case 'mask4':
      return ipv4MaskBits(text) === undefined ? refuse() : text;
    case 'mask6':
      return /^\d{1,3}$/.test(text) && Number(text) <= 128 ? Number(text) : isIpv6(text) ? text : refuse();
    case 'pbuf':
      return /^\d+(\.\d+)*$/.test(text) ? text : refuse();
    case 'str':
    case 'regex':
    case 'table':
    case 'backend':
    case 'frontend':
    case 'server':
    case 'userlist':
      return text;
  }
}

const EXPECTED: Readonly<Record<ArgumentType, string>> = {
  int: 'an integer',
  str: 'a string',
  table: 'the name of a table',
  backend: 'the name of a backend',
  frontend: 'the name of a frontend',
  server: 'a server, as backend/server',
  userlist: 'the name of a userlist',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  mask4: 'an IPv4 mask, as 24 or 255.255.255.0',
  mask6: 'an IPv6 mask, as 64 or ffff:ffff::',
  regex: 'a regular expression',
  pbuf: 'a field number, as 1 or 2.1',
};

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/** A 64-bit integer, clamped as HAProxy clamps; beyond the safe integers it stays decimal text. */
export function integerArgument(text: string): number | string | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  const exact = BigInt(text.replace('+', ''));
  return String(exact > INT64_MAX ? INT64_MAX : exact < INT64_MIN ? INT64_MIN : exact);
}
