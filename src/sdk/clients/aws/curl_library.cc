#include "sdk/clients/aws/curl_library.h"

#include <dlfcn.h>

#include "kiln/http.h"
#include "kiln/lazy.h"

namespace kiln::http {
namespace {

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (!function) {
    throw Error(Error::Kind::kUnavailable,
                std::string("libcurl.so.4 has no ") + name + "; it must be 7.85 or newer");
  }
}

std::unique_ptr<CurlLibrary> load() {
  // Never closed: the libraries it brings with it don't survive being unloaded.
  void* library = ::dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    throw Error(Error::Kind::kUnavailable, std::string("libcurl can't be loaded: ") + ::dlerror());
  }
  auto curl = std::make_unique<CurlLibrary>();
  find(library, "curl_global_init", curl->global_init);
  find(library, "curl_easy_init", curl->easy_init);
  find(library, "curl_easy_setopt", curl->easy_setopt);
  find(library, "curl_easy_perform", curl->easy_perform);
  find(library, "curl_easy_getinfo", curl->easy_getinfo);
  find(library, "curl_easy_strerror", curl->easy_strerror);
  find(library, "curl_easy_reset", curl->easy_reset);
  find(library, "curl_easy_cleanup", curl->easy_cleanup);
  find(library, "curl_slist_append", curl->slist_append);
  find(library, "curl_slist_free_all", curl->slist_free_all);
  find(library, "curl_multi_init", curl->multi_init);
  find(library, "curl_multi_add_handle", curl->multi_add_handle);
  find(library, "curl_multi_remove_handle", curl->multi_remove_handle);
  find(library, "curl_multi_perform", curl->multi_perform);
  find(library, "curl_multi_poll", curl->multi_poll);
  find(library, "curl_multi_info_read", curl->multi_info_read);
  find(library, "curl_multi_cleanup", curl->multi_cleanup);
  if (curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw Error(Error::Kind::kUnavailable, "libcurl can't be initialised");
  }
  return curl;
}

}  // namespace

const CurlLibrary& CurlLibrary::get() {
  // Never destroyed: clients that are static objects may end after it would.
  static auto* library = new kiln::Lazy<CurlLibrary>(load);
  return **library;
}

}  // namespace kiln::http
