// Stubs for libcrypto: see lazy_library.h.
#include "base/libcrypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static_assert(OPENSSL_VERSION_MAJOR == 3, "libcrypto.so has the number of another version");

namespace kiln {

const LazyLibrary& crypto_library() {
  static constexpr LazyLibrary kLibrary("libcrypto.so.3", "libssl3");
  return kLibrary;
}

}  // namespace kiln

using kiln::crypto_library;

extern "C" {
KILN_LAZY_0(crypto_library, ERR_clear_error)
KILN_LAZY_0(crypto_library, ERR_get_error)
KILN_LAZY_0(crypto_library, ERR_peek_error)
KILN_LAZY_0(crypto_library, ERR_peek_last_error)
KILN_LAZY_0(crypto_library, EVP_MD_CTX_new)
KILN_LAZY_0(crypto_library, EVP_md5)
KILN_LAZY_0(crypto_library, EVP_sha1)
KILN_LAZY_0(crypto_library, EVP_sha256)
KILN_LAZY_1(crypto_library, BIO_ctrl_pending)
KILN_LAZY_1(crypto_library, BIO_free)
KILN_LAZY_1(crypto_library, ERR_lib_error_string)
KILN_LAZY_1(crypto_library, ERR_reason_error_string)
KILN_LAZY_1(crypto_library, EVP_MD_CTX_free)
KILN_LAZY_1(crypto_library, EVP_PKEY_free)
KILN_LAZY_1(crypto_library, X509_STORE_CTX_get_current_cert)
KILN_LAZY_1(crypto_library, X509_STORE_CTX_get_error_depth)
KILN_LAZY_1(crypto_library, X509_free)
KILN_LAZY_2(crypto_library, BIO_new_file)
KILN_LAZY_2(crypto_library, BIO_new_mem_buf)
KILN_LAZY_2(crypto_library, EVP_PKEY_is_a)
KILN_LAZY_2(crypto_library, PEM_read_bio_Parameters)
KILN_LAZY_2(crypto_library, X509_STORE_CTX_get_ex_data)
KILN_LAZY_2(crypto_library, X509_STORE_add_cert)
KILN_LAZY_2(crypto_library, d2i_PrivateKey_bio)
KILN_LAZY_3(crypto_library, BIO_read)
KILN_LAZY_3(crypto_library, BIO_write)
KILN_LAZY_3(crypto_library, CRYPTO_free)
KILN_LAZY_3(crypto_library, EVP_DecodeBlock)
KILN_LAZY_3(crypto_library, EVP_DigestFinal_ex)
KILN_LAZY_3(crypto_library, EVP_DigestInit_ex)
KILN_LAZY_3(crypto_library, EVP_DigestUpdate)
KILN_LAZY_3(crypto_library, EVP_EncodeBlock)
KILN_LAZY_3(crypto_library, X509_check_ip_asc)
KILN_LAZY_4(crypto_library, BIO_ctrl)
KILN_LAZY_4(crypto_library, BIO_new_bio_pair)
KILN_LAZY_4(crypto_library, PEM_read_bio_PrivateKey)
KILN_LAZY_4(crypto_library, PEM_read_bio_X509)
KILN_LAZY_4(crypto_library, PEM_read_bio_X509_AUX)
KILN_LAZY_5(crypto_library, X509_check_host)
KILN_LAZY_6(crypto_library, EVP_Digest)
}  // extern "C"
