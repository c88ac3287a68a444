import { definePlugin } from "../plugin";
import { doctor, setup } from "./commands";

export default definePlugin({ name: "setup", summary: "libtorch, the native library, and what this machine has", commands: [setup, doctor] });
