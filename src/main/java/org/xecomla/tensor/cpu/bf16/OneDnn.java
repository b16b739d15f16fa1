package org.xecomla.tensor.cpu.bf16;

import java.util.Arrays;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;
import org.xecomla.tensor.host.HostScratch;
import org.xecomla.tensor.memory.HostStorage;

/**
 * The two operations of oneDNN that {@link Bf16Gemm} is made of, for one shape each: making one takes milliseconds,
 * running it a microsecond, so that the caller keeps them. Any thread makes them, any worker runs them, each by handles
 * of its own.
 *
 * <p>Scratchpads are ours: those that oneDNN allocates belong to the thread that made the operation. Leaving the
 * argument out crashes the JVM.
 */
final class OneDnn implements AutoCloseable {
    private final engine cpu = new engine(engine.kind.cpu, 0);
    private final stream[] streams;
    private final HostScratch[] scratchpads; // each grown by its worker

    OneDnn(int numThreads) {
        this.scratchpads = new HostScratch[numThreads];
        this.streams = new stream[numThreads];
        for (int worker = 0; worker < numThreads; worker++) {
            scratchpads[worker] = new HostScratch(1);
            streams[worker] = new stream(cpu);
        }
    }

    /** A pointer that can be moved without a new object. */
    private static final class Address extends Pointer {
        Address at(long newAddress) {
            this.address = newAddress;
            return this;
        }
    }

    /** The handles by which one worker runs an operation. */
    private static final class Handles {
        final memory source;
        final memory weights; // null: a conversion
        final memory target;
        final memory scratchpad; // null: none is needed
        final IntMemoryMap arguments = new IntMemoryMap();
        final Address address = new Address();

        Handles(memory source, memory weights, memory target, memory scratchpad) {
            this.source = source;
            this.weights = weights;
            this.target = target;
            this.scratchpad = scratchpad;
            arguments.put(dnnl.DNNL_ARG_SRC, source);
            arguments.put(dnnl.DNNL_ARG_DST, target);
            if (weights != null) {
                arguments.put(dnnl.DNNL_ARG_WEIGHTS, weights);
            }
            if (scratchpad != null) {
                arguments.put(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad);
            }
        }
    }

    /** One operation on one shape. */
    final class Operation {
        private final primitive operation;
        private final memory.desc source;
        private final memory.desc weights;
        private final memory.desc target;
        private final memory.desc scratchpad;
        private final long scratchpadBytes;
        private final Handles[] handles = new Handles[streams.length]; // each written by its worker only

        private Operation(
                primitive operation,
                memory.desc source,
                memory.desc weights,
                memory.desc target,
                memory.desc scratchpad) {
            this.operation = operation;
            this.source = source;
            this.weights = weights;
            this.target = target;
            this.scratchpad = scratchpad;
            this.scratchpadBytes = scratchpad == null ? 0 : scratchpad.get_size();
        }

        /** Runs on the calling thread, which is {@code worker}, over memory at these addresses. */
        void run(int worker, long sourceAddress, long weightsAddress, long targetAddress) {
            if (handles[worker] == null) {
                handles[worker] = make();
            }
            Handles h = handles[worker];
            h.source.set_data_handle(h.address.at(sourceAddress));
            h.target.set_data_handle(h.address.at(targetAddress));
            if (h.weights != null) {
                h.weights.set_data_handle(h.address.at(weightsAddress));
            }
            if (h.scratchpad != null) {
                h.scratchpad.set_data_handle(h.address.at(scratchpad(worker, scratchpadBytes)));
            }
            operation.execute(streams[worker], h.arguments);
        }

        private Handles make() {
            return new Handles(
                    handle(source),
                    weights == null ? null : handle(weights),
                    handle(target),
                    scratchpad == null ? null : handle(scratchpad));
        }

        private memory handle(memory.desc description) {
            return new memory(description, cpu, new Address());
        }
    }

    private long scratchpad(int worker, long numBytes) {
        scratchpads[worker].reserve((numBytes + Float.BYTES - 1) / Float.BYTES);
        return HostStorage.of(scratchpads[worker].matrix(0, 0, 1, 1)).address(0);
    }

    /** float (rows, cols) with {@code stride} to bfloat16 without gaps. */
    Operation rounding(int rows, int cols, int stride) {
        memory.desc source = description(memory.data_type.f32, rows, cols, stride, 1);
        memory.desc target = description(memory.data_type.bf16, rows, cols, cols, 1);
        reorder.primitive_desc made = new reorder.primitive_desc(cpu, source, cpu, target, attributes(false), false);
        return new Operation(new reorder(made), source, null, target, scratchpadOf(made.scratchpad_desc()));
    }

    /** bfloat16 (m, k) times bfloat16 (k, n) to float (m, n), overwritten or added to. */
    Operation product(int m, int n, int k, long[] stridesOfA, long[] stridesOfB, int strideOfC, boolean adding) {
        memory.desc source = description(memory.data_type.bf16, m, k, stridesOfA);
        memory.desc weights = description(memory.data_type.bf16, k, n, stridesOfB);
        memory.desc target = description(memory.data_type.f32, m, n, strideOfC, 1);
        matmul.primitive_desc made = new matmul.primitive_desc(cpu, source, weights, target, attributes(adding), false);
        return new Operation(new matmul(made), source, weights, target, scratchpadOf(made.scratchpad_desc()));
    }

    private static memory.desc description(memory.data_type type, long rows, long cols, long... strides) {
        return new memory.desc(new long[] {rows, cols}, type, strides, false);
    }

    private static memory.desc scratchpadOf(memory.desc description) {
        return description.get_size() == 0 ? null : description;
    }

    private static primitive_attr attributes(boolean adding) {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        if (adding) {
            post_ops sum = new post_ops();
            sum.append_sum();
            attributes.set_post_ops(sum);
        }
        return attributes;
    }

    @Override
    public void close() {
        Arrays.stream(scratchpads).forEach(HostScratch::close);
    }
}
