#include "sdk/core/error_document.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

namespace kiln::sdk {
namespace {

template <class F>
ExceptionInfo info_of(F&& thrower) {
  try {
    thrower();
  } catch (...) {
    return current_exception_info();
  }
  return {};
}

struct Silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

TEST(ErrorDocument, NestedExceptionsKeepTheirCauses) {
  const auto info = info_of([] {
    try {
      try {
        throw std::out_of_range("no row 7");
      } catch (...) {
        std::throw_with_nested(std::invalid_argument("no order"));
      }
    } catch (...) {
      std::throw_with_nested(std::runtime_error("no answer"));
    }
  });
  EXPECT_EQ(info.type, "std::runtime_error");
  EXPECT_EQ(info.message, "no answer");
  EXPECT_EQ(error_document(info),
            R"({"errorMessage":"no answer","errorType":"std::runtime_error","stackTrace":[],)"
            R"("cause":{"errorMessage":"no order","errorType":"std::invalid_argument",)"
            R"("stackTrace":[],"cause":{"errorMessage":"no row 7",)"
            R"("errorType":"std::out_of_range","stackTrace":[]}}})");
}

TEST(ErrorDocument, NothingNestedHasNoCause) {
  EXPECT_EQ(error_document(info_of([] { throw std::runtime_error("x"); })),
            R"({"errorMessage":"x","errorType":"std::runtime_error","stackTrace":[]})");
  const auto info = info_of([] { std::throw_with_nested(std::logic_error("alone")); });
  EXPECT_EQ(info.type, "std::logic_error");
  EXPECT_TRUE(info.causes.empty());
}

TEST(ErrorDocument, ManyCausesAreCut) {
  const auto info = info_of([] {
    const auto dig = [](auto& self, int depth) -> void {
      if (depth == 0) throw std::runtime_error("bottom");
      try {
        self(self, depth - 1);
      } catch (...) {
        std::throw_with_nested(std::runtime_error(std::to_string(depth)));
      }
    };
    dig(dig, 100);
  });
  EXPECT_EQ(info.message, "100");
  EXPECT_EQ(info.causes.size(), 16u);
  EXPECT_EQ(info.causes[0].message, "99");
}

TEST(ErrorDocument, AnExceptionMayHaveNoMessage) {
  const auto info = info_of([] { throw Silent(); });
  EXPECT_EQ(info.message, "");
  EXPECT_NE(info.type.find("Silent"), std::string::npos);
}

TEST(ErrorDocument, TypesAreNamedAsPeopleWriteThem) {
  EXPECT_EQ(info_of([] { throw std::filesystem::filesystem_error("x", {}); }).type,
            "std::filesystem::filesystem_error");
  EXPECT_EQ(info_of([] { throw std::ios_base::failure("x"); }).type, "std::ios_base::failure");
}

}  // namespace
}  // namespace kiln::sdk
