// Stubs for libssl: see base/lazy_library.h.
#include "net/libssl.h"

#include <openssl/opensslv.h>
#include <openssl/ssl.h>

static_assert(OPENSSL_VERSION_MAJOR == 3, "libssl.so has the number of another version");

namespace kiln::net {

const LazyLibrary& ssl_library() {
  static constexpr LazyLibrary kLibrary("libssl.so.3", "libssl3");
  return kLibrary;
}

}  // namespace kiln::net

using kiln::net::ssl_library;

extern "C" {
KILN_LAZY_0(ssl_library, SSL_get_ex_data_X509_STORE_CTX_idx)
KILN_LAZY_0(ssl_library, TLS_client_method)
KILN_LAZY_0(ssl_library, TLS_method)
KILN_LAZY_0(ssl_library, TLS_server_method)
KILN_LAZY_1(ssl_library, SSL_CTX_free)
KILN_LAZY_1(ssl_library, SSL_CTX_get_cert_store)
KILN_LAZY_1(ssl_library, SSL_CTX_get_default_passwd_cb)
KILN_LAZY_1(ssl_library, SSL_CTX_get_default_passwd_cb_userdata)
KILN_LAZY_1(ssl_library, SSL_CTX_get_verify_callback)
KILN_LAZY_1(ssl_library, SSL_CTX_get_verify_mode)
KILN_LAZY_1(ssl_library, SSL_CTX_new)
KILN_LAZY_1(ssl_library, SSL_CTX_set_default_verify_paths)
KILN_LAZY_1(ssl_library, SSL_accept)
KILN_LAZY_1(ssl_library, SSL_connect)
KILN_LAZY_1(ssl_library, SSL_free)
KILN_LAZY_1(ssl_library, SSL_get_SSL_CTX)
KILN_LAZY_1(ssl_library, SSL_get_shutdown)
KILN_LAZY_1(ssl_library, SSL_get_verify_callback)
KILN_LAZY_1(ssl_library, SSL_get_verify_mode)
KILN_LAZY_1(ssl_library, SSL_new)
KILN_LAZY_1(ssl_library, SSL_shutdown)
KILN_LAZY_2(ssl_library, SSL_CTX_clear_options)
KILN_LAZY_2(ssl_library, SSL_CTX_get_ex_data)
KILN_LAZY_2(ssl_library, SSL_CTX_set0_tmp_dh_pkey)
KILN_LAZY_2(ssl_library, SSL_CTX_set_default_passwd_cb)
KILN_LAZY_2(ssl_library, SSL_CTX_set_default_passwd_cb_userdata)
KILN_LAZY_2(ssl_library, SSL_CTX_set_options)
KILN_LAZY_2(ssl_library, SSL_CTX_set_verify_depth)
KILN_LAZY_2(ssl_library, SSL_CTX_use_PrivateKey)
KILN_LAZY_2(ssl_library, SSL_CTX_use_certificate)
KILN_LAZY_2(ssl_library, SSL_CTX_use_certificate_chain_file)
KILN_LAZY_2(ssl_library, SSL_get_error)
KILN_LAZY_2(ssl_library, SSL_get_ex_data)
KILN_LAZY_2(ssl_library, SSL_set_verify_depth)
KILN_LAZY_3(ssl_library, SSL_CTX_load_verify_locations)
KILN_LAZY_3(ssl_library, SSL_CTX_set_ex_data)
KILN_LAZY_3(ssl_library, SSL_CTX_set_verify)
KILN_LAZY_3(ssl_library, SSL_CTX_use_PrivateKey_file)
KILN_LAZY_3(ssl_library, SSL_CTX_use_certificate_ASN1)
KILN_LAZY_3(ssl_library, SSL_CTX_use_certificate_file)
KILN_LAZY_3(ssl_library, SSL_read)
KILN_LAZY_3(ssl_library, SSL_set_bio)
KILN_LAZY_3(ssl_library, SSL_set_ex_data)
KILN_LAZY_3(ssl_library, SSL_set_verify)
KILN_LAZY_3(ssl_library, SSL_write)
KILN_LAZY_4(ssl_library, SSL_CTX_ctrl)
KILN_LAZY_4(ssl_library, SSL_ctrl)
}  // extern "C"
