// The C interface fed random bytes (libFuzzer): any operator of ops.txt with any frame of arguments, names, shapes and tensors' bytes. Nothing may
// end the process: every call answers with a status or a result.
//
//   make fuzz SECONDS=60

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "include/earthcraft.h"

namespace {

struct Operator {
  int32_t number;
  std::vector<uint8_t> tags;  // that its schema's arguments take
};
std::vector<Operator> operators;
std::vector<ec_handle> handles;  // tensors of all kinds; one freed, one that was never issued

// Reads the input to its end, and zeros after it.
struct Input {
  const uint8_t* at;
  const uint8_t* end;
  uint8_t byte() { return at < end ? *at++ : 0; }
  bool empty() const { return at >= end; }
  double number() {
    static const double odd[] = {2147483648.0,
                                 -2147483649.0,
                                 9007199254740992.0,
                                 9007199254740994.0,
                                 -9007199254740992.0,
                                 1e300,
                                 -1e300,
                                 1e-300,
                                 0.5,
                                 -0.0,
                                 std::numeric_limits<double>::quiet_NaN(),
                                 std::numeric_limits<double>::infinity()};
    const uint8_t kind = byte();
    if (kind < 200) return kind < 160 ? kind % 20 : -(kind % 8);
    if (kind < 230) return odd[byte() % (sizeof odd / sizeof *odd)];
    return static_cast<double>(static_cast<int16_t>(byte() << 8 | byte())) / (kind < 245 ? 1 : 64);
  }
};

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// One argument into the stream.
void argument(Input& in, uint8_t tag, double*& to) {
  const auto put = [&](double value) { *to++ = value; };
  const auto handle = [&] { return in.byte() == 255 ? in.number() : handles[in.byte() % handles.size()]; };
  const auto list = [&](const auto& item) {
    const int count = in.byte() % 6;
    put(tag), put(count);
    for (int i = 0; i < count; ++i) put(item());
  };
  switch (tag) {
    case EC_TAG_TENSOR:
      put(tag), put(handle());
      return;
    case EC_TAG_NUMBER:
      put(tag), put(in.number());
      return;
    case EC_TAG_BOOL:
      put(tag), put(in.byte() & 1);
      return;
    case EC_TAG_STRING: {
      static const char* const words[] = {"pinhole", "parallel", "cpu", "cuda:0", "meta", "mean", "floor", ""};
      const std::string text = in.byte() % 4 > 0 ? words[in.byte() % 8] : std::string(in.byte() % 24, static_cast<char>(in.byte()));
      put(tag), put(static_cast<double>(text.size()));
      std::memcpy(to, text.data(), text.size());
      to += (text.size() + 7) / 8;
      return;
    }
    case EC_TAG_NUMBERS:
      return list([&] { return in.number(); });
    case EC_TAG_BOOLS:
      return list([&] { return in.byte() & 1; });
    case EC_TAG_TENSORS:
      return list(handle);
    case EC_TAG_NONE:
    case EC_TAG_DEFAULT:
      put(tag);
      return;
    default:  // a tag, a count or a handle that is none
      put(in.number()), put(in.number());
  }
}

// Of `(Tensor x, int[3] size, float eps=1e-5) -> Tensor`.
std::vector<uint8_t> tags_of(const std::string& schema) {
  std::vector<uint8_t> tags;
  int depth = 0;
  std::string type;
  for (const char c : schema.substr(schema.find('('))) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if ((c != ',' || depth != 1) && depth > 0) {
      type += c;
      continue;
    }
    type = type.substr(type.find_first_not_of(" (*") == std::string::npos ? type.size() : type.find_first_not_of(" (*"));
    const auto begins = [&](const char* with) { return type.rfind(with, 0) == 0; };
    const bool many = type.substr(0, type.find(' ')).find('[') != std::string::npos;
    if (begins("Tensor") && !begins("Tensor("))
      tags.push_back(many ? EC_TAG_TENSORS : EC_TAG_TENSOR);
    else if (begins("Tensor("))
      tags.push_back(type.find(")[]") != std::string::npos ? EC_TAG_TENSORS : EC_TAG_TENSOR);
    else if (begins("bool"))
      tags.push_back(many ? EC_TAG_BOOLS : EC_TAG_BOOL);
    else if (begins("str") || begins("Device"))
      tags.push_back(EC_TAG_STRING);
    else if (!type.empty())
      tags.push_back(many ? EC_TAG_NUMBERS : EC_TAG_NUMBER);
    type.clear();
    if (depth == 0) break;
  }
  return tags;
}

void call(Input& in) {
  ec_frame_block& frame = *ec_frame();
  const int32_t depth = ec_scope_push();
  double* to = frame.stream;
  const Operator& op = operators[(in.byte() << 8 | in.byte()) % operators.size()];
  int32_t count = 0;
  for (const uint8_t tag : op.tags) {
    if (in.empty()) break;
    const uint8_t how = in.byte();  // as the schema has it, left out, or as it comes
    argument(in, how < 220 ? tag : how < 240 ? uint8_t{EC_TAG_DEFAULT} : static_cast<uint8_t>(how % 10), to);
    ++count;
  }
  frame.status = 0;
  const ec_handle result = ec_call(op.number, count);
  check(result == 0 || ec_tensor_live(result) == 1, "a result that is no tensor");
  check(frame.status == 0 || frame.message_bytes <= EC_MESSAGE_BYTES, "a message longer than its place");
  check(frame.status != EC_INTERNAL || frame.message_bytes > 0, "an internal error without a word");
  check(ec_scope_pop(depth, 0) == 0, "a scope that does not end");
}

void bytes(Input& in) {
  ec_frame_block& frame = *ec_frame();
  const int dims = in.byte() % 8;
  for (int i = 0; i < dims; ++i) frame.stream[i] = in.number();
  const auto dtype = static_cast<int32_t>(in.number());
  const auto said_dims = in.byte() < 250 ? dims : static_cast<int32_t>(in.number());
  // The memory has the exact size, so that what is read beyond it shows.
  const std::vector<uint8_t> memory(in.at, in.end);
  const ec_handle made = ec_tensor_from(memory.data(), memory.size(), dtype, said_dims);
  if (made == 0) return;
  std::vector<uint8_t> back(memory.size());
  check(ec_tensor_read(made, back.data(), back.size()) == 0 && back == memory, "a tensor's bytes did not come back");
  check(ec_tensor_release(made) == 0, "a tensor that cannot be released");
}

void names(Input& in) {
  const uint8_t which = in.byte();
  const std::string name(reinterpret_cast<const char*>(in.at), static_cast<size_t>(in.end - in.at));
  if (which % 3 == 0) ec_operator_find(name.c_str());
  if (which % 3 == 1 && name.find("cuda") == std::string::npos) ec_device_use(name.c_str());
  if (which % 3 == 2) ec_operator_find(("earthcraft::" + name).c_str());
  ec_device_use("cpu");
}

ec_handle tensor(int32_t dtype, const std::vector<int64_t>& shape, size_t element) {
  size_t count = element;
  ec_frame_block& frame = *ec_frame();
  for (size_t i = 0; i < shape.size(); ++i) frame.stream[i] = static_cast<double>(shape[i]), count *= static_cast<size_t>(shape[i]);
  std::vector<uint8_t> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = element == 4 && dtype == 6 ? (i % 4 == 3 ? 0x3f : static_cast<uint8_t>(i * 37)) : (i % element == 0 ? i / element % 5 : 0);
  const ec_handle made = ec_tensor_from(values.data(), values.size(), dtype, static_cast<int32_t>(shape.size()));
  check(made != 0, ec_frame()->message);
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  check(ec_init() == 0 && ec_threads_set(1) == 0, "no session");
  std::ifstream list(EARTHCRAFT_OPS_TXT);
  for (std::string line; std::getline(list, line);)
    if (const int32_t number = ec_operator_find(line.c_str()); !line.empty() && number >= 0) {
      check(ec_operator_schema(number) == 0, "an operator without a schema");
      operators.push_back({number, tags_of(std::string(ec_frame()->message, static_cast<size_t>(ec_frame()->message_bytes)))});
    }
  check(operators.size() > 100, "no ops.txt");
  // ScalarType's numbers: u8 0, i32 3, i64 4, f16 5, f32 6, f64 7, bool 11, bf16 15.
  const std::vector<std::vector<int64_t>> shapes = {{},     {0},    {3},       {8},       {3, 3},    {4, 4},     {6, 3},
                                                    {6, 4}, {5, 0}, {1, 4, 4}, {2, 3, 3}, {6, 2, 8}, {27, 8, 4}, {1, 2, 5, 7}};
  for (const auto& shape : shapes)
    for (const auto& [dtype, element] : {std::pair<int32_t, size_t>{6, 4}, {3, 4}, {4, 8}}) handles.push_back(tensor(dtype, shape, element));
  for (const auto& [dtype, element] : {std::pair<int32_t, size_t>{0, 1}, {5, 2}, {7, 8}, {11, 1}, {15, 2}})
    handles.push_back(tensor(dtype, {6, 4}, element));
  handles.push_back(tensor(6, {2}, 4));
  ec_tensor_release(handles.back());
  handles.push_back(ec_arena_new());
  handles.push_back(0xfffff0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in = {data, data + size};
  switch (in.byte() % 8) {
    case 0:
      bytes(in);
      break;
    case 1:
      names(in);
      break;
    default:
      call(in);
  }
  return 0;
}
