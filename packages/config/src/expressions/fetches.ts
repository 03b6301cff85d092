/**
 * The sample fetches and their states. A fetch works when its name stands in `WORKS`, and then `@evenkeel/expr` has it (a test
 * there walks this table). Every other name of the manual is refused with its alternative, or belongs to a part of the
 * language that is still to come, and says which.
 */

import type { KeywordState } from '../keyword.ts';
import { readSignature, type FetchDeclaration } from './declarations.ts';
import { FETCH_GROUPS, type FetchGroup } from './fetch-names.ts';
import { placesOf } from './places.ts';

const WORKS = new Set(
  `
  always_false always_true bin bool date date_us env hostname int ipv4 ipv6 meth nbproc proc rand str thread uuid unique-id
  be_conn fe_conn avg_queue be_conn_free be_sess_rate connslots fe_req_rate fe_sess_rate nbsrv queue srv_conn srv_conn_free
  srv_is_up srv_iweight srv_queue srv_sess_rate srv_uweight srv_weight be_server_timeout be_tunnel_timeout fe_client_timeout
  src src_port dst dst_port so_id so_name fe_name fe_id fe_defbe be_name be_id srv_name srv_id ssl_fc
  method path pathq query url base baseq url_ip url_port url_param urlp urlp_val status
  req.ver req_ver res.ver resp_ver req.proto_http req_proto_http wait_end
  hdr hdr_cnt hdr_ip hdr_val req.hdr req.hdr_cnt req.hdr_ip req.hdr_names req.hdr_val req.fhdr req.fhdr_cnt req.hdrs
  res.hdr res.hdr_cnt res.hdr_ip res.hdr_names res.hdr_val res.fhdr res.fhdr_cnt res.hdrs shdr shdr_cnt shdr_ip shdr_val
  cook cook_cnt cook_val req.cook req.cook_cnt req.cook_val res.cook res.cook_cnt res.cook_val scook scook_cnt scook_val cookie
  http_auth_type http_auth_user http_auth_pass http_auth_bearer
  capture.req.hdr capture.res.hdr capture.req.method capture.req.uri capture.req.ver capture.res.ver fc_err fc_err_str
  req.rdp_cookie rdp_cookie req.rdp_cookie_cnt rdp_cookie_cnt`
    .trim()
    .split(/\s+/),
);

/** What these read is kept for the rules of checks only. */
const IN_CHECKS = new Set(
  'var payload payload_lv res.payload res.payload_lv res.len res.body res.body_len res.body_size'.split(' '),
);

/** Refused names and what to write instead. */
const REFUSED: Readonly<Record<string, string>> = {
  '51d.all': 'device detection libraries are not linked in; match req.hdr(user-agent) instead',
  'da-csv-fetch': 'device detection libraries are not linked in; match req.hdr(user-agent) instead',
  'wurfl-get': 'device detection libraries are not linked in; match req.hdr(user-agent) instead',
  'wurfl-get-all': 'device detection libraries are not linked in; match req.hdr(user-agent) instead',
};

/** Families of names that come with a part of the language of its own; the first that matches says what is missing. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^internal\./, "it shows HAProxy's own buffers, which do not exist here"],
  [/^(sc\d?_|src_(?!port|is_local)|table_)/, 'it needs stick tables'],
  [/^ssl_/, 'it needs TLS'],
  [/^(req|res|rep)[._]ssl_/, 'it needs TLS content inspection'],
  [/^(var|fc_pp_)/, 'it needs variables'],
  [/body|payload|^req[._]len$|^res\.len$|rdp_cookie|distcc/, 'it needs buffered content'],
  [/^(cpu|lat)_/, 'it needs task profiling'],
  [/^fcgi\./, 'it needs FastCGI'],
  [/^res\.(cache|comp)/, 'it needs the cache or compression'],
];

function stateOf(name: string): { state: KeywordState; reason?: string; inChecks?: true } {
  if (IN_CHECKS.has(name)) return { state: 'later', reason: 'it works in the rules of checks only', inChecks: true };
  if (WORKS.has(name)) return { state: 'works' };
  const refusal = REFUSED[name];
  if (refusal !== undefined) return { state: 'refused', reason: refusal };
  const family = FAMILIES.find(([pattern]) => pattern.test(name));
  return family === undefined ? { state: 'later' } : { state: 'later', reason: family[1] };
}

/** All fetches by name. */
export const FETCHES: ReadonlyMap<string, FetchDeclaration> = new Map(
  FETCH_GROUPS.flatMap((group) =>
    group.entries
      .trim()
      .split(/\s+/)
      .map((entry) => declare(group, entry)),
  ).map((fetch) => [fetch.name, fetch]),
);

function declare(group: FetchGroup, entry: string): FetchDeclaration {
  const colon = entry.lastIndexOf(':');
  return {
    ...readSignature(entry.slice(0, colon)),
    output: entry.slice(colon + 1) as FetchDeclaration['output'],
    manual: group.manual,
    sources: group.sources,
    places: placesOf(group.sources),
    ...stateOf(entry.slice(0, colon).split('(')[0]),
  };
}
