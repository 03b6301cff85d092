/**
 * Every sample fetch of HAProxy 2.6: name, arguments, output type, manual section and the sources that it needs, as
 * `haproxy -dKsmp` and the manual list them. Brackets mark optional arguments. Which of them work here stands in
 * `fetches.ts`; this is the list of names.
 */

import type { SampleSource } from './places.ts';

export interface FetchGroup {
  readonly manual: string;
  readonly sources: readonly SampleSource[];
  /** `name(arguments):type`, separated by blanks. */
  readonly entries: string;
}

export const FETCH_GROUPS: readonly FetchGroup[] = [
  group(
    '10.1.1',
    ['HTTP request headers'],
    `
    fcgi.docroot:str fcgi.index:str`,
  ),
  group(
    '7.3.2',
    ['constants'],
    `
    always_false:bool always_true:bool bin(str):bin bool(str):bool date([int,str]):sint date_us:sint env(str):str
    hostname:str int(int):sint ipv4(ipv4):ipv4 ipv6(ipv6):ipv6 meth(str):meth proc:sint rand([int]):sint str(str):str
    thread:sint uuid([int]):str var(str[,str]):any`,
  ),
  group(
    '7.3.2',
    ['internal state'],
    `
    avg_queue(backend):sint be_conn(backend):sint be_conn_free(backend):sint be_sess_rate(backend):sint
    connslots(backend):sint cpu_calls:sint cpu_ns_avg:sint cpu_ns_tot:sint fe_conn(frontend):sint
    fe_req_rate(frontend):sint fe_sess_rate(frontend):sint last_rule_file:str last_rule_line:sint lat_ns_avg:sint
    lat_ns_tot:sint nbsrv(backend):sint prio_class:sint prio_offset:sint queue(backend):sint srv_conn(server):sint
    srv_conn_free(server):sint srv_is_up(server):bool srv_iweight(server):sint srv_queue(server):sint
    srv_sess_rate(server):sint srv_uweight(server):sint srv_weight(server):sint stopping:bool table_avl(table):sint
    table_cnt(table):sint`,
  ),
  group(
    '7.3.3',
    ['backend'],
    `
    be_id:sint be_name:str be_server_timeout:sint be_tunnel_timeout:sint cur_server_timeout:sint
    cur_tunnel_timeout:sint`,
  ),
  group(
    '7.3.3',
    ['client address'],
    `
    dst:ipv4 dst_is_local:bool dst_port:sint fc_dst:ipv4 fc_dst_is_local:bool fc_dst_port:sint fc_err:sint
    fc_err_str:str fc_fackets([str]):sint fc_http_major:sint fc_lost([str]):sint fc_pp_authority:str
    fc_pp_unique_id:str fc_rcvd_proxy:bool fc_reordering([str]):sint fc_retrans([str]):sint fc_rtt([str]):sint
    fc_rttvar([str]):sint fc_sacked([str]):sint fc_src:ipv4 fc_src_is_local:bool fc_src_port:sint
    fc_unacked([str]):sint sc0_kbytes_in([table]):sint sc0_kbytes_out([table]):sint sc1_kbytes_in([table]):sint
    sc1_kbytes_out([table]):sint sc2_kbytes_in([table]):sint sc2_kbytes_out([table]):sint
    sc_kbytes_in(int[,table]):sint sc_kbytes_out(int[,table]):sint src:ipv4 src_bytes_in_rate(table):sint
    src_bytes_out_rate(table):sint src_clr_gpc(int,table):sint src_clr_gpc0(table):sint src_clr_gpc1(table):sint
    src_conn_cnt(table):sint src_conn_cur(table):sint src_conn_rate(table):sint src_get_gpc(int,table):sint
    src_get_gpc0(table):sint src_get_gpc1(table):sint src_get_gpt(int,table):sint src_get_gpt0(table):sint
    src_gpc0_rate(table):sint src_gpc1_rate(table):sint src_gpc_rate(int,table):sint src_http_err_cnt(table):sint
    src_http_err_rate(table):sint src_http_fail_cnt(table):sint src_http_fail_rate(table):sint
    src_http_req_cnt(table):sint src_http_req_rate(table):sint src_inc_gpc(int,table):sint src_inc_gpc0(table):sint
    src_inc_gpc1(table):sint src_is_local:bool src_kbytes_in(table):sint src_kbytes_out(table):sint src_port:sint
    src_sess_cnt(table):sint src_sess_rate(table):sint src_updt_conn_cnt(table):sint`,
  ),
  group(
    '7.3.3',
    ['constants'],
    `
    nbproc:sint`,
  ),
  group(
    '7.3.3',
    ['frontend'],
    `
    dst_conn:sint fe_client_timeout:sint fe_defbe:str fe_id:sint fe_name:str so_id:sint so_name:str`,
  ),
  group(
    '7.3.3',
    ['internal state'],
    `
    sc0_bytes_in_rate([table]):sint sc0_bytes_out_rate([table]):sint sc0_clr_gpc0([table]):sint
    sc0_clr_gpc1([table]):sint sc0_conn_cnt([table]):sint sc0_conn_cur([table]):sint sc0_conn_rate([table]):sint
    sc0_get_gpc0([table]):sint sc0_get_gpc1([table]):sint sc0_get_gpt0([table]):sint sc0_gpc0_rate([table]):sint
    sc0_gpc1_rate([table]):sint sc0_http_err_cnt([table]):sint sc0_http_err_rate([table]):sint
    sc0_http_fail_cnt([table]):sint sc0_http_fail_rate([table]):sint sc0_http_req_cnt([table]):sint
    sc0_http_req_rate([table]):sint sc0_inc_gpc0([table]):sint sc0_inc_gpc1([table]):sint sc0_sess_cnt([table]):sint
    sc0_sess_rate([table]):sint sc0_tracked([table]):bool sc0_trackers([table]):sint sc1_bytes_in_rate([table]):sint
    sc1_bytes_out_rate([table]):sint sc1_clr_gpc(int[,table]):sint sc1_clr_gpc0([table]):sint
    sc1_clr_gpc1([table]):sint sc1_conn_cnt([table]):sint sc1_conn_cur([table]):sint sc1_conn_rate([table]):sint
    sc1_get_gpc0([table]):sint sc1_get_gpc1([table]):sint sc1_get_gpt0([table]):sint sc1_gpc0_rate([table]):sint
    sc1_gpc1_rate([table]):sint sc1_http_err_cnt([table]):sint sc1_http_err_rate([table]):sint
    sc1_http_fail_cnt([table]):sint sc1_http_fail_rate([table]):sint sc1_http_req_cnt([table]):sint
    sc1_http_req_rate([table]):sint sc1_inc_gpc0([table]):sint sc1_inc_gpc1([table]):sint sc1_sess_cnt([table]):sint
    sc1_sess_rate([table]):sint sc1_tracked([table]):bool sc1_trackers([table]):sint sc2_bytes_in_rate([table]):sint
    sc2_bytes_out_rate([table]):sint sc2_clr_gpc0([table]):sint sc2_clr_gpc1([table]):sint sc2_conn_cnt([table]):sint
    sc2_conn_cur([table]):sint sc2_conn_rate([table]):sint sc2_get_gpc0([table]):sint sc2_get_gpc1([table]):sint
    sc2_get_gpt0([table]):sint sc2_gpc0_rate([table]):sint sc2_gpc1_rate([table]):sint sc2_http_err_cnt([table]):sint
    sc2_http_err_rate([table]):sint sc2_http_fail_cnt([table]):sint sc2_http_fail_rate([table]):sint
    sc2_http_req_cnt([table]):sint sc2_http_req_rate([table]):sint sc2_inc_gpc0([table]):sint
    sc2_inc_gpc1([table]):sint sc2_sess_cnt([table]):sint sc2_sess_rate([table]):sint sc2_tracked([table]):bool
    sc2_trackers([table]):sint sc_bytes_in_rate(int[,table]):sint sc_bytes_out_rate(int[,table]):sint
    sc_clr_gpc(int,int[,table]):sint sc_clr_gpc0(int[,table]):sint sc_clr_gpc1(int[,table]):sint
    sc_conn_cnt(int[,table]):sint sc_conn_cur(int[,table]):sint sc_conn_rate(int[,table]):sint
    sc_get_gpc(int,int[,table]):sint sc_get_gpc0(int[,table]):sint sc_get_gpc1(int[,table]):sint
    sc_get_gpt(int,int[,table]):sint sc_get_gpt0(int[,table]):sint sc_gpc0_rate(int[,table]):sint
    sc_gpc1_rate(int[,table]):sint sc_gpc_rate(int,int[,table]):sint sc_http_err_cnt(int[,table]):sint
    sc_http_err_rate(int[,table]):sint sc_http_fail_cnt(int[,table]):sint sc_http_fail_rate(int[,table]):sint
    sc_http_req_cnt(int[,table]):sint sc_http_req_rate(int[,table]):sint sc_inc_gpc(int,int[,table]):sint
    sc_inc_gpc0(int[,table]):sint sc_inc_gpc1(int[,table]):sint sc_sess_cnt(int[,table]):sint
    sc_sess_rate(int[,table]):sint sc_tracked(int[,table]):bool sc_trackers(int[,table]):sint`,
  ),
  group(
    '7.3.3',
    ['server'],
    `
    srv_id:sint srv_name:str`,
  ),
  group(
    '7.3.3',
    ['server address'],
    `
    bc_dst:sint bc_dst_port:sint bc_err:sint bc_err_str:str bc_http_major:sint bc_src:sint bc_src_port:sint`,
  ),
  group(
    '7.3.4',
    ['client-side connection'],
    `
    ssl_c_ca_err:sint ssl_c_ca_err_depth:sint ssl_c_chain_der:bin ssl_c_der:bin ssl_c_err:sint
    ssl_c_i_dn([str,int,str]):str ssl_c_key_alg:str ssl_c_notafter:str ssl_c_notbefore:str
    ssl_c_s_dn([str,int,str]):str ssl_c_serial:bin ssl_c_sha1:bin ssl_c_sig_alg:str ssl_c_used:bool ssl_c_verify:sint
    ssl_c_version:sint ssl_f_der:bin ssl_f_i_dn([str,int,str]):str ssl_f_key_alg:str ssl_f_notafter:str
    ssl_f_notbefore:str ssl_f_s_dn([str,int,str]):str ssl_f_serial:bin ssl_f_sha1:bin ssl_f_sig_alg:str
    ssl_f_version:sint ssl_fc:bool ssl_fc_alg_keysize:sint ssl_fc_alpn:str ssl_fc_cipher:str
    ssl_fc_cipherlist_bin([int]):str ssl_fc_cipherlist_hex([int]):bin ssl_fc_cipherlist_str([int]):str
    ssl_fc_cipherlist_xxh:sint ssl_fc_client_early_traffic_secret:str ssl_fc_client_handshake_traffic_secret:str
    ssl_fc_client_random:bin ssl_fc_client_traffic_secret_0:str ssl_fc_early_exporter_secret:str
    ssl_fc_ecformats_bin:str ssl_fc_eclist_bin([int]):str ssl_fc_err:sint ssl_fc_err_str:str
    ssl_fc_exporter_secret:str ssl_fc_extlist_bin([int]):str ssl_fc_has_crt:bool ssl_fc_has_early:bool
    ssl_fc_has_sni:bool ssl_fc_is_resumed:bool ssl_fc_npn:str ssl_fc_protocol:str ssl_fc_protocol_hello_id:sint
    ssl_fc_server_handshake_traffic_secret:str ssl_fc_server_random:bin ssl_fc_server_traffic_secret_0:str
    ssl_fc_session_id:bin ssl_fc_session_key:bin ssl_fc_sni:str ssl_fc_unique_id:bin ssl_fc_use_keysize:sint
    ssl_s_chain_der:bin ssl_s_der:bin ssl_s_i_dn([str,int,str]):str ssl_s_key_alg:str ssl_s_notafter:str
    ssl_s_notbefore:str ssl_s_s_dn([str,int,str]):str ssl_s_serial:bin ssl_s_sha1:bin ssl_s_sig_alg:str
    ssl_s_version:sint`,
  ),
  group(
    '7.3.4',
    ['server-side connection'],
    `
    ssl_bc:bool ssl_bc_alg_keysize:sint ssl_bc_alpn:str ssl_bc_cipher:str ssl_bc_client_random:bin ssl_bc_err:sint
    ssl_bc_err_str:str ssl_bc_is_resumed:bool ssl_bc_npn:str ssl_bc_protocol:str ssl_bc_server_random:bin
    ssl_bc_session_id:bin ssl_bc_session_key:bin ssl_bc_unique_id:bin ssl_bc_use_keysize:sint`,
  ),
  group(
    '7.3.5',
    ['HTTP request'],
    `
    req.proto_http:bool req_proto_http:bool`,
  ),
  group(
    '7.3.5',
    ['internal state'],
    `
    wait_end:bool`,
  ),
  group(
    '7.3.5',
    ['request buffer'],
    `
    rdp_cookie([str]):str rdp_cookie_cnt([str]):sint req.len:sint req.payload(int,int):bin
    req.payload_lv(int,int[,str]):bin req.rdp_cookie([str]):str req.rdp_cookie_cnt([str]):sint req.ssl_alpn:str
    req.ssl_ec_ext:bool req.ssl_hello_type:sint req.ssl_sni:str req.ssl_st_ext:sint req.ssl_ver:sint req_len:sint
    req_ssl_hello_type:sint req_ssl_sni:str req_ssl_ver:sint`,
  ),
  group(
    '7.3.5',
    ['request buffer', 'response buffer'],
    `
    distcc_body(str[,int]):bin distcc_param(str[,int]):sint payload(int,int):bin payload_lv(int,int[,str]):bin`,
  ),
  group(
    '7.3.5',
    ['response buffer'],
    `
    rep_ssl_hello_type:sint res.len:sint res.payload(int,int):bin res.payload_lv(int,int[,str]):bin
    res.ssl_hello_type:sint`,
  ),
  group(
    '7.3.6',
    ['HTTP request'],
    `
    capture.req.hdr(int):str capture.req.method:str capture.req.uri:str capture.req.ver:str capture.res.ver:str
    http_first_req:bool method:meth`,
  ),
  group(
    '7.3.6',
    ['HTTP request headers'],
    `
    base32+src:bin base32:sint base:str baseq:str cook([str]):str cook_cnt([str]):sint cook_val([str]):sint
    hdr_cnt([str]):sint hdr_ip([str,int]):ipv4 hdr_val([str,int]):sint http_auth(userlist):bool
    http_auth_bearer([str]):str http_auth_group(userlist):str http_auth_pass:str http_auth_type:str http_auth_user:str
    path:str pathq:str query:str req.body:bin req.body_len:sint req.body_param([str]):bin req.body_size:sint
    req.cook([str]):str req.cook_cnt([str]):sint req.cook_val([str]):sint req.fhdr([str,int]):str
    req.fhdr_cnt([str]):sint req.hdr([str,int]):str req.hdr_cnt([str]):sint req.hdr_ip([str,int]):ipv4
    req.hdr_names([str]):str req.hdr_val([str,int]):sint req.hdrs:bin req.hdrs_bin:bin req.ver:str req_ver:str
    url32+src:bin url32:sint url:str url_ip:ipv4 url_param([str,str]):str url_port:sint urlp([str,str]):str
    urlp_val([str,str]):sint`,
  ),
  group(
    '7.3.6',
    ['HTTP request headers', 'HTTP response headers'],
    `
    cookie([str]):str hdr([str,int]):str`,
  ),
  group(
    '7.3.6',
    ['HTTP response'],
    `
    capture.res.hdr(int):str res.comp:bool res.comp_algo:str status:sint`,
  ),
  group(
    '7.3.6',
    ['HTTP response statistics'],
    `
    res.cache_hit:bool res.cache_name:str`,
  ),
  group(
    '7.3.6',
    ['HTTP response headers'],
    `
    res.body:bin res.body_len:sint res.body_size:sint res.cook([str]):str res.cook_cnt([str]):sint
    res.cook_val([str]):sint res.fhdr([str,int]):str res.fhdr_cnt([str]):sint res.hdr([str,int]):str
    res.hdr_cnt([str]):sint res.hdr_ip([str,int]):ipv4 res.hdr_names([str]):str res.hdr_val([str,int]):sint
    res.hdrs:bin res.hdrs_bin:bin res.ver:str resp_ver:str scook([str]):str scook_cnt([str]):sint
    scook_val([str]):sint shdr([str,int]):str shdr_cnt([str]):sint shdr_ip([str,int]):ipv4 shdr_val([str,int]):sint`,
  ),
  group(
    '7.3.6',
    ['constants'],
    `
    unique-id:str`,
  ),
  group(
    '7.3.7',
    ['HTTP request headers', 'HTTP response headers'],
    `
    internal.htx.data:sint internal.htx.free:sint internal.htx.free_data:sint internal.htx.has_eom:bool
    internal.htx.nbblks:sint internal.htx.size:sint internal.htx.used:sint internal.htx_blk.data(str):bin
    internal.htx_blk.hdrname(str):str internal.htx_blk.hdrval(str):str internal.htx_blk.size(str):sint
    internal.htx_blk.start_line(str):str internal.htx_blk.type(str):str`,
  ),
  group(
    '7.3.7',
    ['internal state'],
    `
    internal.strm.is_htx:bool`,
  ),
  // In the manual, but only in programs built with the vendors' libraries.
  group(
    '7.3.6',
    ['HTTP request headers'],
    `
    51d.all(str[,str,str,str,str]):str da-csv-fetch(str[,str,str,str,str]):str wurfl-get(str[,str,str,str,str]):str
    wurfl-get-all:str`,
  ),
];

function group(manual: string, sources: readonly SampleSource[], entries: string): FetchGroup {
  return { manual, sources, entries };
}
