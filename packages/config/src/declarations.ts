/**
 * What data threads need of the language at run time: the declarations of sample expressions, and expressions as JavaScript has
 * them. An entry of its own, because a thread that loaded the whole parser for it would start a third later.
 */

export { CONVERTERS } from './expressions/converters.ts';
export { FETCHES } from './expressions/fetches.ts';
export { translateRegex } from './expressions/regex.ts';
