/**
 * One rank of a small training run; `ffi/distributed.test.ts` starts one or two. It prints the weights' bytes in hex.
 * usage: train.ts RANK WORLD STORE
 */
import {
  AdamW,
  averageGradients,
  barrier,
  broadcastParameters,
  checkpoint,
  gelu,
  initDistributed,
  Linear,
  Module,
  normal,
  scope,
  setThreads,
  shutdownDistributed,
} from "../../ffi";

class Net extends Module {
  readonly first = new Linear(8, 16);
  readonly second = new Linear(16, 4);
  /** Used by rank 1 alone, like a level that is empty on the other. */
  readonly sometimes = new Linear(4, 4);
  /** Used by nobody. */
  readonly never = new Linear(4, 4);
}

const [rank, world, store] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]!];
const batch = 12;
setThreads(1);
if (world > 1) initDistributed({ rank, worldSize: world, store, timeoutSeconds: 60 });
const net = new Net().materialize({ seed: world > 1 ? 5 + rank : 5 }); // ranks differ until they are told
broadcastParameters(net);
const optimizer = new AdamW(net.namedParameters(), { lr: 0.01, clip: 1, weightDecay: 0.1 });
for (let step = 0; step < 5; ++step)
  scope(() => {
    optimizer.zeroGrad();
    const half = batch / world;
    const x = normal([batch, 8], { seed: 1, purpose: "test", index: step }).narrow(0, rank * half, half);
    // The second half of the batch also passes the layer that the first does not see.
    const hidden = checkpoint(() => net.second.forward(gelu(net.first.forward(x))));
    const late = world === 1 ? hidden.narrow(0, half / 2, half / 2) : hidden;
    const plain = hidden.pow(2).sum();
    const loss = world === 1 || rank === 1 ? plain.add(net.sometimes.forward(late).sum()) : plain;
    loss.div(half).backward();
    averageGradients(net);
    const { finite } = optimizer.step();
    if (!finite) throw new Error("not finite");
  });
barrier();
for (const [name, tensor] of net.stateDict()) console.log(name, Buffer.from(tensor.toBytes()).toString("hex"));
shutdownDistributed();
