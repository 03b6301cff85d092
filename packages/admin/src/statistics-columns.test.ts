import { test } from 'node:test';
import assert from 'node:assert/strict';
import { At, HEADER, MODULE_COLUMNS, STATIC_COLUMNS, csvLine, newRow } from './statistics-columns.ts';
import type { Column, Row } from './statistics-columns.ts';

function rowOf(values: Partial<Record<Column, string | number>>): Row {
  const row = newRow();
  for (const [name, value] of Object.entries(values)) row[At[name as Column]] = value;
  return row;
}

test('the static columns stand where the management manual, section 9.1, numbers them', () => {
  const places: Readonly<Record<number, string>> = {
    0: 'pxname',
    4: 'scur',
    17: 'status',
    36: 'check_status',
    45: 'hanafail',
    55: 'lastsess',
    62: 'agent_status',
    73: 'addr',
    90: 'qtime_max',
    94: 'eint',
    99: 'uweight',
  };
  for (const [place, name] of Object.entries(places)) assert.equal(STATIC_COLUMNS[Number(place) as 0], name);
});

test('every row has as many fields as the header, and a dash where the static ones end', () => {
  const header = HEADER.trimEnd().split(',');
  const row = csvLine(rowOf({ pxname: 'a', svname: 'FRONTEND' }))
    .trimEnd()
    .split(',');
  assert.equal(row.length, header.length);
  assert.equal(row[STATIC_COLUMNS.length], '-');
  assert.equal(header.length, STATIC_COLUMNS.length + 1 + MODULE_COLUMNS.length + 1);
});

test('text with a comma or a quote is quoted as CSV', () => {
  assert.match(csvLine(rowOf({ pxname: 'p', last_chk: 'said "no", twice' })), /,"said ""no"", twice",/);
});

test('what is 0 is written, and what is not there leaves its column empty', () => {
  assert.match(csvLine(rowOf({ pxname: 'p', svname: 's', qcur: 0, scur: 3 })), /^p,s,0,,3,,/);
});
