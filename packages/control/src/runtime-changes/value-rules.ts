/**
 * What the value of a field may be: the rules of the commands that set it (management manual, section 9.3), for values that come
 * out of a journal instead. Pure.
 */

import { isIpv4, isIpv6, parseAddress } from '@evenkeel/config';

/** What is wrong with a value, as the end of a sentence; undefined where nothing is. */
export type ValueRule = (value: string) => string | undefined;

export function integerWithin(least: number, most: number): ValueRule {
  return (value) =>
    /^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `a whole number from ${least} to ${most} is expected`;
}

export function oneOf(...words: readonly string[]): ValueRule {
  return (value) => (words.includes(value) ? undefined : `'${words.join("' or '")}' is expected`);
}

/** Nothing at all takes back what the file does not say either. */
export function orNothing(rule: ValueRule): ValueRule {
  return (value) => (value === '' ? undefined : rule(value));
}

const MAX_PORT = 65_535;
export const port = orNothing(integerWithin(1, MAX_PORT));

export const numericAddress: ValueRule = (value) =>
  isNumeric(value) ? undefined : 'an IPv4 or IPv6 address is expected';

/** Characters of names in DNS, and the underscore, which names of services have. */
export const hostName: ValueRule = (value) =>
  /^[A-Za-z0-9_.-]{1,253}$/.test(value) ? undefined : 'a host name is expected';

export const hostNameOrAddress: ValueRule = (value) =>
  isNumeric(value) || hostName(value) === undefined ? undefined : 'an address or a host name is expected';

/** `10.0.0.1:80`, `[2001:db8::1]:+1000`, `10.0.0.1`. */
export const serverAddress: ValueRule = (value) => {
  const expected = 'an IPv4 or IPv6 address is expected, with a port or what is added to one';
  const result = parseAddress(value, { port: 'optional', offset: true });
  if (!result.ok || result.address.kind !== 'inet' || !isNumeric(result.address.host)) return expected;
  const { port: ports } = result.address;
  if (ports === undefined) return undefined;
  const isPossible = ports.first === ports.last && Math.abs(ports.first) <= MAX_PORT;
  return isPossible && (ports.relative || ports.first > 0) ? undefined : expected;
};

/** What a command line can hold: text is latin1 here. */
export const bytes: ValueRule = (value) =>
  /^[\0-\xff]*$/.test(value) ? undefined : 'text of bytes is expected, and it holds other characters';

const isNumeric = (text: string): boolean => isIpv4(text) || isIpv6(text);
