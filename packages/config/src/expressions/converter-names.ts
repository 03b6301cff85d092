/**
 * Every converter of HAProxy 2.6: name, arguments, input and output type, as `haproxy -dKcnv` and the manual (7.3.1) list
 * them. Brackets mark optional arguments. Which of them work here stands in `converters.ts`; this is the list of names.
 */

/** `name(arguments):input>output`, separated by blanks. */
export const CONVERTER_ENTRIES = `
  add(str):sint>sint add_item(str,str[,str]):str>str aes_gcm_dec(int,str,str,str):bin>bin and(str):sint>sint
  b64dec:str>bin base64:bin>str be2dec(str[,int,int]):bin>str be2hex(str[,int,int]):bin>str bool:sint>bool
  bytes(int[,int]):bin>bin capture-req(int):str>str capture-res(int):str>str concat(str[,str,str]):str>str
  cpl:sint>sint crc32([int]):bin>sint crc32c([int]):bin>sint cut_crlf:str>str debug([str,str]):any>any
  digest(str):bin>bin div(str):sint>sint djb2([int]):bin>sint even:sint>bool field(int,str[,int]):str>str
  fix_is_valid:bin>bool fix_tag_value(str):bin>bin hex:bin>str hex2i:str>sint hmac(str,str):bin>bin
  host_only:str>str htonl:sint>bin http_date([int,str]):sint>str iif(str,str):bool>str in_table(table):any>bool
  ipmask(mask4[,mask6]):addr>ipv4 json(str):str>str json_query(str[,str]):str>any
  jwt_header_query([str,str]):bin>any jwt_payload_query([str,str]):bin>any jwt_verify(str,str):bin>sint
  language(str[,str]):str>str length:str>sint lower:str>str ltime(str[,int]):sint>str ltrim(str):str>str
  map(str[,str]):str>str map_beg(str[,str]):str>str map_beg_int(str[,int]):str>sint map_beg_ip(str[,str]):str>addr
  map_dir(str[,str]):str>str map_dir_int(str[,int]):str>sint map_dir_ip(str[,str]):str>addr
  map_dom(str[,str]):str>str map_dom_int(str[,int]):str>sint map_dom_ip(str[,str]):str>addr
  map_end(str[,str]):str>str map_end_int(str[,int]):str>sint map_end_ip(str[,str]):str>addr
  map_int(str[,str]):sint>str map_int_int(str[,int]):sint>sint map_int_ip(str[,str]):sint>addr
  map_ip(str[,str]):addr>str map_ip_int(str[,int]):addr>sint map_ip_ip(str[,str]):addr>addr
  map_reg(str[,str]):str>str map_reg_int(str[,int]):str>sint map_reg_ip(str[,str]):str>addr
  map_regm(str[,str]):str>str map_str(str[,str]):str>str map_str_int(str[,int]):str>sint
  map_str_ip(str[,str]):str>addr map_sub(str[,str]):str>str map_sub_int(str[,int]):str>sint
  map_sub_ip(str[,str]):str>addr mod(str):sint>sint mqtt_field_value(str,str):bin>str mqtt_is_valid:bin>bool
  mul(str):sint>sint nbsrv:str>sint neg:sint>sint not:sint>bool odd:sint>bool or(str):sint>sint port_only:str>sint
  protobuf(pbuf[,str]):bin>bin regsub(regex,str[,str]):str>str rtrim(str):str>str sdbm([int]):bin>sint
  secure_memcmp(str):bin>bool set-var(str[,str,str,str,str]):any>any sha1:bin>bin sha2([int]):bin>bin
  srv_queue:str>sint strcmp(str):str>sint sub(str):sint>sint table_bytes_in_rate(table):any>sint
  table_bytes_out_rate(table):any>sint table_conn_cnt(table):any>sint table_conn_cur(table):any>sint
  table_conn_rate(table):any>sint table_expire(table[,int]):any>sint table_gpc(int,table):any>sint
  table_gpc0(table):any>sint table_gpc0_rate(table):any>sint table_gpc1(table):any>sint
  table_gpc1_rate(table):any>sint table_gpc_rate(int,table):any>sint table_gpt(int,table):any>sint
  table_gpt0(table):any>sint table_http_err_cnt(table):any>sint table_http_err_rate(table):any>sint
  table_http_fail_cnt(table):any>sint table_http_fail_rate(table):any>sint table_http_req_cnt(table):any>sint
  table_http_req_rate(table):any>sint table_idle(table[,int]):any>sint table_kbytes_in(table):any>sint
  table_kbytes_out(table):any>sint table_server_id(table):any>sint table_sess_cnt(table):any>sint
  table_sess_rate(table):any>sint table_trackers(table):any>sint ub64dec:str>bin ub64enc:bin>str
  ungrpc(pbuf[,str]):bin>bin unset-var(str):any>any upper:str>str url_dec([int]):str>str url_enc(str):str>str
  utime(str[,int]):sint>str word(int,str[,int]):str>str wt6([int]):bin>sint xor(str):sint>sint xxh3([int]):bin>sint
  xxh32([int]):bin>sint xxh64([int]):bin>sint
  51d.single(str[,str,str,str,str]):str>str da-csv-conv(str[,str,str,str,str]):str>str`;
