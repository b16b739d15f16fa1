package org.xecomla.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

/**
 * A safetensors file whose header has been read and checked: eight bytes of header length, a JSON header, the tensors'
 * bytes without gaps. Holds no open file.
 */
public final class SafetensorsFile {
    private static final int CHUNK_BYTES = 1 << 22;

    /**
     * One tensor of the file.
     *
     * @param begin first byte in the file
     * @param end one past its last byte
     */
    public record Entry(String name, Dtype dtype, List<Long> shape, long begin, long end) {
        public Entry {
            shape = List.copyOf(shape);
        }

        public long numElements() {
            return (end - begin) / dtype.width();
        }
    }

    private final Path path;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    SafetensorsFile(Path path, Map<String, Entry> entries, Map<String, String> metadata) {
        this.path = path;
        this.entries = Collections.unmodifiableMap(entries);
        this.metadata = Collections.unmodifiableMap(metadata);
    }

    /**
     * Reads and checks the header.
     *
     * @throws UserException where the file is missing, truncated or longer than its header says, or the header is
     *     broken
     */
    public static SafetensorsFile open(Path path) {
        try (RandomReader reader = DataFiles.open(path)) {
            SafetensorsFile file = SafetensorsHeader.read(reader);
            ValueDigests.requireAll(path, file.metadata, file.entries);
            return file;
        }
    }

    public Path path() {
        return path;
    }

    /** The tensors by name, in the order of their bytes. */
    public Map<String, Entry> entries() {
        return entries;
    }

    /** The header's free-form {@code __metadata__}. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** @throws UserException where the file has no such tensor */
    public Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new UserException(DataFiles.display(path) + " has no tensor " + name);
        }
        return entry;
    }

    /** The file for {@link #read}. */
    public RandomReader reader() {
        return DataFiles.open(path);
    }

    /**
     * A whole tensor, row-major.
     *
     * @throws UserException where it has a digest ({@link SafetensorsWriter#addDigested}) and is something else
     */
    public float[] readFloats(String name) {
        Entry entry = entry(name);
        float[] out = new float[Math.toIntExact(entry.numElements())];
        try (RandomReader reader = reader()) {
            read(reader, entry, 0, out, 0, out.length);
        }
        ValueDigests.require(path, metadata, name, out);
        return out;
    }

    /**
     * A whole tensor, row-major, without rounding F64.
     *
     * @throws UserException where it has a digest ({@link SafetensorsWriter#addDigested}) and is something else
     */
    public double[] readDoubles(String name) {
        Entry entry = entry(name);
        double[] out = new double[Math.toIntExact(entry.numElements())];
        try (RandomReader reader = reader()) {
            read(reader, entry, 0, out, 0, out.length);
        }
        ValueDigests.require(path, metadata, name, out);
        return out;
    }

    /** Elements {@code first} to {@code first + count} of a tensor into {@code target} from {@code offset} on. */
    public void read(RandomReader reader, Entry entry, long first, float[] target, int offset, int count) {
        inChunks(reader, entry, first, count, (chunk, at, n) -> {
            int to = offset + Math.toIntExact(at);
            switch (entry.dtype()) {
                case F32 -> chunk.asFloatBuffer().get(target, to, n);
                case BF16 -> {
                    for (int i = 0; i < n; i++) {
                        target[to + i] = Float.intBitsToFloat(chunk.getShort(2 * i) << 16);
                    }
                }
                default -> {
                    for (int i = 0; i < n; i++) {
                        target[to + i] = (float) entry.dtype().get(chunk);
                    }
                }
            }
        });
    }

    /** The same without rounding F64. */
    public void read(RandomReader reader, Entry entry, long first, double[] target, int offset, int count) {
        inChunks(reader, entry, first, count, (chunk, at, n) -> {
            int to = offset + Math.toIntExact(at);
            for (int i = 0; i < n; i++) {
                target[to + i] = entry.dtype().get(chunk);
            }
        });
    }

    private interface ChunkConsumer {
        void accept(ByteBuffer chunk, long at, int count);
    }

    private void inChunks(RandomReader reader, Entry entry, long first, long count, ChunkConsumer consumer) {
        int width = entry.dtype().width();
        if (first < 0 || first + count > entry.numElements()) {
            throw new IndexOutOfBoundsException("elements " + first + " to " + (first + count) + " of " + entry);
        }
        byte[] bytes = new byte[(int) Math.min(CHUNK_BYTES, count * width)];
        int chunkElements = bytes.length / width;
        for (long at = 0; at < count; at += chunkElements) {
            int n = (int) Math.min(chunkElements, count - at);
            reader.readFully(entry.begin() + (first + at) * width, bytes, 0, n * width);
            consumer.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), at, n);
        }
    }
}
