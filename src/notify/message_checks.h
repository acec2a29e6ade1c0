// Whether SNS takes a message: its size, subject, structure and attributes. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "notify/message.h"

namespace kiln::notify {

inline constexpr size_t kMaxMessageBytes = 256 * 1024;  // text and attributes
inline constexpr size_t kMaxSubject = 100;              // characters

// Bytes of the text and of the attributes' names, types and values.
size_t message_bytes(const Message& message);
// Everything but the size. Errors: InvalidParameter, ParameterValueInvalid.
Result<void> check_message(const Message& message);
// Of one message by itself: InvalidParameter "Invalid parameter: Message too long".
Result<void> check_size(const Message& message);

}  // namespace kiln::notify
