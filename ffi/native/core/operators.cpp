#include "operators.h"

#include <ATen/core/enum_tag.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <sstream>
#include <unordered_map>

#include "errors.h"
#include "frame.h"

namespace earthcraft {
namespace {

struct Registry {
  std::deque<Operator> operators;
  std::unordered_map<std::string, int32_t> numbers;
};
Registry& registry() {
  static Registry* instance = new Registry();
  return *instance;
}

ArgumentKind kind_of(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType:
      return ArgumentKind::kTensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
    case c10::TypeKind::ScalarTypeType:
    case c10::TypeKind::LayoutType:
    case c10::TypeKind::MemoryFormatType:
      return ArgumentKind::kInt;
    case c10::TypeKind::FloatType:
      return ArgumentKind::kFloat;
    case c10::TypeKind::BoolType:
      return ArgumentKind::kBool;
    case c10::TypeKind::StringType:
      return ArgumentKind::kString;
    case c10::TypeKind::NumberType:
      return ArgumentKind::kScalar;
    case c10::TypeKind::DeviceObjType:
      return ArgumentKind::kDevice;
    case c10::TypeKind::ListType: {
      const c10::Type& element = *type.containedType(0);
      if (element.kind() == c10::TypeKind::OptionalType)
        return kind_of(*element.containedType(0)) == ArgumentKind::kTensor ? ArgumentKind::kOptionalTensors : ArgumentKind::kOther;
      switch (kind_of(element)) {
        case ArgumentKind::kTensor:
          return ArgumentKind::kTensors;
        case ArgumentKind::kInt:
          return ArgumentKind::kInts;
        case ArgumentKind::kFloat:
          return ArgumentKind::kFloats;
        case ArgumentKind::kBool:
          return ArgumentKind::kBools;
        default:
          return ArgumentKind::kOther;
      }
    }
    default:
      return ArgumentKind::kOther;
  }
}

// libtorch reads beyond its tables where a dtype, a layout or a memory format is none.
int32_t end_of(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::ScalarTypeType:
      return static_cast<int32_t>(c10::ScalarType::Undefined);
    case c10::TypeKind::LayoutType:
      return static_cast<int32_t>(c10::Layout::NumOptions);
    case c10::TypeKind::MemoryFormatType:
      return static_cast<int32_t>(c10::MemoryFormat::NumOptions);
    default:
      return 0;
  }
}

ArgumentInfo describe(const c10::Argument& argument) {
  ArgumentInfo info;
  info.name = argument.name();
  const c10::Type* type = argument.type().get();
  info.optional = type->kind() == c10::TypeKind::OptionalType;
  if (info.optional) type = type->containedType(0).get();
  info.kind = kind_of(*type);
  const c10::Type* real = argument.real_type().get();  // `type` calls an enumeration an int
  if (real->kind() == c10::TypeKind::OptionalType) real = real->containedType(0).get();
  info.end = end_of(*real);
  info.written = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
  info.fixed = argument.N().value_or(0);
  info.fallback = argument.default_value();
  return info;
}

}  // namespace

int32_t find_operator(const std::string& name) {
  Registry& r = registry();
  const auto known = r.numbers.find(name);
  if (known != r.numbers.end()) return known->second;

  const size_t colons = name.find("::");
  const size_t dot = name.find('.', colons == std::string::npos ? 0 : colons);
  const std::string base = name.substr(0, dot);
  const std::string overload = dot == std::string::npos ? "" : name.substr(dot + 1);
  const auto handle = c10::Dispatcher::singleton().findSchema({base, overload});
  if (!handle) fail(EC_UNSUPPORTED, "no operator " + name + " in this libtorch or library");

  const c10::FunctionSchema& schema = handle->schema();
  Operator op{name, *handle, {}, false, false, handle->hasTag(at::Tag::nondeterministic_seeded)};
  for (const c10::Argument& argument : schema.arguments()) {
    op.arguments.push_back(describe(argument));
    op.writes = op.writes || op.arguments.back().written;
  }
  if (schema.returns().size() == 1 && !op.arguments.empty() && op.arguments[0].kind == ArgumentKind::kTensor && op.arguments[0].written) {
    const c10::AliasInfo* alias = schema.returns()[0].alias_info();
    op.returns_self = alias != nullptr && alias->isWrite() && alias->beforeSet() == schema.arguments()[0].alias_info()->beforeSet();
  }
  op.makes = std::none_of(op.arguments.begin(), op.arguments.end(), [](const ArgumentInfo& a) {
    return a.kind == ArgumentKind::kTensor || a.kind == ArgumentKind::kTensors || a.kind == ArgumentKind::kOptionalTensors;
  });
  const auto number = static_cast<int32_t>(r.operators.size());
  r.operators.push_back(std::move(op));
  r.numbers.emplace(name, number);
  return number;
}

const Operator& operator_at(int32_t number) {
  const Registry& r = registry();
  if (number < 0 || static_cast<size_t>(number) >= r.operators.size()) fail(EC_ARGUMENT, "no operator number " + std::to_string(number));
  return r.operators[static_cast<size_t>(number)];
}

}  // namespace earthcraft

using namespace earthcraft;

int32_t ec_operator_find(const char* name) noexcept {
  return guarded_count([&] { return find_operator(name == nullptr ? "" : name); });
}

int32_t ec_operator_schema(int32_t op) noexcept {
  return guarded_status([&] {
    std::ostringstream text;
    text << operator_at(op).handle.schema();
    const std::string value = text.str();
    if (value.size() > EC_MESSAGE_BYTES) fail(EC_INTERNAL, "a schema of " + std::to_string(value.size()) + " bytes");
    std::memcpy(frame().message, value.data(), value.size());
    frame().message_bytes = static_cast<double>(value.size());
  });
}

int32_t ec_operator_flags(int32_t op) noexcept {
  return guarded_count([&] { return (operator_at(op).random ? 1 : 0) | (operator_at(op).returns_self ? 2 : 0); });
}
