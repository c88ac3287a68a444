/**
 * Lets the library under sanitizers commit a fault, of which the process should die.
 * usage: sanitizer-fault.ts read_beyond|read_freed|overflow
 */
import { Tensor } from "../ffi";
import { TAG } from "../ffi/call";
import { checkCount, loadNative } from "../ffi/load";

const { call, stream } = loadNative();
const fault = `earthcraft::fault_${process.argv[2]}`;
const operator = checkCount(call.ec_operator_find(fault), fault);
const values = Tensor.from([1, 2, 3], [3]);
stream.set(process.argv[2] === "overflow" ? [TAG.number, 1] : [TAG.tensor, values.handle]);
call.ec_call(operator, 1);
console.log("lives");
