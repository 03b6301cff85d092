/**
 * ACL criteria that are not fetches by name: a fetch with a matching method of its own (`hdr_dom`, `path_beg`), as
 * `haproxy -dKacl` lists them, and the ACLs that exist without being declared (manual section 7.4).
 */

import type { MatchMethod } from '../expression-model.ts';

export interface AclKeyword {
  readonly name: string;
  readonly fetch: string;
  readonly method: MatchMethod;
}

/** Families with a variant for each string method: the criterion's name and the fetch that it reads. */
const FAMILIES: readonly (readonly [name: string, fetch: string])[] = [
  ['base', 'base'],
  ['cook', 'req.cook'],
  ['hdr', 'req.hdr'],
  ['path', 'path'],
  ['scook', 'res.cook'],
  ['shdr', 'res.hdr'],
  ['url', 'url'],
  ['urlp', 'urlp'],
];

const SUFFIXES = ['beg', 'dir', 'dom', 'end', 'len', 'reg', 'sub'] as const;

const SINGLES: readonly (readonly [name: string, fetch: string, method: MatchMethod])[] = [
  ['http_auth_group', 'http_auth_group', 'str'],
  ['method', 'method', 'str'],
  ['payload', 'req.payload', 'bin'],
  ['payload_lv', 'req.payload_lv', 'bin'],
  ['req.ssl_ver', 'req.ssl_ver', 'int'],
  ['req_rdp_cookie', 'req.rdp_cookie', 'str'],
  ['req_rdp_cookie_cnt', 'req.rdp_cookie_cnt', 'int'],
  ['req_ssl_sni', 'req.ssl_sni', 'str'],
  ['req_ssl_ver', 'req.ssl_ver', 'int'],
  ['req_ver', 'req.ver', 'str'],
  ['resp_ver', 'res.ver', 'str'],
  ['ssl_fc_sni_end', 'ssl_fc_sni', 'end'],
  ['ssl_fc_sni_reg', 'ssl_fc_sni', 'reg'],
];

function entry(name: string, fetch: string, method: MatchMethod): readonly [string, AclKeyword] {
  return [name, { name, fetch, method }];
}

/** All of them by name. */
export const ACL_KEYWORDS: ReadonlyMap<string, AclKeyword> = new Map([
  ...FAMILIES.flatMap(([name, fetch]) => [
    entry(name, fetch, 'str'),
    ...SUFFIXES.map((suffix) => entry(`${name}_${suffix}`, fetch, suffix)),
  ]),
  ...SINGLES.map(([name, fetch, method]) => entry(name, fetch, method)),
]);

/** Manual section 7.4: name and criterion, as one would declare it. */
export const PREDEFINED_ACLS: ReadonlyMap<string, string> = new Map([
  ['FALSE', 'always_false'],
  ['HTTP', 'req.proto_http'],
  ['HTTP_1.0', 'req.ver 1.0'],
  ['HTTP_1.1', 'req.ver 1.1'],
  ['HTTP_2.0', 'req.ver 2.0'],
  ['HTTP_CONTENT', 'req.hdr_val(content-length) gt 0'],
  ['HTTP_URL_ABS', 'url_reg ^[^/:]*://'],
  ['HTTP_URL_SLASH', 'url_beg /'],
  ['HTTP_URL_STAR', 'url *'],
  ['LOCALHOST', 'src 127.0.0.1/8 ::1'],
  ['METH_CONNECT', 'method CONNECT'],
  ['METH_DELETE', 'method DELETE'],
  ['METH_GET', 'method GET HEAD'],
  ['METH_HEAD', 'method HEAD'],
  ['METH_OPTIONS', 'method OPTIONS'],
  ['METH_POST', 'method POST'],
  ['METH_PUT', 'method PUT'],
  ['METH_TRACE', 'method TRACE'],
  ['RDP_COOKIE', 'req.rdp_cookie_cnt gt 0'],
  ['REQ_CONTENT', 'req.len gt 0'],
  ['TRUE', 'always_true'],
  ['WAIT_END', 'wait_end'],
]);
