// Any registered operator, by number, with what its schema says about arguments.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <memory>
#include <string>
#include <vector>

namespace earthcraft {

enum class ArgumentKind : uint8_t {
  kTensor,
  kTensors,
  kOptionalTensors,
  kInt,
  kFloat,
  kBool,
  kString,
  kScalar,
  kInts,
  kFloats,
  kBools,
  kDevice,
  kOther
};

struct ArgumentInfo {
  std::string name;
  ArgumentKind kind;
  bool optional;
  bool written;       // the operator writes to it in place
  int32_t fixed = 0;  // a list of so many, which one number may stand for
  int32_t end = 0;    // of an enumeration's numbers (dtypes, layouts); 0: any number
  c10::optional<c10::IValue> fallback;
};

struct Operator {
  std::string name;  // `aten::add.Tensor`
  c10::OperatorHandle handle;
  std::vector<ArgumentInfo> arguments;
  bool returns_self;  // its only return is its first argument, written in place
  bool writes;
  bool random;         // draws from ATen's global generator
  bool makes = false;  // takes no tensor: what it returns comes to life on the default device
};

int32_t find_operator(const std::string& name);
const Operator& operator_at(int32_t number);

}  // namespace earthcraft
