// How a statistic of several threads becomes one figure, and how a table of fields is numbered.

/**
 * 'sum': added up. 'max': the highest since the last clear. 'latest': the highest ever (a time stamp), which no clear
 * resets. 'average': a weighted sum; the field after it, 'weight', is its divisor.
 */
export type Combine = 'sum' | 'max' | 'latest' | 'average' | 'weight';

export interface StatField {
  readonly name: string;
  readonly combine: Combine;
}

/** Numbers the fields in their order and lists them: `index.sessions` is the place of 'sessions' in a block. */
export function numberFields<const T extends Readonly<Record<string, Combine>>>(
  table: T,
): { index: { readonly [K in keyof T]: number }; fields: readonly StatField[] } {
  const fields = Object.entries(table).map(([name, combine]) => ({ name, combine }));
  const index = Object.fromEntries(fields.map((field, place) => [field.name, place])) as {
    readonly [K in keyof T]: number;
  };
  return { index, fields };
}
