#include "sdk/clients/aws/crypto.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "kiln/http.h"
#include "kiln/lazy.h"

namespace kiln::aws {
namespace {

constexpr size_t kSize = 32;

struct Libcrypto {
  decltype(&::EVP_Digest) digest;
  decltype(&::EVP_sha256) sha256;
  decltype(&::HMAC) hmac;

  static const Libcrypto& get();
};

[[noreturn]] void unavailable(const std::string& problem) {
  throw http::Error(http::Error::Kind::kUnavailable, problem);
}

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (!function) unavailable(std::string("libcrypto.so.3 has no ") + name);
}

std::unique_ptr<Libcrypto> load() {
  void* library = ::dlopen("libcrypto.so.3", RTLD_LAZY | RTLD_LOCAL);
  if (!library) unavailable(std::string("OpenSSL can't be loaded: ") + ::dlerror());
  auto crypto = std::make_unique<Libcrypto>();
  find(library, "EVP_Digest", crypto->digest);
  find(library, "EVP_sha256", crypto->sha256);
  find(library, "HMAC", crypto->hmac);
  return crypto;
}

const Libcrypto& Libcrypto::get() {
  static auto* library = new kiln::Lazy<Libcrypto>(load);
  return **library;
}

}  // namespace

std::string sha256(std::string_view data) {
  const Libcrypto& crypto = Libcrypto::get();
  std::string out(kSize, '\0');
  if (crypto.digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
                    crypto.sha256(), nullptr) != 1) {
    unavailable("OpenSSL computes no SHA-256");
  }
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  const Libcrypto& crypto = Libcrypto::get();
  std::string out(kSize, '\0');
  if (!crypto.hmac(crypto.sha256(), key.data(), static_cast<int>(key.size()),
                   reinterpret_cast<const unsigned char*>(data.data()), data.size(),
                   reinterpret_cast<unsigned char*>(out.data()), nullptr)) {
    unavailable("OpenSSL computes no HMAC");
  }
  return out;
}

}  // namespace kiln::aws
