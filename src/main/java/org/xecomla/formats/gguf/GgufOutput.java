package org.xecomla.formats.gguf;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.tensor.Tensor;

/** Writes a GGUF file, version 3, tensor by tensor, so that no more than one is in memory. */
final class GgufOutput {
    static final int ALIGNMENT = 32;
    static final int VERSION = 3;

    private record Pending(String name, GgufType type, List<Integer> sizes, Supplier<Tensor> made) {
        long bytes() {
            return type.bytes(sizes.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact));
        }
    }

    private final Map<String, GgufValue> keys = new LinkedHashMap<>();
    private final List<Pending> tensors = new ArrayList<>();

    void key(String name, GgufValue value) {
        keys.put(name, value);
    }

    void key(String name, String value) {
        key(name, new GgufValue.Text(value));
    }

    /** As an unsigned number of 32 bits. */
    void key(String name, int value) {
        key(name, new GgufValue.Natural(value));
    }

    void key(String name, float value) {
        key(name, new GgufValue.Real(value));
    }

    void key(String name, boolean value) {
        key(name, new GgufValue.Flag(value));
    }

    /**
     * Adds a tensor.
     *
     * @param sizes of its dimensions, the fastest first
     * @param made asked for once, when its turn comes; (all but the first size, the first size), closed here
     */
    void tensor(String name, GgufType type, List<Integer> sizes, Supplier<Tensor> made) {
        tensors.add(new Pending(name, type, sizes, made));
    }

    /** Writes the file atomically. */
    void write(Path path) {
        byte[] header = header();
        DataFiles.writeAtomically(path, out -> {
            out.write(header);
            pad(out, header.length);
            for (Pending tensor : tensors) {
                write(tensor, path, out);
                pad(out, tensor.bytes());
            }
        });
    }

    private byte[] header() {
        LittleEndian header = new LittleEndian();
        header.bytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        header.u32(VERSION);
        header.u64(tensors.size());
        header.u64(keys.size());
        keys.forEach((name, value) -> {
            header.text(name);
            value.write(header);
        });
        long offset = 0;
        for (Pending tensor : tensors) {
            header.text(tensor.name());
            header.u32(tensor.sizes().size());
            tensor.sizes().forEach(header::u64);
            header.u32(tensor.type().id());
            header.u64(offset);
            offset += tensor.bytes() + padding(tensor.bytes());
        }
        return header.toBytes();
    }

    private static void write(Pending pending, Path path, OutputStream out) throws IOException {
        Tensor tensor = pending.made().get(); // (rows, cols)
        try {
            int cols = pending.sizes().get(0);
            if (tensor.cols() != cols || pending.type().bytes(tensor.length()) != pending.bytes()) {
                throw new IllegalStateException(pending.name() + " is " + tensor + ", not " + pending.sizes());
            }
            ByteBuffer bytes =
                    ByteBuffer.allocate((int) pending.type().bytes(cols)).order(ByteOrder.LITTLE_ENDIAN);
            float[] row = new float[cols];
            for (int r = 0; r < tensor.rows(); r++) {
                tensor.rows(r, r + 1).read(row, 0);
                requireFinite(row, pending.name(), path);
                bytes.clear();
                pending.type().put(bytes, row);
                out.write(bytes.array());
            }
        } finally {
            tensor.storage().close();
        }
    }

    private static void requireFinite(float[] row, String name, Path path) {
        for (float value : row) {
            if (!Float.isFinite(value)) {
                throw new UserException("tensor " + name + " holds " + value + ", and " + DataFiles.display(path)
                        + " is not written of that");
            }
        }
    }

    private static void pad(OutputStream out, long length) throws IOException {
        out.write(new byte[padding(length)]);
    }

    private static int padding(long length) {
        return (int) (-length & (ALIGNMENT - 1));
    }
}
