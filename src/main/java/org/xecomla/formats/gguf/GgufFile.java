package org.xecomla.formats.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

/** A GGUF file whose header has been read and checked. Holds no open file. */
final class GgufFile {
    /**
     * One tensor.
     *
     * @param typeId ggml's number of its type, see {@link GgufType}
     * @param sizes of its dimensions, the fastest first
     * @param begin first byte in the file
     */
    record Entry(String name, long typeId, List<Long> sizes, long begin) {
        Entry {
            sizes = List.copyOf(sizes);
        }

        long numElements() {
            return sizes.stream().reduce(1L, Math::multiplyExact);
        }

        Entry movedBy(long bytes) {
            return new Entry(name, typeId, sizes, begin + bytes);
        }
    }

    private final Path path;
    private final Map<String, GgufValue> keys;
    private final Map<String, Entry> entries;

    GgufFile(Path path, Map<String, GgufValue> keys, Map<String, Entry> entries) {
        this.path = path;
        this.keys = Collections.unmodifiableMap(keys);
        this.entries = Collections.unmodifiableMap(entries);
    }

    /** @throws UserException where the file is none, truncated, or its header is broken */
    static GgufFile open(Path path) {
        try (RandomReader reader = DataFiles.open(path)) {
            return GgufHeader.read(reader);
        }
    }

    Path path() {
        return path;
    }

    Map<String, GgufValue> keys() {
        return keys;
    }

    Map<String, Entry> entries() {
        return entries;
    }

    Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new UserException(DataFiles.display(path) + " has no tensor " + name);
        }
        return entry;
    }

    /** The type of a tensor. */
    GgufType type(Entry entry) {
        return GgufType.ofId(entry.typeId())
                .orElseThrow(() -> new UserException(DataFiles.display(path) + ": tensor " + entry.name()
                        + " is of ggml's type " + entry.typeId() + ", and only f32, f16, bf16 and q8_0 are read"));
    }

    /** A whole tensor, in the order of its bytes. */
    float[] read(String name) {
        Entry entry = entry(name);
        GgufType type = type(entry);
        float[] values = new float[Math.toIntExact(entry.numElements())];
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(type.bytes(values.length))).order(ByteOrder.LITTLE_ENDIAN);
        try (RandomReader reader = DataFiles.open(path)) {
            reader.readFully(entry.begin(), bytes.array(), 0, bytes.capacity());
        }
        type.get(bytes, values);
        return values;
    }

    String text(String key) {
        if (keys.get(key) instanceof GgufValue.Text value) {
            return value.text();
        }
        throw unusable(key, "text");
    }

    int integer(String key) {
        if (keys.get(key) instanceof GgufValue.Natural value && value.number() == (int) value.number()) {
            return (int) value.number();
        }
        throw unusable(key, "whole number");
    }

    int integer(String key, int otherwise) {
        return keys.containsKey(key) ? integer(key) : otherwise;
    }

    double number(String key) {
        if (keys.get(key) instanceof GgufValue.Real value) {
            return value.number();
        }
        throw unusable(key, "number");
    }

    UserException unusable(String key, String wanted) {
        return new UserException(DataFiles.display(path) + ": key " + key
                + (keys.containsKey(key) ? " holds no " + wanted : " is missing"));
    }
}
