/** Variables as samples (manual section 7.3.2). */

import { variableReference } from '../variables.ts';
import type { FetchCompiler } from './fetch.ts';

/** The second argument is what an unset variable reads as. */
const variable: FetchCompiler = ([name, otherwise]) => {
  const { get } = variableReference(String(name));
  if (otherwise === undefined) return { get };
  return { get: (context) => get(context) ?? String(otherwise) };
};

export const VARIABLE_FETCHES: Readonly<Record<string, FetchCompiler>> = { var: variable };
