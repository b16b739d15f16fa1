package org.xecomla.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Writes a safetensors file, tensor by tensor and chunk by chunk, so that none of it need be on the heap at once. */
public final class SafetensorsWriter {
    private static final int ALIGNMENT = 8;
    private static final int CHUNK_ELEMENTS = 1 << 18;

    /** Hands out a tensor's elements in order. */
    @FunctionalInterface
    public interface Source {
        /**
         * Elements {@code first} to {@code first + count}, row-major, into {@code target} from 0 on. Both are multiples
         * of the last dimension: whole rows.
         */
        void read(long first, double[] target, int count);
    }

    private record Pending(String name, Dtype dtype, List<Long> shape, Source source) {
        long numElements() {
            return shape.stream().reduce(1L, Math::multiplyExact);
        }

        /** Whole rows, about {@value #CHUNK_ELEMENTS} elements of them. */
        int chunkElements() {
            long cols = shape.isEmpty() ? 1 : Math.max(1, shape.get(shape.size() - 1));
            return Math.toIntExact(Math.min(Math.max(1, CHUNK_ELEMENTS / cols) * cols, numElements()));
        }
    }

    private final Map<String, Pending> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** Adds a tensor; its elements are asked for when the file is written. */
    public SafetensorsWriter add(String name, Dtype dtype, List<Long> shape, Source source) {
        if (tensors.put(name, new Pending(name, dtype, List.copyOf(shape), source)) != null) {
            throw new IllegalArgumentException("two tensors named " + name);
        }
        return this;
    }

    /** Adds a tensor that is on the heap. */
    public SafetensorsWriter add(String name, Dtype dtype, List<Long> shape, float[] values) {
        return add(name, dtype, shape, (first, target, count) -> {
            for (int i = 0; i < count; i++) {
                target[i] = values[Math.toIntExact(first) + i];
            }
        });
    }

    /** Adds a tensor that is on the heap. */
    public SafetensorsWriter add(String name, Dtype dtype, List<Long> shape, double[] values) {
        return add(
                name,
                dtype,
                shape,
                (first, target, count) -> System.arraycopy(values, Math.toIntExact(first), target, 0, count));
    }

    /** Adds a tensor of F32 with a digest of its elements, which {@link SafetensorsFile#readFloats} compares. */
    public SafetensorsWriter addDigested(String name, List<Long> shape, float[] values) {
        ValueDigests.put(metadata, name, values);
        return add(name, Dtype.F32, shape, values);
    }

    /** Adds a tensor of F64 with a digest of its elements, which {@link SafetensorsFile#readDoubles} compares. */
    public SafetensorsWriter addDigested(String name, List<Long> shape, double[] values) {
        ValueDigests.put(metadata, name, values);
        return add(name, Dtype.F64, shape, values);
    }

    /** Adds free-form text to the header; {@code format=pt} is what transformers looks for. */
    public SafetensorsWriter metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /** Writes the file atomically. Elements are rounded to nearest, ties to even. */
    public void write(Path path) {
        byte[] header = header();
        DataFiles.writeAtomically(path, out -> {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            out.write(length.putLong(header.length).array());
            out.write(header);
            for (Pending tensor : tensors.values()) {
                write(tensor, path, out);
            }
        });
    }

    private byte[] header() {
        JsonMapper mapper = new JsonMapper();
        ObjectNode json = mapper.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode node = json.putObject("__metadata__");
            metadata.forEach(node::put);
        }
        long at = 0;
        for (Pending tensor : tensors.values()) {
            ObjectNode node = json.putObject(tensor.name());
            node.put("dtype", tensor.dtype().name());
            tensor.shape().forEach(node.putArray("shape")::add);
            long end = at + tensor.numElements() * tensor.dtype().width();
            node.putArray("data_offsets").add(at).add(end);
            at = end;
        }
        try {
            String text = mapper.writeValueAsString(json);
            int length = text.getBytes(StandardCharsets.UTF_8).length;
            return (text + " ".repeat(-length & (ALIGNMENT - 1))).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers is always JSON", e);
        }
    }

    private static void write(Pending tensor, Path path, OutputStream out) throws IOException {
        long length = tensor.numElements();
        int chunk = tensor.chunkElements();
        double[] values = new double[chunk];
        ByteBuffer bytes = ByteBuffer.allocate(chunk * tensor.dtype().width()).order(ByteOrder.LITTLE_ENDIAN);
        for (long first = 0; first < length; first += chunk) {
            int count = (int) Math.min(chunk, length - first);
            tensor.source().read(first, values, count);
            bytes.clear();
            for (int i = 0; i < count; i++) {
                if (!tensor.dtype().holds(values[i])) {
                    throw new UserException(DataFiles.display(path) + ": tensor " + tensor.name() + " holds "
                            + values[i] + ", beyond what " + tensor.dtype() + " can hold"
                            + (tensor.dtype() == Dtype.F16 ? ": write it as BF16 or F32" : ""));
                }
                tensor.dtype().put(bytes, values[i]);
            }
            out.write(bytes.array(), 0, bytes.position());
        }
    }
}
