/** Before any test: the native library is the one built from these sources, wherever `bun test` is started from. */
import { nativePath } from "../cli/setup/native-path";

const library = nativePath();
if (library) process.env.EARTHCRAFT_NATIVE = library;
