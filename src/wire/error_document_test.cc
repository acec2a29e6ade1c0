#include "wire/error_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "wire/cbor_protocol.h"
#include "wire/json_protocol.h"
#include "wire/query_protocol.h"

namespace kiln::wire {
namespace {

TEST(ErrorDocument, SaysTheSameOfEachProtocol) {
  const Error error{ErrorKind::kInternal, "InternalFailure", "<the disk> is full"};
  for (const net::Response& answer :
       {query_error(error, "id", "urn:x"), rest_xml_error(500, error, "id"),
        cbor_error(error, "id"), json_error(error, "id", JsonVersion::k10)}) {
    const auto document = json_parse(error_document(answer.content_type, answer.body));
    EXPECT_EQ(json_text(document, "__type"), "InternalFailure") << answer.body;
    EXPECT_EQ(json_text(document, "message"), "<the disk> is full") << answer.body;
  }
  EXPECT_EQ(error_document("text/plain", "no"), "");
  EXPECT_EQ(error_document("application/cbor", "\xff"), "");
}

}  // namespace
}  // namespace kiln::wire
