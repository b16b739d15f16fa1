package org.xecomla.formats.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

/** Parses a GGUF file's header. Every length is compared with what the file has left before anything of it is made. */
final class GgufHeader {
    private static final int MAGIC = 0x46554747; // "GGUF", the first byte lowest
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MOST_DIMENSIONS = 4;
    private static final long LEAST_ENTRY_BYTES = 12; // a name's length and a type
    private static final long LARGEST_ALIGNMENT = 1 << 20;

    /** Bytes of the scalar types by their numbers; 0: a string or a list. */
    private static final int[] WIDTHS = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

    private final RandomReader reader;
    private final String file;
    private long position;
    private ByteBuffer buffer = ByteBuffer.allocate(0);
    private long bufferStart;

    private GgufHeader(RandomReader reader) {
        this.reader = reader;
        this.file = DataFiles.display(reader.path());
    }

    static GgufFile read(RandomReader reader) {
        return new GgufHeader(reader).read();
    }

    private GgufFile read() {
        if (left() < Integer.BYTES || number(4) != MAGIC) {
            throw new UserException(file + " is no GGUF file: it does not begin with \"GGUF\"");
        }
        long version = number(4);
        if (version != GgufOutput.VERSION) {
            throw new UserException(file + " is GGUF version " + version + ", and only version " + GgufOutput.VERSION
                    + " is read" + (version > 0xFFFF ? ": it may be big-endian" : ""));
        }
        long numTensors = count("tensors", LEAST_ENTRY_BYTES);
        long numKeys = count("keys", LEAST_ENTRY_BYTES);
        Map<String, GgufValue> keys = new LinkedHashMap<>();
        for (long k = 0; k < numKeys; k++) {
            String name = text();
            if (keys.put(name, value(name)) != null) {
                throw broken("key " + name + " stands there twice");
            }
        }
        long alignment = keys.get("general.alignment") instanceof GgufValue.Natural natural
                ? natural.number()
                : GgufOutput.ALIGNMENT;
        if (alignment < 1 || alignment > LARGEST_ALIGNMENT || Long.bitCount(alignment) != 1) {
            throw broken("general.alignment is " + alignment + ", not a power of two");
        }
        List<GgufFile.Entry> entries = new ArrayList<>();
        for (long t = 0; t < numTensors; t++) {
            entries.add(entry(alignment));
        }
        return new GgufFile(reader.path(), keys, placed(entries, (position + alignment - 1) & -alignment));
    }

    private GgufFile.Entry entry(long alignment) {
        String name = text();
        long numDimensions = number(4);
        if (numDimensions < 1 || numDimensions > MOST_DIMENSIONS) {
            throw broken("tensor " + name + " has " + numDimensions + " dimensions");
        }
        List<Long> sizes = new ArrayList<>();
        long elements = 1;
        for (int d = 0; d < numDimensions; d++) {
            long size = number(8);
            if (size < 1 || elements > Long.MAX_VALUE / 8 / size) {
                throw broken("tensor " + name + " has a dimension of " + Long.toUnsignedString(size));
            }
            sizes.add(size);
            elements *= size;
        }
        long type = number(4);
        long offset = number(8);
        if (offset < 0 || offset % alignment != 0) {
            throw broken(
                    "tensor " + name + " begins at " + Long.toUnsignedString(offset) + ", no multiple of " + alignment);
        }
        return new GgufFile.Entry(name, type, sizes, offset);
    }

    /** The tensors by name, with their places in the file; those whose type is known are inside it. */
    private Map<String, GgufFile.Entry> placed(List<GgufFile.Entry> entries, long dataStart) {
        Map<String, GgufFile.Entry> placed = new LinkedHashMap<>();
        for (GgufFile.Entry entry : entries) {
            GgufType type = GgufType.ofId(entry.typeId()).orElse(null);
            if (type != null && !type.holdsRowsOf(entry.sizes().get(0))) {
                throw broken("tensor " + entry.name() + " has rows of "
                        + entry.sizes().get(0) + ", no whole blocks of " + type.display());
            }
            long bytes = type == null ? 0 : type.bytes(entry.numElements());
            if (dataStart > reader.length() || entry.begin() > reader.length() - dataStart - bytes) {
                throw broken("tensor " + entry.name() + " ends beyond the file, which has " + reader.length()
                        + " bytes: it is truncated");
            }
            if (placed.put(entry.name(), entry.movedBy(dataStart)) != null) {
                throw broken("tensor " + entry.name() + " stands there twice");
            }
        }
        return placed;
    }

    private GgufValue value(String key) {
        int type = (int) number(4);
        return switch (type) {
            case GgufValue.STRING -> new GgufValue.Text(text());
            case GgufValue.BOOL -> new GgufValue.Flag(number(1) != 0);
            case GgufValue.ARRAY -> list(key);
            default -> scalar(key, type);
        };
    }

    private GgufValue scalar(String key, int type) {
        return switch (type) {
            case 0, 2, GgufValue.U32, 10 -> new GgufValue.Natural(number(width(key, type)));
            case 1 -> new GgufValue.Natural((byte) number(1));
            case 3 -> new GgufValue.Natural((short) number(2));
            case GgufValue.I32 -> new GgufValue.Natural((int) number(4));
            case 11 -> new GgufValue.Natural(number(8));
            case GgufValue.F32 -> new GgufValue.Real(Float.intBitsToFloat((int) number(4)));
            case 12 -> new GgufValue.Real(Double.longBitsToDouble(number(8)));
            default -> throw broken("key " + key + " has a value of type " + type);
        };
    }

    private GgufValue list(String key) {
        int type = (int) number(4);
        if (type == GgufValue.ARRAY) {
            throw broken("key " + key + " holds lists of lists");
        }
        int width = type == GgufValue.STRING ? Long.BYTES : width(key, type);
        long length = count("elements of a list", width);
        if (type == GgufValue.STRING) {
            List<String> texts = new ArrayList<>();
            for (long i = 0; i < length; i++) {
                texts.add(text());
            }
            return new GgufValue.Texts(texts);
        }
        if (type == GgufValue.I32) {
            List<Integer> numbers = new ArrayList<>();
            for (long i = 0; i < length; i++) {
                numbers.add((int) number(4));
            }
            return new GgufValue.Integers(numbers);
        }
        position += length * width;
        return new GgufValue.Skipped(length);
    }

    private int width(String key, int type) {
        if (type < 0 || type >= WIDTHS.length || WIDTHS[type] == 0) {
            throw broken("key " + key + " has a value of type " + type);
        }
        return WIDTHS[type];
    }

    /** A number of things that take at least {@code leastBytes} each. */
    private long count(String what, long leastBytes) {
        long count = number(8);
        if (count < 0 || count > left() / leastBytes) {
            throw new UserException(file + " is truncated or no GGUF file: it announces " + Long.toUnsignedString(count)
                    + " " + what + ", and has " + left() + " bytes left");
        }
        return count;
    }

    private String text() {
        int length = Math.toIntExact(Math.min(count("bytes of text", 1), Integer.MAX_VALUE - 8));
        byte[] bytes = new byte[length];
        if (length <= BUFFER_BYTES) {
            buffer.get(buffered(length), bytes);
        } else {
            reader.readFully(position, bytes, 0, length);
        }
        position += length;
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private long left() {
        return reader.length() - position;
    }

    private long number(int width) {
        if (left() < width) {
            throw new UserException(file + " is truncated: it ends at byte " + reader.length() + ", inside its header");
        }
        int at = buffered(width);
        position += width;
        return switch (width) {
            case 1 -> buffer.get(at) & 0xFF;
            case 2 -> buffer.getShort(at) & 0xFFFF;
            case 4 -> buffer.getInt(at) & 0xFFFF_FFFFL;
            default -> buffer.getLong(at);
        };
    }

    /** Where in the buffer the next {@code length} bytes lie, which the file has. */
    private int buffered(int length) {
        if (position < bufferStart || position + length > bufferStart + buffer.limit()) {
            fill();
        }
        return (int) (position - bufferStart);
    }

    private void fill() {
        byte[] bytes = new byte[(int) Math.min(BUFFER_BYTES, left())];
        reader.readFully(position, bytes, 0, bytes.length);
        buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        bufferStart = position;
    }

    /** Names come from the file: a message is one line all the same. */
    private UserException broken(String what) {
        return new UserException(file + " has a broken GGUF header: " + what.replaceAll("\\p{Cntrl}", "?"));
    }
}
