/** Integers as dates (manual section 7.3.1: http_date, ltime, utime). */

import { formatDate, httpDate, zoneText } from '../dates.ts';
import type { ConverterCompiler } from './converter.ts';

const UNITS: Readonly<Record<string, { readonly perSecond: number; readonly digits: number }>> = {
  s: { perSecond: 1, digits: 0 },
  ms: { perSecond: 1000, digits: 3 },
  us: { perSecond: 1_000_000, digits: 6 },
};

export const DATE_CONVERTERS: Readonly<Record<string, ConverterCompiler>> = {
  http_date: ([offset = 0, unit = 's']) => {
    const { perSecond, digits } = UNITS[String(unit)] ?? UNITS['s'];
    const shift = Number(offset);
    return (value) => {
      const moment = Number(value) + shift;
      const second = Math.floor(moment / perSecond);
      const fraction = digits === 0 ? '' : `.${String(moment - second * perSecond).padStart(digits, '0')}`;
      return httpDate(second, fraction);
    };
  },
  utime: ([format = '', offset = 0]) => {
    const text = String(format);
    const shift = Number(offset);
    return (value) => formatDate(text, Number(value) + shift, 0, 'GMT');
  },
  ltime: ([format = '', offset = 0], environment) => {
    const text = String(format);
    const shift = Number(offset);
    return (value) => {
      const second = Number(value) + shift;
      const minutes = environment.localOffsetMinutes(second * 1000);
      // Zones have no name here but their distance from UTC, which is what strftime prints where it knows none.
      return formatDate(text, second, minutes, minutes === 0 ? 'UTC' : zoneText(minutes));
    };
  },
};
