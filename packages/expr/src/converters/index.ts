/** All converters by name. A test compares them with the declarations of the configuration language. */

import { ARITHMETIC_CONVERTERS } from './arithmetic.ts';
import { BYTE_CONVERTERS } from './bytes.ts';
import type { ConverterCompiler } from './converter.ts';
import { DATE_CONVERTERS } from './dates.ts';
import { PROXY_CONVERTERS } from './proxies.ts';
import { TEXT_CONVERTERS } from './text.ts';
import { VARIABLE_CONVERTERS } from './variables.ts';

export type { Convert, ConverterCompiler } from './converter.ts';

export const CONVERTER_COMPILERS: ReadonlyMap<string, ConverterCompiler> = new Map(
  [
    ARITHMETIC_CONVERTERS,
    BYTE_CONVERTERS,
    DATE_CONVERTERS,
    PROXY_CONVERTERS,
    TEXT_CONVERTERS,
    VARIABLE_CONVERTERS,
  ].flatMap((table) => Object.entries(table)),
);
