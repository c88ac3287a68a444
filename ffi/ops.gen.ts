// Written by ffi/generate-ops.ts from ops.txt and the dispatcher's schemas. Do not edit: run `bun ffi/generate-ops.ts`.
import * as c from "./call";
import type { DType } from "./dtype";
import { Operator } from "./operator";
import { Tensor } from "./tensor";

const NONE: never = Object.freeze({}) as never;
const isOptions = (value: unknown): boolean => value === undefined || (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype);

const $aten__fused_adamw_ = new Operator("aten::_fused_adamw_", ["self", "grads", "exp_avgs", "exp_avg_sqs", "max_exp_avg_sqs", "state_steps", "lr", "beta1", "beta2", "weight_decay", "eps", "amsgrad", "maximize", "grad_scale", "found_inf"]);
function aten__fused_adamw_(self: readonly Tensor[], grads: readonly Tensor[], expAvgs: readonly Tensor[], expAvgSqs: readonly Tensor[], maxExpAvgSqs: readonly Tensor[], stateSteps: readonly Tensor[], options: { lr: number; beta1: number; beta2: number; weightDecay: number; eps: number; amsgrad: boolean; maximize: boolean; gradScale?: Tensor | null; foundInf?: Tensor | null }): void {
  c.begin($aten__fused_adamw_);
  c.options(options);
  c.tensors("self", self);
  c.tensors("grads", grads);
  c.tensors("exp_avgs", expAvgs);
  c.tensors("exp_avg_sqs", expAvgSqs);
  c.tensors("max_exp_avg_sqs", maxExpAvgSqs);
  c.tensors("state_steps", stateSteps);
  c.float("lr", options.lr);
  c.float("beta1", options.beta1);
  c.float("beta2", options.beta2);
  c.float("weight_decay", options.weightDecay);
  c.float("eps", options.eps);
  c.bool("amsgrad", options.amsgrad);
  c.bool("maximize", options.maximize);
  c.orDefault(c.tensor, "grad_scale", options.gradScale);
  c.orDefault(c.tensor, "found_inf", options.foundInf);
  return void c.many($aten__fused_adamw_, 15);
}

const $aten__softmax = new Operator("aten::_softmax", ["self", "dim", "half_to_float"]);
function aten__softmax(self: Tensor, dim: number, halfToFloat: boolean): Tensor {
  c.begin($aten__softmax);
  c.tensor("self", self);
  c.int("dim", dim);
  c.bool("half_to_float", halfToFloat);
  return c.one($aten__softmax, 3);
}

const $aten_abs = new Operator("aten::abs", ["self"]);
function aten_abs(self: Tensor): Tensor {
  c.begin($aten_abs);
  c.tensor("self", self);
  return c.one($aten_abs, 1);
}

const $aten_add_Scalar = new Operator("aten::add.Scalar", ["self", "other", "alpha"]);
function aten_add_Scalar(self: Tensor, other: number, alpha?: number): Tensor {
  c.begin($aten_add_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  c.orDefault(c.scalar, "alpha", alpha);
  return c.one($aten_add_Scalar, 3);
}

const $aten_add_Tensor = new Operator("aten::add.Tensor", ["self", "other", "alpha"]);
function aten_add_Tensor(self: Tensor, other: Tensor, options: { alpha?: number } = NONE): Tensor {
  c.begin($aten_add_Tensor);
  c.options(options);
  c.tensor("self", self);
  c.tensor("other", other);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.one($aten_add_Tensor, 3);
}

const $aten_add__Scalar = new Operator("aten::add_.Scalar", ["self", "other", "alpha"]);
function aten_add__Scalar(self: Tensor, other: number, alpha?: number): Tensor {
  c.begin($aten_add__Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  c.orDefault(c.scalar, "alpha", alpha);
  return c.same($aten_add__Scalar, 3, self);
}

const $aten_add__Tensor = new Operator("aten::add_.Tensor", ["self", "other", "alpha"]);
function aten_add__Tensor(self: Tensor, other: Tensor, options: { alpha?: number } = NONE): Tensor {
  c.begin($aten_add__Tensor);
  c.options(options);
  c.tensor("self", self);
  c.tensor("other", other);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.same($aten_add__Tensor, 3, self);
}

const $aten_addmm = new Operator("aten::addmm", ["self", "mat1", "mat2", "beta", "alpha"]);
function aten_addmm(self: Tensor, mat1: Tensor, mat2: Tensor, options: { beta?: number; alpha?: number } = NONE): Tensor {
  c.begin($aten_addmm);
  c.options(options);
  c.tensor("self", self);
  c.tensor("mat1", mat1);
  c.tensor("mat2", mat2);
  c.orDefault(c.scalar, "beta", options.beta);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.one($aten_addmm, 5);
}

const $aten_all = new Operator("aten::all", ["self"]);
function aten_all(self: Tensor): Tensor {
  c.begin($aten_all);
  c.tensor("self", self);
  return c.one($aten_all, 1);
}

const $aten_amax = new Operator("aten::amax", ["self", "dim", "keepdim"]);
function aten_amax(self: Tensor, dim?: readonly number[] | number, keepdim?: boolean): Tensor {
  c.begin($aten_amax);
  c.tensor("self", self);
  c.orDefault(c.intsOrInt, "dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.one($aten_amax, 3);
}

const $aten_amin = new Operator("aten::amin", ["self", "dim", "keepdim"]);
function aten_amin(self: Tensor, dim?: readonly number[] | number, keepdim?: boolean): Tensor {
  c.begin($aten_amin);
  c.tensor("self", self);
  c.orDefault(c.intsOrInt, "dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.one($aten_amin, 3);
}

const $aten_any = new Operator("aten::any", ["self"]);
function aten_any(self: Tensor): Tensor {
  c.begin($aten_any);
  c.tensor("self", self);
  return c.one($aten_any, 1);
}

const $aten_arange = new Operator("aten::arange", ["end", "dtype", "layout", "device", "pin_memory"]);
function aten_arange(end: number, options: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null } = NONE): Tensor {
  c.begin($aten_arange);
  c.options(options);
  c.scalar("end", end);
  c.orDefault(c.dtype, "dtype", options.dtype);
  c.standard();
  c.orDefault(c.string, "device", options.device);
  c.orDefault(c.bool, "pin_memory", options.pinMemory);
  return c.one($aten_arange, 5);
}

const $aten_arange_start_step = new Operator("aten::arange.start_step", ["start", "end", "step", "dtype", "layout", "device", "pin_memory"]);
function aten_arange_start_step(start: number, end: number, step?: number, options: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null } = NONE): Tensor {
  c.begin($aten_arange_start_step);
  c.options(options);
  c.scalar("start", start);
  c.scalar("end", end);
  c.orDefault(c.scalar, "step", step);
  c.orDefault(c.dtype, "dtype", options.dtype);
  c.standard();
  c.orDefault(c.string, "device", options.device);
  c.orDefault(c.bool, "pin_memory", options.pinMemory);
  return c.one($aten_arange_start_step, 7);
}

const $aten_argmax = new Operator("aten::argmax", ["self", "dim", "keepdim"]);
function aten_argmax(self: Tensor, dim?: number | null, keepdim?: boolean): Tensor {
  c.begin($aten_argmax);
  c.tensor("self", self);
  c.orDefault(c.int, "dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.one($aten_argmax, 3);
}

const $aten_argmin = new Operator("aten::argmin", ["self", "dim", "keepdim"]);
function aten_argmin(self: Tensor, dim?: number | null, keepdim?: boolean): Tensor {
  c.begin($aten_argmin);
  c.tensor("self", self);
  c.orDefault(c.int, "dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.one($aten_argmin, 3);
}

const $aten_argsort = new Operator("aten::argsort", ["self", "dim", "descending"]);
function aten_argsort(self: Tensor, dim?: number, descending?: boolean): Tensor {
  c.begin($aten_argsort);
  c.tensor("self", self);
  c.orDefault(c.int, "dim", dim);
  c.orDefault(c.bool, "descending", descending);
  return c.one($aten_argsort, 3);
}

const $aten_atan2 = new Operator("aten::atan2", ["self", "other"]);
function aten_atan2(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_atan2);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_atan2, 2);
}

const $aten_avg_pool2d = new Operator("aten::avg_pool2d", ["self", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"]);
function aten_avg_pool2d(self: Tensor, kernelSize: readonly number[] | number, stride?: readonly number[] | number, padding?: readonly number[] | number, ceilMode?: boolean, countIncludePad?: boolean, divisorOverride?: number | null): Tensor {
  c.begin($aten_avg_pool2d);
  c.tensor("self", self);
  c.intsOrInt("kernel_size", kernelSize);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.bool, "ceil_mode", ceilMode);
  c.orDefault(c.bool, "count_include_pad", countIncludePad);
  c.orDefault(c.int, "divisor_override", divisorOverride);
  return c.one($aten_avg_pool2d, 7);
}

const $aten_avg_pool3d = new Operator("aten::avg_pool3d", ["self", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"]);
function aten_avg_pool3d(self: Tensor, kernelSize: readonly number[] | number, stride?: readonly number[] | number, padding?: readonly number[] | number, ceilMode?: boolean, countIncludePad?: boolean, divisorOverride?: number | null): Tensor {
  c.begin($aten_avg_pool3d);
  c.tensor("self", self);
  c.intsOrInt("kernel_size", kernelSize);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.bool, "ceil_mode", ceilMode);
  c.orDefault(c.bool, "count_include_pad", countIncludePad);
  c.orDefault(c.int, "divisor_override", divisorOverride);
  return c.one($aten_avg_pool3d, 7);
}

const $aten_baddbmm = new Operator("aten::baddbmm", ["self", "batch1", "batch2", "beta", "alpha"]);
function aten_baddbmm(self: Tensor, batch1: Tensor, batch2: Tensor, options: { beta?: number; alpha?: number } = NONE): Tensor {
  c.begin($aten_baddbmm);
  c.options(options);
  c.tensor("self", self);
  c.tensor("batch1", batch1);
  c.tensor("batch2", batch2);
  c.orDefault(c.scalar, "beta", options.beta);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.one($aten_baddbmm, 5);
}

const $aten_bmm = new Operator("aten::bmm", ["self", "mat2"]);
function aten_bmm(self: Tensor, mat2: Tensor): Tensor {
  c.begin($aten_bmm);
  c.tensor("self", self);
  c.tensor("mat2", mat2);
  return c.one($aten_bmm, 2);
}

const $aten_bucketize_Tensor = new Operator("aten::bucketize.Tensor", ["self", "boundaries", "out_int32", "right"]);
function aten_bucketize_Tensor(self: Tensor, boundaries: Tensor, options: { outInt32?: boolean; right?: boolean } = NONE): Tensor {
  c.begin($aten_bucketize_Tensor);
  c.options(options);
  c.tensor("self", self);
  c.tensor("boundaries", boundaries);
  c.orDefault(c.bool, "out_int32", options.outInt32);
  c.orDefault(c.bool, "right", options.right);
  return c.one($aten_bucketize_Tensor, 4);
}

const $aten_cat = new Operator("aten::cat", ["tensors", "dim"]);
function aten_cat(tensors: readonly Tensor[], dim?: number): Tensor {
  c.begin($aten_cat);
  c.tensors("tensors", tensors);
  c.orDefault(c.int, "dim", dim);
  return c.one($aten_cat, 2);
}

const $aten_chunk = new Operator("aten::chunk", ["self", "chunks", "dim"]);
function aten_chunk(self: Tensor, chunks: number, dim?: number): Tensor[] {
  c.begin($aten_chunk);
  c.tensor("self", self);
  c.int("chunks", chunks);
  c.orDefault(c.int, "dim", dim);
  return c.many($aten_chunk, 3)[0] as Tensor[];
}

const $aten_clamp = new Operator("aten::clamp", ["self", "min", "max"]);
function aten_clamp(self: Tensor, min?: number | null, max?: number | null): Tensor {
  c.begin($aten_clamp);
  c.tensor("self", self);
  c.orDefault(c.scalar, "min", min);
  c.orDefault(c.scalar, "max", max);
  return c.one($aten_clamp, 3);
}

const $aten_clamp_max = new Operator("aten::clamp_max", ["self", "max"]);
function aten_clamp_max(self: Tensor, max: number): Tensor {
  c.begin($aten_clamp_max);
  c.tensor("self", self);
  c.scalar("max", max);
  return c.one($aten_clamp_max, 2);
}

const $aten_clamp_min = new Operator("aten::clamp_min", ["self", "min"]);
function aten_clamp_min(self: Tensor, min: number): Tensor {
  c.begin($aten_clamp_min);
  c.tensor("self", self);
  c.scalar("min", min);
  return c.one($aten_clamp_min, 2);
}

const $aten_clone = new Operator("aten::clone", ["self", "memory_format"]);
function aten_clone(self: Tensor): Tensor {
  c.begin($aten_clone);
  c.tensor("self", self);
  c.standard();
  return c.one($aten_clone, 2);
}

const $aten_constant_pad_nd = new Operator("aten::constant_pad_nd", ["self", "pad", "value"]);
function aten_constant_pad_nd(self: Tensor, pad: readonly number[], value?: number): Tensor {
  c.begin($aten_constant_pad_nd);
  c.tensor("self", self);
  c.ints("pad", pad);
  c.orDefault(c.scalar, "value", value);
  return c.one($aten_constant_pad_nd, 3);
}

const $aten_contiguous = new Operator("aten::contiguous", ["self", "memory_format"]);
function aten_contiguous(self: Tensor): Tensor {
  c.begin($aten_contiguous);
  c.tensor("self", self);
  c.standard();
  return c.one($aten_contiguous, 2);
}

const $aten_conv1d = new Operator("aten::conv1d", ["input", "weight", "bias", "stride", "padding", "dilation", "groups"]);
function aten_conv1d(input: Tensor, weight: Tensor, bias?: Tensor | null, stride?: readonly number[] | number, padding?: readonly number[] | number, dilation?: readonly number[] | number, groups?: number): Tensor {
  c.begin($aten_conv1d);
  c.tensor("input", input);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.intsOrInt, "dilation", dilation);
  c.orDefault(c.int, "groups", groups);
  return c.one($aten_conv1d, 7);
}

const $aten_conv2d = new Operator("aten::conv2d", ["input", "weight", "bias", "stride", "padding", "dilation", "groups"]);
function aten_conv2d(input: Tensor, weight: Tensor, bias?: Tensor | null, stride?: readonly number[] | number, padding?: readonly number[] | number, dilation?: readonly number[] | number, groups?: number): Tensor {
  c.begin($aten_conv2d);
  c.tensor("input", input);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.intsOrInt, "dilation", dilation);
  c.orDefault(c.int, "groups", groups);
  return c.one($aten_conv2d, 7);
}

const $aten_conv3d = new Operator("aten::conv3d", ["input", "weight", "bias", "stride", "padding", "dilation", "groups"]);
function aten_conv3d(input: Tensor, weight: Tensor, bias?: Tensor | null, stride?: readonly number[] | number, padding?: readonly number[] | number, dilation?: readonly number[] | number, groups?: number): Tensor {
  c.begin($aten_conv3d);
  c.tensor("input", input);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.intsOrInt, "dilation", dilation);
  c.orDefault(c.int, "groups", groups);
  return c.one($aten_conv3d, 7);
}

const $aten_conv_transpose2d_input = new Operator("aten::conv_transpose2d.input", ["input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"]);
function aten_conv_transpose2d_input(input: Tensor, weight: Tensor, bias?: Tensor | null, stride?: readonly number[] | number, padding?: readonly number[] | number, outputPadding?: readonly number[] | number, groups?: number, dilation?: readonly number[] | number): Tensor {
  c.begin($aten_conv_transpose2d_input);
  c.tensor("input", input);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.intsOrInt, "output_padding", outputPadding);
  c.orDefault(c.int, "groups", groups);
  c.orDefault(c.intsOrInt, "dilation", dilation);
  return c.one($aten_conv_transpose2d_input, 8);
}

const $aten_conv_transpose3d_input = new Operator("aten::conv_transpose3d.input", ["input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"]);
function aten_conv_transpose3d_input(input: Tensor, weight: Tensor, bias?: Tensor | null, stride?: readonly number[] | number, padding?: readonly number[] | number, outputPadding?: readonly number[] | number, groups?: number, dilation?: readonly number[] | number): Tensor {
  c.begin($aten_conv_transpose3d_input);
  c.tensor("input", input);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.intsOrInt, "output_padding", outputPadding);
  c.orDefault(c.int, "groups", groups);
  c.orDefault(c.intsOrInt, "dilation", dilation);
  return c.one($aten_conv_transpose3d_input, 8);
}

const $aten_copy_ = new Operator("aten::copy_", ["self", "src", "non_blocking"]);
function aten_copy_(self: Tensor, src: Tensor, nonBlocking?: boolean): Tensor {
  c.begin($aten_copy_);
  c.tensor("self", self);
  c.tensor("src", src);
  c.orDefault(c.bool, "non_blocking", nonBlocking);
  return c.same($aten_copy_, 3, self);
}

const $aten_cos = new Operator("aten::cos", ["self"]);
function aten_cos(self: Tensor): Tensor {
  c.begin($aten_cos);
  c.tensor("self", self);
  return c.one($aten_cos, 1);
}

const $aten_cross_entropy_loss = new Operator("aten::cross_entropy_loss", ["self", "target", "weight", "reduction", "ignore_index", "label_smoothing"]);
function aten_cross_entropy_loss(self: Tensor, target: Tensor, weight?: Tensor | null, reduction?: number, ignoreIndex?: number, labelSmoothing?: number): Tensor {
  c.begin($aten_cross_entropy_loss);
  c.tensor("self", self);
  c.tensor("target", target);
  c.orDefault(c.tensor, "weight", weight);
  c.orDefault(c.int, "reduction", reduction);
  c.orDefault(c.int, "ignore_index", ignoreIndex);
  c.orDefault(c.float, "label_smoothing", labelSmoothing);
  return c.one($aten_cross_entropy_loss, 6);
}

const $aten_cumsum = new Operator("aten::cumsum", ["self", "dim", "dtype"]);
function aten_cumsum(self: Tensor, dim: number, options: { dtype?: DType | null } = NONE): Tensor {
  c.begin($aten_cumsum);
  c.options(options);
  c.tensor("self", self);
  c.int("dim", dim);
  c.orDefault(c.dtype, "dtype", options.dtype);
  return c.one($aten_cumsum, 3);
}

const $aten_detach = new Operator("aten::detach", ["self"]);
function aten_detach(self: Tensor): Tensor {
  c.begin($aten_detach);
  c.tensor("self", self);
  return c.one($aten_detach, 1);
}

const $aten_div_Scalar = new Operator("aten::div.Scalar", ["self", "other"]);
function aten_div_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_div_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_div_Scalar, 2);
}

const $aten_div_Tensor = new Operator("aten::div.Tensor", ["self", "other"]);
function aten_div_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_div_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_div_Tensor, 2);
}

const $aten_div_Tensor_mode = new Operator("aten::div.Tensor_mode", ["self", "other", "rounding_mode"]);
function aten_div_Tensor_mode(self: Tensor, other: Tensor, options: { roundingMode: string | null }): Tensor {
  c.begin($aten_div_Tensor_mode);
  c.options(options);
  c.tensor("self", self);
  c.tensor("other", other);
  c.orDefault(c.string, "rounding_mode", options.roundingMode);
  return c.one($aten_div_Tensor_mode, 3);
}

const $aten_embedding = new Operator("aten::embedding", ["weight", "indices", "padding_idx", "scale_grad_by_freq", "sparse"]);
function aten_embedding(weight: Tensor, indices: Tensor, paddingIdx?: number, scaleGradByFreq?: boolean, sparse?: boolean): Tensor {
  c.begin($aten_embedding);
  c.tensor("weight", weight);
  c.tensor("indices", indices);
  c.orDefault(c.int, "padding_idx", paddingIdx);
  c.orDefault(c.bool, "scale_grad_by_freq", scaleGradByFreq);
  c.orDefault(c.bool, "sparse", sparse);
  return c.one($aten_embedding, 5);
}

const $aten_empty_memory_format = new Operator("aten::empty.memory_format", ["size", "dtype", "layout", "device", "pin_memory", "memory_format"]);
function aten_empty_memory_format(size: readonly number[], options: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null } = NONE): Tensor {
  c.begin($aten_empty_memory_format);
  c.options(options);
  c.ints("size", size);
  c.orDefault(c.dtype, "dtype", options.dtype);
  c.standard();
  c.orDefault(c.string, "device", options.device);
  c.orDefault(c.bool, "pin_memory", options.pinMemory);
  c.standard();
  return c.one($aten_empty_memory_format, 6);
}

const $aten_eq_Scalar = new Operator("aten::eq.Scalar", ["self", "other"]);
function aten_eq_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_eq_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_eq_Scalar, 2);
}

const $aten_eq_Tensor = new Operator("aten::eq.Tensor", ["self", "other"]);
function aten_eq_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_eq_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_eq_Tensor, 2);
}

const $aten_exp = new Operator("aten::exp", ["self"]);
function aten_exp(self: Tensor): Tensor {
  c.begin($aten_exp);
  c.tensor("self", self);
  return c.one($aten_exp, 1);
}

const $aten_expand = new Operator("aten::expand", ["self", "size", "implicit"]);
function aten_expand(self: Tensor, size: readonly number[], options: { implicit?: boolean } = NONE): Tensor {
  c.begin($aten_expand);
  c.options(options);
  c.tensor("self", self);
  c.ints("size", size);
  c.orDefault(c.bool, "implicit", options.implicit);
  return c.one($aten_expand, 3);
}

const $aten_fill__Scalar = new Operator("aten::fill_.Scalar", ["self", "value"]);
function aten_fill__Scalar(self: Tensor, value: number): Tensor {
  c.begin($aten_fill__Scalar);
  c.tensor("self", self);
  c.scalar("value", value);
  return c.same($aten_fill__Scalar, 2, self);
}

const $aten_flatten_using_ints = new Operator("aten::flatten.using_ints", ["self", "start_dim", "end_dim"]);
function aten_flatten_using_ints(self: Tensor, startDim?: number, endDim?: number): Tensor {
  c.begin($aten_flatten_using_ints);
  c.tensor("self", self);
  c.orDefault(c.int, "start_dim", startDim);
  c.orDefault(c.int, "end_dim", endDim);
  return c.one($aten_flatten_using_ints, 3);
}

const $aten_flip = new Operator("aten::flip", ["self", "dims"]);
function aten_flip(self: Tensor, dims: readonly number[]): Tensor {
  c.begin($aten_flip);
  c.tensor("self", self);
  c.ints("dims", dims);
  return c.one($aten_flip, 2);
}

const $aten_floor = new Operator("aten::floor", ["self"]);
function aten_floor(self: Tensor): Tensor {
  c.begin($aten_floor);
  c.tensor("self", self);
  return c.one($aten_floor, 1);
}

const $aten_floor_divide = new Operator("aten::floor_divide", ["self", "other"]);
function aten_floor_divide(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_floor_divide);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_floor_divide, 2);
}

const $aten_full = new Operator("aten::full", ["size", "fill_value", "dtype", "layout", "device", "pin_memory"]);
function aten_full(size: readonly number[], fillValue: number, options: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null } = NONE): Tensor {
  c.begin($aten_full);
  c.options(options);
  c.ints("size", size);
  c.scalar("fill_value", fillValue);
  c.orDefault(c.dtype, "dtype", options.dtype);
  c.standard();
  c.orDefault(c.string, "device", options.device);
  c.orDefault(c.bool, "pin_memory", options.pinMemory);
  return c.one($aten_full, 6);
}

const $aten_gather = new Operator("aten::gather", ["self", "dim", "index", "sparse_grad"]);
function aten_gather(self: Tensor, dim: number, index: Tensor, options: { sparseGrad?: boolean } = NONE): Tensor {
  c.begin($aten_gather);
  c.options(options);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.orDefault(c.bool, "sparse_grad", options.sparseGrad);
  return c.one($aten_gather, 4);
}

const $aten_ge_Scalar = new Operator("aten::ge.Scalar", ["self", "other"]);
function aten_ge_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_ge_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_ge_Scalar, 2);
}

const $aten_ge_Tensor = new Operator("aten::ge.Tensor", ["self", "other"]);
function aten_ge_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_ge_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_ge_Tensor, 2);
}

const $aten_gelu = new Operator("aten::gelu", ["self", "approximate"]);
function aten_gelu(self: Tensor, options: { approximate?: string } = NONE): Tensor {
  c.begin($aten_gelu);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.string, "approximate", options.approximate);
  return c.one($aten_gelu, 2);
}

const $aten_grid_sampler = new Operator("aten::grid_sampler", ["input", "grid", "interpolation_mode", "padding_mode", "align_corners"]);
function aten_grid_sampler(input: Tensor, grid: Tensor, interpolationMode: number, paddingMode: number, alignCorners: boolean): Tensor {
  c.begin($aten_grid_sampler);
  c.tensor("input", input);
  c.tensor("grid", grid);
  c.int("interpolation_mode", interpolationMode);
  c.int("padding_mode", paddingMode);
  c.bool("align_corners", alignCorners);
  return c.one($aten_grid_sampler, 5);
}

const $aten_group_norm = new Operator("aten::group_norm", ["input", "num_groups", "weight", "bias", "eps", "cudnn_enabled"]);
function aten_group_norm(input: Tensor, numGroups: number, weight?: Tensor | null, bias?: Tensor | null, eps?: number, cudnnEnabled?: boolean): Tensor {
  c.begin($aten_group_norm);
  c.tensor("input", input);
  c.int("num_groups", numGroups);
  c.orDefault(c.tensor, "weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.float, "eps", eps);
  c.orDefault(c.bool, "cudnn_enabled", cudnnEnabled);
  return c.one($aten_group_norm, 6);
}

const $aten_gt_Scalar = new Operator("aten::gt.Scalar", ["self", "other"]);
function aten_gt_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_gt_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_gt_Scalar, 2);
}

const $aten_gt_Tensor = new Operator("aten::gt.Tensor", ["self", "other"]);
function aten_gt_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_gt_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_gt_Tensor, 2);
}

const $aten_index_Tensor = new Operator("aten::index.Tensor", ["self", "indices"]);
function aten_index_Tensor(self: Tensor, indices: readonly (Tensor | null)[]): Tensor {
  c.begin($aten_index_Tensor);
  c.tensor("self", self);
  c.optionalTensors("indices", indices);
  return c.one($aten_index_Tensor, 2);
}

const $aten_index_add = new Operator("aten::index_add", ["self", "dim", "index", "source", "alpha"]);
function aten_index_add(self: Tensor, dim: number, index: Tensor, source: Tensor, options: { alpha?: number } = NONE): Tensor {
  c.begin($aten_index_add);
  c.options(options);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.tensor("source", source);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.one($aten_index_add, 5);
}

const $aten_index_add_ = new Operator("aten::index_add_", ["self", "dim", "index", "source", "alpha"]);
function aten_index_add_(self: Tensor, dim: number, index: Tensor, source: Tensor, options: { alpha?: number } = NONE): Tensor {
  c.begin($aten_index_add_);
  c.options(options);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.tensor("source", source);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.same($aten_index_add_, 5, self);
}

const $aten_index_copy = new Operator("aten::index_copy", ["self", "dim", "index", "source"]);
function aten_index_copy(self: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  c.begin($aten_index_copy);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.tensor("source", source);
  return c.one($aten_index_copy, 4);
}

const $aten_index_put = new Operator("aten::index_put", ["self", "indices", "values", "accumulate"]);
function aten_index_put(self: Tensor, indices: readonly (Tensor | null)[], values: Tensor, accumulate?: boolean): Tensor {
  c.begin($aten_index_put);
  c.tensor("self", self);
  c.optionalTensors("indices", indices);
  c.tensor("values", values);
  c.orDefault(c.bool, "accumulate", accumulate);
  return c.one($aten_index_put, 4);
}

const $aten_index_put_ = new Operator("aten::index_put_", ["self", "indices", "values", "accumulate"]);
function aten_index_put_(self: Tensor, indices: readonly (Tensor | null)[], values: Tensor, accumulate?: boolean): Tensor {
  c.begin($aten_index_put_);
  c.tensor("self", self);
  c.optionalTensors("indices", indices);
  c.tensor("values", values);
  c.orDefault(c.bool, "accumulate", accumulate);
  return c.same($aten_index_put_, 4, self);
}

const $aten_index_select = new Operator("aten::index_select", ["self", "dim", "index"]);
function aten_index_select(self: Tensor, dim: number, index: Tensor): Tensor {
  c.begin($aten_index_select);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  return c.one($aten_index_select, 3);
}

const $aten_instance_norm = new Operator("aten::instance_norm", ["input", "weight", "bias", "running_mean", "running_var", "use_input_stats", "momentum", "eps", "cudnn_enabled"]);
function aten_instance_norm(input: Tensor, weight: Tensor | null, bias: Tensor | null, runningMean: Tensor | null, runningVar: Tensor | null, useInputStats: boolean, momentum: number, eps: number, cudnnEnabled: boolean): Tensor {
  c.begin($aten_instance_norm);
  c.tensor("input", input);
  c.orDefault(c.tensor, "weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.tensor, "running_mean", runningMean);
  c.orDefault(c.tensor, "running_var", runningVar);
  c.bool("use_input_stats", useInputStats);
  c.float("momentum", momentum);
  c.float("eps", eps);
  c.bool("cudnn_enabled", cudnnEnabled);
  return c.one($aten_instance_norm, 9);
}

const $aten_isfinite = new Operator("aten::isfinite", ["self"]);
function aten_isfinite(self: Tensor): Tensor {
  c.begin($aten_isfinite);
  c.tensor("self", self);
  return c.one($aten_isfinite, 1);
}

const $aten_isnan = new Operator("aten::isnan", ["self"]);
function aten_isnan(self: Tensor): Tensor {
  c.begin($aten_isnan);
  c.tensor("self", self);
  return c.one($aten_isnan, 1);
}

const $aten_l1_loss = new Operator("aten::l1_loss", ["self", "target", "reduction"]);
function aten_l1_loss(self: Tensor, target: Tensor, reduction?: number): Tensor {
  c.begin($aten_l1_loss);
  c.tensor("self", self);
  c.tensor("target", target);
  c.orDefault(c.int, "reduction", reduction);
  return c.one($aten_l1_loss, 3);
}

const $aten_layer_norm = new Operator("aten::layer_norm", ["input", "normalized_shape", "weight", "bias", "eps", "cudnn_enable"]);
function aten_layer_norm(input: Tensor, normalizedShape: readonly number[], weight?: Tensor | null, bias?: Tensor | null, eps?: number, cudnnEnable?: boolean): Tensor {
  c.begin($aten_layer_norm);
  c.tensor("input", input);
  c.ints("normalized_shape", normalizedShape);
  c.orDefault(c.tensor, "weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.float, "eps", eps);
  c.orDefault(c.bool, "cudnn_enable", cudnnEnable);
  return c.one($aten_layer_norm, 6);
}

const $aten_le_Scalar = new Operator("aten::le.Scalar", ["self", "other"]);
function aten_le_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_le_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_le_Scalar, 2);
}

const $aten_le_Tensor = new Operator("aten::le.Tensor", ["self", "other"]);
function aten_le_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_le_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_le_Tensor, 2);
}

const $aten_leaky_relu = new Operator("aten::leaky_relu", ["self", "negative_slope"]);
function aten_leaky_relu(self: Tensor, negativeSlope?: number): Tensor {
  c.begin($aten_leaky_relu);
  c.tensor("self", self);
  c.orDefault(c.scalar, "negative_slope", negativeSlope);
  return c.one($aten_leaky_relu, 2);
}

const $aten_lerp_Scalar = new Operator("aten::lerp.Scalar", ["self", "end", "weight"]);
function aten_lerp_Scalar(self: Tensor, end: Tensor, weight: number): Tensor {
  c.begin($aten_lerp_Scalar);
  c.tensor("self", self);
  c.tensor("end", end);
  c.scalar("weight", weight);
  return c.one($aten_lerp_Scalar, 3);
}

const $aten_lerp__Scalar = new Operator("aten::lerp_.Scalar", ["self", "end", "weight"]);
function aten_lerp__Scalar(self: Tensor, end: Tensor, weight: number): Tensor {
  c.begin($aten_lerp__Scalar);
  c.tensor("self", self);
  c.tensor("end", end);
  c.scalar("weight", weight);
  return c.same($aten_lerp__Scalar, 3, self);
}

const $aten_lgamma = new Operator("aten::lgamma", ["self"]);
function aten_lgamma(self: Tensor): Tensor {
  c.begin($aten_lgamma);
  c.tensor("self", self);
  return c.one($aten_lgamma, 1);
}

const $aten_linalg_vector_norm = new Operator("aten::linalg_vector_norm", ["self", "ord", "dim", "keepdim", "dtype"]);
function aten_linalg_vector_norm(self: Tensor, ord?: number, dim?: readonly number[] | number | null, keepdim?: boolean, options: { dtype?: DType | null } = NONE): Tensor {
  c.begin($aten_linalg_vector_norm);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.scalar, "ord", ord);
  c.orDefault(c.intsOrInt, "dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  c.orDefault(c.dtype, "dtype", options.dtype);
  return c.one($aten_linalg_vector_norm, 5);
}

const $aten_linear = new Operator("aten::linear", ["input", "weight", "bias"]);
function aten_linear(input: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  c.begin($aten_linear);
  c.tensor("input", input);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  return c.one($aten_linear, 3);
}

const $aten_linspace = new Operator("aten::linspace", ["start", "end", "steps", "dtype", "layout", "device", "pin_memory"]);
function aten_linspace(start: number, end: number, steps: number, options: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null } = NONE): Tensor {
  c.begin($aten_linspace);
  c.options(options);
  c.scalar("start", start);
  c.scalar("end", end);
  c.int("steps", steps);
  c.orDefault(c.dtype, "dtype", options.dtype);
  c.standard();
  c.orDefault(c.string, "device", options.device);
  c.orDefault(c.bool, "pin_memory", options.pinMemory);
  return c.one($aten_linspace, 7);
}

const $aten_log = new Operator("aten::log", ["self"]);
function aten_log(self: Tensor): Tensor {
  c.begin($aten_log);
  c.tensor("self", self);
  return c.one($aten_log, 1);
}

const $aten_log1p = new Operator("aten::log1p", ["self"]);
function aten_log1p(self: Tensor): Tensor {
  c.begin($aten_log1p);
  c.tensor("self", self);
  return c.one($aten_log1p, 1);
}

const $aten_log_softmax_int = new Operator("aten::log_softmax.int", ["self", "dim", "dtype"]);
function aten_log_softmax_int(self: Tensor, dim: number, dtype?: DType | null): Tensor {
  c.begin($aten_log_softmax_int);
  c.tensor("self", self);
  c.int("dim", dim);
  c.orDefault(c.dtype, "dtype", dtype);
  return c.one($aten_log_softmax_int, 3);
}

const $aten_logical_and = new Operator("aten::logical_and", ["self", "other"]);
function aten_logical_and(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_logical_and);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_logical_and, 2);
}

const $aten_logical_not = new Operator("aten::logical_not", ["self"]);
function aten_logical_not(self: Tensor): Tensor {
  c.begin($aten_logical_not);
  c.tensor("self", self);
  return c.one($aten_logical_not, 1);
}

const $aten_logical_or = new Operator("aten::logical_or", ["self", "other"]);
function aten_logical_or(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_logical_or);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_logical_or, 2);
}

const $aten_logsumexp = new Operator("aten::logsumexp", ["self", "dim", "keepdim"]);
function aten_logsumexp(self: Tensor, dim: readonly number[] | number, keepdim?: boolean): Tensor {
  c.begin($aten_logsumexp);
  c.tensor("self", self);
  c.intsOrInt("dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.one($aten_logsumexp, 3);
}

const $aten_lt_Scalar = new Operator("aten::lt.Scalar", ["self", "other"]);
function aten_lt_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_lt_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_lt_Scalar, 2);
}

const $aten_lt_Tensor = new Operator("aten::lt.Tensor", ["self", "other"]);
function aten_lt_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_lt_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_lt_Tensor, 2);
}

const $aten_masked_fill_Scalar = new Operator("aten::masked_fill.Scalar", ["self", "mask", "value"]);
function aten_masked_fill_Scalar(self: Tensor, mask: Tensor, value: number): Tensor {
  c.begin($aten_masked_fill_Scalar);
  c.tensor("self", self);
  c.tensor("mask", mask);
  c.scalar("value", value);
  return c.one($aten_masked_fill_Scalar, 3);
}

const $aten_masked_select = new Operator("aten::masked_select", ["self", "mask"]);
function aten_masked_select(self: Tensor, mask: Tensor): Tensor {
  c.begin($aten_masked_select);
  c.tensor("self", self);
  c.tensor("mask", mask);
  return c.one($aten_masked_select, 2);
}

const $aten_matmul = new Operator("aten::matmul", ["self", "other"]);
function aten_matmul(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_matmul);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_matmul, 2);
}

const $aten_max = new Operator("aten::max", ["self"]);
function aten_max(self: Tensor): Tensor {
  c.begin($aten_max);
  c.tensor("self", self);
  return c.one($aten_max, 1);
}

const $aten_max_dim = new Operator("aten::max.dim", ["self", "dim", "keepdim"]);
function aten_max_dim(self: Tensor, dim: number, keepdim?: boolean): [values: Tensor, indices: Tensor] {
  c.begin($aten_max_dim);
  c.tensor("self", self);
  c.int("dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.many($aten_max_dim, 3) as [values: Tensor, indices: Tensor];
}

const $aten_max_pool2d = new Operator("aten::max_pool2d", ["self", "kernel_size", "stride", "padding", "dilation", "ceil_mode"]);
function aten_max_pool2d(self: Tensor, kernelSize: readonly number[] | number, stride?: readonly number[] | number, padding?: readonly number[] | number, dilation?: readonly number[] | number, ceilMode?: boolean): Tensor {
  c.begin($aten_max_pool2d);
  c.tensor("self", self);
  c.intsOrInt("kernel_size", kernelSize);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.intsOrInt, "dilation", dilation);
  c.orDefault(c.bool, "ceil_mode", ceilMode);
  return c.one($aten_max_pool2d, 6);
}

const $aten_max_pool3d = new Operator("aten::max_pool3d", ["self", "kernel_size", "stride", "padding", "dilation", "ceil_mode"]);
function aten_max_pool3d(self: Tensor, kernelSize: readonly number[] | number, stride?: readonly number[] | number, padding?: readonly number[] | number, dilation?: readonly number[] | number, ceilMode?: boolean): Tensor {
  c.begin($aten_max_pool3d);
  c.tensor("self", self);
  c.intsOrInt("kernel_size", kernelSize);
  c.orDefault(c.intsOrInt, "stride", stride);
  c.orDefault(c.intsOrInt, "padding", padding);
  c.orDefault(c.intsOrInt, "dilation", dilation);
  c.orDefault(c.bool, "ceil_mode", ceilMode);
  return c.one($aten_max_pool3d, 6);
}

const $aten_maximum = new Operator("aten::maximum", ["self", "other"]);
function aten_maximum(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_maximum);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_maximum, 2);
}

const $aten_mean = new Operator("aten::mean", ["self", "dtype"]);
function aten_mean(self: Tensor, options: { dtype?: DType | null } = NONE): Tensor {
  c.begin($aten_mean);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.dtype, "dtype", options.dtype);
  return c.one($aten_mean, 2);
}

const $aten_mean_dim = new Operator("aten::mean.dim", ["self", "dim", "keepdim", "dtype"]);
function aten_mean_dim(self: Tensor, dim: readonly number[] | number | null, keepdim?: boolean, options: { dtype?: DType | null } = NONE): Tensor {
  c.begin($aten_mean_dim);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.intsOrInt, "dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  c.orDefault(c.dtype, "dtype", options.dtype);
  return c.one($aten_mean_dim, 4);
}

const $aten_min = new Operator("aten::min", ["self"]);
function aten_min(self: Tensor): Tensor {
  c.begin($aten_min);
  c.tensor("self", self);
  return c.one($aten_min, 1);
}

const $aten_min_dim = new Operator("aten::min.dim", ["self", "dim", "keepdim"]);
function aten_min_dim(self: Tensor, dim: number, keepdim?: boolean): [values: Tensor, indices: Tensor] {
  c.begin($aten_min_dim);
  c.tensor("self", self);
  c.int("dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.many($aten_min_dim, 3) as [values: Tensor, indices: Tensor];
}

const $aten_minimum = new Operator("aten::minimum", ["self", "other"]);
function aten_minimum(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_minimum);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_minimum, 2);
}

const $aten_mm = new Operator("aten::mm", ["self", "mat2"]);
function aten_mm(self: Tensor, mat2: Tensor): Tensor {
  c.begin($aten_mm);
  c.tensor("self", self);
  c.tensor("mat2", mat2);
  return c.one($aten_mm, 2);
}

const $aten_mse_loss = new Operator("aten::mse_loss", ["self", "target", "reduction"]);
function aten_mse_loss(self: Tensor, target: Tensor, reduction?: number): Tensor {
  c.begin($aten_mse_loss);
  c.tensor("self", self);
  c.tensor("target", target);
  c.orDefault(c.int, "reduction", reduction);
  return c.one($aten_mse_loss, 3);
}

const $aten_mul_Scalar = new Operator("aten::mul.Scalar", ["self", "other"]);
function aten_mul_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_mul_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_mul_Scalar, 2);
}

const $aten_mul_Tensor = new Operator("aten::mul.Tensor", ["self", "other"]);
function aten_mul_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_mul_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_mul_Tensor, 2);
}

const $aten_mul__Scalar = new Operator("aten::mul_.Scalar", ["self", "other"]);
function aten_mul__Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_mul__Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.same($aten_mul__Scalar, 2, self);
}

const $aten_mul__Tensor = new Operator("aten::mul_.Tensor", ["self", "other"]);
function aten_mul__Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_mul__Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.same($aten_mul__Tensor, 2, self);
}

const $aten_narrow = new Operator("aten::narrow", ["self", "dim", "start", "length"]);
function aten_narrow(self: Tensor, dim: number, start: number, length: number): Tensor {
  c.begin($aten_narrow);
  c.tensor("self", self);
  c.int("dim", dim);
  c.int("start", start);
  c.int("length", length);
  return c.one($aten_narrow, 4);
}

const $aten_ne_Scalar = new Operator("aten::ne.Scalar", ["self", "other"]);
function aten_ne_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_ne_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_ne_Scalar, 2);
}

const $aten_ne_Tensor = new Operator("aten::ne.Tensor", ["self", "other"]);
function aten_ne_Tensor(self: Tensor, other: Tensor): Tensor {
  c.begin($aten_ne_Tensor);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_ne_Tensor, 2);
}

const $aten_neg = new Operator("aten::neg", ["self"]);
function aten_neg(self: Tensor): Tensor {
  c.begin($aten_neg);
  c.tensor("self", self);
  return c.one($aten_neg, 1);
}

const $aten_nll_loss = new Operator("aten::nll_loss", ["self", "target", "weight", "reduction", "ignore_index"]);
function aten_nll_loss(self: Tensor, target: Tensor, weight?: Tensor | null, reduction?: number, ignoreIndex?: number): Tensor {
  c.begin($aten_nll_loss);
  c.tensor("self", self);
  c.tensor("target", target);
  c.orDefault(c.tensor, "weight", weight);
  c.orDefault(c.int, "reduction", reduction);
  c.orDefault(c.int, "ignore_index", ignoreIndex);
  return c.one($aten_nll_loss, 5);
}

const $aten_nonzero = new Operator("aten::nonzero", ["self"]);
function aten_nonzero(self: Tensor): Tensor {
  c.begin($aten_nonzero);
  c.tensor("self", self);
  return c.one($aten_nonzero, 1);
}

const $aten_norm_ScalarOpt_dim = new Operator("aten::norm.ScalarOpt_dim", ["self", "p", "dim", "keepdim"]);
function aten_norm_ScalarOpt_dim(self: Tensor, p: number | null, dim: readonly number[] | number, keepdim?: boolean): Tensor {
  c.begin($aten_norm_ScalarOpt_dim);
  c.tensor("self", self);
  c.orDefault(c.scalar, "p", p);
  c.intsOrInt("dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  return c.one($aten_norm_ScalarOpt_dim, 4);
}

const $aten_one_hot = new Operator("aten::one_hot", ["self", "num_classes"]);
function aten_one_hot(self: Tensor, numClasses?: number): Tensor {
  c.begin($aten_one_hot);
  c.tensor("self", self);
  c.orDefault(c.int, "num_classes", numClasses);
  return c.one($aten_one_hot, 2);
}

const $aten_ones = new Operator("aten::ones", ["size", "dtype", "layout", "device", "pin_memory"]);
function aten_ones(size: readonly number[], options: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null } = NONE): Tensor {
  c.begin($aten_ones);
  c.options(options);
  c.ints("size", size);
  c.orDefault(c.dtype, "dtype", options.dtype);
  c.standard();
  c.orDefault(c.string, "device", options.device);
  c.orDefault(c.bool, "pin_memory", options.pinMemory);
  return c.one($aten_ones, 5);
}

const $aten_pad = new Operator("aten::pad", ["self", "pad", "mode", "value"]);
function aten_pad(self: Tensor, pad: readonly number[], mode?: string, value?: number | null): Tensor {
  c.begin($aten_pad);
  c.tensor("self", self);
  c.ints("pad", pad);
  c.orDefault(c.string, "mode", mode);
  c.orDefault(c.float, "value", value);
  return c.one($aten_pad, 4);
}

const $aten_permute = new Operator("aten::permute", ["self", "dims"]);
function aten_permute(self: Tensor, dims: readonly number[]): Tensor {
  c.begin($aten_permute);
  c.tensor("self", self);
  c.ints("dims", dims);
  return c.one($aten_permute, 2);
}

const $aten_pow_Scalar = new Operator("aten::pow.Scalar", ["self", "exponent"]);
function aten_pow_Scalar(self: number, exponent: Tensor): Tensor {
  c.begin($aten_pow_Scalar);
  c.scalar("self", self);
  c.tensor("exponent", exponent);
  return c.one($aten_pow_Scalar, 2);
}

const $aten_pow_Tensor_Scalar = new Operator("aten::pow.Tensor_Scalar", ["self", "exponent"]);
function aten_pow_Tensor_Scalar(self: Tensor, exponent: number): Tensor {
  c.begin($aten_pow_Tensor_Scalar);
  c.tensor("self", self);
  c.scalar("exponent", exponent);
  return c.one($aten_pow_Tensor_Scalar, 2);
}

const $aten_pow_Tensor_Tensor = new Operator("aten::pow.Tensor_Tensor", ["self", "exponent"]);
function aten_pow_Tensor_Tensor(self: Tensor, exponent: Tensor): Tensor {
  c.begin($aten_pow_Tensor_Tensor);
  c.tensor("self", self);
  c.tensor("exponent", exponent);
  return c.one($aten_pow_Tensor_Tensor, 2);
}

const $aten_reciprocal = new Operator("aten::reciprocal", ["self"]);
function aten_reciprocal(self: Tensor): Tensor {
  c.begin($aten_reciprocal);
  c.tensor("self", self);
  return c.one($aten_reciprocal, 1);
}

const $aten_relu = new Operator("aten::relu", ["self"]);
function aten_relu(self: Tensor): Tensor {
  c.begin($aten_relu);
  c.tensor("self", self);
  return c.one($aten_relu, 1);
}

const $aten_remainder_Scalar = new Operator("aten::remainder.Scalar", ["self", "other"]);
function aten_remainder_Scalar(self: Tensor, other: number): Tensor {
  c.begin($aten_remainder_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_remainder_Scalar, 2);
}

const $aten_repeat = new Operator("aten::repeat", ["self", "repeats"]);
function aten_repeat(self: Tensor, repeats: readonly number[]): Tensor {
  c.begin($aten_repeat);
  c.tensor("self", self);
  c.ints("repeats", repeats);
  return c.one($aten_repeat, 2);
}

const $aten_repeat_interleave_Tensor = new Operator("aten::repeat_interleave.Tensor", ["repeats", "output_size"]);
function aten_repeat_interleave_Tensor(repeats: Tensor, options: { outputSize?: number | null } = NONE): Tensor {
  c.begin($aten_repeat_interleave_Tensor);
  c.options(options);
  c.tensor("repeats", repeats);
  c.orDefault(c.int, "output_size", options.outputSize);
  return c.one($aten_repeat_interleave_Tensor, 2);
}

const $aten_repeat_interleave_self_int = new Operator("aten::repeat_interleave.self_int", ["self", "repeats", "dim", "output_size"]);
function aten_repeat_interleave_self_int(self: Tensor, repeats: number, dim?: number | null, options: { outputSize?: number | null } = NONE): Tensor {
  c.begin($aten_repeat_interleave_self_int);
  c.options(options);
  c.tensor("self", self);
  c.int("repeats", repeats);
  c.orDefault(c.int, "dim", dim);
  c.orDefault(c.int, "output_size", options.outputSize);
  return c.one($aten_repeat_interleave_self_int, 4);
}

const $aten_reshape = new Operator("aten::reshape", ["self", "shape"]);
function aten_reshape(self: Tensor, shape: readonly number[]): Tensor {
  c.begin($aten_reshape);
  c.tensor("self", self);
  c.ints("shape", shape);
  return c.one($aten_reshape, 2);
}

const $aten_roll = new Operator("aten::roll", ["self", "shifts", "dims"]);
function aten_roll(self: Tensor, shifts: readonly number[] | number, dims?: readonly number[] | number): Tensor {
  c.begin($aten_roll);
  c.tensor("self", self);
  c.intsOrInt("shifts", shifts);
  c.orDefault(c.intsOrInt, "dims", dims);
  return c.one($aten_roll, 3);
}

const $aten_round = new Operator("aten::round", ["self"]);
function aten_round(self: Tensor): Tensor {
  c.begin($aten_round);
  c.tensor("self", self);
  return c.one($aten_round, 1);
}

const $aten_rsqrt = new Operator("aten::rsqrt", ["self"]);
function aten_rsqrt(self: Tensor): Tensor {
  c.begin($aten_rsqrt);
  c.tensor("self", self);
  return c.one($aten_rsqrt, 1);
}

const $aten_rsub_Scalar = new Operator("aten::rsub.Scalar", ["self", "other", "alpha"]);
function aten_rsub_Scalar(self: Tensor, other: number, alpha?: number): Tensor {
  c.begin($aten_rsub_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  c.orDefault(c.scalar, "alpha", alpha);
  return c.one($aten_rsub_Scalar, 3);
}

const $aten_scaled_dot_product_attention = new Operator("aten::scaled_dot_product_attention", ["query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa"]);
function aten_scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attnMask?: Tensor | null, dropoutP?: number, isCausal?: boolean, options: { scale?: number | null; enableGqa?: boolean } = NONE): Tensor {
  c.begin($aten_scaled_dot_product_attention);
  c.options(options);
  c.tensor("query", query);
  c.tensor("key", key);
  c.tensor("value", value);
  c.orDefault(c.tensor, "attn_mask", attnMask);
  c.orDefault(c.float, "dropout_p", dropoutP);
  c.orDefault(c.bool, "is_causal", isCausal);
  c.orDefault(c.float, "scale", options.scale);
  c.orDefault(c.bool, "enable_gqa", options.enableGqa);
  return c.one($aten_scaled_dot_product_attention, 8);
}

const $aten_scatter_src = new Operator("aten::scatter.src", ["self", "dim", "index", "src"]);
function aten_scatter_src(self: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  c.begin($aten_scatter_src);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.tensor("src", src);
  return c.one($aten_scatter_src, 4);
}

const $aten_scatter_value = new Operator("aten::scatter.value", ["self", "dim", "index", "value"]);
function aten_scatter_value(self: Tensor, dim: number, index: Tensor, value: number): Tensor {
  c.begin($aten_scatter_value);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.scalar("value", value);
  return c.one($aten_scatter_value, 4);
}

const $aten_scatter_add = new Operator("aten::scatter_add", ["self", "dim", "index", "src"]);
function aten_scatter_add(self: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  c.begin($aten_scatter_add);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.tensor("src", src);
  return c.one($aten_scatter_add, 4);
}

const $aten_scatter_reduce_two = new Operator("aten::scatter_reduce.two", ["self", "dim", "index", "src", "reduce", "include_self"]);
function aten_scatter_reduce_two(self: Tensor, dim: number, index: Tensor, src: Tensor, reduce: string, options: { includeSelf?: boolean } = NONE): Tensor {
  c.begin($aten_scatter_reduce_two);
  c.options(options);
  c.tensor("self", self);
  c.int("dim", dim);
  c.tensor("index", index);
  c.tensor("src", src);
  c.string("reduce", reduce);
  c.orDefault(c.bool, "include_self", options.includeSelf);
  return c.one($aten_scatter_reduce_two, 6);
}

const $aten_searchsorted_Tensor = new Operator("aten::searchsorted.Tensor", ["sorted_sequence", "self", "out_int32", "right", "side", "sorter"]);
function aten_searchsorted_Tensor(sortedSequence: Tensor, self: Tensor, options: { outInt32?: boolean; right?: boolean; side?: string | null; sorter?: Tensor | null } = NONE): Tensor {
  c.begin($aten_searchsorted_Tensor);
  c.options(options);
  c.tensor("sorted_sequence", sortedSequence);
  c.tensor("self", self);
  c.orDefault(c.bool, "out_int32", options.outInt32);
  c.orDefault(c.bool, "right", options.right);
  c.orDefault(c.string, "side", options.side);
  c.orDefault(c.tensor, "sorter", options.sorter);
  return c.one($aten_searchsorted_Tensor, 6);
}

const $aten_select_int = new Operator("aten::select.int", ["self", "dim", "index"]);
function aten_select_int(self: Tensor, dim: number, index: number): Tensor {
  c.begin($aten_select_int);
  c.tensor("self", self);
  c.int("dim", dim);
  c.int("index", index);
  return c.one($aten_select_int, 3);
}

const $aten_sigmoid = new Operator("aten::sigmoid", ["self"]);
function aten_sigmoid(self: Tensor): Tensor {
  c.begin($aten_sigmoid);
  c.tensor("self", self);
  return c.one($aten_sigmoid, 1);
}

const $aten_sign = new Operator("aten::sign", ["self"]);
function aten_sign(self: Tensor): Tensor {
  c.begin($aten_sign);
  c.tensor("self", self);
  return c.one($aten_sign, 1);
}

const $aten_silu = new Operator("aten::silu", ["self"]);
function aten_silu(self: Tensor): Tensor {
  c.begin($aten_silu);
  c.tensor("self", self);
  return c.one($aten_silu, 1);
}

const $aten_sin = new Operator("aten::sin", ["self"]);
function aten_sin(self: Tensor): Tensor {
  c.begin($aten_sin);
  c.tensor("self", self);
  return c.one($aten_sin, 1);
}

const $aten_slice_Tensor = new Operator("aten::slice.Tensor", ["self", "dim", "start", "end", "step"]);
function aten_slice_Tensor(self: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number): Tensor {
  c.begin($aten_slice_Tensor);
  c.tensor("self", self);
  c.orDefault(c.int, "dim", dim);
  c.orDefault(c.int, "start", start);
  c.orDefault(c.int, "end", end);
  c.orDefault(c.int, "step", step);
  return c.one($aten_slice_Tensor, 5);
}

const $aten_smooth_l1_loss = new Operator("aten::smooth_l1_loss", ["self", "target", "reduction", "beta"]);
function aten_smooth_l1_loss(self: Tensor, target: Tensor, reduction?: number, beta?: number): Tensor {
  c.begin($aten_smooth_l1_loss);
  c.tensor("self", self);
  c.tensor("target", target);
  c.orDefault(c.int, "reduction", reduction);
  c.orDefault(c.float, "beta", beta);
  return c.one($aten_smooth_l1_loss, 4);
}

const $aten_softmax_int = new Operator("aten::softmax.int", ["self", "dim", "dtype"]);
function aten_softmax_int(self: Tensor, dim: number, dtype?: DType | null): Tensor {
  c.begin($aten_softmax_int);
  c.tensor("self", self);
  c.int("dim", dim);
  c.orDefault(c.dtype, "dtype", dtype);
  return c.one($aten_softmax_int, 3);
}

const $aten_softplus = new Operator("aten::softplus", ["self", "beta", "threshold"]);
function aten_softplus(self: Tensor, beta?: number, threshold?: number): Tensor {
  c.begin($aten_softplus);
  c.tensor("self", self);
  c.orDefault(c.scalar, "beta", beta);
  c.orDefault(c.scalar, "threshold", threshold);
  return c.one($aten_softplus, 3);
}

const $aten_sort = new Operator("aten::sort", ["self", "dim", "descending"]);
function aten_sort(self: Tensor, dim?: number, descending?: boolean): [values: Tensor, indices: Tensor] {
  c.begin($aten_sort);
  c.tensor("self", self);
  c.orDefault(c.int, "dim", dim);
  c.orDefault(c.bool, "descending", descending);
  return c.many($aten_sort, 3) as [values: Tensor, indices: Tensor];
}

const $aten_split_Tensor = new Operator("aten::split.Tensor", ["self", "split_size", "dim"]);
function aten_split_Tensor(self: Tensor, splitSize: number, dim?: number): Tensor[] {
  c.begin($aten_split_Tensor);
  c.tensor("self", self);
  c.int("split_size", splitSize);
  c.orDefault(c.int, "dim", dim);
  return c.many($aten_split_Tensor, 3)[0] as Tensor[];
}

const $aten_split_with_sizes = new Operator("aten::split_with_sizes", ["self", "split_sizes", "dim"]);
function aten_split_with_sizes(self: Tensor, splitSizes: readonly number[], dim?: number): Tensor[] {
  c.begin($aten_split_with_sizes);
  c.tensor("self", self);
  c.ints("split_sizes", splitSizes);
  c.orDefault(c.int, "dim", dim);
  return c.many($aten_split_with_sizes, 3)[0] as Tensor[];
}

const $aten_sqrt = new Operator("aten::sqrt", ["self"]);
function aten_sqrt(self: Tensor): Tensor {
  c.begin($aten_sqrt);
  c.tensor("self", self);
  return c.one($aten_sqrt, 1);
}

const $aten_square = new Operator("aten::square", ["self"]);
function aten_square(self: Tensor): Tensor {
  c.begin($aten_square);
  c.tensor("self", self);
  return c.one($aten_square, 1);
}

const $aten_squeeze_dim = new Operator("aten::squeeze.dim", ["self", "dim"]);
function aten_squeeze_dim(self: Tensor, dim: number): Tensor {
  c.begin($aten_squeeze_dim);
  c.tensor("self", self);
  c.int("dim", dim);
  return c.one($aten_squeeze_dim, 2);
}

const $aten_stack = new Operator("aten::stack", ["tensors", "dim"]);
function aten_stack(tensors: readonly Tensor[], dim?: number): Tensor {
  c.begin($aten_stack);
  c.tensors("tensors", tensors);
  c.orDefault(c.int, "dim", dim);
  return c.one($aten_stack, 2);
}

const $aten_std_correction = new Operator("aten::std.correction", ["self", "dim", "correction", "keepdim"]);
function aten_std_correction(self: Tensor, dim?: readonly number[] | number | null, options: { correction?: number | null; keepdim?: boolean } = NONE): Tensor {
  c.begin($aten_std_correction);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.intsOrInt, "dim", dim);
  c.orDefault(c.scalar, "correction", options.correction);
  c.orDefault(c.bool, "keepdim", options.keepdim);
  return c.one($aten_std_correction, 4);
}

const $aten_sub_Scalar = new Operator("aten::sub.Scalar", ["self", "other", "alpha"]);
function aten_sub_Scalar(self: Tensor, other: number, alpha?: number): Tensor {
  c.begin($aten_sub_Scalar);
  c.tensor("self", self);
  c.scalar("other", other);
  c.orDefault(c.scalar, "alpha", alpha);
  return c.one($aten_sub_Scalar, 3);
}

const $aten_sub_Tensor = new Operator("aten::sub.Tensor", ["self", "other", "alpha"]);
function aten_sub_Tensor(self: Tensor, other: Tensor, options: { alpha?: number } = NONE): Tensor {
  c.begin($aten_sub_Tensor);
  c.options(options);
  c.tensor("self", self);
  c.tensor("other", other);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.one($aten_sub_Tensor, 3);
}

const $aten_sub__Tensor = new Operator("aten::sub_.Tensor", ["self", "other", "alpha"]);
function aten_sub__Tensor(self: Tensor, other: Tensor, options: { alpha?: number } = NONE): Tensor {
  c.begin($aten_sub__Tensor);
  c.options(options);
  c.tensor("self", self);
  c.tensor("other", other);
  c.orDefault(c.scalar, "alpha", options.alpha);
  return c.same($aten_sub__Tensor, 3, self);
}

const $aten_sum = new Operator("aten::sum", ["self", "dtype"]);
function aten_sum(self: Tensor, options: { dtype?: DType | null } = NONE): Tensor {
  c.begin($aten_sum);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.dtype, "dtype", options.dtype);
  return c.one($aten_sum, 2);
}

const $aten_sum_dim_IntList = new Operator("aten::sum.dim_IntList", ["self", "dim", "keepdim", "dtype"]);
function aten_sum_dim_IntList(self: Tensor, dim: readonly number[] | number | null, keepdim?: boolean, options: { dtype?: DType | null } = NONE): Tensor {
  c.begin($aten_sum_dim_IntList);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.intsOrInt, "dim", dim);
  c.orDefault(c.bool, "keepdim", keepdim);
  c.orDefault(c.dtype, "dtype", options.dtype);
  return c.one($aten_sum_dim_IntList, 4);
}

const $aten_tanh = new Operator("aten::tanh", ["self"]);
function aten_tanh(self: Tensor): Tensor {
  c.begin($aten_tanh);
  c.tensor("self", self);
  return c.one($aten_tanh, 1);
}

const $aten_to_device = new Operator("aten::to.device", ["self", "device", "dtype", "non_blocking", "copy", "memory_format"]);
function aten_to_device(self: Tensor, device: string, dtype: DType, nonBlocking?: boolean, copy?: boolean): Tensor {
  c.begin($aten_to_device);
  c.tensor("self", self);
  c.string("device", device);
  c.dtype("dtype", dtype);
  c.orDefault(c.bool, "non_blocking", nonBlocking);
  c.orDefault(c.bool, "copy", copy);
  c.standard();
  return c.one($aten_to_device, 6);
}

const $aten_to_dtype = new Operator("aten::to.dtype", ["self", "dtype", "non_blocking", "copy", "memory_format"]);
function aten_to_dtype(self: Tensor, dtype: DType, nonBlocking?: boolean, copy?: boolean): Tensor {
  c.begin($aten_to_dtype);
  c.tensor("self", self);
  c.dtype("dtype", dtype);
  c.orDefault(c.bool, "non_blocking", nonBlocking);
  c.orDefault(c.bool, "copy", copy);
  c.standard();
  return c.one($aten_to_dtype, 5);
}

const $aten_topk = new Operator("aten::topk", ["self", "k", "dim", "largest", "sorted"]);
function aten_topk(self: Tensor, k: number, dim?: number, largest?: boolean, sorted?: boolean): [values: Tensor, indices: Tensor] {
  c.begin($aten_topk);
  c.tensor("self", self);
  c.int("k", k);
  c.orDefault(c.int, "dim", dim);
  c.orDefault(c.bool, "largest", largest);
  c.orDefault(c.bool, "sorted", sorted);
  return c.many($aten_topk, 5) as [values: Tensor, indices: Tensor];
}

const $aten_transpose_int = new Operator("aten::transpose.int", ["self", "dim0", "dim1"]);
function aten_transpose_int(self: Tensor, dim0: number, dim1: number): Tensor {
  c.begin($aten_transpose_int);
  c.tensor("self", self);
  c.int("dim0", dim0);
  c.int("dim1", dim1);
  return c.one($aten_transpose_int, 3);
}

const $aten_tril = new Operator("aten::tril", ["self", "diagonal"]);
function aten_tril(self: Tensor, diagonal?: number): Tensor {
  c.begin($aten_tril);
  c.tensor("self", self);
  c.orDefault(c.int, "diagonal", diagonal);
  return c.one($aten_tril, 2);
}

const $aten_triu = new Operator("aten::triu", ["self", "diagonal"]);
function aten_triu(self: Tensor, diagonal?: number): Tensor {
  c.begin($aten_triu);
  c.tensor("self", self);
  c.orDefault(c.int, "diagonal", diagonal);
  return c.one($aten_triu, 2);
}

const $aten_unbind_int = new Operator("aten::unbind.int", ["self", "dim"]);
function aten_unbind_int(self: Tensor, dim?: number): Tensor[] {
  c.begin($aten_unbind_int);
  c.tensor("self", self);
  c.orDefault(c.int, "dim", dim);
  return c.many($aten_unbind_int, 2)[0] as Tensor[];
}

const $aten_unfold = new Operator("aten::unfold", ["self", "dimension", "size", "step"]);
function aten_unfold(self: Tensor, dimension: number, size: number, step: number): Tensor {
  c.begin($aten_unfold);
  c.tensor("self", self);
  c.int("dimension", dimension);
  c.int("size", size);
  c.int("step", step);
  return c.one($aten_unfold, 4);
}

const $aten_unique_consecutive = new Operator("aten::unique_consecutive", ["self", "return_inverse", "return_counts", "dim"]);
function aten_unique_consecutive(self: Tensor, returnInverse?: boolean, returnCounts?: boolean, dim?: number | null): [Tensor, Tensor, Tensor] {
  c.begin($aten_unique_consecutive);
  c.tensor("self", self);
  c.orDefault(c.bool, "return_inverse", returnInverse);
  c.orDefault(c.bool, "return_counts", returnCounts);
  c.orDefault(c.int, "dim", dim);
  return c.many($aten_unique_consecutive, 4) as [Tensor, Tensor, Tensor];
}

const $aten_unsqueeze = new Operator("aten::unsqueeze", ["self", "dim"]);
function aten_unsqueeze(self: Tensor, dim: number): Tensor {
  c.begin($aten_unsqueeze);
  c.tensor("self", self);
  c.int("dim", dim);
  return c.one($aten_unsqueeze, 2);
}

const $aten_upsample_bilinear2d = new Operator("aten::upsample_bilinear2d", ["self", "output_size", "align_corners", "scales_h", "scales_w"]);
function aten_upsample_bilinear2d(self: Tensor, outputSize: readonly number[] | number, alignCorners: boolean, scalesH?: number | null, scalesW?: number | null): Tensor {
  c.begin($aten_upsample_bilinear2d);
  c.tensor("self", self);
  c.intsOrInt("output_size", outputSize);
  c.bool("align_corners", alignCorners);
  c.orDefault(c.float, "scales_h", scalesH);
  c.orDefault(c.float, "scales_w", scalesW);
  return c.one($aten_upsample_bilinear2d, 5);
}

const $aten_upsample_nearest2d = new Operator("aten::upsample_nearest2d", ["self", "output_size", "scales_h", "scales_w"]);
function aten_upsample_nearest2d(self: Tensor, outputSize: readonly number[] | number, scalesH?: number | null, scalesW?: number | null): Tensor {
  c.begin($aten_upsample_nearest2d);
  c.tensor("self", self);
  c.intsOrInt("output_size", outputSize);
  c.orDefault(c.float, "scales_h", scalesH);
  c.orDefault(c.float, "scales_w", scalesW);
  return c.one($aten_upsample_nearest2d, 4);
}

const $aten_upsample_nearest3d = new Operator("aten::upsample_nearest3d", ["self", "output_size", "scales_d", "scales_h", "scales_w"]);
function aten_upsample_nearest3d(self: Tensor, outputSize: readonly number[] | number, scalesD?: number | null, scalesH?: number | null, scalesW?: number | null): Tensor {
  c.begin($aten_upsample_nearest3d);
  c.tensor("self", self);
  c.intsOrInt("output_size", outputSize);
  c.orDefault(c.float, "scales_d", scalesD);
  c.orDefault(c.float, "scales_h", scalesH);
  c.orDefault(c.float, "scales_w", scalesW);
  return c.one($aten_upsample_nearest3d, 5);
}

const $aten_upsample_trilinear3d = new Operator("aten::upsample_trilinear3d", ["self", "output_size", "align_corners", "scales_d", "scales_h", "scales_w"]);
function aten_upsample_trilinear3d(self: Tensor, outputSize: readonly number[] | number, alignCorners: boolean, scalesD?: number | null, scalesH?: number | null, scalesW?: number | null): Tensor {
  c.begin($aten_upsample_trilinear3d);
  c.tensor("self", self);
  c.intsOrInt("output_size", outputSize);
  c.bool("align_corners", alignCorners);
  c.orDefault(c.float, "scales_d", scalesD);
  c.orDefault(c.float, "scales_h", scalesH);
  c.orDefault(c.float, "scales_w", scalesW);
  return c.one($aten_upsample_trilinear3d, 6);
}

const $aten_var_correction = new Operator("aten::var.correction", ["self", "dim", "correction", "keepdim"]);
function aten_var_correction(self: Tensor, dim?: readonly number[] | number | null, options: { correction?: number | null; keepdim?: boolean } = NONE): Tensor {
  c.begin($aten_var_correction);
  c.options(options);
  c.tensor("self", self);
  c.orDefault(c.intsOrInt, "dim", dim);
  c.orDefault(c.scalar, "correction", options.correction);
  c.orDefault(c.bool, "keepdim", options.keepdim);
  return c.one($aten_var_correction, 4);
}

const $aten_view = new Operator("aten::view", ["self", "size"]);
function aten_view(self: Tensor, size: readonly number[]): Tensor {
  c.begin($aten_view);
  c.tensor("self", self);
  c.ints("size", size);
  return c.one($aten_view, 2);
}

const $aten_where_Scalar = new Operator("aten::where.Scalar", ["condition", "self", "other"]);
function aten_where_Scalar(condition: Tensor, self: number, other: number): Tensor {
  c.begin($aten_where_Scalar);
  c.tensor("condition", condition);
  c.scalar("self", self);
  c.scalar("other", other);
  return c.one($aten_where_Scalar, 3);
}

const $aten_where_ScalarOther = new Operator("aten::where.ScalarOther", ["condition", "self", "other"]);
function aten_where_ScalarOther(condition: Tensor, self: Tensor, other: number): Tensor {
  c.begin($aten_where_ScalarOther);
  c.tensor("condition", condition);
  c.tensor("self", self);
  c.scalar("other", other);
  return c.one($aten_where_ScalarOther, 3);
}

const $aten_where_ScalarSelf = new Operator("aten::where.ScalarSelf", ["condition", "self", "other"]);
function aten_where_ScalarSelf(condition: Tensor, self: number, other: Tensor): Tensor {
  c.begin($aten_where_ScalarSelf);
  c.tensor("condition", condition);
  c.scalar("self", self);
  c.tensor("other", other);
  return c.one($aten_where_ScalarSelf, 3);
}

const $aten_where_self = new Operator("aten::where.self", ["condition", "self", "other"]);
function aten_where_self(condition: Tensor, self: Tensor, other: Tensor): Tensor {
  c.begin($aten_where_self);
  c.tensor("condition", condition);
  c.tensor("self", self);
  c.tensor("other", other);
  return c.one($aten_where_self, 3);
}

const $aten_zero_ = new Operator("aten::zero_", ["self"]);
function aten_zero_(self: Tensor): Tensor {
  c.begin($aten_zero_);
  c.tensor("self", self);
  return c.same($aten_zero_, 1, self);
}

const $aten_zeros = new Operator("aten::zeros", ["size", "dtype", "layout", "device", "pin_memory"]);
function aten_zeros(size: readonly number[], options: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null } = NONE): Tensor {
  c.begin($aten_zeros);
  c.options(options);
  c.ints("size", size);
  c.orDefault(c.dtype, "dtype", options.dtype);
  c.standard();
  c.orDefault(c.string, "device", options.device);
  c.orDefault(c.bool, "pin_memory", options.pinMemory);
  return c.one($aten_zeros, 5);
}

const $earthcraft_adamw_ = new Operator("earthcraft::adamw_", ["params", "grads", "exp_avgs", "exp_avg_sqs", "emas", "lr", "beta1", "beta2", "eps", "weight_decay", "clip", "ema_decay", "step", "seed"]);
function earthcraft_adamw_(params: readonly Tensor[], grads: readonly Tensor[], expAvgs: readonly Tensor[], expAvgSqs: readonly Tensor[], emas: readonly Tensor[], options: { lr: number; beta1: number; beta2: number; eps: number; weightDecay: number; clip: number; emaDecay: number; step: number; seed?: number }): [norm: number, finite: boolean] {
  c.begin($earthcraft_adamw_);
  c.options(options);
  c.tensors("params", params);
  c.tensors("grads", grads);
  c.tensors("exp_avgs", expAvgs);
  c.tensors("exp_avg_sqs", expAvgSqs);
  c.tensors("emas", emas);
  c.float("lr", options.lr);
  c.float("beta1", options.beta1);
  c.float("beta2", options.beta2);
  c.float("eps", options.eps);
  c.float("weight_decay", options.weightDecay);
  c.float("clip", options.clip);
  c.float("ema_decay", options.emaDecay);
  c.int("step", options.step);
  c.orDefault(c.int, "seed", options.seed);
  return c.many($earthcraft_adamw_, 14) as [norm: number, finite: boolean];
}

const $earthcraft_batch_starts = new Operator("earthcraft::batch_starts", ["coords", "batches"]);
function earthcraft_batch_starts(coords: Tensor, batches: number): Tensor {
  c.begin($earthcraft_batch_starts);
  c.tensor("coords", coords);
  c.int("batches", batches);
  return c.one($earthcraft_batch_starts, 2);
}

const $earthcraft_composite = new Operator("earthcraft::composite", ["densities", "colors", "lengths", "distances", "starts", "least_light"]);
function earthcraft_composite(densities: Tensor, colors: Tensor, lengths: Tensor, distances: Tensor, starts: Tensor, leastLight?: number): [color: Tensor, opacity: Tensor, depth: Tensor, weights: Tensor] {
  c.begin($earthcraft_composite);
  c.tensor("densities", densities);
  c.tensor("colors", colors);
  c.tensor("lengths", lengths);
  c.tensor("distances", distances);
  c.tensor("starts", starts);
  c.orDefault(c.float, "least_light", leastLight);
  return c.many($earthcraft_composite, 6) as [color: Tensor, opacity: Tensor, depth: Tensor, weights: Tensor];
}

const $earthcraft_conv_pairs = new Operator("earthcraft::conv_pairs", ["neighbours"]);
function earthcraft_conv_pairs(neighbours: Tensor): [pairs: Tensor, starts: Tensor] {
  c.begin($earthcraft_conv_pairs);
  c.tensor("neighbours", neighbours);
  return c.many($earthcraft_conv_pairs, 1) as [pairs: Tensor, starts: Tensor];
}

const $earthcraft_fused_mlp = new Operator("earthcraft::fused_mlp", ["x", "weights", "widths"]);
function earthcraft_fused_mlp(x: Tensor, weights: Tensor, widths: readonly number[]): Tensor {
  c.begin($earthcraft_fused_mlp);
  c.tensor("x", x);
  c.tensor("weights", weights);
  c.ints("widths", widths);
  return c.one($earthcraft_fused_mlp, 3);
}

const $earthcraft_gated_add = new Operator("earthcraft::gated_add", ["x", "gate", "y", "starts"]);
function earthcraft_gated_add(x: Tensor, gate: Tensor, y: Tensor, starts: Tensor): Tensor {
  c.begin($earthcraft_gated_add);
  c.tensor("x", x);
  c.tensor("gate", gate);
  c.tensor("y", y);
  c.tensor("starts", starts);
  return c.one($earthcraft_gated_add, 4);
}

const $earthcraft_gelu = new Operator("earthcraft::gelu", ["x"]);
function earthcraft_gelu(x: Tensor): Tensor {
  c.begin($earthcraft_gelu);
  c.tensor("x", x);
  return c.one($earthcraft_gelu, 1);
}

const $earthcraft_hash_grid = new Operator("earthcraft::hash_grid", ["positions", "table", "resolutions", "log2_entries"]);
function earthcraft_hash_grid(positions: Tensor, table: Tensor, resolutions: readonly number[], log2Entries: number): Tensor {
  c.begin($earthcraft_hash_grid);
  c.tensor("positions", positions);
  c.tensor("table", table);
  c.ints("resolutions", resolutions);
  c.int("log2_entries", log2Entries);
  return c.one($earthcraft_hash_grid, 4);
}

const $earthcraft_head_norm = new Operator("earthcraft::head_norm", ["x", "gamma"]);
function earthcraft_head_norm(x: Tensor, gamma: Tensor): Tensor {
  c.begin($earthcraft_head_norm);
  c.tensor("x", x);
  c.tensor("gamma", gamma);
  return c.one($earthcraft_head_norm, 2);
}

const $earthcraft_image_to_voxels = new Operator("earthcraft::image_to_voxels", ["features", "voxel", "voxels", "patch"]);
function earthcraft_image_to_voxels(features: Tensor, voxel: Tensor, voxels: number, patch?: number): [feats: Tensor, counts: Tensor] {
  c.begin($earthcraft_image_to_voxels);
  c.tensor("features", features);
  c.tensor("voxel", voxel);
  c.int("voxels", voxels);
  c.orDefault(c.float, "patch", patch);
  return c.many($earthcraft_image_to_voxels, 4) as [feats: Tensor, counts: Tensor];
}

const $earthcraft_layer_norm = new Operator("earthcraft::layer_norm", ["x", "weight", "bias", "eps", "dtype"]);
function earthcraft_layer_norm(x: Tensor, weight?: Tensor | null, bias?: Tensor | null, eps?: number, dtype?: DType | null): Tensor {
  c.begin($earthcraft_layer_norm);
  c.tensor("x", x);
  c.orDefault(c.tensor, "weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.orDefault(c.float, "eps", eps);
  c.orDefault(c.dtype, "dtype", dtype);
  return c.one($earthcraft_layer_norm, 5);
}

const $earthcraft_linear = new Operator("earthcraft::linear", ["x", "weight", "bias"]);
function earthcraft_linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  c.begin($earthcraft_linear);
  c.tensor("x", x);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  return c.one($earthcraft_linear, 3);
}

const $earthcraft_march_rays = new Operator("earthcraft::march_rays", ["origins", "directions", "bits", "resolution", "cascades", "centre", "edge", "step", "cone", "near", "far", "max_samples", "jitter"]);
function earthcraft_march_rays(origins: Tensor, directions: Tensor, bits: Tensor, resolution: number, cascades: number, centre: readonly number[], edge: number, step: number, cone?: number, near?: number, far?: number, maxSamples?: number, jitter?: Tensor | null): [positions: Tensor, distances: Tensor, lengths: Tensor, rays: Tensor, starts: Tensor] {
  c.begin($earthcraft_march_rays);
  c.tensor("origins", origins);
  c.tensor("directions", directions);
  c.tensor("bits", bits);
  c.int("resolution", resolution);
  c.int("cascades", cascades);
  c.floats("centre", centre);
  c.float("edge", edge);
  c.float("step", step);
  c.orDefault(c.float, "cone", cone);
  c.orDefault(c.float, "near", near);
  c.orDefault(c.float, "far", far);
  c.orDefault(c.int, "max_samples", maxSamples);
  c.orDefault(c.tensor, "jitter", jitter);
  return c.many($earthcraft_march_rays, 13) as [positions: Tensor, distances: Tensor, lengths: Tensor, rays: Tensor, starts: Tensor];
}

const $earthcraft_marching_cubes = new Operator("earthcraft::marching_cubes", ["volume", "level", "spacing", "origin", "inside", "before", "first_plane", "first_vertex", "more"]);
function earthcraft_marching_cubes(volume: Tensor, level?: number, spacing?: readonly number[], origin?: readonly number[], inside?: string, before?: Tensor | null, firstPlane?: number, firstVertex?: number, more?: boolean): [vertices: Tensor, faces: Tensor] {
  c.begin($earthcraft_marching_cubes);
  c.tensor("volume", volume);
  c.orDefault(c.float, "level", level);
  c.orDefault(c.floats, "spacing", spacing);
  c.orDefault(c.floats, "origin", origin);
  c.orDefault(c.string, "inside", inside);
  c.orDefault(c.tensor, "before", before);
  c.orDefault(c.int, "first_plane", firstPlane);
  c.orDefault(c.int, "first_vertex", firstVertex);
  c.orDefault(c.bool, "more", more);
  return c.many($earthcraft_marching_cubes, 9) as [vertices: Tensor, faces: Tensor];
}

const $earthcraft_mesh_components = new Operator("earthcraft::mesh_components", ["vertices", "faces", "by"]);
function earthcraft_mesh_components(vertices: Tensor, faces: Tensor, by?: string): [pieceOfFace: Tensor, pieceOfVertex: Tensor, areas: Tensor, faceCounts: Tensor] {
  c.begin($earthcraft_mesh_components);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.orDefault(c.string, "by", by);
  return c.many($earthcraft_mesh_components, 3) as [pieceOfFace: Tensor, pieceOfVertex: Tensor, areas: Tensor, faceCounts: Tensor];
}

const $earthcraft_mesh_fill_holes = new Operator("earthcraft::mesh_fill_holes", ["vertices", "faces", "max_edges"]);
function earthcraft_mesh_fill_holes(vertices: Tensor, faces: Tensor, maxEdges: number): [vertices: Tensor, faces: Tensor] {
  c.begin($earthcraft_mesh_fill_holes);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.int("max_edges", maxEdges);
  return c.many($earthcraft_mesh_fill_holes, 3) as [vertices: Tensor, faces: Tensor];
}

const $earthcraft_mesh_interpolate = new Operator("earthcraft::mesh_interpolate", ["face", "barycentrics", "faces", "attributes"]);
function earthcraft_mesh_interpolate(face: Tensor, barycentrics: Tensor, faces: Tensor, attributes: Tensor): Tensor {
  c.begin($earthcraft_mesh_interpolate);
  c.tensor("face", face);
  c.tensor("barycentrics", barycentrics);
  c.tensor("faces", faces);
  c.tensor("attributes", attributes);
  return c.one($earthcraft_mesh_interpolate, 4);
}

const $earthcraft_mesh_raster = new Operator("earthcraft::mesh_raster", ["vertices", "faces", "viewmats", "Ks", "width", "height", "near", "projection"]);
function earthcraft_mesh_raster(vertices: Tensor, faces: Tensor, viewmats: Tensor, Ks: Tensor, width: number, height: number, near?: number, projection?: string): [face: Tensor, barycentrics: Tensor, depth: Tensor] {
  c.begin($earthcraft_mesh_raster);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.int("width", width);
  c.int("height", height);
  c.orDefault(c.float, "near", near);
  c.orDefault(c.string, "projection", projection);
  return c.many($earthcraft_mesh_raster, 8) as [face: Tensor, barycentrics: Tensor, depth: Tensor];
}

const $earthcraft_mesh_raster_reference = new Operator("earthcraft::mesh_raster_reference", ["vertices", "faces", "viewmats", "Ks", "width", "height", "near", "projection"]);
function earthcraft_mesh_raster_reference(vertices: Tensor, faces: Tensor, viewmats: Tensor, Ks: Tensor, width: number, height: number, near?: number, projection?: string): [face: Tensor, barycentrics: Tensor, depth: Tensor] {
  c.begin($earthcraft_mesh_raster_reference);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.int("width", width);
  c.int("height", height);
  c.orDefault(c.float, "near", near);
  c.orDefault(c.string, "projection", projection);
  return c.many($earthcraft_mesh_raster_reference, 8) as [face: Tensor, barycentrics: Tensor, depth: Tensor];
}

const $earthcraft_mesh_select = new Operator("earthcraft::mesh_select", ["vertices", "faces", "keep"]);
function earthcraft_mesh_select(vertices: Tensor, faces: Tensor, keep: Tensor): [vertices: Tensor, faces: Tensor, source: Tensor] {
  c.begin($earthcraft_mesh_select);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.tensor("keep", keep);
  return c.many($earthcraft_mesh_select, 3) as [vertices: Tensor, faces: Tensor, source: Tensor];
}

const $earthcraft_mesh_visibility = new Operator("earthcraft::mesh_visibility", ["vertices", "faces", "viewmats", "Ks", "width", "height", "near", "projection"]);
function earthcraft_mesh_visibility(vertices: Tensor, faces: Tensor, viewmats: Tensor, Ks: Tensor, width: number, height: number, near?: number, projection?: string): Tensor {
  c.begin($earthcraft_mesh_visibility);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.int("width", width);
  c.int("height", height);
  c.orDefault(c.float, "near", near);
  c.orDefault(c.string, "projection", projection);
  return c.one($earthcraft_mesh_visibility, 8);
}

const $earthcraft_mesh_voxelize = new Operator("earthcraft::mesh_voxelize", ["vertices", "faces", "origin", "voxel_m", "extent"]);
function earthcraft_mesh_voxelize(vertices: Tensor, faces: Tensor, origin: readonly number[], voxelM: number, extent: readonly number[]): [coords: Tensor, face: Tensor, barycentrics: Tensor] {
  c.begin($earthcraft_mesh_voxelize);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.floats("origin", origin);
  c.float("voxel_m", voxelM);
  c.ints("extent", extent);
  return c.many($earthcraft_mesh_voxelize, 5) as [coords: Tensor, face: Tensor, barycentrics: Tensor];
}

const $earthcraft_modulated_norm = new Operator("earthcraft::modulated_norm", ["x", "scale", "shift", "starts", "eps", "dtype"]);
function earthcraft_modulated_norm(x: Tensor, scale: Tensor, shift: Tensor, starts: Tensor, eps?: number, dtype?: DType | null): Tensor {
  c.begin($earthcraft_modulated_norm);
  c.tensor("x", x);
  c.tensor("scale", scale);
  c.tensor("shift", shift);
  c.tensor("starts", starts);
  c.orDefault(c.float, "eps", eps);
  c.orDefault(c.dtype, "dtype", dtype);
  return c.one($earthcraft_modulated_norm, 6);
}

const $earthcraft_neighbour_map = new Operator("earthcraft::neighbour_map", ["queries", "coords", "kernel", "stride"]);
function earthcraft_neighbour_map(queries: Tensor, coords: Tensor, kernel: number, stride: number): Tensor {
  c.begin($earthcraft_neighbour_map);
  c.tensor("queries", queries);
  c.tensor("coords", coords);
  c.int("kernel", kernel);
  c.int("stride", stride);
  return c.one($earthcraft_neighbour_map, 4);
}

const $earthcraft_neighbour_map_turned = new Operator("earthcraft::neighbour_map_turned", ["neighbours", "rows"]);
function earthcraft_neighbour_map_turned(neighbours: Tensor, rows: number): Tensor {
  c.begin($earthcraft_neighbour_map_turned);
  c.tensor("neighbours", neighbours);
  c.int("rows", rows);
  return c.one($earthcraft_neighbour_map_turned, 2);
}

const $earthcraft_normal = new Operator("earthcraft::normal", ["seed", "purpose", "index", "shape"]);
function earthcraft_normal(seed: number, purpose: number, index: number, shape: readonly number[]): Tensor {
  c.begin($earthcraft_normal);
  c.int("seed", seed);
  c.int("purpose", purpose);
  c.int("index", index);
  c.ints("shape", shape);
  return c.one($earthcraft_normal, 4);
}

const $earthcraft_occupancy_points = new Operator("earthcraft::occupancy_points", ["cells", "within", "resolution", "cascades"]);
function earthcraft_occupancy_points(cells: Tensor, within: Tensor, resolution: number, cascades: number): Tensor {
  c.begin($earthcraft_occupancy_points);
  c.tensor("cells", cells);
  c.tensor("within", within);
  c.int("resolution", resolution);
  c.int("cascades", cascades);
  return c.one($earthcraft_occupancy_points, 4);
}

const $earthcraft_occupancy_update_ = new Operator("earthcraft::occupancy_update_", ["densities", "bits", "cells", "values", "decay", "threshold"]);
function earthcraft_occupancy_update_(densities: Tensor, bits: Tensor, cells: Tensor, values: Tensor, decay: number, threshold: number): void {
  c.begin($earthcraft_occupancy_update_);
  c.tensor("densities", densities);
  c.tensor("bits", bits);
  c.tensor("cells", cells);
  c.tensor("values", values);
  c.float("decay", decay);
  c.float("threshold", threshold);
  return void c.many($earthcraft_occupancy_update_, 6);
}

const $earthcraft_philox_block = new Operator("earthcraft::philox_block", ["key", "counter"]);
function earthcraft_philox_block(key: readonly number[], counter: readonly number[]): Tensor {
  c.begin($earthcraft_philox_block);
  c.ints("key", key);
  c.ints("counter", counter);
  return c.one($earthcraft_philox_block, 2);
}

const $earthcraft_ragged_attention = new Operator("earthcraft::ragged_attention", ["q", "k", "v", "q_starts", "kv_starts", "scale"]);
function earthcraft_ragged_attention(q: Tensor, k: Tensor, v: Tensor, qStarts: Tensor, kvStarts: Tensor, scale?: number | null): Tensor {
  c.begin($earthcraft_ragged_attention);
  c.tensor("q", q);
  c.tensor("k", k);
  c.tensor("v", v);
  c.tensor("q_starts", qStarts);
  c.tensor("kv_starts", kvStarts);
  c.orDefault(c.float, "scale", scale);
  return c.one($earthcraft_ragged_attention, 6);
}

const $earthcraft_randint = new Operator("earthcraft::randint", ["seed", "purpose", "index", "high", "shape"]);
function earthcraft_randint(seed: number, purpose: number, index: number, high: number, shape: readonly number[]): Tensor {
  c.begin($earthcraft_randint);
  c.int("seed", seed);
  c.int("purpose", purpose);
  c.int("index", index);
  c.int("high", high);
  c.ints("shape", shape);
  return c.one($earthcraft_randint, 5);
}

const $earthcraft_score_aggregate = new Operator("earthcraft::score_aggregate", ["vertices", "faces", "face", "depth", "viewmats", "Ks", "features", "mask", "far_m", "exponent_view", "exponent_depth"]);
function earthcraft_score_aggregate(vertices: Tensor, faces: Tensor, face: Tensor, depth: Tensor, viewmats: Tensor, Ks: Tensor, features: Tensor, mask?: Tensor | null, farM?: number, exponentView?: number, exponentDepth?: number): [sums: Tensor, weights: Tensor] {
  c.begin($earthcraft_score_aggregate);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.tensor("face", face);
  c.tensor("depth", depth);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.tensor("features", features);
  c.orDefault(c.tensor, "mask", mask);
  c.orDefault(c.float, "far_m", farM);
  c.orDefault(c.float, "exponent_view", exponentView);
  c.orDefault(c.float, "exponent_depth", exponentDepth);
  return c.many($earthcraft_score_aggregate, 11) as [sums: Tensor, weights: Tensor];
}

const $earthcraft_score_aggregate_labels = new Operator("earthcraft::score_aggregate_labels", ["vertices", "faces", "face", "depth", "viewmats", "Ks", "labels", "classes", "mask", "far_m", "exponent_view", "exponent_depth"]);
function earthcraft_score_aggregate_labels(vertices: Tensor, faces: Tensor, face: Tensor, depth: Tensor, viewmats: Tensor, Ks: Tensor, labels: Tensor, classes: number, mask?: Tensor | null, farM?: number, exponentView?: number, exponentDepth?: number): [sums: Tensor, weights: Tensor] {
  c.begin($earthcraft_score_aggregate_labels);
  c.tensor("vertices", vertices);
  c.tensor("faces", faces);
  c.tensor("face", face);
  c.tensor("depth", depth);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.tensor("labels", labels);
  c.int("classes", classes);
  c.orDefault(c.tensor, "mask", mask);
  c.orDefault(c.float, "far_m", farM);
  c.orDefault(c.float, "exponent_view", exponentView);
  c.orDefault(c.float, "exponent_depth", exponentDepth);
  return c.many($earthcraft_score_aggregate_labels, 12) as [sums: Tensor, weights: Tensor];
}

const $earthcraft_sh_encode = new Operator("earthcraft::sh_encode", ["directions", "degrees"]);
function earthcraft_sh_encode(directions: Tensor, degrees?: number): Tensor {
  c.begin($earthcraft_sh_encode);
  c.tensor("directions", directions);
  c.orDefault(c.int, "degrees", degrees);
  return c.one($earthcraft_sh_encode, 2);
}

const $earthcraft_sparse_adam_ = new Operator("earthcraft::sparse_adam_", ["param", "grad", "exp_avg", "exp_avg_sq", "lr", "beta1", "beta2", "eps", "step"]);
function earthcraft_sparse_adam_(param: Tensor, grad: Tensor, expAvg: Tensor, expAvgSq: Tensor, options: { lr: number; beta1: number; beta2: number; eps: number; step: number }): void {
  c.begin($earthcraft_sparse_adam_);
  c.options(options);
  c.tensor("param", param);
  c.tensor("grad", grad);
  c.tensor("exp_avg", expAvg);
  c.tensor("exp_avg_sq", expAvgSq);
  c.float("lr", options.lr);
  c.float("beta1", options.beta1);
  c.float("beta2", options.beta2);
  c.float("eps", options.eps);
  c.int("step", options.step);
  return void c.many($earthcraft_sparse_adam_, 9);
}

const $earthcraft_sparse_avg_down = new Operator("earthcraft::sparse_avg_down", ["feats", "children", "parent"]);
function earthcraft_sparse_avg_down(feats: Tensor, children: Tensor, parent: Tensor): Tensor {
  c.begin($earthcraft_sparse_avg_down);
  c.tensor("feats", feats);
  c.tensor("children", children);
  c.tensor("parent", parent);
  return c.one($earthcraft_sparse_avg_down, 3);
}

const $earthcraft_sparse_conv = new Operator("earthcraft::sparse_conv", ["feats", "weight", "bias", "pairs", "starts", "pairs_back", "starts_back", "rows", "residual"]);
function earthcraft_sparse_conv(feats: Tensor, weight: Tensor, bias: Tensor | null, pairs: Tensor, starts: Tensor, pairsBack: Tensor | null, startsBack: Tensor | null, rows: number, residual?: Tensor | null): Tensor {
  c.begin($earthcraft_sparse_conv);
  c.tensor("feats", feats);
  c.tensor("weight", weight);
  c.orDefault(c.tensor, "bias", bias);
  c.tensor("pairs", pairs);
  c.tensor("starts", starts);
  c.orDefault(c.tensor, "pairs_back", pairsBack);
  c.orDefault(c.tensor, "starts_back", startsBack);
  c.int("rows", rows);
  c.orDefault(c.tensor, "residual", residual);
  return c.one($earthcraft_sparse_conv, 9);
}

const $earthcraft_sparse_copy_up = new Operator("earthcraft::sparse_copy_up", ["feats", "children", "parent"]);
function earthcraft_sparse_copy_up(feats: Tensor, children: Tensor, parent: Tensor): Tensor {
  c.begin($earthcraft_sparse_copy_up);
  c.tensor("feats", feats);
  c.tensor("children", children);
  c.tensor("parent", parent);
  return c.one($earthcraft_sparse_copy_up, 3);
}

const $earthcraft_splat_render = new Operator("earthcraft::splat_render", ["means", "quats", "scales", "opacities", "colors", "viewmats", "Ks", "width", "height", "background", "ranges", "near", "far", "distortion"]);
function earthcraft_splat_render(means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, viewmats: Tensor, Ks: Tensor, width: number, height: number, background?: Tensor | null, ranges?: Tensor | null, near?: number, far?: number, distortion?: boolean): [color: Tensor, alpha: Tensor, depth: Tensor, median: Tensor, normal: Tensor, distortion: Tensor] {
  c.begin($earthcraft_splat_render);
  c.tensor("means", means);
  c.tensor("quats", quats);
  c.tensor("scales", scales);
  c.tensor("opacities", opacities);
  c.tensor("colors", colors);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.int("width", width);
  c.int("height", height);
  c.orDefault(c.tensor, "background", background);
  c.orDefault(c.tensor, "ranges", ranges);
  c.orDefault(c.float, "near", near);
  c.orDefault(c.float, "far", far);
  c.orDefault(c.bool, "distortion", distortion);
  return c.many($earthcraft_splat_render, 14) as [color: Tensor, alpha: Tensor, depth: Tensor, median: Tensor, normal: Tensor, distortion: Tensor];
}

const $earthcraft_splat_render_reference = new Operator("earthcraft::splat_render_reference", ["means", "quats", "scales", "opacities", "colors", "viewmats", "Ks", "width", "height", "background", "ranges", "near", "far", "distortion"]);
function earthcraft_splat_render_reference(means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, viewmats: Tensor, Ks: Tensor, width: number, height: number, background?: Tensor | null, ranges?: Tensor | null, near?: number, far?: number, distortion?: boolean): [color: Tensor, alpha: Tensor, depth: Tensor, median: Tensor, normal: Tensor, distortion: Tensor] {
  c.begin($earthcraft_splat_render_reference);
  c.tensor("means", means);
  c.tensor("quats", quats);
  c.tensor("scales", scales);
  c.tensor("opacities", opacities);
  c.tensor("colors", colors);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.int("width", width);
  c.int("height", height);
  c.orDefault(c.tensor, "background", background);
  c.orDefault(c.tensor, "ranges", ranges);
  c.orDefault(c.float, "near", near);
  c.orDefault(c.float, "far", far);
  c.orDefault(c.bool, "distortion", distortion);
  return c.many($earthcraft_splat_render_reference, 14) as [color: Tensor, alpha: Tensor, depth: Tensor, median: Tensor, normal: Tensor, distortion: Tensor];
}

const $earthcraft_splat_sh = new Operator("earthcraft::splat_sh", ["means", "sh", "viewmats", "ranges"]);
function earthcraft_splat_sh(means: Tensor, sh: Tensor, viewmats: Tensor, ranges?: Tensor | null): Tensor {
  c.begin($earthcraft_splat_sh);
  c.tensor("means", means);
  c.tensor("sh", sh);
  c.tensor("viewmats", viewmats);
  c.orDefault(c.tensor, "ranges", ranges);
  return c.one($earthcraft_splat_sh, 4);
}

const $earthcraft_ssim = new Operator("earthcraft::ssim", ["x", "y"]);
function earthcraft_ssim(x: Tensor, y: Tensor): Tensor {
  c.begin($earthcraft_ssim);
  c.tensor("x", x);
  c.tensor("y", y);
  return c.one($earthcraft_ssim, 2);
}

const $earthcraft_uniform = new Operator("earthcraft::uniform", ["seed", "purpose", "index", "shape"]);
function earthcraft_uniform(seed: number, purpose: number, index: number, shape: readonly number[]): Tensor {
  c.begin($earthcraft_uniform);
  c.int("seed", seed);
  c.int("purpose", purpose);
  c.int("index", index);
  c.ints("shape", shape);
  return c.one($earthcraft_uniform, 4);
}

const $earthcraft_voxel_batches = new Operator("earthcraft::voxel_batches", ["coords"]);
function earthcraft_voxel_batches(coords: Tensor): number {
  c.begin($earthcraft_voxel_batches);
  c.tensor("coords", coords);
  return c.many($earthcraft_voxel_batches, 1)[0] as number;
}

const $earthcraft_voxel_cast = new Operator("earthcraft::voxel_cast", ["coords", "origin", "voxel_m", "viewmats", "Ks", "width", "height", "near", "projection"]);
function earthcraft_voxel_cast(coords: Tensor, origin: readonly number[], voxelM: number, viewmats: Tensor, Ks: Tensor, width: number, height: number, near?: number, projection?: string): [voxel: Tensor, depth: Tensor] {
  c.begin($earthcraft_voxel_cast);
  c.tensor("coords", coords);
  c.floats("origin", origin);
  c.float("voxel_m", voxelM);
  c.tensor("viewmats", viewmats);
  c.tensor("Ks", Ks);
  c.int("width", width);
  c.int("height", height);
  c.orDefault(c.float, "near", near);
  c.orDefault(c.string, "projection", projection);
  return c.many($earthcraft_voxel_cast, 9) as [voxel: Tensor, depth: Tensor];
}

const $earthcraft_voxel_coarsen = new Operator("earthcraft::voxel_coarsen", ["coords"]);
function earthcraft_voxel_coarsen(coords: Tensor): [coords: Tensor, parent: Tensor, children: Tensor] {
  c.begin($earthcraft_voxel_coarsen);
  c.tensor("coords", coords);
  return c.many($earthcraft_voxel_coarsen, 1) as [coords: Tensor, parent: Tensor, children: Tensor];
}

const $earthcraft_voxel_difference = new Operator("earthcraft::voxel_difference", ["a", "b"]);
function earthcraft_voxel_difference(a: Tensor, b: Tensor): [coords: Tensor, rows: Tensor] {
  c.begin($earthcraft_voxel_difference);
  c.tensor("a", a);
  c.tensor("b", b);
  return c.many($earthcraft_voxel_difference, 2) as [coords: Tensor, rows: Tensor];
}

const $earthcraft_voxel_dilate = new Operator("earthcraft::voxel_dilate", ["coords", "radius", "extent"]);
function earthcraft_voxel_dilate(coords: Tensor, radius: number, extent: readonly number[]): Tensor {
  c.begin($earthcraft_voxel_dilate);
  c.tensor("coords", coords);
  c.int("radius", radius);
  c.ints("extent", extent);
  return c.one($earthcraft_voxel_dilate, 3);
}

const $earthcraft_voxel_erode = new Operator("earthcraft::voxel_erode", ["coords", "radius"]);
function earthcraft_voxel_erode(coords: Tensor, radius: number): Tensor {
  c.begin($earthcraft_voxel_erode);
  c.tensor("coords", coords);
  c.int("radius", radius);
  return c.one($earthcraft_voxel_erode, 2);
}

const $earthcraft_voxel_lookup = new Operator("earthcraft::voxel_lookup", ["coords", "queries"]);
function earthcraft_voxel_lookup(coords: Tensor, queries: Tensor): Tensor {
  c.begin($earthcraft_voxel_lookup);
  c.tensor("coords", coords);
  c.tensor("queries", queries);
  return c.one($earthcraft_voxel_lookup, 2);
}

const $earthcraft_voxel_refine = new Operator("earthcraft::voxel_refine", ["coords"]);
function earthcraft_voxel_refine(coords: Tensor): Tensor {
  c.begin($earthcraft_voxel_refine);
  c.tensor("coords", coords);
  return c.one($earthcraft_voxel_refine, 1);
}

const $earthcraft_voxel_union = new Operator("earthcraft::voxel_union", ["a", "b"]);
function earthcraft_voxel_union(a: Tensor, b: Tensor): [coords: Tensor, rowsA: Tensor, rowsB: Tensor] {
  c.begin($earthcraft_voxel_union);
  c.tensor("a", a);
  c.tensor("b", b);
  return c.many($earthcraft_voxel_union, 2) as [coords: Tensor, rowsA: Tensor, rowsB: Tensor];
}

const $earthcraft_voxel_unique = new Operator("earthcraft::voxel_unique", ["coords"]);
function earthcraft_voxel_unique(coords: Tensor): [coords: Tensor, inverse: Tensor] {
  c.begin($earthcraft_voxel_unique);
  c.tensor("coords", coords);
  return c.many($earthcraft_voxel_unique, 1) as [coords: Tensor, inverse: Tensor];
}

const $earthcraft_voxels_to_image = new Operator("earthcraft::voxels_to_image", ["feats", "voxel"]);
function earthcraft_voxels_to_image(feats: Tensor, voxel: Tensor): Tensor {
  c.begin($earthcraft_voxels_to_image);
  c.tensor("feats", feats);
  c.tensor("voxel", voxel);
  return c.one($earthcraft_voxels_to_image, 2);
}

const $earthcraft_window_attention = new Operator("earthcraft::window_attention", ["q", "k", "v", "order", "starts", "scale"]);
function earthcraft_window_attention(q: Tensor, k: Tensor, v: Tensor, order: Tensor, starts: Tensor, scale?: number | null): Tensor {
  c.begin($earthcraft_window_attention);
  c.tensor("q", q);
  c.tensor("k", k);
  c.tensor("v", v);
  c.tensor("order", order);
  c.tensor("starts", starts);
  c.orDefault(c.float, "scale", scale);
  return c.one($earthcraft_window_attention, 6);
}

const $earthcraft_window_attention_packed = new Operator("earthcraft::window_attention_packed", ["qkv", "order", "starts", "scale"]);
function earthcraft_window_attention_packed(qkv: Tensor, order: Tensor, starts: Tensor, scale?: number | null): Tensor {
  c.begin($earthcraft_window_attention_packed);
  c.tensor("qkv", qkv);
  c.tensor("order", order);
  c.tensor("starts", starts);
  c.orDefault(c.float, "scale", scale);
  return c.one($earthcraft_window_attention_packed, 4);
}

const $earthcraft_window_partition = new Operator("earthcraft::window_partition", ["coords", "edge", "shift"]);
function earthcraft_window_partition(coords: Tensor, edge: number, shift: number): [order: Tensor, starts: Tensor] {
  c.begin($earthcraft_window_partition);
  c.tensor("coords", coords);
  c.int("edge", edge);
  c.int("shift", shift);
  return c.many($earthcraft_window_partition, 3) as [order: Tensor, starts: Tensor];
}

interface aten__add_overloads {
  (self: Tensor, other: number, alpha?: number): Tensor;
  (self: Tensor, other: Tensor, options?: { alpha?: number }): Tensor;
}
const aten__add = ((a0: unknown, a1: unknown, a2: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number" && (typeof a2 === "number" || a2 === undefined)) return aten_add_Scalar(a0 as never, a1 as never, a2 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor && isOptions(a2)) return aten_add_Tensor(a0 as never, a1 as never, a2 as never);
  throw c.noOverload("add", [a0, a1, a2]);
}) as aten__add_overloads;

interface aten__add__overloads {
  (self: Tensor, other: number, alpha?: number): Tensor;
  (self: Tensor, other: Tensor, options?: { alpha?: number }): Tensor;
}
const aten__add_ = ((a0: unknown, a1: unknown, a2: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number" && (typeof a2 === "number" || a2 === undefined)) return aten_add__Scalar(a0 as never, a1 as never, a2 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor && isOptions(a2)) return aten_add__Tensor(a0 as never, a1 as never, a2 as never);
  throw c.noOverload("add_", [a0, a1, a2]);
}) as aten__add__overloads;

interface aten__arange_overloads {
  (end: number, options?: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null }): Tensor;
  (start: number, end: number, step?: number, options?: { dtype?: DType | null; device?: string | null; pinMemory?: boolean | null }): Tensor;
}
const aten__arange = ((a0: unknown, a1: unknown, a2: unknown, a3: unknown) => {
  if (typeof a0 === "number" && isOptions(a1) && a2 === undefined && a3 === undefined) return aten_arange(a0 as never, a1 as never);
  if (typeof a0 === "number" && typeof a1 === "number" && (typeof a2 === "number" || a2 === undefined) && isOptions(a3)) return aten_arange_start_step(a0 as never, a1 as never, a2 as never, a3 as never);
  throw c.noOverload("arange", [a0, a1, a2, a3]);
}) as aten__arange_overloads;

interface aten__div_overloads {
  (self: Tensor, other: Tensor, options: { roundingMode: string | null }): Tensor;
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__div = ((a0: unknown, a1: unknown, a2: unknown) => {
  if (a0 instanceof Tensor && a1 instanceof Tensor && isOptions(a2) && (a2 as Record<string, unknown> | undefined)?.roundingMode !== undefined) return aten_div_Tensor_mode(a0 as never, a1 as never, a2 as never);
  if (a0 instanceof Tensor && typeof a1 === "number" && a2 === undefined) return aten_div_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor && a2 === undefined) return aten_div_Tensor(a0 as never, a1 as never);
  throw c.noOverload("div", [a0, a1, a2]);
}) as aten__div_overloads;

interface aten__eq_overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__eq = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_eq_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_eq_Tensor(a0 as never, a1 as never);
  throw c.noOverload("eq", [a0, a1]);
}) as aten__eq_overloads;

interface aten__ge_overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__ge = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_ge_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_ge_Tensor(a0 as never, a1 as never);
  throw c.noOverload("ge", [a0, a1]);
}) as aten__ge_overloads;

interface aten__gt_overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__gt = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_gt_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_gt_Tensor(a0 as never, a1 as never);
  throw c.noOverload("gt", [a0, a1]);
}) as aten__gt_overloads;

interface aten__le_overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__le = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_le_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_le_Tensor(a0 as never, a1 as never);
  throw c.noOverload("le", [a0, a1]);
}) as aten__le_overloads;

interface aten__lt_overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__lt = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_lt_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_lt_Tensor(a0 as never, a1 as never);
  throw c.noOverload("lt", [a0, a1]);
}) as aten__lt_overloads;

interface aten__max_overloads {
  (self: Tensor): Tensor;
  (self: Tensor, dim: number, keepdim?: boolean): [values: Tensor, indices: Tensor];
}
const aten__max = ((a0: unknown, a1: unknown, a2: unknown) => {
  if (a0 instanceof Tensor && a1 === undefined && a2 === undefined) return aten_max(a0 as never);
  if (a0 instanceof Tensor && typeof a1 === "number" && (typeof a2 === "boolean" || a2 === undefined)) return aten_max_dim(a0 as never, a1 as never, a2 as never);
  throw c.noOverload("max", [a0, a1, a2]);
}) as aten__max_overloads;

interface aten__mean_overloads {
  (self: Tensor, options?: { dtype?: DType | null }): Tensor;
  (self: Tensor, dim: readonly number[] | number | null, keepdim?: boolean, options?: { dtype?: DType | null }): Tensor;
}
const aten__mean = ((a0: unknown, a1: unknown, a2: unknown, a3: unknown) => {
  if (a0 instanceof Tensor && isOptions(a1) && a2 === undefined && a3 === undefined) return aten_mean(a0 as never, a1 as never);
  if (a0 instanceof Tensor && (Array.isArray(a1) || typeof a1 === "number" || a1 === null) && (typeof a2 === "boolean" || a2 === undefined) && isOptions(a3)) return aten_mean_dim(a0 as never, a1 as never, a2 as never, a3 as never);
  throw c.noOverload("mean", [a0, a1, a2, a3]);
}) as aten__mean_overloads;

interface aten__min_overloads {
  (self: Tensor): Tensor;
  (self: Tensor, dim: number, keepdim?: boolean): [values: Tensor, indices: Tensor];
}
const aten__min = ((a0: unknown, a1: unknown, a2: unknown) => {
  if (a0 instanceof Tensor && a1 === undefined && a2 === undefined) return aten_min(a0 as never);
  if (a0 instanceof Tensor && typeof a1 === "number" && (typeof a2 === "boolean" || a2 === undefined)) return aten_min_dim(a0 as never, a1 as never, a2 as never);
  throw c.noOverload("min", [a0, a1, a2]);
}) as aten__min_overloads;

interface aten__mul_overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__mul = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_mul_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_mul_Tensor(a0 as never, a1 as never);
  throw c.noOverload("mul", [a0, a1]);
}) as aten__mul_overloads;

interface aten__mul__overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__mul_ = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_mul__Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_mul__Tensor(a0 as never, a1 as never);
  throw c.noOverload("mul_", [a0, a1]);
}) as aten__mul__overloads;

interface aten__ne_overloads {
  (self: Tensor, other: number): Tensor;
  (self: Tensor, other: Tensor): Tensor;
}
const aten__ne = ((a0: unknown, a1: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_ne_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_ne_Tensor(a0 as never, a1 as never);
  throw c.noOverload("ne", [a0, a1]);
}) as aten__ne_overloads;

interface aten__pow_overloads {
  (self: number, exponent: Tensor): Tensor;
  (self: Tensor, exponent: number): Tensor;
  (self: Tensor, exponent: Tensor): Tensor;
}
const aten__pow = ((a0: unknown, a1: unknown) => {
  if (typeof a0 === "number" && a1 instanceof Tensor) return aten_pow_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && typeof a1 === "number") return aten_pow_Tensor_Scalar(a0 as never, a1 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor) return aten_pow_Tensor_Tensor(a0 as never, a1 as never);
  throw c.noOverload("pow", [a0, a1]);
}) as aten__pow_overloads;

interface aten__repeat_interleave_overloads {
  (repeats: Tensor, options?: { outputSize?: number | null }): Tensor;
  (self: Tensor, repeats: number, dim?: number | null, options?: { outputSize?: number | null }): Tensor;
}
const aten__repeat_interleave = ((a0: unknown, a1: unknown, a2: unknown, a3: unknown) => {
  if (a0 instanceof Tensor && isOptions(a1) && a2 === undefined && a3 === undefined) return aten_repeat_interleave_Tensor(a0 as never, a1 as never);
  if (a0 instanceof Tensor && typeof a1 === "number" && (typeof a2 === "number" || a2 === null || a2 === undefined) && isOptions(a3)) return aten_repeat_interleave_self_int(a0 as never, a1 as never, a2 as never, a3 as never);
  throw c.noOverload("repeat_interleave", [a0, a1, a2, a3]);
}) as aten__repeat_interleave_overloads;

interface aten__scatter_overloads {
  (self: Tensor, dim: number, index: Tensor, src: Tensor): Tensor;
  (self: Tensor, dim: number, index: Tensor, value: number): Tensor;
}
const aten__scatter = ((a0: unknown, a1: unknown, a2: unknown, a3: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number" && a2 instanceof Tensor && a3 instanceof Tensor) return aten_scatter_src(a0 as never, a1 as never, a2 as never, a3 as never);
  if (a0 instanceof Tensor && typeof a1 === "number" && a2 instanceof Tensor && typeof a3 === "number") return aten_scatter_value(a0 as never, a1 as never, a2 as never, a3 as never);
  throw c.noOverload("scatter", [a0, a1, a2, a3]);
}) as aten__scatter_overloads;

interface aten__sub_overloads {
  (self: Tensor, other: number, alpha?: number): Tensor;
  (self: Tensor, other: Tensor, options?: { alpha?: number }): Tensor;
}
const aten__sub = ((a0: unknown, a1: unknown, a2: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number" && (typeof a2 === "number" || a2 === undefined)) return aten_sub_Scalar(a0 as never, a1 as never, a2 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor && isOptions(a2)) return aten_sub_Tensor(a0 as never, a1 as never, a2 as never);
  throw c.noOverload("sub", [a0, a1, a2]);
}) as aten__sub_overloads;

interface aten__sum_overloads {
  (self: Tensor, options?: { dtype?: DType | null }): Tensor;
  (self: Tensor, dim: readonly number[] | number | null, keepdim?: boolean, options?: { dtype?: DType | null }): Tensor;
}
const aten__sum = ((a0: unknown, a1: unknown, a2: unknown, a3: unknown) => {
  if (a0 instanceof Tensor && isOptions(a1) && a2 === undefined && a3 === undefined) return aten_sum(a0 as never, a1 as never);
  if (a0 instanceof Tensor && (Array.isArray(a1) || typeof a1 === "number" || a1 === null) && (typeof a2 === "boolean" || a2 === undefined) && isOptions(a3)) return aten_sum_dim_IntList(a0 as never, a1 as never, a2 as never, a3 as never);
  throw c.noOverload("sum", [a0, a1, a2, a3]);
}) as aten__sum_overloads;

interface aten__to_overloads {
  (self: Tensor, device: string, dtype: DType, nonBlocking?: boolean, copy?: boolean): Tensor;
  (self: Tensor, dtype: DType, nonBlocking?: boolean, copy?: boolean): Tensor;
}
const aten__to = ((a0: unknown, a1: unknown, a2: unknown, a3: unknown, a4: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "string" && c.isDType(a2) && (typeof a3 === "boolean" || a3 === undefined) && (typeof a4 === "boolean" || a4 === undefined)) return aten_to_device(a0 as never, a1 as never, a2 as never, a3 as never, a4 as never);
  if (a0 instanceof Tensor && c.isDType(a1) && (typeof a2 === "boolean" || a2 === undefined) && (typeof a3 === "boolean" || a3 === undefined) && a4 === undefined) return aten_to_dtype(a0 as never, a1 as never, a2 as never, a3 as never);
  throw c.noOverload("to", [a0, a1, a2, a3, a4]);
}) as aten__to_overloads;

interface aten__where_overloads {
  (condition: Tensor, self: number, other: number): Tensor;
  (condition: Tensor, self: Tensor, other: number): Tensor;
  (condition: Tensor, self: number, other: Tensor): Tensor;
  (condition: Tensor, self: Tensor, other: Tensor): Tensor;
}
const aten__where = ((a0: unknown, a1: unknown, a2: unknown) => {
  if (a0 instanceof Tensor && typeof a1 === "number" && typeof a2 === "number") return aten_where_Scalar(a0 as never, a1 as never, a2 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor && typeof a2 === "number") return aten_where_ScalarOther(a0 as never, a1 as never, a2 as never);
  if (a0 instanceof Tensor && typeof a1 === "number" && a2 instanceof Tensor) return aten_where_ScalarSelf(a0 as never, a1 as never, a2 as never);
  if (a0 instanceof Tensor && a1 instanceof Tensor && a2 instanceof Tensor) return aten_where_self(a0 as never, a1 as never, a2 as never);
  throw c.noOverload("where", [a0, a1, a2]);
}) as aten__where_overloads;

export const aten = {
  /** aten::_fused_adamw_(Tensor(a!)[] self, Tensor(b!)[] grads, Tensor(c!)[] exp_avgs, Tensor(d!)[] exp_avg_sqs, Tensor(e!)[] max_exp_avg_sqs, Tensor[] state_steps, *, float lr, float beta1, float beta2, float weight_decay, float eps, bool amsgrad, bool maximize, Tensor? grad_scale=None, Tensor? found_inf=None) -> () */
  _fusedAdamw_: aten__fused_adamw_,
  /** aten::_softmax(Tensor self, int dim, bool half_to_float) -> Tensor */
  _softmax: aten__softmax,
  /** aten::abs(Tensor self) -> Tensor */
  abs: aten_abs,
  /**
   * aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor
   * aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
   */
  add: aten__add,
  /**
   * aten::add_.Scalar(Tensor(a!) self, Scalar other, Scalar alpha=1) -> Tensor(a!)
   * aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
   */
  add_: aten__add_,
  /** aten::addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor */
  addmm: aten_addmm,
  /** aten::all(Tensor self) -> Tensor */
  all: aten_all,
  /** aten::amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor */
  amax: aten_amax,
  /** aten::amin(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor */
  amin: aten_amin,
  /** aten::any(Tensor self) -> Tensor */
  any: aten_any,
  /**
   * aten::arange(Scalar end, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor
   * aten::arange.start_step(Scalar start, Scalar end, Scalar step=1, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor
   */
  arange: aten__arange,
  /** aten::argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor */
  argmax: aten_argmax,
  /** aten::argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor */
  argmin: aten_argmin,
  /** aten::argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor */
  argsort: aten_argsort,
  /** aten::atan2(Tensor self, Tensor other) -> Tensor */
  atan2: aten_atan2,
  /** aten::avg_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor */
  avgPool2d: aten_avg_pool2d,
  /** aten::avg_pool3d(Tensor self, int[3] kernel_size, int[3] stride=[], int[3] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor */
  avgPool3d: aten_avg_pool3d,
  /** aten::baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor */
  baddbmm: aten_baddbmm,
  /** aten::bmm(Tensor self, Tensor mat2) -> Tensor */
  bmm: aten_bmm,
  /** aten::bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor */
  bucketize: aten_bucketize_Tensor,
  /** aten::cat(Tensor[] tensors, int dim=0) -> Tensor */
  cat: aten_cat,
  /** aten::chunk(Tensor(a -> *) self, int chunks, int dim=0) -> Tensor(a)[] */
  chunk: aten_chunk,
  /** aten::clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor */
  clamp: aten_clamp,
  /** aten::clamp_max(Tensor self, Scalar max) -> Tensor */
  clampMax: aten_clamp_max,
  /** aten::clamp_min(Tensor self, Scalar min) -> Tensor */
  clampMin: aten_clamp_min,
  /** aten::clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor */
  clone: aten_clone,
  /** aten::constant_pad_nd(Tensor self, SymInt[] pad, Scalar value=0) -> Tensor */
  constantPadNd: aten_constant_pad_nd,
  /** aten::contiguous(Tensor(a) self, *, MemoryFormat memory_format=0) -> Tensor(a) */
  contiguous: aten_contiguous,
  /** aten::conv1d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=[1], SymInt[1] padding=[0], SymInt[1] dilation=[1], SymInt groups=1) -> Tensor */
  conv1d: aten_conv1d,
  /** aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=[1, 1], SymInt[2] padding=[0, 0], SymInt[2] dilation=[1, 1], SymInt groups=1) -> Tensor */
  conv2d: aten_conv2d,
  /** aten::conv3d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=[1, 1, 1], SymInt[3] padding=[0, 0, 0], SymInt[3] dilation=[1, 1, 1], SymInt groups=1) -> Tensor */
  conv3d: aten_conv3d,
  /** aten::conv_transpose2d.input(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=[1, 1], SymInt[2] padding=[0, 0], SymInt[2] output_padding=[0, 0], SymInt groups=1, SymInt[2] dilation=[1, 1]) -> Tensor */
  convTranspose2d: aten_conv_transpose2d_input,
  /** aten::conv_transpose3d.input(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=[1, 1, 1], SymInt[3] padding=[0, 0, 0], SymInt[3] output_padding=[0, 0, 0], SymInt groups=1, SymInt[3] dilation=[1, 1, 1]) -> Tensor */
  convTranspose3d: aten_conv_transpose3d_input,
  /** aten::copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!) */
  copy_: aten_copy_,
  /** aten::cos(Tensor self) -> Tensor */
  cos: aten_cos,
  /** aten::cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100, float label_smoothing=0.) -> Tensor */
  crossEntropyLoss: aten_cross_entropy_loss,
  /** aten::cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor */
  cumsum: aten_cumsum,
  /** aten::detach(Tensor(a) self) -> Tensor(a) */
  detach: aten_detach,
  /**
   * aten::div.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::div.Tensor(Tensor self, Tensor other) -> Tensor
   * aten::div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor
   */
  div: aten__div,
  /** aten::embedding(Tensor weight, Tensor indices, SymInt padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False) -> Tensor */
  embedding: aten_embedding,
  /** aten::empty.memory_format(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor */
  empty: aten_empty_memory_format,
  /**
   * aten::eq.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::eq.Tensor(Tensor self, Tensor other) -> Tensor
   */
  eq: aten__eq,
  /** aten::exp(Tensor self) -> Tensor */
  exp: aten_exp,
  /** aten::expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a) */
  expand: aten_expand,
  /** aten::fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!) */
  fill_: aten_fill__Scalar,
  /** aten::flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a) */
  flatten: aten_flatten_using_ints,
  /** aten::flip(Tensor self, int[] dims) -> Tensor */
  flip: aten_flip,
  /** aten::floor(Tensor self) -> Tensor */
  floor: aten_floor,
  /** aten::floor_divide(Tensor self, Tensor other) -> Tensor */
  floorDivide: aten_floor_divide,
  /** aten::full(SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor */
  full: aten_full,
  /** aten::gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor */
  gather: aten_gather,
  /**
   * aten::ge.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::ge.Tensor(Tensor self, Tensor other) -> Tensor
   */
  ge: aten__ge,
  /** aten::gelu(Tensor self, *, str approximate="none") -> Tensor */
  gelu: aten_gelu,
  /** aten::grid_sampler(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) -> Tensor */
  gridSampler: aten_grid_sampler,
  /** aten::group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1.0000000000000001e-05, bool cudnn_enabled=True) -> Tensor */
  groupNorm: aten_group_norm,
  /**
   * aten::gt.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::gt.Tensor(Tensor self, Tensor other) -> Tensor
   */
  gt: aten__gt,
  /** aten::index.Tensor(Tensor self, Tensor?[] indices) -> Tensor */
  index: aten_index_Tensor,
  /** aten::index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor */
  indexAdd: aten_index_add,
  /** aten::index_add_(Tensor(a!) self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor(a!) */
  indexAdd_: aten_index_add_,
  /** aten::index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor */
  indexCopy: aten_index_copy,
  /** aten::index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor */
  indexPut: aten_index_put,
  /** aten::index_put_(Tensor(a!) self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor(a!) */
  indexPut_: aten_index_put_,
  /** aten::index_select(Tensor self, int dim, Tensor index) -> Tensor */
  indexSelect: aten_index_select,
  /** aten::instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled) -> Tensor */
  instanceNorm: aten_instance_norm,
  /** aten::isfinite(Tensor self) -> Tensor */
  isfinite: aten_isfinite,
  /** aten::isnan(Tensor self) -> Tensor */
  isnan: aten_isnan,
  /** aten::l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor */
  l1Loss: aten_l1_loss,
  /** aten::layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1.0000000000000001e-05, bool cudnn_enable=True) -> Tensor */
  layerNorm: aten_layer_norm,
  /**
   * aten::le.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::le.Tensor(Tensor self, Tensor other) -> Tensor
   */
  le: aten__le,
  /** aten::leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor */
  leakyRelu: aten_leaky_relu,
  /** aten::lerp.Scalar(Tensor self, Tensor end, Scalar weight) -> Tensor */
  lerp: aten_lerp_Scalar,
  /** aten::lerp_.Scalar(Tensor(a!) self, Tensor end, Scalar weight) -> Tensor(a!) */
  lerp_: aten_lerp__Scalar,
  /** aten::lgamma(Tensor self) -> Tensor */
  lgamma: aten_lgamma,
  /** aten::linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor */
  linalgVectorNorm: aten_linalg_vector_norm,
  /** aten::linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor */
  linear: aten_linear,
  /** aten::linspace(Scalar start, Scalar end, int steps, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor */
  linspace: aten_linspace,
  /** aten::log(Tensor self) -> Tensor */
  log: aten_log,
  /** aten::log1p(Tensor self) -> Tensor */
  log1p: aten_log1p,
  /** aten::log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor */
  logSoftmax: aten_log_softmax_int,
  /** aten::logical_and(Tensor self, Tensor other) -> Tensor */
  logicalAnd: aten_logical_and,
  /** aten::logical_not(Tensor self) -> Tensor */
  logicalNot: aten_logical_not,
  /** aten::logical_or(Tensor self, Tensor other) -> Tensor */
  logicalOr: aten_logical_or,
  /** aten::logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor */
  logsumexp: aten_logsumexp,
  /**
   * aten::lt.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::lt.Tensor(Tensor self, Tensor other) -> Tensor
   */
  lt: aten__lt,
  /** aten::masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor */
  maskedFill: aten_masked_fill_Scalar,
  /** aten::masked_select(Tensor self, Tensor mask) -> Tensor */
  maskedSelect: aten_masked_select,
  /** aten::matmul(Tensor self, Tensor other) -> Tensor */
  matmul: aten_matmul,
  /**
   * aten::max(Tensor self) -> Tensor
   * aten::max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)
   */
  max: aten__max,
  /** aten::max_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, int[2] dilation=1, bool ceil_mode=False) -> Tensor */
  maxPool2d: aten_max_pool2d,
  /** aten::max_pool3d(Tensor self, int[3] kernel_size, int[3] stride=[], int[3] padding=0, int[3] dilation=1, bool ceil_mode=False) -> Tensor */
  maxPool3d: aten_max_pool3d,
  /** aten::maximum(Tensor self, Tensor other) -> Tensor */
  maximum: aten_maximum,
  /**
   * aten::mean(Tensor self, *, ScalarType? dtype=None) -> Tensor
   * aten::mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor
   */
  mean: aten__mean,
  /**
   * aten::min(Tensor self) -> Tensor
   * aten::min.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)
   */
  min: aten__min,
  /** aten::minimum(Tensor self, Tensor other) -> Tensor */
  minimum: aten_minimum,
  /** aten::mm(Tensor self, Tensor mat2) -> Tensor */
  mm: aten_mm,
  /** aten::mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor */
  mseLoss: aten_mse_loss,
  /**
   * aten::mul.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::mul.Tensor(Tensor self, Tensor other) -> Tensor
   */
  mul: aten__mul,
  /**
   * aten::mul_.Scalar(Tensor(a!) self, Scalar other) -> Tensor(a!)
   * aten::mul_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)
   */
  mul_: aten__mul_,
  /** aten::narrow(Tensor(a) self, int dim, SymInt start, SymInt length) -> Tensor(a) */
  narrow: aten_narrow,
  /**
   * aten::ne.Scalar(Tensor self, Scalar other) -> Tensor
   * aten::ne.Tensor(Tensor self, Tensor other) -> Tensor
   */
  ne: aten__ne,
  /** aten::neg(Tensor self) -> Tensor */
  neg: aten_neg,
  /** aten::nll_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor */
  nllLoss: aten_nll_loss,
  /** aten::nonzero(Tensor self) -> Tensor */
  nonzero: aten_nonzero,
  /** aten::norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False) -> Tensor */
  norm: aten_norm_ScalarOpt_dim,
  /** aten::one_hot(Tensor self, int num_classes=-1) -> Tensor */
  oneHot: aten_one_hot,
  /** aten::ones(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor */
  ones: aten_ones,
  /** aten::pad(Tensor self, SymInt[] pad, str mode="constant", float? value=None) -> Tensor */
  pad: aten_pad,
  /** aten::permute(Tensor(a) self, int[] dims) -> Tensor(a) */
  permute: aten_permute,
  /**
   * aten::pow.Scalar(Scalar self, Tensor exponent) -> Tensor
   * aten::pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor
   * aten::pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor
   */
  pow: aten__pow,
  /** aten::reciprocal(Tensor self) -> Tensor */
  reciprocal: aten_reciprocal,
  /** aten::relu(Tensor self) -> Tensor */
  relu: aten_relu,
  /** aten::remainder.Scalar(Tensor self, Scalar other) -> Tensor */
  remainder: aten_remainder_Scalar,
  /** aten::repeat(Tensor self, SymInt[] repeats) -> Tensor */
  repeat: aten_repeat,
  /**
   * aten::repeat_interleave.Tensor(Tensor repeats, *, SymInt? output_size=None) -> Tensor
   * aten::repeat_interleave.self_int(Tensor self, SymInt repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor
   */
  repeatInterleave: aten__repeat_interleave,
  /** aten::reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a) */
  reshape: aten_reshape,
  /** aten::roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor */
  roll: aten_roll,
  /** aten::round(Tensor self) -> Tensor */
  round: aten_round,
  /** aten::rsqrt(Tensor self) -> Tensor */
  rsqrt: aten_rsqrt,
  /** aten::rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor */
  rsub: aten_rsub_Scalar,
  /** aten::scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0., bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor */
  scaledDotProductAttention: aten_scaled_dot_product_attention,
  /**
   * aten::scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor
   * aten::scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor
   */
  scatter: aten__scatter,
  /** aten::scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor */
  scatterAdd: aten_scatter_add,
  /** aten::scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True) -> Tensor */
  scatterReduce: aten_scatter_reduce_two,
  /** aten::searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor */
  searchsorted: aten_searchsorted_Tensor,
  /** aten::select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a) */
  select: aten_select_int,
  /** aten::sigmoid(Tensor self) -> Tensor */
  sigmoid: aten_sigmoid,
  /** aten::sign(Tensor self) -> Tensor */
  sign: aten_sign,
  /** aten::silu(Tensor self) -> Tensor */
  silu: aten_silu,
  /** aten::sin(Tensor self) -> Tensor */
  sin: aten_sin,
  /** aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor(a) */
  slice: aten_slice_Tensor,
  /** aten::smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1.) -> Tensor */
  smoothL1Loss: aten_smooth_l1_loss,
  /** aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor */
  softmax: aten_softmax_int,
  /** aten::softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor */
  softplus: aten_softplus,
  /** aten::sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices) */
  sort: aten_sort,
  /** aten::split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[] */
  split: aten_split_Tensor,
  /** aten::split_with_sizes(Tensor(a -> *) self, SymInt[] split_sizes, int dim=0) -> Tensor(a)[] */
  splitWithSizes: aten_split_with_sizes,
  /** aten::sqrt(Tensor self) -> Tensor */
  sqrt: aten_sqrt,
  /** aten::square(Tensor self) -> Tensor */
  square: aten_square,
  /** aten::squeeze.dim(Tensor(a) self, int dim) -> Tensor(a) */
  squeeze: aten_squeeze_dim,
  /** aten::stack(Tensor[] tensors, int dim=0) -> Tensor */
  stack: aten_stack,
  /** aten::std.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor */
  std: aten_std_correction,
  /**
   * aten::sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor
   * aten::sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
   */
  sub: aten__sub,
  /** aten::sub_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!) */
  sub_: aten_sub__Tensor,
  /**
   * aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor
   * aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor
   */
  sum: aten__sum,
  /** aten::tanh(Tensor self) -> Tensor */
  tanh: aten_tanh,
  /**
   * aten::to.device(Tensor(a) self, Device device, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)
   * aten::to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)
   */
  to: aten__to,
  /** aten::topk(Tensor self, SymInt k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor indices) */
  topk: aten_topk,
  /** aten::transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a) */
  transpose: aten_transpose_int,
  /** aten::tril(Tensor self, SymInt diagonal=0) -> Tensor */
  tril: aten_tril,
  /** aten::triu(Tensor self, SymInt diagonal=0) -> Tensor */
  triu: aten_triu,
  /** aten::unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[] */
  unbind: aten_unbind_int,
  /** aten::unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a) */
  unfold: aten_unfold,
  /** aten::unique_consecutive(Tensor self, bool return_inverse=False, bool return_counts=False, int? dim=None) -> (Tensor, Tensor, Tensor) */
  uniqueConsecutive: aten_unique_consecutive,
  /** aten::unsqueeze(Tensor(a) self, int dim) -> Tensor(a) */
  unsqueeze: aten_unsqueeze,
  /** aten::upsample_bilinear2d(Tensor self, SymInt[2] output_size, bool align_corners, float? scales_h=None, float? scales_w=None) -> Tensor */
  upsampleBilinear2d: aten_upsample_bilinear2d,
  /** aten::upsample_nearest2d(Tensor self, SymInt[2] output_size, float? scales_h=None, float? scales_w=None) -> Tensor */
  upsampleNearest2d: aten_upsample_nearest2d,
  /** aten::upsample_nearest3d(Tensor self, SymInt[3] output_size, float? scales_d=None, float? scales_h=None, float? scales_w=None) -> Tensor */
  upsampleNearest3d: aten_upsample_nearest3d,
  /** aten::upsample_trilinear3d(Tensor self, SymInt[3] output_size, bool align_corners, float? scales_d=None, float? scales_h=None, float? scales_w=None) -> Tensor */
  upsampleTrilinear3d: aten_upsample_trilinear3d,
  /** aten::var.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor */
  var: aten_var_correction,
  /** aten::view(Tensor(a) self, SymInt[] size) -> Tensor(a) */
  view: aten_view,
  /**
   * aten::where.Scalar(Tensor condition, Scalar self, Scalar other) -> Tensor
   * aten::where.ScalarOther(Tensor condition, Tensor self, Scalar other) -> Tensor
   * aten::where.ScalarSelf(Tensor condition, Scalar self, Tensor other) -> Tensor
   * aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor
   */
  where: aten__where,
  /** aten::zero_(Tensor(a!) self) -> Tensor(a!) */
  zero_: aten_zero_,
  /** aten::zeros(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor */
  zeros: aten_zeros,
};


export const earthcraft = {
  /** earthcraft::adamw_(Tensor(a!)[] params, Tensor[] grads, Tensor(b!)[] exp_avgs, Tensor(c!)[] exp_avg_sqs, Tensor(d!)[] emas, *, float lr, float beta1, float beta2, float eps, float weight_decay, float clip, float ema_decay, int step, int seed=0) -> (float norm, bool finite) */
  adamw_: earthcraft_adamw_,
  /** earthcraft::batch_starts(Tensor coords, int batches) -> Tensor */
  batchStarts: earthcraft_batch_starts,
  /** earthcraft::composite(Tensor densities, Tensor colors, Tensor lengths, Tensor distances, Tensor starts, float least_light=0.0001) -> (Tensor color, Tensor opacity, Tensor depth, Tensor weights) */
  composite: earthcraft_composite,
  /** earthcraft::conv_pairs(Tensor neighbours) -> (Tensor pairs, Tensor starts) */
  convPairs: earthcraft_conv_pairs,
  /** earthcraft::fused_mlp(Tensor x, Tensor weights, int[] widths) -> Tensor */
  fusedMlp: earthcraft_fused_mlp,
  /** earthcraft::gated_add(Tensor x, Tensor gate, Tensor y, Tensor starts) -> Tensor */
  gatedAdd: earthcraft_gated_add,
  /** earthcraft::gelu(Tensor x) -> Tensor */
  gelu: earthcraft_gelu,
  /** earthcraft::hash_grid(Tensor positions, Tensor table, int[] resolutions, int log2_entries) -> Tensor */
  hashGrid: earthcraft_hash_grid,
  /** earthcraft::head_norm(Tensor x, Tensor gamma) -> Tensor */
  headNorm: earthcraft_head_norm,
  /** earthcraft::image_to_voxels(Tensor features, Tensor voxel, int voxels, float patch=1.) -> (Tensor feats, Tensor counts) */
  imageToVoxels: earthcraft_image_to_voxels,
  /** earthcraft::layer_norm(Tensor x, Tensor? weight=None, Tensor? bias=None, float eps=9.9999999999999995e-07, ScalarType? dtype=None) -> Tensor */
  layerNorm: earthcraft_layer_norm,
  /** earthcraft::linear(Tensor x, Tensor weight, Tensor? bias=None) -> Tensor */
  linear: earthcraft_linear,
  /** earthcraft::march_rays(Tensor origins, Tensor directions, Tensor bits, int resolution, int cascades, float[] centre, float edge, float step, float cone=0., float near=0., float far=10000000000., int max_samples=1024, Tensor? jitter=None) -> (Tensor positions, Tensor distances, Tensor lengths, Tensor rays, Tensor starts) */
  marchRays: earthcraft_march_rays,
  /** earthcraft::marching_cubes(Tensor volume, float level=0., float[] spacing=[1., 1., 1.], float[] origin=[0., 0., 0.], str inside="above", Tensor? before=None, int first_plane=0, int first_vertex=0, bool more=False) -> (Tensor vertices, Tensor faces) */
  marchingCubes: earthcraft_marching_cubes,
  /** earthcraft::mesh_components(Tensor vertices, Tensor faces, str by="vertices") -> (Tensor piece_of_face, Tensor piece_of_vertex, Tensor areas, Tensor face_counts) */
  meshComponents: earthcraft_mesh_components,
  /** earthcraft::mesh_fill_holes(Tensor vertices, Tensor faces, int max_edges) -> (Tensor vertices, Tensor faces) */
  meshFillHoles: earthcraft_mesh_fill_holes,
  /** earthcraft::mesh_interpolate(Tensor face, Tensor barycentrics, Tensor faces, Tensor attributes) -> Tensor */
  meshInterpolate: earthcraft_mesh_interpolate,
  /** earthcraft::mesh_raster(Tensor vertices, Tensor faces, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str projection="pinhole") -> (Tensor face, Tensor barycentrics, Tensor depth) */
  meshRaster: earthcraft_mesh_raster,
  /** earthcraft::mesh_raster_reference(Tensor vertices, Tensor faces, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str projection="pinhole") -> (Tensor face, Tensor barycentrics, Tensor depth) */
  meshRasterReference: earthcraft_mesh_raster_reference,
  /** earthcraft::mesh_select(Tensor vertices, Tensor faces, Tensor keep) -> (Tensor vertices, Tensor faces, Tensor source) */
  meshSelect: earthcraft_mesh_select,
  /** earthcraft::mesh_visibility(Tensor vertices, Tensor faces, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str projection="pinhole") -> Tensor */
  meshVisibility: earthcraft_mesh_visibility,
  /** earthcraft::mesh_voxelize(Tensor vertices, Tensor faces, float[] origin, float voxel_m, int[] extent) -> (Tensor coords, Tensor face, Tensor barycentrics) */
  meshVoxelize: earthcraft_mesh_voxelize,
  /** earthcraft::modulated_norm(Tensor x, Tensor scale, Tensor shift, Tensor starts, float eps=9.9999999999999995e-07, ScalarType? dtype=None) -> Tensor */
  modulatedNorm: earthcraft_modulated_norm,
  /** earthcraft::neighbour_map(Tensor queries, Tensor coords, int kernel, int stride) -> Tensor */
  neighbourMap: earthcraft_neighbour_map,
  /** earthcraft::neighbour_map_turned(Tensor neighbours, int rows) -> Tensor */
  neighbourMapTurned: earthcraft_neighbour_map_turned,
  /** earthcraft::normal(int seed, int purpose, int index, int[] shape) -> Tensor */
  normal: earthcraft_normal,
  /** earthcraft::occupancy_points(Tensor cells, Tensor within, int resolution, int cascades) -> Tensor */
  occupancyPoints: earthcraft_occupancy_points,
  /** earthcraft::occupancy_update_(Tensor(a!) densities, Tensor(b!) bits, Tensor cells, Tensor values, float decay, float threshold) -> () */
  occupancyUpdate_: earthcraft_occupancy_update_,
  /** earthcraft::philox_block(int[] key, int[] counter) -> Tensor */
  philoxBlock: earthcraft_philox_block,
  /** earthcraft::ragged_attention(Tensor q, Tensor k, Tensor v, Tensor q_starts, Tensor kv_starts, float? scale=None) -> Tensor */
  raggedAttention: earthcraft_ragged_attention,
  /** earthcraft::randint(int seed, int purpose, int index, int high, int[] shape) -> Tensor */
  randint: earthcraft_randint,
  /** earthcraft::score_aggregate(Tensor vertices, Tensor faces, Tensor face, Tensor depth, Tensor viewmats, Tensor Ks, Tensor features, Tensor? mask=None, float far_m=600., float exponent_view=3., float exponent_depth=3.) -> (Tensor sums, Tensor weights) */
  scoreAggregate: earthcraft_score_aggregate,
  /** earthcraft::score_aggregate_labels(Tensor vertices, Tensor faces, Tensor face, Tensor depth, Tensor viewmats, Tensor Ks, Tensor labels, int classes, Tensor? mask=None, float far_m=600., float exponent_view=3., float exponent_depth=3.) -> (Tensor sums, Tensor weights) */
  scoreAggregateLabels: earthcraft_score_aggregate_labels,
  /** earthcraft::sh_encode(Tensor directions, int degrees=4) -> Tensor */
  shEncode: earthcraft_sh_encode,
  /** earthcraft::sparse_adam_(Tensor(a!) param, Tensor grad, Tensor(b!) exp_avg, Tensor(c!) exp_avg_sq, *, float lr, float beta1, float beta2, float eps, int step) -> () */
  sparseAdam_: earthcraft_sparse_adam_,
  /** earthcraft::sparse_avg_down(Tensor feats, Tensor children, Tensor parent) -> Tensor */
  sparseAvgDown: earthcraft_sparse_avg_down,
  /** earthcraft::sparse_conv(Tensor feats, Tensor weight, Tensor? bias, Tensor pairs, Tensor starts, Tensor? pairs_back, Tensor? starts_back, int rows, Tensor? residual=None) -> Tensor */
  sparseConv: earthcraft_sparse_conv,
  /** earthcraft::sparse_copy_up(Tensor feats, Tensor children, Tensor parent) -> Tensor */
  sparseCopyUp: earthcraft_sparse_copy_up,
  /** earthcraft::splat_render(Tensor means, Tensor quats, Tensor scales, Tensor opacities, Tensor colors, Tensor viewmats, Tensor Ks, int width, int height, Tensor? background=None, Tensor? ranges=None, float near=0.01, float far=10000000000., bool distortion=False) -> (Tensor color, Tensor alpha, Tensor depth, Tensor median, Tensor normal, Tensor distortion) */
  splatRender: earthcraft_splat_render,
  /** earthcraft::splat_render_reference(Tensor means, Tensor quats, Tensor scales, Tensor opacities, Tensor colors, Tensor viewmats, Tensor Ks, int width, int height, Tensor? background=None, Tensor? ranges=None, float near=0.01, float far=10000000000., bool distortion=False) -> (Tensor color, Tensor alpha, Tensor depth, Tensor median, Tensor normal, Tensor distortion) */
  splatRenderReference: earthcraft_splat_render_reference,
  /** earthcraft::splat_sh(Tensor means, Tensor sh, Tensor viewmats, Tensor? ranges=None) -> Tensor */
  splatSh: earthcraft_splat_sh,
  /** earthcraft::ssim(Tensor x, Tensor y) -> Tensor */
  ssim: earthcraft_ssim,
  /** earthcraft::uniform(int seed, int purpose, int index, int[] shape) -> Tensor */
  uniform: earthcraft_uniform,
  /** earthcraft::voxel_batches(Tensor coords) -> int */
  voxelBatches: earthcraft_voxel_batches,
  /** earthcraft::voxel_cast(Tensor coords, float[] origin, float voxel_m, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str projection="pinhole") -> (Tensor voxel, Tensor depth) */
  voxelCast: earthcraft_voxel_cast,
  /** earthcraft::voxel_coarsen(Tensor coords) -> (Tensor coords, Tensor parent, Tensor children) */
  voxelCoarsen: earthcraft_voxel_coarsen,
  /** earthcraft::voxel_difference(Tensor a, Tensor b) -> (Tensor coords, Tensor rows) */
  voxelDifference: earthcraft_voxel_difference,
  /** earthcraft::voxel_dilate(Tensor coords, int radius, int[] extent) -> Tensor */
  voxelDilate: earthcraft_voxel_dilate,
  /** earthcraft::voxel_erode(Tensor coords, int radius) -> Tensor */
  voxelErode: earthcraft_voxel_erode,
  /** earthcraft::voxel_lookup(Tensor coords, Tensor queries) -> Tensor */
  voxelLookup: earthcraft_voxel_lookup,
  /** earthcraft::voxel_refine(Tensor coords) -> Tensor */
  voxelRefine: earthcraft_voxel_refine,
  /** earthcraft::voxel_union(Tensor a, Tensor b) -> (Tensor coords, Tensor rows_a, Tensor rows_b) */
  voxelUnion: earthcraft_voxel_union,
  /** earthcraft::voxel_unique(Tensor coords) -> (Tensor coords, Tensor inverse) */
  voxelUnique: earthcraft_voxel_unique,
  /** earthcraft::voxels_to_image(Tensor feats, Tensor voxel) -> Tensor */
  voxelsToImage: earthcraft_voxels_to_image,
  /** earthcraft::window_attention(Tensor q, Tensor k, Tensor v, Tensor order, Tensor starts, float? scale=None) -> Tensor */
  windowAttention: earthcraft_window_attention,
  /** earthcraft::window_attention_packed(Tensor qkv, Tensor order, Tensor starts, float? scale=None) -> Tensor */
  windowAttentionPacked: earthcraft_window_attention_packed,
  /** earthcraft::window_partition(Tensor coords, int edge, int shift) -> (Tensor order, Tensor starts) */
  windowPartition: earthcraft_window_partition,
};

/** Every operator in use, by name. */
export const ops = { aten, earthcraft };
