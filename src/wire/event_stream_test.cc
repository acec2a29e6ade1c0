#include "wire/event_stream.h"

#include <gtest/gtest.h>

#include "wire/checksum.h"

namespace kiln::wire {
namespace {

// Decoded by botocore, it is this event.
TEST(EventStreamTest, AMessageHasItsLengthsHeadersPayloadAndChecksums) {
  const std::string message = event_stream_message("PayloadChunk", "text/plain", "hello");
  EXPECT_EQ(to_hex(message),
            "000000610000004cbe1a8c2f0b3a6576656e742d7479706507000c5061796c6f61644368756e6b0d"
            "3a636f6e74656e742d7479706507000a746578742f706c61696e0d3a6d6573736167652d74797065"
            "0700056576656e7468656c6c6f5adddabb");
}

TEST(EventStreamTest, AnEmptyPayloadIsAMessage) {
  const std::string message = event_stream_message("InvokeComplete", "application/json", "");
  EXPECT_EQ(static_cast<unsigned char>(message[3]), message.size());
}

}  // namespace
}  // namespace kiln::wire
