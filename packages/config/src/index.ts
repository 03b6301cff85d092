export type * from './model.ts';
export type * from './expression-model.ts';
export { CONVERTERS, FETCHES, LOG_ALIASES, translateRegex, type ConverterDeclaration, type FetchDeclaration, type SampleType, type TranslatedRegex } from './expressions/index.ts';
